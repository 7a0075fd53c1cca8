// Walks of an object and its schema side by side: both are sorted by name.
#pragma once

#include <string>
#include <utility>

#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

// visit(key, value, node or null) for every member of the object; the node is that of the property of that name.
template <class Members, class Visit>
void for_each_member(Members& members, const Node& node, Visit visit) {
  auto property = node.properties.begin();
  for (auto& [key, value] : members) {
    while (property != node.properties.end() && property->name < key) ++property;
    const bool known = property != node.properties.end() && property->name == key;
    visit(key, value, known ? &property->node : nullptr);
  }
}

// As above, but for members that have a schema only: their property's, else that of additionalProperties.
// The third argument says which.
enum class Member { Property, Additional };
template <class Members, class Visit>
void for_each_known_member(Members& members, const Node& node, Visit visit) {
  for_each_member(members, node, [&](const std::string& key, auto& value, const Node* property) {
    if (property != nullptr)
      visit(key, value, *property, Member::Property);
    else if (node.additional)
      visit(key, value, *node.additional, Member::Additional);
  });
}

}  // namespace neoid::schema::internal
