// Aggregated ClusterRoles: which roles a selector finds, and the union of their rules.
#include "controller/apiserver/auth/rbac.h"

#include <algorithm>
#include <set>

#include "reconcile/meta/selector.h"
#include "reconcile/value/member.h"

namespace neoid::auth {
namespace {

// metav1.LabelSelector over labels; an empty selector matches everything, an unreadable one nothing.
bool selects(const Json& selector, const Json& labels) {
  const auto read = meta::LabelSelector::from_json(selector);
  return read && read->matches(labels);
}

// Roles may aggregate roles that aggregate; each is gone through once, so that a circle ends.
class Gatherer {
 public:
  explicit Gatherer(const std::vector<std::shared_ptr<const Json>>& roles) : roles_(roles) {}

  void gather(const Json& aggregation, std::string_view name) {
    if (!seen_.insert(std::string(name)).second) return;
    for (const Json& selector : member_at(aggregation, "clusterRoleSelectors")) {
      for (const auto& role : roles_) {
        const Json& metadata = member_at(*role, "metadata");
        if (selects(selector, member_at(metadata, "labels"))) take(*role, member_at(metadata, "name"));
      }
    }
  }
  Json rules() { return std::move(rules_); }

 private:
  void take(const Json& role, const Json& name) {
    const Json& aggregation = member_at(role, "aggregationRule");
    if (aggregation.is_object()) {
      if (name.is_string()) gather(aggregation, name.get_ref<const std::string&>());
      return;
    }
    for (const Json& rule : member_at(role, "rules"))
      if (std::find(rules_.begin(), rules_.end(), rule) == rules_.end()) rules_.push_back(rule);
  }

  const std::vector<std::shared_ptr<const Json>>& roles_;
  std::set<std::string> seen_;
  Json rules_ = Json::array();
};

}  // namespace

Json aggregate(const Json& aggregation_rule, const std::vector<std::shared_ptr<const Json>>& cluster_roles,
               std::string_view except) {
  Gatherer gatherer(cluster_roles);
  gatherer.gather(aggregation_rule, except);
  return gatherer.rules();
}

}  // namespace neoid::auth
