// Flow: structure -> defaults -> every node: keywords, then its children, then (where all of that was right) its
// rules -> the cost of all rules together. Rules are compiled once, before their errors are asked for.
#include "reconcile/schema/schema_checks.h"

#include <fmt/format.h>

#include "reconcile/schema/default_checks.h"
#include "reconcile/schema/keyword_checks.h"
#include "reconcile/schema/keywords.h"
#include "reconcile/schema/rule_checks.h"
#include "reconcile/schema/structural_checks.h"

namespace neoid::schema::internal {
namespace {

struct NodeErrors {
  Errors schema, rules;  // rules are judged only where the schema below is right

  Errors all() && {
    append(schema, std::move(rules));
    return std::move(schema);
  }
  void merge(NodeErrors other) {
    append(schema, std::move(other.schema));
    append(rules, std::move(other.rules));
  }
};

class Walker {
 public:
  Walker(const RuleVerdicts* verdicts) : verdicts_(verdicts) {}

  // `node` is null inside of allOf and its like, and everywhere if the schema is not structural.
  NodeErrors check(const Json& schema, const Node* node, const NodePlace& place, Cardinality cardinality,
                   bool root, const std::string& path);
  const TotalCost& total() const { return total_; }

 private:
  void check_members(const Json& schema, const Node* node, const NodePlace& place, Cardinality below,
                     bool root, const std::string& path, NodeErrors& out);
  void check_items(const Json& schema, const Node* node, const NodePlace& place, Cardinality below,
                   const std::string& path, NodeErrors& out);
  void check_combined(const Json& schema, const NodePlace& place, const std::string& path, NodeErrors& out);
  void check_rules(const Json& schema, const Node& node, const NodePlace& place, Cardinality cardinality,
                   const std::string& path, Errors& errors);

  const RuleVerdicts* verdicts_;
  TotalCost total_;
};

NodePlace uncorrelatable(NodePlace place, const std::string& path) {
  if (place.uncorrelatable_path.empty()) place.uncorrelatable_path = path;
  return place;
}

NodeErrors Walker::check(const Json& schema, const Node* node, const NodePlace& place,
                         Cardinality cardinality, bool root, const std::string& path) {
  NodeErrors out;
  if (!schema.is_object()) return out;
  out.schema = check_standard(schema, place, path);
  const Cardinality below = node != nullptr ? child_cardinality(cardinality, *node->schema) : std::nullopt;
  check_members(schema, node, place, below, root, path, out);
  check_combined(schema, place, path, out);
  check_items(schema, node, place, below, path, out);
  append(out.schema, check_list_and_map_types(schema, path));
  append(out.schema, check_rule_texts(schema, path));
  if (out.schema.empty() && node != nullptr && has_members(schema, "x-kubernetes-validations"))
    check_rules(schema, *node, place, cardinality, path, out.rules);
  return out;
}

void Walker::check_members(const Json& schema, const Node* node, const NodePlace& place, Cardinality below,
                           bool root, const std::string& path, NodeErrors& out) {
  if (const Json* additional = object_keyword(schema, "additionalProperties")) {
    NodePlace inner = place;
    if (place.in_metadata) inner.why_no_default = " inside additionalProperties applying to object metadata";
    out.merge(check(*additional, node ? node->additional.get() : nullptr, inner, below, false,
                    path + ".additionalProperties"));
  }
  const Json* properties = object_keyword(schema, "properties");
  if (properties == nullptr) return;
  const bool resource = root || flag_keyword(schema, "x-kubernetes-embedded-resource");
  for (const auto& [name, property] : properties->items()) {
    NodePlace inner =
        text_keyword(schema, "x-kubernetes-map-type") == "atomic" ? uncorrelatable(place, path) : place;
    if (resource && (name == "metadata" || name == "kind" || name == "apiVersion")) {
      inner.in_metadata = true;
      if (root) inner.why_no_default = " in top-level " + name;
    }
    out.merge(check(property, node ? find_property(*node, name) : nullptr, inner, below, false,
                    fmt::format("{}.properties[{}]", path, name)));
  }
}

void Walker::check_combined(const Json& schema, const NodePlace& place, const std::string& path,
                            NodeErrors& out) {
  if (const Json* negated = object_keyword(schema, "not"))
    out.merge(check(*negated, nullptr, place, std::nullopt, false, path + ".not"));
  for (const char* name : {"allOf", "oneOf", "anyOf"}) {
    const Json& list = list_keyword(schema, name);
    for (std::size_t i = 0; i < list.size(); ++i)
      out.merge(check(list[i], nullptr, place, std::nullopt, false, fmt::format("{}.{}[{}]", path, name, i)));
  }
  if (const Json* definitions = object_keyword(schema, "definitions"))
    for (const auto& [name, definition] : definitions->items())
      out.merge(check(definition, nullptr, place, std::nullopt, false,
                      fmt::format("{}.definitions[{}]", path, name)));
}

void Walker::check_items(const Json& schema, const Node* node, const NodePlace& place, Cardinality below,
                         const std::string& path, NodeErrors& out) {
  const Json* items = keyword(schema, "items");
  if (items == nullptr) return;
  const NodePlace inner =
      text_keyword(schema, "x-kubernetes-list-type") == "map" ? place : uncorrelatable(place, path);
  if (items->is_array()) {
    for (std::size_t i = 0; i < items->size(); ++i)
      out.merge(
          check((*items)[i], nullptr, inner, std::nullopt, false, fmt::format("{}.items[{}]", path, i)));
    return;
  }
  out.merge(check(*items, node ? node->items.get() : nullptr, inner, below, false, path + ".items"));
}

// A rule as Go prints apiextensions.ValidationRule.
std::string go_rule(const Json& rule) {
  return fmt::format("apiextensions.ValidationRule{{Rule:{}, Message:{}}}",
                     go_quote(text_keyword(rule, "rule")), go_quote(text_keyword(rule, "message")));
}

void Walker::check_rules(const Json& schema, const Node& node, const NodePlace& place,
                         Cardinality cardinality, const std::string& path, Errors& errors) {
  const auto found = verdicts_->find(node.schema);
  if (found == verdicts_->end()) {
    errors.push_back(
        internal_error(path + ".x-kubernetes-validations",
                       "internal error: failed to construct type information for "
                       "x-kubernetes-validations rules: unable to convert structural schema to CEL "
                       "declarations"));
    return;
  }
  const Json& rules = list_keyword(schema, "x-kubernetes-validations");
  for (std::size_t i = 0; i < found->second.size(); ++i) {
    const RuleVerdict& verdict = found->second[i];
    const std::string at = fmt::format("{}.x-kubernetes-validations[{}].rule", path, i);
    const std::uint64_t cost = multiply(verdict.cost, cardinality.value_or(verdict.unbounded_places));
    if (cost > cel::kEstimatedRuleLimit)
      errors.push_back(
          forbidden(at, cel::describe_cost_excess("estimated rule cost", cost, cel::kEstimatedRuleLimit)));
    total_.observe(at, cost);
    if (!verdict.error.empty()) errors.push_back(invalid_printed(at, go_rule(rules[i]), verdict.error));
    if (!verdict.message_error.empty())
      errors.push_back(
          invalid_printed(fmt::format("{}.x-kubernetes-validations[{}].messageExpression", path, i),
                          go_rule(rules[i]), verdict.message_error));
    if (verdict.uses_old_self && !place.uncorrelatable_path.empty())
      errors.push_back(
          invalid_text(at, text_keyword(rules[i], "rule"),
                       "oldSelf cannot be used on the uncorrelatable portion of the schema within " +
                           place.uncorrelatable_path));
  }
}

}  // namespace

CheckedSchema check_schema(const Json& schema, const std::string& path, StatusSubresource status,
                           cel::KubernetesVersion version) {
  const std::string at = path + ".openAPIV3Schema";
  CheckedSchema out;
  if (status == StatusSubresource::On) out.errors = check_root_with_status(schema, at);
  if (flag_keyword(schema, "nullable"))
    out.errors.push_back(forbidden(at + ".nullable", "nullable cannot be true at the root"));

  const std::string unsupported = unsupported_keyword(schema);
  Errors structural = unsupported.empty() ? check_structural(schema, at) : Errors();
  RuleVerdicts verdicts;
  auto program = std::make_shared<Program>();
  const Node* rules_from = nullptr;
  if (unsupported.empty() && structural.empty()) {
    program->root = read_structural(schema);
    program->node = make_node(program->root);
    verdicts = compile_rules(program->node, version);
    settle(program->node);
    structural = check_defaults(program->node, verdicts, at);
    if (structural.empty()) rules_from = &program->node;
  }
  append(out.errors, std::move(structural));

  Walker walker(&verdicts);
  append(out.errors, walker.check(schema, rules_from, {}, Cardinality(1), true, at).all());
  if (out.errors.empty() && !unsupported.empty())
    out.errors.push_back(invalid_printed(at, "\"\"", unsupported));
  if (rules_from != nullptr) append(out.errors, walker.total().judge(at));
  if (out.errors.empty()) out.program = std::move(program);
  return out;
}

}  // namespace neoid::schema::internal
