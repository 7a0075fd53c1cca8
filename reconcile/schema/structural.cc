#include "reconcile/schema/structural.h"

#include <algorithm>

namespace neoid::schema {
namespace {

const Json* find(const Json& schema, const char* key) {
  const auto it = schema.find(key);
  return it == schema.end() ? nullptr : &*it;
}

std::string text_of(const Json& schema, const char* key) {
  const Json* value = find(schema, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

bool flag_of(const Json& schema, const char* key) {
  const Json* value = find(schema, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::optional<std::int64_t> count_of(const Json& schema, const char* key) {
  const Json* value = find(schema, key);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<std::int64_t>();
}

std::optional<double> number_of(const Json& schema, const char* key) {
  const Json* value = find(schema, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

std::vector<std::string> texts_of(const Json& schema, const char* key) {
  std::vector<std::string> out;
  const Json* value = find(schema, key);
  if (value == nullptr || !value->is_array()) return out;
  for (const Json& item : *value)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

std::vector<Structural> schemas_of(const Json& schema, const char* key) {
  std::vector<Structural> out;
  const Json* value = find(schema, key);
  if (value == nullptr || !value->is_array()) return out;
  for (const Json& item : *value) out.push_back(read_structural(item));
  return out;
}

std::unique_ptr<Structural> schema_of(const Json& schema, const char* key) {
  const Json* value = find(schema, key);
  if (value == nullptr || !value->is_object()) return nullptr;
  return std::make_unique<Structural>(read_structural(*value));
}

Type type_of(std::string_view text) {
  if (text.empty()) return Type::None;
  for (const Type type :
       {Type::Object, Type::Array, Type::String, Type::Integer, Type::Number, Type::Boolean})
    if (text == to_string(type)) return type;
  return Type::Unknown;
}

ValueRules read_rules(const Json& schema) {
  ValueRules rules;
  rules.format = text_of(schema, "format");
  rules.pattern = text_of(schema, "pattern");
  rules.minimum = number_of(schema, "minimum");
  rules.maximum = number_of(schema, "maximum");
  rules.multiple_of = number_of(schema, "multipleOf");
  rules.min_length = count_of(schema, "minLength");
  rules.max_length = count_of(schema, "maxLength");
  rules.min_items = count_of(schema, "minItems");
  rules.max_items = count_of(schema, "maxItems");
  rules.min_properties = count_of(schema, "minProperties");
  rules.max_properties = count_of(schema, "maxProperties");
  rules.exclusive_minimum = flag_of(schema, "exclusiveMinimum");
  rules.exclusive_maximum = flag_of(schema, "exclusiveMaximum");
  rules.unique_items = flag_of(schema, "uniqueItems");
  if (const Json* values = find(schema, "enum"); values != nullptr && values->is_array())
    rules.enum_values.assign(values->begin(), values->end());
  rules.required = texts_of(schema, "required");
  return rules;
}

std::vector<RuleText> read_validations(const Json& schema) {
  std::vector<RuleText> out;
  const Json* list = find(schema, "x-kubernetes-validations");
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : *list) {
    if (!item.is_object()) continue;
    RuleText rule;
    rule.rule = text_of(item, "rule");
    rule.message = text_of(item, "message");
    rule.message_expression = text_of(item, "messageExpression");
    rule.reason = text_of(item, "reason");
    rule.field_path = text_of(item, "fieldPath");
    if (const Json* optional = find(item, "optionalOldSelf"); optional != nullptr && optional->is_boolean())
      rule.optional_old_self = optional->get<bool>();
    out.push_back(std::move(rule));
  }
  return out;
}

void read_members(const Json& schema, Structural& out) {
  if (const Json* properties = find(schema, "properties"); properties != nullptr && properties->is_object())
    for (const auto& [name, property] : properties->items())
      out.properties.push_back({name, read_structural(property)});
  if (const Json* more = find(schema, "additionalProperties"); more != nullptr) {
    if (more->is_boolean()) {
      out.additional_allowed = more->get<bool>();
    } else {
      out.additional_allowed = true;
      out.additional = schema_of(schema, "additionalProperties");
    }
  }
  out.items = schema_of(schema, "items");
}

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::None: return "";
    case Type::Object: return "object";
    case Type::Array: return "array";
    case Type::String: return "string";
    case Type::Integer: return "integer";
    case Type::Number: return "number";
    case Type::Boolean: return "boolean";
    case Type::Unknown: return "unknown";
  }
  return "";
}

bool ValueRules::empty() const {
  return format.empty() && pattern.empty() && !minimum && !maximum && !multiple_of && !min_length &&
         !max_length && !min_items && !max_items && !min_properties && !max_properties && !unique_items &&
         enum_values.empty() && required.empty();
}

const Structural* Structural::find_property(std::string_view name) const {
  const auto it = std::lower_bound(properties.begin(), properties.end(), name,
                                   [](const auto& entry, std::string_view key) { return entry.name < key; });
  return it != properties.end() && it->name == name ? &it->schema : nullptr;
}

const Structural* Structural::find_member(std::string_view name) const {
  const Structural* property = find_property(name);
  return property != nullptr ? property : additional.get();
}

Structural read_structural(const Json& schema) {
  Structural out;
  if (!schema.is_object()) return out;
  out.type_text = text_of(schema, "type");
  out.type = type_of(out.type_text);
  out.nullable = flag_of(schema, "nullable");
  if (const Json* value = find(schema, "default"); value != nullptr && !value->is_null())
    out.default_value = *value;
  out.title = text_of(schema, "title");
  out.description = text_of(schema, "description");
  read_members(schema, out);
  out.preserve_unknown = flag_of(schema, "x-kubernetes-preserve-unknown-fields");
  out.embedded_resource = flag_of(schema, "x-kubernetes-embedded-resource");
  out.int_or_string = flag_of(schema, "x-kubernetes-int-or-string");
  if (const std::string list = text_of(schema, "x-kubernetes-list-type"); !list.empty())
    out.list_type = list == "set" ? ListType::Set : list == "map" ? ListType::Map : ListType::Atomic;
  out.list_keys = texts_of(schema, "x-kubernetes-list-map-keys");
  out.atomic_map = text_of(schema, "x-kubernetes-map-type") == "atomic";
  out.rules = read_rules(schema);
  out.all_of = schemas_of(schema, "allOf");
  out.any_of = schemas_of(schema, "anyOf");
  out.one_of = schemas_of(schema, "oneOf");
  out.not_ = schema_of(schema, "not");
  out.validations = read_validations(schema);
  return out;
}

}  // namespace neoid::schema
