#include "reconcile/schema/defaults.h"

#include "reconcile/schema/walk.h"

namespace neoid::schema::internal {
namespace {

bool is_refused_null(const Node& node, const Json& value) {
  return value.is_null() && !node.schema->nullable;
}

void default_members(const Node& node, Json::object_t& members) {
  for (const auto& [name, property] : node.properties) {
    if (!property.schema->default_value) continue;
    const auto it = members.find(name);
    if (it == members.end())
      members.emplace(std::string(name), *property.schema->default_value);
    else if (is_refused_null(property, it->second))
      it->second = *property.schema->default_value;
  }
  std::vector<const std::string*> dropped;
  for_each_known_member(members, node,
                        [&](const std::string& key, Json& member, const Node& child, Member kind) {
                          if (is_refused_null(child, member)) {
                            if (kind == Member::Additional && child.schema->default_value)
                              member = *child.schema->default_value;
                            else
                              return dropped.push_back(&key);
                          }
                          if (member.is_structured()) apply_defaults(child, member);
                        });
  for (const std::string* key : dropped) members.erase(members.find(*key));
}

}  // namespace

void apply_defaults(const Node& node, Json& value) {
  if (value.is_object()) {
    default_members(node, value.get_ref<Json::object_t&>());
  } else if (value.is_array() && node.items) {
    for (Json& item : value) {
      if (is_refused_null(*node.items, item) && node.items->schema->default_value)
        item = *node.items->schema->default_value;
      if (item.is_structured()) apply_defaults(*node.items, item);
    }
  }
}

}  // namespace neoid::schema::internal
