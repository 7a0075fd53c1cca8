#include "controller/apiserver/metadata.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

namespace neoid::apiserver {
namespace {

using Errors = std::vector<FieldError>;
using Texts = std::vector<std::string>;

constexpr std::string_view kSubdomainText =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kLabelText =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and "
    "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kQualifiedText =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

bool is_label(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_qualified_part(std::string_view text) {
  if (text.empty() || !is_alnum(text.front()) || !is_alnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

Texts subdomain_errors(std::string_view name) {
  Texts errors;
  if (name.size() > 253) errors.emplace_back("must be no more than 253 characters");
  if (!is_subdomain(name)) errors.emplace_back(kSubdomainText);
  return errors;
}

Texts label_errors(std::string_view name) {
  Texts errors;
  if (name.size() > 63) errors.emplace_back("must be no more than 63 characters");
  if (!is_label(name)) errors.emplace_back(kLabelText);
  return errors;
}

Texts path_segment_errors(std::string_view name) {
  if (name == "." || name == "..") return {fmt::format("may not be '{}'", name)};
  Texts errors;
  for (const char* part : {"/", "%"})
    if (name.find(part) != std::string_view::npos)
      errors.push_back(fmt::format("may not contain '{}'", part));
  return errors;
}

Texts name_errors(NameRule rule, std::string name, bool prefix) {
  if (prefix && name.size() > 1 && name.ends_with('-')) {
    name.pop_back();
    name.back() = 'a';
  }
  switch (rule) {
    case NameRule::Subdomain: return subdomain_errors(name);
    case NameRule::Label: return label_errors(name);
    case NameRule::PathSegment: break;
  }
  return path_segment_errors(name);
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& member(const Json& object, const char* name) {
  static const Json kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

void check_labels(const Json& metadata, Errors& errors) {
  for (const auto& [key, value] : member(metadata, "labels").items()) {
    for (std::string& why : qualified_name_errors(key))
      errors.push_back({FieldErrorType::Invalid, "metadata.labels", go_quote(key), std::move(why)});
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    for (std::string& why : label_value_errors(text))
      errors.push_back({FieldErrorType::Invalid, "metadata.labels", go_quote(text), std::move(why)});
  }
}

void check_annotations(const Json& metadata, Errors& errors) {
  constexpr std::size_t kMaxBytes = 256 << 10;
  std::size_t total = 0;
  for (const auto& [key, value] : member(metadata, "annotations").items()) {
    std::string lower = key;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (std::string& why : qualified_name_errors(lower))
      errors.push_back({FieldErrorType::Invalid, "metadata.annotations", go_quote(key), std::move(why)});
    total += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (total > kMaxBytes)
    errors.push_back({FieldErrorType::TooLong, "metadata.annotations", "",
                      fmt::format("must have at most {} bytes", kMaxBytes)});
}

std::string print_bool(const Json& value) {
  return value.is_boolean() ? "(*bool)(0xc000000000)" : "(*bool)(nil)";
}

std::string print_owner(const Json& owner) {
  return fmt::format(
      "v1.OwnerReference{{APIVersion:{}, Kind:{}, Name:{}, UID:{}, Controller:{}, BlockOwnerDeletion:{}}}",
      go_quote(text_of(owner, "apiVersion")), go_quote(text_of(owner, "kind")),
      go_quote(text_of(owner, "name")), go_quote(text_of(owner, "uid")),
      print_bool(member(owner, "controller")), print_bool(member(owner, "blockOwnerDeletion")));
}

void check_owner(const Json& owner, Errors& errors) {
  const std::string api_version = text_of(owner, "apiVersion");
  const std::size_t slash = api_version.find('/');
  const std::string version = slash == std::string::npos ? api_version : api_version.substr(slash + 1);
  const std::string group = slash == std::string::npos ? "" : api_version.substr(0, slash);
  const auto need = [&](const char* field, const std::string& value, const std::string& shown,
                        const char* why) {
    if (value.empty())
      errors.push_back(
          {FieldErrorType::Invalid, fmt::format("metadata.ownerReferences.{}", field), go_quote(shown), why});
  };
  need("apiVersion", version, api_version, "version must not be empty");
  need("kind", text_of(owner, "kind"), "", "kind must not be empty");
  need("name", text_of(owner, "name"), "", "name must not be empty");
  need("uid", text_of(owner, "uid"), "", "uid must not be empty");
  if (group.empty() && version == "v1" && text_of(owner, "kind") == "Event")
    errors.push_back({FieldErrorType::Invalid, "metadata.ownerReferences", print_owner(owner),
                      "/v1, Kind=Event is disallowed from being an owner"});
}

void check_owners(const Json& metadata, Errors& errors) {
  const Json& owners = member(metadata, "ownerReferences");
  const Json* controller = nullptr;
  for (const Json& owner : owners) {
    check_owner(owner, errors);
    if (member(owner, "controller") != Json(true)) continue;
    if (controller != nullptr) {
      Texts printed;
      for (const Json& each : owners) printed.push_back(print_owner(each));
      errors.push_back({FieldErrorType::Invalid, "metadata.ownerReferences",
                        fmt::format("[]v1.OwnerReference{{{}}}", fmt::join(printed, ", ")),
                        fmt::format("Only one reference can have Controller set to true. Found \"true\" in "
                                    "references for {}/{} and {}/{}",
                                    text_of(*controller, "kind"), text_of(*controller, "name"),
                                    text_of(owner, "kind"), text_of(owner, "name"))});
    }
    if (controller == nullptr) controller = &owner;
  }
}

std::string print_strings(const Texts& texts) {
  Texts quoted;
  for (const std::string& text : texts) quoted.push_back(go_quote(text));
  return fmt::format("[]string{{{}}}", fmt::join(quoted, ", "));
}

Texts finalizers_of(const Json& metadata) {
  Texts names;
  for (const Json& name : member(metadata, "finalizers"))
    if (name.is_string()) names.push_back(name.get<std::string>());
  return names;
}

void check_finalizers(const Json& metadata, Errors& errors) {
  const Texts names = finalizers_of(metadata);
  bool orphan = false;
  bool foreground = false;
  for (const std::string& name : names) {
    for (std::string& why : qualified_name_errors(name))
      errors.push_back({FieldErrorType::Invalid, "metadata.finalizers", go_quote(name), std::move(why)});
    orphan = orphan || name == "orphan";
    foreground = foreground || name == "foregroundDeletion";
  }
  if (orphan && foreground)
    errors.push_back({FieldErrorType::Invalid, "metadata.finalizers", print_strings(names),
                      "finalizer orphan and foregroundDeletion cannot be both set"});
}

}  // namespace

std::vector<std::string> qualified_name_errors(std::string_view name) {
  Texts errors;
  const std::size_t slash = name.find('/');
  std::string_view part = name;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = name.substr(0, slash);
    part = name.substr(slash + 1);
    if (part.find('/') != std::string_view::npos)
      return {
          fmt::format("a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. "
                      "'example.com/MyName')",
                      kQualifiedText)};
    if (prefix.empty()) {
      errors.emplace_back("prefix part must be non-empty");
    } else {
      for (const std::string& why : subdomain_errors(prefix)) errors.push_back("prefix part " + why);
    }
  }
  if (part.empty()) {
    errors.emplace_back("name part must be non-empty");
  } else if (part.size() > 63) {
    errors.emplace_back("name part must be no more than 63 characters");
  }
  if (!is_qualified_part(part)) errors.push_back(fmt::format("name part {}", kQualifiedText));
  return errors;
}

std::vector<std::string> label_value_errors(std::string_view value) {
  Texts errors;
  if (value.size() > 63) errors.emplace_back("must be no more than 63 characters");
  if (!value.empty() && !is_qualified_part(value))
    errors.emplace_back(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
        "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
        "regex "
        "used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
  return errors;
}

std::vector<FieldError> check_metadata(const ResourceInfo& resource, const Json& object) {
  Errors errors;
  const Json& metadata = object["metadata"];
  const std::string name = text_of(metadata, "name");
  if (const std::string prefix = text_of(metadata, "generateName"); !prefix.empty())
    for (std::string& why : name_errors(resource.strategy.names, prefix, true))
      errors.push_back({FieldErrorType::Invalid, "metadata.generateName", go_quote(prefix), std::move(why)});
  if (name.empty()) {
    errors.push_back({FieldErrorType::Required, "metadata.name", "", "name or generateName is required"});
  } else {
    for (std::string& why : name_errors(resource.strategy.names, name, false))
      errors.push_back({FieldErrorType::Invalid, "metadata.name", go_quote(name), std::move(why)});
  }
  check_labels(metadata, errors);
  check_annotations(metadata, errors);
  check_owners(metadata, errors);
  check_finalizers(metadata, errors);
  return errors;
}

std::vector<FieldError> check_metadata_update(const Json& object, const Json& old) {
  Errors errors;
  const Json& metadata = object["metadata"];
  const Json& old_metadata = old["metadata"];
  if (!text_of(old_metadata, "deletionTimestamp").empty()) {
    const Texts before = finalizers_of(old_metadata);
    std::set<std::string> added;
    for (const std::string& name : finalizers_of(metadata))
      if (std::find(before.begin(), before.end(), name) == before.end()) added.insert(name);
    if (!added.empty())
      errors.push_back(
          {FieldErrorType::Forbidden, "metadata.finalizers", "",
           fmt::format("no new finalizers can be added if the object is being deleted, found new "
                       "finalizers {}",
                       print_strings({added.begin(), added.end()}))});
  }
  for (const char* field : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"}) {
    const std::string value = text_of(metadata, field);
    if (value != text_of(old_metadata, field))
      errors.push_back({FieldErrorType::Invalid, fmt::format("metadata.{}", field), go_quote(value),
                        "field is immutable"});
  }
  if (member(metadata, "deletionGracePeriodSeconds") != member(old_metadata, "deletionGracePeriodSeconds"))
    errors.push_back({FieldErrorType::Invalid, "metadata.deletionGracePeriodSeconds",
                      go_value(member(metadata, "deletionGracePeriodSeconds")), "field is immutable"});
  check_labels(metadata, errors);
  check_annotations(metadata, errors);
  check_owners(metadata, errors);
  return errors;
}

}  // namespace neoid::apiserver
