#include "reconcile/meta/owner_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reconcile/meta/object_meta.h"

namespace neoid::meta {
namespace {

std::string text(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

std::optional<bool> flag(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_boolean()) return std::nullopt;
  return member->get<bool>();
}

// "example.com/v1" -> {"example.com", "v1"}; two slashes make no version at all.
std::pair<std::string, std::string> group_version(const std::string& api_version) {
  const std::size_t slash = api_version.find('/');
  if (slash == std::string::npos) return {"", api_version};
  if (api_version.find('/', slash + 1) != std::string::npos) return {};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

// A real server prints where in its memory the flag was; we print where it might have been.
std::string go_flag(const std::optional<bool>& value) {
  return value ? "(*bool)(0xc000000000)" : "(*bool)(nil)";
}

std::string go_reference(const OwnerReference& r) {
  return fmt::format(
      "v1.OwnerReference{{APIVersion:{}, Kind:{}, Name:{}, UID:{}, Controller:{}, BlockOwnerDeletion:{}}}",
      go_quote(r.api_version), go_quote(r.kind), go_quote(r.name), go_quote(r.uid.value),
      go_flag(r.controller), go_flag(r.block_owner_deletion));
}

std::string go_references(const std::vector<OwnerReference>& references) {
  std::string out = "[]v1.OwnerReference{";
  for (const OwnerReference& reference : references)
    out += (&reference == &references.front() ? "" : ", ") + go_reference(reference);
  return out + "}";
}

void validate_reference(const OwnerReference& reference, std::string_view field,
                        std::vector<FieldError>& errors) {
  const auto [group, version] = group_version(reference.api_version);
  const auto want = [&](bool present, const char* name, const std::string& value, const char* what) {
    if (!present)
      errors.push_back({FieldErrorType::Invalid, fmt::format("{}.{}", field, name), go_quote(value),
                        fmt::format("{} must not be empty", what)});
  };
  want(!version.empty(), "apiVersion", reference.api_version, "version");
  want(!reference.kind.empty(), "kind", reference.kind, "kind");
  want(!reference.name.empty(), "name", reference.name, "name");
  want(!reference.uid.empty(), "uid", reference.uid.value, "uid");
  if (reference.api_version == "v1" && reference.kind == "Event")
    errors.push_back({FieldErrorType::Invalid, std::string(field), go_reference(reference),
                      "/v1, Kind=Event is disallowed from being an owner"});
}

}  // namespace

Json to_json(const OwnerReference& reference) {
  Json out = {{"apiVersion", reference.api_version},
              {"kind", reference.kind},
              {"name", reference.name},
              {"uid", reference.uid.value}};
  if (reference.controller) out["controller"] = *reference.controller;
  if (reference.block_owner_deletion) out["blockOwnerDeletion"] = *reference.block_owner_deletion;
  return out;
}

OwnerReference owner_reference_of(const Json& reference) {
  if (!reference.is_object()) return {};
  return {text(reference, "apiVersion"), text(reference, "kind"),
          text(reference, "name"),       Uid(text(reference, "uid")),
          flag(reference, "controller"), flag(reference, "blockOwnerDeletion")};
}

std::vector<OwnerReference> owner_references_of(const Json& object) {
  std::vector<OwnerReference> out;
  const Json& references = member_of(object, "ownerReferences");
  if (references.is_array())
    for (const Json& reference : references) out.push_back(owner_reference_of(reference));
  return out;
}

std::optional<OwnerReference> controller_of(const Json& object) {
  for (OwnerReference& reference : owner_references_of(object))
    if (reference.controller.value_or(false)) return std::move(reference);
  return std::nullopt;
}

bool is_owned_by(const Json& object, const Uid& owner) {
  const auto references = owner_references_of(object);
  return std::any_of(references.begin(), references.end(),
                     [&](const OwnerReference& r) { return r.uid == owner; });
}

OwnerReference controller_reference(const Json& owner) {
  return {text(owner, "apiVersion"), text(owner, "kind"), name_of(owner), Uid(uid_of(owner)), true, true};
}

std::vector<FieldError> validate_owner_references(const Json& references, std::string_view field) {
  std::vector<FieldError> errors;
  if (!references.is_array()) return errors;
  std::vector<OwnerReference> all;
  for (const Json& reference : references) all.push_back(owner_reference_of(reference));
  std::string first;
  for (const OwnerReference& reference : all) {
    validate_reference(reference, field, errors);
    if (!reference.controller.value_or(false)) continue;
    const std::string current = reference.kind + "/" + reference.name;
    if (first.empty())
      first = current;
    else
      errors.push_back(
          {FieldErrorType::Invalid, std::string(field), go_references(all),
           fmt::format("Only one reference can have Controller set to true. Found \"true\" in references "
                       "for {} and {}",
                       first, current)});
  }
  return errors;
}

}  // namespace neoid::meta
