#include "reconcile/meta/object_meta.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reconcile/base/time.h"
#include "reconcile/meta/owner_reference.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/utf8.h"

namespace neoid::meta {
namespace {

using Type = FieldErrorType;
using Errors = std::vector<FieldError>;

constexpr std::size_t kMaxGeneratedBytes = 63;
constexpr std::size_t kMaxManagerBytes = 128;
constexpr std::size_t kMaxSubresourceBytes = 256;

void append(Errors& errors, Errors more) { std::move(more.begin(), more.end(), std::back_inserter(errors)); }

FieldError invalid(std::string_view field, std::string_view value, std::string detail) {
  return {Type::Invalid, std::string(field), go_quote(value), std::move(detail)};
}

std::string text_of(const Json& object, std::string_view member) {
  const Json& value = member_of(object, member);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t generation_of(const Json& object) {
  const Json& value = member_of(object, "generation");
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::string go_strings(const std::vector<std::string>& texts) {
  std::string out = "[]string{";
  for (const std::string& text : texts) out += (&text == &texts.front() ? "" : ", ") + go_quote(text);
  return out + "}";
}

std::vector<std::string> strings_of(const Json& list) {
  std::vector<std::string> out;
  if (list.is_array())
    for (const Json& item : list)
      if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return text;
}

void validate_names(const Json& object, const MetaRules& rules, Errors& errors) {
  const std::string prefix = text_of(object, "generateName");
  if (!prefix.empty())
    for (std::string& complaint : check_name(prefix, rules.name, true))
      errors.push_back(invalid("metadata.generateName", prefix, std::move(complaint)));
  const std::string name = name_of(object);
  if (name.empty())
    errors.push_back({Type::Required, "metadata.name", "", "name or generateName is required"});
  else
    for (std::string& complaint : check_name(name, rules.name))
      errors.push_back(invalid("metadata.name", name, std::move(complaint)));
  const std::string ns = namespace_of(object);
  if (!rules.namespaced) {
    if (!ns.empty())
      errors.push_back({Type::Forbidden, "metadata.namespace", "", "not allowed on this type"});
  } else if (ns.empty()) {
    errors.push_back({Type::Required, "metadata.namespace", "", ""});
  } else {
    for (std::string& complaint : check_dns1123_label(ns))
      errors.push_back(invalid("metadata.namespace", ns, std::move(complaint)));
  }
}

Errors validate_managed_fields(const Json& list, std::string_view field) {
  Errors errors;
  if (!list.is_array()) return errors;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", field, i);
    const auto text = [&](const char* name) {
      const auto member = list[i].find(name);
      return member != list[i].end() && member->is_string() ? member->get<std::string>() : std::string();
    };
    const std::string operation = text("operation");
    if (operation != "Apply" && operation != "Update")
      errors.push_back(invalid(path + ".operation", operation, "must be `Apply` or `Update`"));
    const std::string type = text("fieldsType");
    if (!type.empty() && type != "FieldsV1")
      errors.push_back(invalid(path + ".fieldsType", type, "must be `FieldsV1`"));
    append(errors, validate_field_manager(text("manager"), path + ".manager"));
    if (text("subresource").size() > kMaxSubresourceBytes)
      errors.push_back({Type::TooLong, path + ".subresource", "",
                        fmt::format("must have at most {} bytes", kMaxSubresourceBytes)});
  }
  return errors;
}

// --- What an object is ------------------------------------------------------------------------------------------

std::string_view go_kind(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  if (value.is_array()) return "array";
  if (value.is_object()) return "object";
  return value.is_null() ? "null" : "number";
}

tl::unexpected<Error> cannot_unmarshal(const Json& value, std::string_view field, std::string_view type) {
  const std::string where = field.empty() ? fmt::format("value of type {}", type)
                                          : fmt::format("struct field {} of type {}", field, type);
  return fail(ErrorKind::Invalid, fmt::format("json: cannot unmarshal {} into Go {}", go_kind(value), where));
}

struct MetaMember {
  const char* name;
  Json::value_t type;
  const char* go_type;
  const char* item_type;  // of a map of strings or a list: what an item is; null: not looked at
};

constexpr MetaMember kMembers[] = {
    {"annotations", Json::value_t::object, "map[string]string", "string"},
    {"creationTimestamp", Json::value_t::string, "v1.Time", nullptr},
    {"deletionGracePeriodSeconds", Json::value_t::number_integer, "int64", nullptr},
    {"deletionTimestamp", Json::value_t::string, "v1.Time", nullptr},
    {"finalizers", Json::value_t::array, "[]string", "string"},
    {"generateName", Json::value_t::string, "string", nullptr},
    {"generation", Json::value_t::number_integer, "int64", nullptr},
    {"labels", Json::value_t::object, "map[string]string", "string"},
    {"managedFields", Json::value_t::array, "[]v1.ManagedFieldsEntry", nullptr},
    {"name", Json::value_t::string, "string", nullptr},
    {"namespace", Json::value_t::string, "string", nullptr},
    {"ownerReferences", Json::value_t::array, "[]v1.OwnerReference", nullptr},
    {"resourceVersion", Json::value_t::string, "string", nullptr},
    {"selfLink", Json::value_t::string, "string", nullptr},
    {"uid", Json::value_t::string, "string", nullptr},
};

Result<void> check_member(const Json& metadata, const MetaMember& member) {
  const auto found = metadata.find(member.name);
  if (found == metadata.end() || found->is_null()) return {};
  const std::string field = fmt::format("ObjectMeta.metadata.{}", member.name);
  const bool integer = member.type == Json::value_t::number_integer && found->is_number_integer();
  if (found->type() != member.type && !integer) return cannot_unmarshal(*found, field, member.go_type);
  if (member.item_type == nullptr) return {};
  for (const Json& item : *found)
    if (!item.is_string() && !item.is_null()) return cannot_unmarshal(item, field, member.item_type);
  return {};
}

}  // namespace

std::vector<FieldError> validate_object_meta(const Json& object, const MetaRules& rules) {
  Errors errors;
  validate_names(object, rules, errors);
  if (const std::int64_t generation = generation_of(object); generation < 0)
    errors.push_back({Type::Invalid, "metadata.generation", fmt::format("{}", generation),
                      "must be greater than or equal to 0"});
  append(errors, validate_labels(member_of(object, "labels"), "metadata.labels"));
  append(errors, validate_annotations(member_of(object, "annotations"), "metadata.annotations"));
  append(errors, validate_owner_references(member_of(object, "ownerReferences"), "metadata.ownerReferences"));
  append(errors, validate_finalizers(member_of(object, "finalizers"), "metadata.finalizers"));
  append(errors, validate_managed_fields(member_of(object, "managedFields"), "metadata.managedFields"));
  return errors;
}

std::vector<FieldError> validate_object_meta_update(const Json& object, const Json& old) {
  Errors errors;
  if (!member_of(old, "deletionTimestamp").is_null()) {
    std::vector<std::string> before = strings_of(member_of(old, "finalizers"));
    std::vector<std::string> added = strings_of(member_of(object, "finalizers"));
    std::erase_if(added, [&](const std::string& f) {
      return std::find(before.begin(), before.end(), f) != before.end();
    });
    std::sort(added.begin(), added.end());
    if (!added.empty())
      errors.push_back(
          {Type::Forbidden, "metadata.finalizers", "",
           "no new finalizers can be added if the object is being deleted, found new finalizers " +
               go_strings(added)});
  }
  if (text_of(object, "resourceVersion").empty())
    errors.push_back(invalid("metadata.resourceVersion", "", "must be specified for an update"));
  if (generation_of(object) < generation_of(old))
    errors.push_back({Type::Invalid, "metadata.generation", fmt::format("{}", generation_of(object)),
                      "must not be decremented"});
  for (const char* name : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"}) {
    const Json& now = member_of(object, name);
    if (text_of(object, name) != text_of(old, name))
      errors.push_back(
          {Type::Invalid, fmt::format("metadata.{}", name), go_value(now), "field is immutable"});
  }
  if (member_of(object, "deletionGracePeriodSeconds") != member_of(old, "deletionGracePeriodSeconds"))
    errors.push_back({Type::Invalid, "metadata.deletionGracePeriodSeconds",
                      go_value(member_of(object, "deletionGracePeriodSeconds")), "field is immutable"});
  append(errors, validate_labels(member_of(object, "labels"), "metadata.labels"));
  append(errors, validate_annotations(member_of(object, "annotations"), "metadata.annotations"));
  append(errors, validate_owner_references(member_of(object, "ownerReferences"), "metadata.ownerReferences"));
  append(errors, validate_managed_fields(member_of(object, "managedFields"), "metadata.managedFields"));
  return errors;
}

std::vector<FieldError> validate_labels(const Json& labels, std::string_view field) {
  Errors errors;
  if (!labels.is_object()) return errors;
  for (const auto& [key, value] : labels.items()) {
    for (std::string& complaint : check_qualified_name(key))
      errors.push_back(invalid(field, key, std::move(complaint)));
    if (!value.is_string()) continue;
    const std::string& text = value.get_ref<const std::string&>();
    for (std::string& complaint : check_label_value(text))
      errors.push_back(invalid(field, text, std::move(complaint)));
  }
  return errors;
}

std::vector<FieldError> validate_annotations(const Json& annotations, std::string_view field) {
  Errors errors;
  if (!annotations.is_object()) return errors;
  std::size_t bytes = 0;
  for (const auto& [key, value] : annotations.items()) {
    for (std::string& complaint : check_qualified_name(lower(key)))  // their case does not matter
      errors.push_back(invalid(field, key, std::move(complaint)));
    bytes += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (bytes > kMaxAnnotationsBytes)
    errors.push_back({Type::TooLong, std::string(field), "",
                      fmt::format("must have at most {} bytes", kMaxAnnotationsBytes)});
  return errors;
}

std::vector<FieldError> validate_finalizers(const Json& finalizers, std::string_view field) {
  Errors errors;
  const std::vector<std::string> names = strings_of(finalizers);
  for (const std::string& name : names)
    for (std::string& complaint : check_qualified_name(name))
      errors.push_back(invalid(field, name, std::move(complaint)));
  const auto has = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (has("orphan") && has("foregroundDeletion"))
    errors.push_back({Type::Invalid, std::string(field), go_strings(names),
                      "finalizer orphan and foregroundDeletion cannot be both set"});
  return errors;
}

std::vector<FieldError> validate_field_manager(std::string_view manager, std::string_view field) {
  if (manager.size() > kMaxManagerBytes)
    return {
        {Type::TooLong, std::string(field), "", fmt::format("must have at most {} bytes", kMaxManagerBytes)}};
  for (std::size_t i = 0; i < manager.size();) {
    const Utf8Char c = first_utf8(manager.substr(i));
    const bool printable = c.valid && c.code_point >= 0x20 &&
                           !(c.code_point >= 0x7F && c.code_point <= 0xA0) && c.code_point != 0xAD;
    if (!printable) return {invalid(field, manager, "should only contain printable characters")};
    i += c.length;
  }
  return {};
}

Result<void> check_object(const Json& object) {
  if (!object.is_object()) return cannot_unmarshal(object, "", "unstructured.detector");
  const auto kind = object.find("kind");
  if (kind == object.end() || !kind->is_string() || kind->get_ref<const std::string&>().empty())
    return fail(ErrorKind::Invalid, fmt::format("Object 'Kind' is missing in '{}'", neoid::to_json(object)));
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || metadata->is_null()) return {};
  if (!metadata->is_object())
    return cannot_unmarshal(*metadata, "metadataOnlyObject.metadata", "v1.ObjectMeta");
  for (const MetaMember& member : kMembers) NEOID_TRY_VOID(check_member(*metadata, member));
  return {};
}

std::string generated_name(std::string_view prefix, std::string_view suffix) {
  return std::string(prefix.substr(0, kMaxGeneratedBytes - suffix.size())) + std::string(suffix);
}

const Json& member_of(const Json& object, std::string_view member) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return kNull;
  const auto found = metadata->find(member);
  return found == metadata->end() ? kNull : *found;
}

std::string name_of(const Json& object) { return text_of(object, "name"); }
std::string namespace_of(const Json& object) { return text_of(object, "namespace"); }
std::string uid_of(const Json& object) { return text_of(object, "uid"); }

}  // namespace neoid::meta
