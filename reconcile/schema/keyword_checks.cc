#include "reconcile/schema/keyword_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reconcile/schema/keywords.h"

namespace neoid::schema::internal {
namespace {

std::string trimmed(const std::string& text) {
  constexpr std::string_view kSpace = " \t\n\r\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// A list of strings as Go prints it with %#v.
std::string go_strings(const Json& list) {
  std::string out = "[]string{";
  for (std::size_t i = 0; i < list.size(); ++i)
    out += (i == 0 ? "" : ", ") + go_quote(list[i].is_string() ? list[i].get<std::string>() : "");
  return out + "}";
}

void check_type_of(const Json& schema, const char* extension, const char* wanted, const std::string& path,
                   Errors& errors) {
  const std::string type = text_keyword(schema, "type");
  if (keyword(schema, extension) == nullptr || type == wanted) return;
  const std::string detail = fmt::format("must be {} if {} is specified", wanted, extension);
  errors.push_back(type.empty() ? required(path + ".type", detail)
                                : invalid_text(path + ".type", type, detail));
}

void check_map_keys(const Json& schema, const std::string& path, Errors& errors) {
  const Json& keys = list_keyword(schema, "x-kubernetes-list-map-keys");
  const Json* items = object_keyword(schema, "items");
  const std::string at = path + ".x-kubernetes-list-map-keys";
  if (keys.empty()) errors.push_back(required(at, "must not be empty if x-kubernetes-list-type is map"));
  if (items == nullptr) {
    errors.push_back(required(path + ".items", "must have a schema if x-kubernetes-list-type is map"));
    return;
  }
  const std::string type = text_keyword(*items, "type");
  if (type != "object") {
    errors.push_back(invalid_text(path + ".items.type", type,
                                  "must be object if parent array's x-kubernetes-list-type is map"));
    return;
  }
  std::set<std::string> seen;
  for (const Json& one : keys) {
    const std::string key = one.is_string() ? one.get<std::string>() : "";
    const Json* properties = object_keyword(*items, "properties");
    if (const Json* property = properties ? object_keyword(*properties, key.c_str()) : nullptr) {
      const std::string key_type = text_keyword(*property, "type");
      if (key_type == "array" || key_type == "object")
        errors.push_back(
            invalid_text(fmt::format("{}.items.properties[{}].type", path, key), type,
                         "must be a scalar type if parent array's x-kubernetes-list-type is map"));
    } else {
      errors.push_back(invalid_printed(at, go_strings(keys), "entries must all be names of item properties"));
    }
    if (!seen.insert(key).second)
      errors.push_back(invalid_printed(at, go_strings(keys), "must not contain duplicate entries"));
  }
}

// Keys must always be there; items of sets and maps are never null.
void check_items_present(const Json& schema, const std::string& list_type, const std::string& path,
                         Errors& errors) {
  const Json* items = object_keyword(schema, "items");
  if (items == nullptr || (list_type != "set" && list_type != "map")) return;
  if (flag_keyword(*items, "nullable"))
    errors.push_back(forbidden(path + ".items.nullable",
                               "cannot be nullable when x-kubernetes-list-type is " + list_type));
  if (list_type != "map") return;
  const Json& names = list_keyword(*items, "required");
  for (const Json& key : list_keyword(schema, "x-kubernetes-list-map-keys")) {
    if (!key.is_string()) continue;
    const Json* properties = object_keyword(*items, "properties");
    const Json* property = properties ? object_keyword(*properties, key.get<std::string>().c_str()) : nullptr;
    if (property == nullptr) continue;
    const std::string at = fmt::format("{}.items.properties[{}]", path, key.get<std::string>());
    if (std::find(names.begin(), names.end(), key) == names.end() && keyword(*property, "default") == nullptr)
      errors.push_back(
          required(at + ".default",
                   "this property is in x-kubernetes-list-map-keys, so it must have a default or be a "
                   "required property"));
    if (flag_keyword(*property, "nullable"))
      errors.push_back(forbidden(at + ".nullable",
                                 "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
  }
}

void check_set_items(const Json& schema, const std::string& path, Errors& errors) {
  const Json* items = object_keyword(schema, "items");
  if (items == nullptr) return;
  constexpr auto kDetail = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const std::string type = text_keyword(*items, "type");
  if (type == "array") {
    const std::string list = text_keyword(*items, "x-kubernetes-list-type");
    if (!list.empty() && list != "atomic")
      errors.push_back(invalid_text(path + ".items.x-kubernetes-list-type", list, kDetail));
  } else if (type == "object") {
    const Json* map = keyword(*items, "x-kubernetes-map-type");
    const std::string text = text_keyword(*items, "x-kubernetes-map-type");
    if (text != "atomic")
      errors.push_back(invalid_printed(path + ".items.x-kubernetes-map-type",
                                       map == nullptr ? "\"null\"" : go_quote(text), kDetail));
  }
}

}  // namespace

Errors check_standard(const Json& schema, const NodePlace& place, const std::string& path) {
  static const std::vector<std::string> types = {"array", "boolean", "integer", "number", "object", "string"};
  Errors errors;
  const std::string type = text_keyword(schema, "type");
  if (!type.empty() && std::find(types.begin(), types.end(), type) == types.end())
    errors.push_back(not_supported(path + ".type", type, types));
  if (keyword(schema, "default") != nullptr && !place.why_no_default.empty())
    errors.push_back(forbidden(path + ".default", "must not be set" + place.why_no_default));
  const auto refuse = [&](const char* name) {
    errors.push_back(forbidden(fmt::format("{}.{}", path, name), fmt::format("{} is not supported", name)));
  };
  if (!text_keyword(schema, "id").empty()) refuse("id");
  if (keyword(schema, "additionalItems") != nullptr) refuse("additionalItems");
  for (const char* name : {"patternProperties", "definitions"})
    if (has_members(schema, name)) refuse(name);
  for (const char* name : {"dependencies", "$ref"})
    if (keyword(schema, name) != nullptr) refuse(name);
  if (type == "null")
    errors.push_back(forbidden(path + ".type", "type cannot be set to null, use nullable as an alternative"));
  if (const Json* items = keyword(schema, "items"); items != nullptr && items->is_array() && !items->empty())
    errors.push_back(forbidden(path + ".items", "items must be a schema object and not an array"));
  if (place.in_metadata && flag_keyword(schema, "x-kubernetes-embedded-resource"))
    errors.push_back(
        forbidden(path + ".x-kubernetes-embedded-resource", "must not be used inside of resource meta"));
  if (flag_keyword(schema, "uniqueItems"))
    errors.push_back(
        forbidden(path + ".uniqueItems",
                  "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
  if (const Json* more = keyword(schema, "additionalProperties"))
    if (has_members(schema, "properties") && *more != true)
      errors.push_back(forbidden(path + ".additionalProperties",
                                 "additionalProperties and properties are mutual exclusive"));
  return errors;
}

Errors check_list_and_map_types(const Json& schema, const std::string& path) {
  Errors errors;
  if (const Json* keep = keyword(schema, "x-kubernetes-preserve-unknown-fields");
      keep != nullptr && *keep == false)
    errors.push_back(invalid_printed(path + ".x-kubernetes-preserve-unknown-fields", "false",
                                     "must be true or undefined"));
  check_type_of(schema, "x-kubernetes-map-type", "object", path, errors);
  const std::string map_type = text_keyword(schema, "x-kubernetes-map-type");
  if (keyword(schema, "x-kubernetes-map-type") != nullptr && map_type != "atomic" && map_type != "granular")
    errors.push_back(not_supported(path + ".x-kubernetes-map-type", map_type, {"atomic", "granular"}));
  check_type_of(schema, "x-kubernetes-list-type", "array", path, errors);
  const bool listed = keyword(schema, "x-kubernetes-list-type") != nullptr;
  const std::string list_type = text_keyword(schema, "x-kubernetes-list-type");
  if (listed && list_type != "atomic" && list_type != "set" && list_type != "map")
    errors.push_back(not_supported(path + ".x-kubernetes-list-type", list_type, {"atomic", "map", "set"}));
  if (has_members(schema, "x-kubernetes-list-map-keys") && list_type != "map") {
    constexpr auto kDetail = "must be map if x-kubernetes-list-map-keys is non-empty";
    const std::string at = path + ".x-kubernetes-list-type";
    errors.push_back(listed ? invalid_text(at, list_type, kDetail) : required(at, kDetail));
  }
  if (list_type == "map") check_map_keys(schema, path, errors);
  check_items_present(schema, list_type, path, errors);
  if (list_type == "set") check_set_items(schema, path, errors);
  return errors;
}

Errors check_rule_texts(const Json& schema, const std::string& path) {
  Errors errors;
  const Json& rules = list_keyword(schema, "x-kubernetes-validations");
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string at = fmt::format("{}.x-kubernetes-validations[{}]", path, i);
    const std::string rule = trimmed(text_keyword(rules[i], "rule"));
    const std::string raw = text_keyword(rules[i], "message");
    const std::string message = trimmed(raw);
    if (rule.empty())
      errors.push_back(required(at + ".rule", "rule is not specified"));
    else if (!raw.empty() && message.empty())
      errors.push_back(invalid_text(at + ".message", raw, "message must be non-empty if specified"));
    else if (message.find('\n') != std::string::npos)
      errors.push_back(invalid_text(at + ".message", raw, "message must not contain line breaks"));
    else if (rule.find('\n') != std::string::npos && message.empty())
      errors.push_back(required(at + ".message", "message must be specified if rule contains line breaks"));
  }
  return errors;
}

Errors check_root_with_status(const Json& schema, const std::string& path) {
  static const std::set<std::string> allowed = {"description",
                                                "type",
                                                "format",
                                                "title",
                                                "maximum",
                                                "exclusiveMaximum",
                                                "minimum",
                                                "exclusiveMinimum",
                                                "maxLength",
                                                "minLength",
                                                "pattern",
                                                "maxItems",
                                                "minItems",
                                                "uniqueItems",
                                                "multipleOf",
                                                "required",
                                                "items",
                                                "properties",
                                                "externalDocs",
                                                "example",
                                                "x-kubernetes-preserve-unknown-fields",
                                                "x-kubernetes-validations"};
  if (const std::string type = text_keyword(schema, "type"); !type.empty() && type != "object")
    return {invalid_text(
        path + ".type", type,
        "only \"object\" is allowed as the type at the root of the schema if the status subresource "
        "is enabled")};
  for (auto member = schema.begin(); member != schema.end(); ++member)
    if (!allowed.contains(member.key()))
      return {invalid_printed(
          path, "\"\"",
          "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum "
          "MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items "
          "Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed "
          "at the root of the schema if the status subresource is enabled")};
  return {};
}

}  // namespace neoid::schema::internal
