#include "reconcile/schema/structural_checks.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "reconcile/schema/go_regexp.h"
#include "reconcile/schema/keywords.h"

namespace neoid::schema::internal {
namespace {

enum class Level { Root, Item, Field };

class Checker {
 public:
  void check(const Json& schema, Level level, const std::string& path);
  // What anyOf and its like name must be named outside of them, too.
  void check_complete(const Json& rules, const Json* schema, const std::string& at, const std::string& path);
  Errors take() { return std::move(errors_); }

 private:
  void check_children(const Json& schema, Level level, const std::string& path);
  void check_type(const Json& schema, Level level, const std::string& path);
  void check_meta(const Json& schema, Level level, const std::string& path);
  void check_rules(const Json& schema, bool skip_any_of, bool skip_first_all_of, const std::string& path);
  void check_nested(const Json& schema, bool skip_any_of, const std::string& path);
  void check_nested_keywords(const Json& schema, const std::string& path);
  void check_nested_complete(const Json& rules, const Json* schema, const std::string& at,
                             const std::string& path);

  Errors errors_;
};

// anyOf: [{type: integer}, {type: string}], the one place where types may stand inside of anyOf.
bool is_int_or_string_any_of(const Json& schema) {
  static const Json pattern = Json::array({{{"type", "integer"}}, {{"type", "string"}}});
  return list_keyword(schema, "anyOf") == pattern;
}

bool is_int_or_string_all_of(const Json& schema) {
  const Json& all = list_keyword(schema, "allOf");
  return !all.empty() && is_int_or_string_any_of(all[0]);
}

void Checker::check(const Json& schema, Level level, const std::string& path) {
  if (!schema.is_object()) return;
  check_children(schema, level, path);
  const bool int_or_string = flag_keyword(schema, "x-kubernetes-int-or-string");
  if (int_or_string && flag_keyword(schema, "x-kubernetes-preserve-unknown-fields"))
    errors_.push_back(invalid_printed(path + ".x-kubernetes-preserve-unknown-fields", "true",
                                      "must be false if x-kubernetes-int-or-string is true"));
  if (int_or_string && flag_keyword(schema, "x-kubernetes-embedded-resource"))
    errors_.push_back(invalid_printed(path + ".x-kubernetes-embedded-resource", "true",
                                      "must be false if x-kubernetes-int-or-string is true"));
  check_rules(schema, is_int_or_string_any_of(schema), is_int_or_string_all_of(schema), path);
  check_type(schema, level, path);
  check_meta(schema, level, path);
}

void Checker::check_children(const Json& schema, Level level, const std::string& path) {
  const Json* items = object_keyword(schema, "items");
  if (text_keyword(schema, "type") == "array" && items == nullptr)
    errors_.push_back(required(path + ".items", "must be specified"));
  if (items != nullptr) check(*items, Level::Item, path + ".items");
  if (const Json* properties = object_keyword(schema, "properties"))
    for (const auto& [name, property] : properties->items())
      check(property, Level::Field, fmt::format("{}.properties[{}]", path, name));
  const Json* additional = keyword(schema, "additionalProperties");
  if (additional == nullptr) return;
  if (level == Level::Root)
    errors_.push_back(forbidden(path + ".additionalProperties", "must not be used at the root"));
  check(*additional, Level::Field, path + ".additionalProperties");
}

void Checker::check_type(const Json& schema, Level level, const std::string& path) {
  const std::string type = text_keyword(schema, "type");
  const bool embedded = flag_keyword(schema, "x-kubernetes-embedded-resource");
  const bool free = flag_keyword(schema, "x-kubernetes-int-or-string") ||
                    flag_keyword(schema, "x-kubernetes-preserve-unknown-fields");
  if (embedded && type != "object") {
    constexpr auto kDetail = "must be object if x-kubernetes-embedded-resource is true";
    errors_.push_back(type.empty() ? required(path + ".type", kDetail)
                                   : invalid_text(path + ".type", type, kDetail));
  } else if (type.empty() && !free) {
    errors_.push_back(required(path + ".type", level == Level::Root ? "must not be empty at the root"
                                               : level == Level::Item
                                                   ? "must not be empty for specified array items"
                                                   : "must not be empty for specified object fields"));
  }
  if (embedded && keyword(schema, "additionalProperties") != nullptr)
    errors_.push_back(forbidden(path + ".additionalProperties",
                                "must not be used if x-kubernetes-embedded-resource is set"));
  if (level == Level::Root && !type.empty() && type != "object")
    errors_.push_back(invalid_text(path + ".type", type, "must be object at the root"));
}

void Checker::check_meta(const Json& schema, Level level, const std::string& path) {
  const bool embedded = flag_keyword(schema, "x-kubernetes-embedded-resource");
  const bool resource = level == Level::Root || embedded;
  const Json* properties = object_keyword(schema, "properties");
  if (properties != nullptr && resource)
    for (const char* name : {"kind", "apiVersion"})
      if (const Json* property = keyword(*properties, name))
        if (const std::string type = text_keyword(*property, "type"); type != "string")
          errors_.push_back(
              invalid_text(fmt::format("{}.properties[{}].type", path, name), type, "must be string"));
  if (properties != nullptr && resource)
    if (const Json* metadata = keyword(*properties, "metadata")) {
      const std::string at = path + ".properties[metadata]";
      if (const std::string type = text_keyword(*metadata, "type"); type != "object")
        errors_.push_back(invalid_text(at + ".type", type, "must be object"));
      Json rest = *metadata;
      for (const char* allowed : {"type", "default"}) rest.erase(allowed);
      if (const Json* members = object_keyword(rest, "properties")) {
        bool only_names = true;
        for (auto member = members->begin(); member != members->end(); ++member)
          only_names = only_names && (member.key() == "name" || member.key() == "generateName");
        if (only_names) rest.erase("properties");
      }
      if (level == Level::Root && !rest.empty())
        errors_.push_back(forbidden(at,
                                    "must not specify anything other than name and generateName, but "
                                    "metadata is implicitly specified"));
    }
  if (embedded && !flag_keyword(schema, "x-kubernetes-preserve-unknown-fields") &&
      !has_members(schema, "properties"))
    errors_.push_back(required(path + ".properties",
                               "must not be empty if x-kubernetes-embedded-resource is true without "
                               "x-kubernetes-preserve-unknown-fields"));
}

void Checker::check_rules(const Json& schema, bool skip_any_of, bool skip_first_all_of,
                          const std::string& path) {
  if (!skip_any_of)
    for (std::size_t i = 0; i < list_keyword(schema, "anyOf").size(); ++i)
      check_nested(list_keyword(schema, "anyOf")[i], false, fmt::format("{}.anyOf[{}]", path, i));
  for (std::size_t i = 0; i < list_keyword(schema, "allOf").size(); ++i)
    check_nested(list_keyword(schema, "allOf")[i], skip_first_all_of && i == 0,
                 fmt::format("{}.allOf[{}]", path, i));
  for (std::size_t i = 0; i < list_keyword(schema, "oneOf").size(); ++i)
    check_nested(list_keyword(schema, "oneOf")[i], false, fmt::format("{}.oneOf[{}]", path, i));
  if (const Json* negated = object_keyword(schema, "not")) check_nested(*negated, false, path + ".not");
  const std::string pattern = text_keyword(schema, "pattern");
  if (const std::string error = go_regexp_error(pattern); !error.empty())
    errors_.push_back(
        invalid_text(path + ".pattern", pattern, "must be a valid regular expression, but isn't: " + error));
}

void Checker::check_nested(const Json& schema, bool skip_any_of, const std::string& path) {
  if (!schema.is_object()) return;
  check_rules(schema, skip_any_of, false, path);
  if (const Json* items = object_keyword(schema, "items")) check_nested(*items, false, path + ".items");
  if (const Json* properties = object_keyword(schema, "properties"))
    for (const auto& [name, property] : properties->items())
      check_nested(property, false, fmt::format("{}.properties[{}]", path, name));
  check_nested_keywords(schema, path);
}

void Checker::check_nested_keywords(const Json& schema, const std::string& path) {
  const auto refuse = [&](const char* name, const char* detail) {
    errors_.push_back(forbidden(fmt::format("{}.{}", path, name), detail));
  };
  for (const char* name : {"type", "title", "description"})
    if (!text_keyword(schema, name).empty()) refuse(name, "must be empty to be structural");
  for (const char* name :
       {"additionalProperties", "default", "x-kubernetes-list-type", "x-kubernetes-map-type"})
    if (keyword(schema, name) != nullptr) refuse(name, "must be undefined to be structural");
  for (const char* name : {"nullable", "x-kubernetes-preserve-unknown-fields",
                           "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string"})
    if (flag_keyword(schema, name)) refuse(name, "must be false to be structural");
  for (const char* name : {"x-kubernetes-list-map-keys", "x-kubernetes-validations"})
    if (has_members(schema, name)) refuse(name, "must be empty to be structural");
  if (const Json* properties = object_keyword(schema, "properties");
      properties && properties->contains("metadata"))
    errors_.push_back(forbidden(path + ".properties[metadata]", "must not be specified in a nested context"));
}

void Checker::check_complete(const Json& rules, const Json* schema, const std::string& at,
                             const std::string& path) {
  if (const Json* negated = object_keyword(rules, "not"))
    check_nested_complete(*negated, schema, at, path + ".not");
  for (const char* name : {"allOf", "anyOf", "oneOf"}) {
    const Json& list = list_keyword(rules, name);
    for (std::size_t i = 0; i < list.size(); ++i)
      check_nested_complete(list[i], schema, at, fmt::format("{}.{}[{}]", path, name, i));
  }
}

void Checker::check_nested_complete(const Json& rules, const Json* schema, const std::string& at,
                                    const std::string& path) {
  if (schema == nullptr) {
    errors_.push_back(required(at, "because it is defined in " + path));
    return;
  }
  check_complete(rules, schema, at, path);
  if (const Json* items = object_keyword(rules, "items"))
    check_nested_complete(*items, object_keyword(*schema, "items"), at + ".items", path + ".items");
  const Json* properties = object_keyword(rules, "properties");
  if (properties == nullptr) return;
  static const Json none = Json::object();
  const Json* known = object_keyword(*schema, "properties");
  for (const auto& [name, property] : properties->items()) {
    const std::string step = fmt::format(".properties[{}]", name);
    check_nested_complete(property, object_keyword(known ? *known : none, name.c_str()), at + step,
                          path + step);
  }
}

}  // namespace

Errors check_structural(const Json& schema, const std::string& path) {
  Checker checker;
  checker.check(schema, Level::Root, path);
  // Only from the root, as a server does.
  checker.check_complete(schema, &schema, path, path);
  Errors errors = checker.take();
  std::stable_sort(errors.begin(), errors.end(),
                   [](const FieldError& a, const FieldError& b) { return a.text() < b.text(); });
  return errors;
}

std::string unsupported_keyword(const Json& schema) {
  if (!schema.is_object()) return {};
  for (const char* name : {"id", "$schema", "$ref"})
    if (!text_keyword(schema, name).empty())
      return fmt::format("OpenAPIV3Schema '{}' is not supported",
                         std::string_view(name) == "$schema" ? "schema" : name);
  for (const char* name : {"patternProperties", "dependencies", "definitions"})
    if (has_members(schema, name)) return fmt::format("OpenAPIV3Schema '{}' is not supported", name);
  if (keyword(schema, "additionalItems") != nullptr)
    return "OpenAPIV3Schema 'additionalItems' is not supported";
  if (const Json* items = keyword(schema, "items"); items != nullptr && items->is_array() && !items->empty())
    return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  if (const Json* keep = keyword(schema, "x-kubernetes-preserve-unknown-fields");
      keep != nullptr && *keep == false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  const auto first_of = [](const Json& schemas) {
    for (const Json& one : schemas)
      if (std::string found = unsupported_keyword(one); !found.empty()) return found;
    return std::string();
  };
  for (const char* name : {"not", "items", "additionalProperties"})
    if (const Json* child = object_keyword(schema, name))
      if (std::string found = unsupported_keyword(*child); !found.empty()) return found;
  for (const char* name : {"allOf", "anyOf", "oneOf"})
    if (std::string found = first_of(list_keyword(schema, name)); !found.empty()) return found;
  if (const Json* properties = object_keyword(schema, "properties")) return first_of(*properties);
  return {};
}

}  // namespace neoid::schema::internal
