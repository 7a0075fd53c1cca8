#include "reconcile/value/member.h"

namespace neoid {

const Json& member_at(const Json& object, std::string_view name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text_at(const Json& object, std::string_view name) {
  const Json& value = member_at(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace neoid
