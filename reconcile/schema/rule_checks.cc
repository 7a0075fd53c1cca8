#include "reconcile/schema/rule_checks.h"

#include <algorithm>
#include <limits>

#include "reconcile/cel/rule.h"

namespace neoid::schema::internal {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\n\r\v\f") == std::string::npos; }

void compile_own_rules(Node& node, const cel::DeclTypePtr& type, cel::KubernetesVersion version,
                       std::vector<RuleVerdict>& verdicts) {
  for (const RuleText& text : node.schema->validations) {
    RuleVerdict verdict;
    if (is_blank(text.rule)) {
      verdicts.push_back(std::move(verdict));  // refused elsewhere; costs nothing
      continue;
    }
    cel::CompileOptions options;
    options.version = version;
    options.optional_old_self = text.optional_old_self.value_or(false);
    auto rule = cel::compile(text.rule, type, options);
    if (!rule) {
      verdict.error = rule.error().message;
      verdicts.push_back(std::move(verdict));
      continue;
    }
    verdict.uses_old_self = rule->uses_old_self();
    verdict.cost = rule->cost().max;
    verdict.unbounded_places = cel::max_cardinality(*type);
    CompiledRule compiled{&text, std::move(*rule), std::nullopt};
    if (!text.message_expression.empty()) {
      options.result = cel::ResultType::String;
      auto message = cel::compile(text.message_expression, type, options);
      if (message)
        compiled.message = std::move(*message);
      else
        verdict.message_error = message.error().message;
    }
    node.rules.push_back(std::move(compiled));
    verdicts.push_back(std::move(verdict));
  }
}

void compile_node(Node& node, NodeKind kind, DeclTypes& types, cel::KubernetesVersion version,
                  RuleVerdicts& all) {
  if (!node.schema->validations.empty())
    if (const cel::DeclTypePtr type = types.of(*node.schema, kind))
      compile_own_rules(node, type, version, all[node.schema]);
  const auto descend = [&](Node& child) {
    compile_node(child, child.schema->embedded_resource ? NodeKind::Resource : NodeKind::Value, types,
                 version, all);
  };
  for (auto& [name, property] : node.properties) descend(property);
  if (node.additional) descend(*node.additional);
  if (node.items) descend(*node.items);
}

}  // namespace

RuleVerdicts compile_rules(Node& root, cel::KubernetesVersion version) {
  RuleVerdicts all;
  DeclTypes types(version);
  compile_node(root, NodeKind::Resource, types, version, all);
  return all;
}

void TotalCost::observe(const std::string& path, std::uint64_t cost) {
  constexpr std::size_t kNamed = 4;
  total_ = kMax - total_ < cost ? kMax : total_ + cost;
  if (cost < cel::kEstimatedSchemaLimit / 100) return;
  most_expensive_.emplace_back(cost, path);
  std::stable_sort(most_expensive_.begin(), most_expensive_.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (most_expensive_.size() > kNamed) most_expensive_.pop_back();
}

Errors TotalCost::judge(const std::string& path) const {
  Errors errors;
  if (total_ <= cel::kEstimatedSchemaLimit) return errors;
  for (const auto& [cost, rule] : most_expensive_)
    errors.push_back(forbidden(
        rule, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"));
  errors.push_back(
      forbidden(path, cel::describe_cost_excess(
                          "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema",
                          total_, cel::kEstimatedSchemaLimit)));
  return errors;
}

Cardinality child_cardinality(Cardinality parent, const Structural& schema) {
  if (!parent) return std::nullopt;
  std::optional<std::int64_t> factor = 1;
  if (schema.type == Type::Array) factor = schema.rules.max_items;
  if (schema.type == Type::Object && schema.additional_allowed) factor = schema.rules.max_properties;
  if (!factor) return std::nullopt;
  return multiply(*parent, static_cast<std::uint64_t>(std::max<std::int64_t>(*factor, 0)));
}

std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > kMax / b ? kMax : a * b;
}

}  // namespace neoid::schema::internal
