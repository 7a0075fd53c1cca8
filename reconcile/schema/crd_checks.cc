#include "reconcile/schema/crd_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "reconcile/schema/embedded.h"
#include "reconcile/schema/keywords.h"

namespace neoid::schema::internal {
namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void check_label(const std::string& path, const std::string& text, Errors& errors) {
  if (const auto problems = dns1035_label_errors(text); !problems.empty())
    errors.push_back(invalid_text(path, text, join(problems)));
}

void check_kind_label(const std::string& path, const std::string& text, Errors& errors) {
  if (text.empty()) return;
  if (const auto problems = dns1035_label_errors(lower(text)); !problems.empty())
    errors.push_back(
        invalid_text(path, text, "may have mixed case, but should otherwise match: " + join(problems)));
}

bool same(const Json* a, const Json* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return *a == *b;
}

bool all_same(const Json& versions, const char* name) {
  return std::all_of(versions.begin(), versions.end(), [&](const Json& version) {
    return same(keyword(version, name), keyword(versions[0], name));
  });
}

// A version as Go prints the struct with %#v. Pointers that are set print an address there; here they do not.
std::string go_version(const Json& version, const Hoisted& hoisted) {
  const auto pointer = [&](const char* type, const char* name, bool away) {
    const bool nil = away || keyword(version, name) == nullptr;
    return fmt::format("(*apiextensions.{})({})", type, nil ? "nil" : "0x0");
  };
  const Json* warning = keyword(version, "deprecationWarning");
  return fmt::format(
      "apiextensions.CustomResourceDefinitionVersion{{Name:{}, Served:{}, Storage:{}, Deprecated:{}, "
      "DeprecationWarning:(*string)({}), Schema:{}, Subresources:{}, "
      "AdditionalPrinterColumns:[]apiextensions.CustomResourceColumnDefinition({})}}",
      go_quote(text_keyword(version, "name")), flag_keyword(version, "served"),
      flag_keyword(version, "storage"), flag_keyword(version, "deprecated"),
      warning == nullptr ? "nil" : "0x0", pointer("CustomResourceValidation", "schema", hoisted.schema),
      pointer("CustomResourceSubresources", "subresources", hoisted.subresources), "nil");
}

std::string go_versions(const Json& spec, const Hoisted& hoisted) {
  const Json* versions = keyword(spec, "versions");
  if (versions == nullptr) return "[]apiextensions.CustomResourceDefinitionVersion(nil)";
  std::string out = "[]apiextensions.CustomResourceDefinitionVersion{";
  for (std::size_t i = 0; i < versions->size(); ++i)
    out += (i == 0 ? "" : ", ") + go_version((*versions)[i], hoisted);
  return out + "}";
}

bool check_simple_path(const std::string& text, const std::string& field, Errors& errors) {
  if (!text.empty() && text[0] == '.') return true;
  errors.push_back(invalid_text(
      field, text, text.empty() ? "must not be empty" : "must be a simple json path starting with ."));
  return false;
}

void check_replicas_path(const Json& scale, const char* name, const char* under, const std::string& path,
                         Errors& errors) {
  const std::string text = text_keyword(scale, name);
  const std::string field = fmt::format("{}.scale.{}", path, name);
  if (text.empty())
    errors.push_back(required(field));
  else if (check_simple_path(text, field, errors) && !text.starts_with(fmt::format("{}.", under)))
    errors.push_back(invalid_text(field, text, fmt::format("should be a json path under {}", under)));
}

void check_column(const Json& column, const std::string& path, Errors& errors) {
  static const std::set<std::string> types = {"boolean", "date", "integer", "number", "string"};
  static const std::set<std::string> formats = {"byte",  "date",  "date-time", "double",
                                                "float", "int32", "int64",     "password"};
  if (text_keyword(column, "name").empty()) errors.push_back(required(path + ".name"));
  const std::string type = text_keyword(column, "type"), format = text_keyword(column, "format");
  const std::string one_type = "must be one of boolean,date,integer,number,string";
  if (type.empty())
    errors.push_back(required(path + ".type", one_type));
  else if (!types.contains(type))
    errors.push_back(invalid_text(path + ".type", type, one_type));
  if (!format.empty() && !formats.contains(format))
    errors.push_back(invalid_text(path + ".format", format,
                                  "must be one of byte,date,date-time,double,float,int32,int64,password"));
  if (const std::string text = text_keyword(column, "jsonPath"); text.empty())
    errors.push_back(required(path + ".JSONPath"));
  else
    check_simple_path(text, path + ".JSONPath", errors);
}

void check_webhook(const Json& conversion, Errors& errors) {
  const std::string at = "spec.conversion.webhookClientConfig";
  const Json* webhook = object_keyword(conversion, "webhook");
  const Json* client = webhook ? object_keyword(*webhook, "clientConfig") : nullptr;
  if (client == nullptr) {
    errors.push_back(required(at, "required when strategy is set to Webhook"));
  } else {
    const bool url = keyword(*client, "url") != nullptr;
    const Json* service = object_keyword(*client, "service");
    if (url == (service != nullptr))
      errors.push_back(required(at, "exactly one of url or service is required"));
    if (url && service == nullptr && !text_keyword(*client, "url").starts_with("https://"))
      errors.push_back(
          invalid_text(at + ".url", text_keyword(*client, "url"),
                       "'https' is the only allowed URL scheme; desired format: https://host[/path]"));
    if (!url && service != nullptr) {
      if (text_keyword(*service, "name").empty())
        errors.push_back(required(at + ".service.name", "service name is required"));
      if (text_keyword(*service, "namespace").empty())
        errors.push_back(required(at + ".service.namespace", "service namespace is required"));
    }
  }
  if (webhook == nullptr || list_keyword(*webhook, "conversionReviewVersions").empty())
    errors.push_back(required("spec.conversion.conversionReviewVersions"));
}

}  // namespace

Hoisted find_hoisted(const Json& versions) {
  if (!versions.is_array() || versions.empty()) return {};
  return {all_same(versions, "schema"), all_same(versions, "subresources"),
          all_same(versions, "additionalPrinterColumns")};
}

Errors check_group_and_scope(const Json& spec) {
  Errors errors;
  const std::string group = text_keyword(spec, "group"), scope = text_keyword(spec, "scope");
  if (group.empty())
    errors.push_back(required("spec.group"));
  else if (const auto problems = dns1123_subdomain_errors(group); !problems.empty())
    errors.push_back(invalid_text("spec.group", group, join(problems)));
  else if (group.find('.') == std::string::npos)
    errors.push_back(invalid_text("spec.group", group, "should be a domain with at least one dot"));
  if (scope.empty())
    errors.push_back(required("spec.scope"));
  else if (scope != "Cluster" && scope != "Namespaced")
    errors.push_back(not_supported("spec.scope", scope, {"Cluster", "Namespaced"}));
  return errors;
}

Errors check_version(const Json& version, const std::string& path) {
  Errors errors;
  check_label(path + ".name", text_keyword(version, "name"), errors);
  const Json* warning = keyword(version, "deprecationWarning");
  if (warning == nullptr || !warning->is_string()) return errors;
  const auto text = warning->get<std::string>();
  const auto refuse = [&](const char* why) {
    errors.push_back(invalid_text(path + ".deprecationWarning", text, why));
  };
  if (!flag_keyword(version, "deprecated")) {
    refuse("can only be set for deprecated versions");
    return errors;
  }
  if (text.size() > 256) refuse("must be <= 256 characters long");
  if (text.empty()) refuse("must not be an empty string");
  return errors;
}

Errors check_version_list(const Json& spec, const Hoisted& hoisted) {
  Errors errors;
  std::set<std::string> seen;
  bool unique = true;
  int stored = 0;
  const Json& versions = list_keyword(spec, "versions");
  for (const Json& version : versions) {
    unique = seen.insert(text_keyword(version, "name")).second && unique;
    stored += flag_keyword(version, "storage") ? 1 : 0;
  }
  if (!unique)
    errors.push_back(
        invalid_printed("spec.versions", go_versions(spec, hoisted), "must contain unique version names"));
  if (stored != 1)
    errors.push_back(invalid_printed("spec.versions", go_versions(spec, hoisted),
                                     "must have exactly one version marked as storage version"));
  if (!versions.empty() && !text_keyword(versions[0], "name").empty())
    check_label("spec.version", text_keyword(versions[0], "name"), errors);
  return errors;
}

Errors check_names(const Json& spec) {
  static const Json none = Json::object();
  Errors errors;
  const Json* given = object_keyword(spec, "names");
  const Json& names = given ? *given : none;
  const std::string plural = text_keyword(names, "plural"), singular = text_keyword(names, "singular");
  const std::string kind = text_keyword(names, "kind"), list_kind = text_keyword(names, "listKind");
  if (plural.empty()) errors.push_back(required("spec.names.plural"));
  if (singular.empty()) errors.push_back(required("spec.names.singular"));
  if (kind.empty()) errors.push_back(required("spec.names.kind"));
  if (list_kind.empty()) errors.push_back(required("spec.names.listKind"));
  if (!plural.empty()) check_label("spec.names.plural", plural, errors);
  if (!singular.empty()) check_label("spec.names.singular", singular, errors);
  check_kind_label("spec.names.kind", kind, errors);
  check_kind_label("spec.names.listKind", list_kind, errors);
  const auto check_all = [&](const char* name) {
    const Json& list = list_keyword(names, name);
    for (std::size_t i = 0; i < list.size(); ++i)
      check_label(fmt::format("spec.names.{}[{}]", name, i),
                  list[i].is_string() ? list[i].get<std::string>() : "", errors);
  };
  check_all("shortNames");
  if (!kind.empty() && kind == list_kind)
    errors.push_back(invalid_text("spec.names.listKind", list_kind, "kind and listKind may not be the same"));
  check_all("categories");
  return errors;
}

Errors check_subresources(const Json* subresources, const std::string& path) {
  Errors errors;
  const Json* scale = subresources ? object_keyword(*subresources, "scale") : nullptr;
  if (scale == nullptr) return errors;
  check_replicas_path(*scale, "specReplicasPath", ".spec", path, errors);
  check_replicas_path(*scale, "statusReplicasPath", ".status", path, errors);
  const std::string selector = text_keyword(*scale, "labelSelectorPath");
  const std::string field = path + ".scale.labelSelectorPath";
  if (!selector.empty() && check_simple_path(selector, field, errors) && !selector.starts_with(".spec.") &&
      !selector.starts_with(".status."))
    errors.push_back(invalid_text(field, selector, "should be a json path under either .spec or .status"));
  return errors;
}

Errors check_columns(const Json& columns, const std::string& path) {
  Errors errors;
  for (std::size_t i = 0; i < columns.size(); ++i)
    check_column(columns[i], fmt::format("{}[{}]", path, i), errors);
  return errors;
}

Errors check_conversion(const Json& spec) {
  Errors errors;
  const Json* conversion = object_keyword(spec, "conversion");
  if (conversion == nullptr) return errors;
  const std::string strategy = text_keyword(*conversion, "strategy");
  if (strategy.empty())
    errors.push_back(required("spec.conversion.strategy"));
  else if (strategy != "None" && strategy != "Webhook")
    errors.push_back(not_supported("spec.conversion.strategy", strategy, {"None", "Webhook"}));
  if (strategy == "Webhook") {
    check_webhook(*conversion, errors);
  } else if (const Json* webhook = object_keyword(*conversion, "webhook")) {
    constexpr auto kDetail = "should not be set when strategy is not set to Webhook";
    if (keyword(*webhook, "clientConfig") != nullptr)
      errors.push_back(forbidden("spec.conversion.webhookClientConfig", kDetail));
    if (has_members(*webhook, "conversionReviewVersions"))
      errors.push_back(forbidden("spec.conversion.conversionReviewVersions", kDetail));
  }
  return errors;
}

Errors check_stored_versions(const Json& spec, const Hoisted& hoisted, const Json* old) {
  Errors errors;
  std::vector<std::string> stored;
  if (old != nullptr && old->contains("status"))
    for (const Json& name : list_keyword(old->at("status"), "storedVersions"))
      if (name.is_string()) stored.push_back(name.get<std::string>());
  const auto is_stored = [&](const std::string& name) {
    return std::find(stored.begin(), stored.end(), name) != stored.end();
  };
  // What a server does before it validates: the first storage version is stored.
  const Json& versions = list_keyword(spec, "versions");
  for (const Json& version : versions) {
    if (!flag_keyword(version, "storage")) continue;
    if (!is_stored(text_keyword(version, "name"))) stored.push_back(text_keyword(version, "name"));
    break;
  }
  if (stored.empty())
    return {
        invalid_printed("status.storedVersions", "[]string(nil)", "must have at least one stored version")};
  for (const Json& version : versions)
    if (const std::string name = text_keyword(version, "name");
        flag_keyword(version, "storage") && !is_stored(name))
      errors.push_back(invalid_printed("status.storedVersions", go_version(version, hoisted),
                                       "must have the storage version " + name));
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const bool known = std::any_of(versions.begin(), versions.end(), [&](const Json& version) {
      return text_keyword(version, "name") == stored[i];
    });
    if (!known)
      errors.push_back(invalid_text(fmt::format("status.storedVersions[{}]", i), stored[i],
                                    "must appear in spec.versions"));
  }
  return errors;
}

Errors check_approval(const Json& crd) {
  const std::string group = text_keyword(crd.at("spec"), "group");
  const bool is_protected = group == "k8s.io" || group.ends_with(".k8s.io") || group == "kubernetes.io" ||
                            group.ends_with(".kubernetes.io");
  if (!is_protected) return {};
  constexpr auto kField = "metadata.annotations[api-approved.kubernetes.io]";
  constexpr auto kMissing =
      "protected groups must have approval annotation \"api-approved.kubernetes.io\", see "
      "https://github.com/kubernetes/enhancements/pull/1111";
  const Json* metadata = object_keyword(crd, "metadata");
  const Json* annotations = metadata ? object_keyword(*metadata, "annotations") : nullptr;
  const std::string approval = annotations ? text_keyword(*annotations, "api-approved.kubernetes.io") : "";
  if (approval.empty()) return {required(kField, kMissing)};
  if (approval.starts_with("unapproved") || approval.find("://") != std::string::npos) return {};
  return {invalid_text(
      kField, approval,
      "protected groups must have approval annotation \"api-approved.kubernetes.io\" with either a "
      "URL or a reason starting with \"unapproved\", see "
      "https://github.com/kubernetes/enhancements/pull/1111")};
}

Errors check_immutable(const Json& crd, const Json& old) {
  static const Json none = Json::object();
  Errors errors;
  const auto spec_of = [](const Json& object) -> const Json& {
    const Json* spec = object_keyword(object, "spec");
    return spec ? *spec : none;
  };
  const auto names_of = [&](const Json& object) -> const Json& {
    const Json* names = object_keyword(spec_of(object), "names");
    return names ? *names : none;
  };
  const auto check = [&](const Json& now, const Json& before, const char* name, const char* path) {
    if (const std::string text = text_keyword(now, name); text != text_keyword(before, name))
      errors.push_back(invalid_text(path, text, "field is immutable"));
  };
  bool established = false;
  if (const Json* status = object_keyword(old, "status"))
    for (const Json& condition : list_keyword(*status, "conditions"))
      established = established || (text_keyword(condition, "type") == "Established" &&
                                    text_keyword(condition, "status") == "True");
  if (established) {
    check(spec_of(crd), spec_of(old), "scope", "spec.scope");
    check(names_of(crd), names_of(old), "kind", "spec.names.kind");
  }
  check(spec_of(crd), spec_of(old), "group", "spec.group");
  check(names_of(crd), names_of(old), "plural", "spec.names.plural");
  return errors;
}

}  // namespace neoid::schema::internal
