// Looking keywords up in a schema as it is written (JSONSchemaProps). Internal to reconcile/schema.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "reconcile/value/json.h"

namespace neoid::schema::internal {

// Null if the keyword is absent or null.
inline const Json* keyword(const Json& schema, const char* name) {
  const auto it = schema.find(name);
  return it == schema.end() || it->is_null() ? nullptr : &*it;
}
inline const Json* object_keyword(const Json& schema, const char* name) {
  const Json* value = keyword(schema, name);
  return value != nullptr && value->is_object() ? value : nullptr;
}
// The list's items; an empty list if it is absent.
inline const Json& list_keyword(const Json& schema, const char* name) {
  static const Json empty = Json::array();
  const Json* value = keyword(schema, name);
  return value != nullptr && value->is_array() ? *value : empty;
}
inline std::string text_keyword(const Json& schema, const char* name) {
  const Json* value = keyword(schema, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}
inline bool flag_keyword(const Json& schema, const char* name) {
  const Json* value = keyword(schema, name);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}
inline std::optional<std::int64_t> count_keyword(const Json& schema, const char* name) {
  const Json* value = keyword(schema, name);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<std::int64_t>();
}
inline bool has_members(const Json& schema, const char* name) {
  const Json* value = keyword(schema, name);
  return value != nullptr && value->is_structured() && !value->empty();
}

}  // namespace neoid::schema::internal
