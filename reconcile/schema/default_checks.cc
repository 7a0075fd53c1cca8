#include "reconcile/schema/default_checks.h"

#include <fmt/format.h>

#include "reconcile/schema/embedded.h"
#include "reconcile/schema/pruning.h"
#include "reconcile/schema/rules.h"
#include "reconcile/schema/values.h"

namespace neoid::schema::internal {
namespace {

struct Walk {
  const RuleVerdicts& verdicts;
  Errors errors;
  std::int64_t budget = static_cast<std::int64_t>(cel::kPerObjectBudget);
};

void check_default(Walk& walk, const Node& node, const std::string& path) {
  const Json& value = *node.schema->default_value;
  const std::string field = path + ".default";
  Json pruned = value;
  std::vector<std::string> unknown;
  prune(node, pruned, Root::Value, Path(), unknown);
  if (pruned != value)
    walk.errors.push_back(invalid_printed(field, go_value(value), "must not have unknown fields"));
  const Path at(field);
  Errors found;
  validate_embedded(node, value, at, found);
  if (found.empty()) validate_value(node, value, at, found);
  if (found.empty() && node.rules_below) {
    if (const auto it = walk.verdicts.find(node.schema); it != walk.verdicts.end())
      for (const RuleVerdict& verdict : it->second)
        if (!verdict.error.empty())
          found.push_back(
              invalid_text(field, node.schema->type_text, "rule compile error: " + verdict.error));
    walk.budget = run_rules(node, value, &value, at, walk.budget, found);
  }
  append(walk.errors, std::move(found));
}

void check_node(Walk& walk, const Node& node, bool resource, const std::string& path) {
  if (walk.budget < 0) return;
  if (node.schema->default_value) check_default(walk, node, path);
  if (node.items) check_node(walk, *node.items, node.items->schema->embedded_resource, path + ".items");
  for (const auto& [name, property] : node.properties) {
    // Defaults of a resource's own fields are refused elsewhere, or are those of its surroundings.
    if (resource && (name == "metadata" || name == "apiVersion" || name == "kind")) continue;
    check_node(walk, property, property.schema->embedded_resource,
               fmt::format("{}.properties[{}]", path, name));
  }
}

}  // namespace

Errors check_defaults(const Node& root, const RuleVerdicts& verdicts, const std::string& path) {
  Walk walk{verdicts, {}};
  check_node(walk, root, true, path);
  return std::move(walk.errors);
}

}  // namespace neoid::schema::internal
