#include "reconcile/schema/program.h"

#include <algorithm>

namespace neoid::schema::internal {
namespace {

std::vector<Node> make_nodes(const std::vector<Structural>& schemas) {
  std::vector<Node> out;
  out.reserve(schemas.size());
  for (const Structural& schema : schemas) out.push_back(make_node(schema));
  return out;
}

std::unique_ptr<Node> make_owned(const std::unique_ptr<Structural>& schema) {
  return schema ? std::make_unique<Node>(make_node(*schema)) : nullptr;
}

void settle_child(Node& node, Node& child) {
  settle(child);
  node.rules_below = node.rules_below || child.rules_below;
  node.lists_below = node.lists_below || child.lists_below;
  node.embedded_below = node.embedded_below || child.embedded_below;
}

}  // namespace

Node make_node(const Structural& schema) {
  Node node;
  node.schema = &schema;
  if (!schema.rules.pattern.empty()) {
    re2::RE2::Options options(re2::RE2::Quiet);
    node.pattern = std::make_shared<const re2::RE2>(schema.rules.pattern, options);
  }
  node.format = find_format(schema.rules.format);
  node.properties.reserve(schema.properties.size());
  for (const auto& [name, property] : schema.properties)
    node.properties.push_back({name, make_node(property)});
  node.additional = make_owned(schema.additional);
  node.items = make_owned(schema.items);
  node.all_of = make_nodes(schema.all_of);
  node.any_of = make_nodes(schema.any_of);
  node.one_of = make_nodes(schema.one_of);
  node.not_ = make_owned(schema.not_);
  return node;
}

void settle(Node& node) {
  node.rules_below = !node.rules.empty();
  node.lists_below = node.schema->list_type.value_or(ListType::Atomic) != ListType::Atomic;
  node.embedded_below = node.schema->embedded_resource;
  for (auto& [name, property] : node.properties) settle_child(node, property);
  if (node.additional) settle_child(node, *node.additional);
  if (node.items) settle_child(node, *node.items);
}

const Node* find_property(const Node& node, std::string_view name) {
  const auto it = std::lower_bound(node.properties.begin(), node.properties.end(), name,
                                   [](const auto& entry, std::string_view key) { return entry.name < key; });
  return it != node.properties.end() && it->name == name ? &it->node : nullptr;
}

}  // namespace neoid::schema::internal
