#include "controller/apiserver/auth/aggregate.h"

#include <algorithm>
#include <set>

namespace neoid::auth {
namespace {

const Json& member(const Json& json, const char* field) {
  static const Json none;
  if (!json.is_object()) return none;
  const auto found = json.find(field);
  return found == json.end() ? none : *found;
}

bool expression_holds(const Json& expression, const Json& labels) {
  const Json& key = member(expression, "key");
  const Json& op = member(expression, "operator");
  const Json& values = member(expression, "values");
  if (!key.is_string() || !op.is_string()) return false;
  const Json& label = member(labels, key.get_ref<const std::string&>().c_str());
  const bool present = label.is_string();
  const bool listed = present && std::find(values.begin(), values.end(), label) != values.end();
  if (op == "In") return listed;
  if (op == "NotIn") return !listed;
  if (op == "Exists") return present;
  return op == "DoesNotExist" && !present;
}

// Roles may aggregate roles that aggregate; each is gone through once, so that a circle ends.
class Gatherer {
 public:
  explicit Gatherer(const std::vector<std::shared_ptr<const Json>>& roles) : roles_(roles) {}

  void gather(const Json& aggregation, std::string_view name) {
    if (!seen_.insert(std::string(name)).second) return;
    for (const Json& selector : member(aggregation, "clusterRoleSelectors")) {
      for (const auto& role : roles_) {
        const Json& metadata = member(*role, "metadata");
        if (selects(selector, member(metadata, "labels"))) take(*role, member(metadata, "name"));
      }
    }
  }
  Json rules() { return std::move(rules_); }

 private:
  void take(const Json& role, const Json& name) {
    const Json& aggregation = member(role, "aggregationRule");
    if (aggregation.is_object()) {
      if (name.is_string()) gather(aggregation, name.get_ref<const std::string&>());
      return;
    }
    for (const Json& rule : member(role, "rules"))
      if (std::find(rules_.begin(), rules_.end(), rule) == rules_.end()) rules_.push_back(rule);
  }

  const std::vector<std::shared_ptr<const Json>>& roles_;
  std::set<std::string> seen_;
  Json rules_ = Json::array();
};

}  // namespace

bool selects(const Json& selector, const Json& labels) {
  if (!selector.is_object()) return false;
  const Json& equal = member(selector, "matchLabels");
  if (equal.is_object())
    for (const auto& [key, value] : equal.items())
      if (!value.is_string() || member(labels, key.c_str()) != value) return false;
  const Json& expressions = member(selector, "matchExpressions");
  return std::all_of(expressions.begin(), expressions.end(),
                     [&](const Json& expression) { return expression_holds(expression, labels); });
}

Json aggregate(const Json& aggregation_rule, const std::vector<std::shared_ptr<const Json>>& cluster_roles,
               std::string_view except) {
  Gatherer gatherer(cluster_roles);
  gatherer.gather(aggregation_rule, except);
  return gatherer.rules();
}

}  // namespace neoid::auth
