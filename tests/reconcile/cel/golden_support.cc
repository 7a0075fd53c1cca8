#include "tests/reconcile/cel/golden_support.h"

#include <fstream>
#include <regex>

namespace neoid::cel::testing {
namespace {

std::optional<std::int64_t> limit(const Json& schema, const char* name) {
  if (!schema.contains(name)) return std::nullopt;
  return schema[name].get<std::int64_t>();
}

ListKind list_kind(const Json& schema) {
  const std::string kind = schema.value("x-kubernetes-list-type", "atomic");
  if (kind == "set") return ListKind::Set;
  return kind == "map" ? ListKind::Map : ListKind::Atomic;
}

DeclTypePtr object_of(const Json& schema) {
  std::vector<PropertyFacts> properties;
  const Json required = schema.value("required", Json::array());
  const Json all = schema.value("properties", Json::object());
  for (const auto& [name, property] : all.items()) {
    properties.push_back({.name = name,
                          .type = type_of_schema(property),
                          .nullable = property.value("nullable", false),
                          .required = std::find(required.begin(), required.end(), name) != required.end(),
                          .has_default = property.contains("default")});
  }
  return object_type(properties, schema.value("x-kubernetes-preserve-unknown-fields", false));
}

}  // namespace

const Json& golden() {
  static const Json cases = [] {
    std::ifstream in(NEOID_SOURCE_DIR "/tests/golden/cel/cases.json");
    return Json::parse(in, nullptr, false);
  }();
  return cases;
}

DeclTypePtr type_of_schema(const Json& schema) {
  if (schema.value("x-kubernetes-int-or-string", false)) return int_or_string_type();
  const std::string type = schema.value("type", "");
  if (type == "boolean") return bool_type();
  if (type == "integer") return int_type();
  if (type == "number") return double_type();
  if (type == "string") {
    return string_type({.format = schema.value("format", ""), .max_length = limit(schema, "maxLength")});
  }
  if (type == "array") {
    return list_type({.element = type_of_schema(schema["items"]),
                      .max_items = limit(schema, "maxItems"),
                      .kind = list_kind(schema),
                      .keys = schema.value("x-kubernetes-list-map-keys", std::vector<std::string>())});
  }
  if (schema.contains("additionalProperties")) {
    return map_type(type_of_schema(schema["additionalProperties"]), limit(schema, "maxProperties"));
  }
  return type == "object" ? object_of(schema) : nullptr;
}

bool breaks_schema(const Json& value_case) {
  for (const Json& error : value_case.value("errors", Json::array())) {
    if (error["field"] == "<nil>" || error["reason"] != "FieldValueInvalid") return true;
  }
  return false;
}

std::string digest(const std::string& message) {
  if (message.find("Syntax error") != std::string::npos) return "syntax error";
  if (message.find("cost") != std::string::npos) return "cost";
  std::string line = message.substr(0, message.find('\n'));
  for (const char* start : {"compilation failed", "program instantiation failed", "cel expression"}) {
    const std::size_t found = line.find("}: " + std::string(start));
    if (found != std::string::npos) line.erase(0, found + 3);
  }
  static const std::regex kSelfType("selfType[0-9]+");
  return std::regex_replace(line, kSelfType, "selfType");
}

}  // namespace neoid::cel::testing
