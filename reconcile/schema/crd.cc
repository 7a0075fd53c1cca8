#include "reconcile/schema/crd.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "reconcile/base/check.h"
#include "reconcile/schema/crd_checks.h"
#include "reconcile/schema/embedded.h"
#include "reconcile/schema/keywords.h"
#include "reconcile/schema/schema_checks.h"

namespace neoid::schema {
namespace {

using namespace internal;

std::vector<std::string> texts(const Json& object, const char* name) {
  std::vector<std::string> out;
  for (const Json& item : list_keyword(object, name))
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

const Json* schema_of(const Json& version) {
  const Json* holder = object_keyword(version, "schema");
  return holder ? object_keyword(*holder, "openAPIV3Schema") : nullptr;
}

StatusSubresource status_of(const Json& version) {
  const Json* subresources = object_keyword(version, "subresources");
  return subresources && keyword(*subresources, "status") ? StatusSubresource::On : StatusSubresource::Off;
}

// One CRD on its way through the checks; schemas are compiled as they are checked.
struct Load {
  const Json& crd;
  const Json& spec;
  const Json& versions;
  KubernetesVersion version;
  Hoisted hoisted;
  Errors errors;
  std::vector<std::shared_ptr<const Program>> programs;  // by version; null where there is no schema

  void check_metadata_name();
  void check_versions();
  void check_hoisted();
  void check_schema_of(const Json& one, const std::string& path);
};

void Load::check_metadata_name() {
  const Json* metadata = object_keyword(crd, "metadata");
  const std::string name = metadata ? text_keyword(*metadata, "name") : "";
  if (name.empty()) return errors.push_back(required("metadata.name", "name or generateName is required"));
  for (const std::string& problem : dns1123_subdomain_errors(name))
    errors.push_back(invalid_text("metadata.name", name, problem));
  const Json* names = object_keyword(spec, "names");
  if (name != (names ? text_keyword(*names, "plural") : "") + "." + text_keyword(spec, "group"))
    errors.push_back(invalid_text("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
}

void Load::check_schema_of(const Json& one, const std::string& path) {
  const Json* schema = schema_of(one);
  if (schema == nullptr) return programs.push_back(nullptr);
  CheckedSchema checked = check_schema(*schema, path, status_of(one), version);
  append(errors, std::move(checked.errors));
  programs.push_back(std::move(checked.program));
}

// What stands in each version, and is not the same in all.
void Load::check_versions() {
  for (std::size_t i = 0; i < versions.size(); ++i)
    if (schema_of(versions[i]) == nullptr)
      errors.push_back(
          required(fmt::format("spec.versions[{}].schema.openAPIV3Schema", i), "schemas are required"));
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const Json& one = versions[i];
    const std::string path = fmt::format("spec.versions[{}]", i);
    append(errors, check_version(one, path));
    if (!hoisted.schema) check_schema_of(one, path + ".schema");
    if (!hoisted.subresources)
      append(errors, check_subresources(object_keyword(one, "subresources"), path + ".subresources"));
    if (!hoisted.columns)
      append(errors, check_columns(list_keyword(one, "additionalPrinterColumns"),
                                   path + ".additionalPrinterColumns"));
  }
}

// What is the same in all versions is held, and judged, once.
void Load::check_hoisted() {
  if (versions.empty()) return;
  if (hoisted.schema) {
    const bool any_status = std::any_of(versions.begin(), versions.end(), [](const Json& one) {
      return status_of(one) == StatusSubresource::On;
    });
    if (const Json* schema = schema_of(versions[0])) {
      CheckedSchema checked = check_schema(
          *schema, "spec.validation", any_status ? StatusSubresource::On : StatusSubresource::Off, version);
      append(errors, std::move(checked.errors));
      programs.assign(versions.size(), checked.program);
    } else {
      programs.assign(versions.size(), nullptr);
    }
  }
  if (hoisted.subresources)
    append(errors, check_subresources(object_keyword(versions[0], "subresources"), "spec.subresources"));
  if (hoisted.columns)
    append(errors, check_columns(list_keyword(versions[0], "additionalPrinterColumns"),
                                 "spec.additionalPrinterColumns"));
}

PrinterColumn read_column(const Json& column) {
  PrinterColumn out{text_keyword(column, "name"),     text_keyword(column, "type"),
                    text_keyword(column, "format"),   text_keyword(column, "description"),
                    text_keyword(column, "jsonPath"), 0};
  out.priority = static_cast<int>(count_keyword(column, "priority").value_or(0));
  return out;
}

// "v1beta2" -> (stability, major, minor): GA before beta before alpha, then the higher number.
std::tuple<int, int, int> priority(std::string_view name) {
  const auto number = [&](std::size_t& at) {
    int value = 0;
    const char* first = name.data() + std::min(at, name.size());
    const auto [end, error] = std::from_chars(first, name.data() + name.size(), value);
    if (error != std::errc() || (first < name.data() + name.size() && *first == '0')) return -1;
    at += static_cast<std::size_t>(end - first);
    return value;
  };
  constexpr std::tuple<int, int, int> kNone{0, 0, 0};
  if (!name.starts_with('v')) return kNone;
  std::size_t at = 1;
  const int major = number(at);
  if (major < 0) return kNone;
  if (at == name.size()) return {3, major, 0};
  const bool beta = name.substr(at).starts_with("beta");
  if (!beta && !name.substr(at).starts_with("alpha")) return kNone;
  at += beta ? 4 : 5;
  const int minor = number(at);
  return minor < 0 || at != name.size() ? kNone : std::tuple{beta ? 2 : 1, major, minor};
}

// Whether a goes before b in discovery.
bool goes_before(const std::string& a, const std::string& b) {
  const auto left = priority(a), right = priority(b);
  return left != right ? left > right : std::get<0>(left) == 0 && a < b;
}

Version read_version(const Json& version, std::shared_ptr<const Program> program) {
  Version out;
  out.name = text_keyword(version, "name");
  out.served = flag_keyword(version, "served");
  out.storage = flag_keyword(version, "storage");
  out.deprecated = flag_keyword(version, "deprecated");
  out.deprecation_warning = text_keyword(version, "deprecationWarning");
  for (const Json& column : list_keyword(version, "additionalPrinterColumns"))
    out.columns.push_back(read_column(column));
  out.status_subresource = status_of(version) == StatusSubresource::On;
  if (const Json* subresources = object_keyword(version, "subresources"))
    if (const Json* scale = object_keyword(*subresources, "scale"))
      out.scale = ScaleSubresource{text_keyword(*scale, "specReplicasPath"),
                                   text_keyword(*scale, "statusReplicasPath"),
                                   text_keyword(*scale, "labelSelectorPath")};
  if (const Json* schema = schema_of(version)) out.openapi = *schema;
  if (program) out.schema = CompiledSchema(std::move(program));
  return out;
}

// "g/v1beta1 Gadget is deprecated; use g/v1 Gadget": of the served versions that are not deprecated, one that
// goes before it.
std::string deprecation_warning(const Crd& crd, const Version& version) {
  std::string text = fmt::format("{}/{} {} is deprecated", crd.group, version.name, crd.names.kind);
  const Version* best = nullptr;
  for (const Version& other : crd.versions)
    if (other.served && !other.deprecated && goes_before(other.name, version.name) &&
        (best == nullptr || goes_before(other.name, best->name)))
      best = &other;
  if (best != nullptr) text += fmt::format("; use {}/{} {}", crd.group, best->name, crd.names.kind);
  return text;
}

Crd build(Json object, Load& load) {
  Crd crd;
  const Json& spec = load.spec;
  crd.name = text_keyword(load.crd.at("metadata"), "name");
  crd.group = text_keyword(spec, "group");
  const Json& names = spec.at("names");
  crd.names = {text_keyword(names, "plural"),   text_keyword(names, "singular"), text_keyword(names, "kind"),
               text_keyword(names, "listKind"), texts(names, "shortNames"),      texts(names, "categories")};
  crd.scope = text_keyword(spec, "scope") == "Cluster" ? Scope::Cluster : Scope::Namespaced;
  for (std::size_t i = 0; i < load.versions.size(); ++i)
    crd.versions.push_back(read_version(load.versions[i], load.programs[i]));
  for (Version& version : crd.versions)
    if (version.deprecated && version.deprecation_warning.empty())
      version.deprecation_warning = deprecation_warning(crd, version);
  crd.object = std::move(object);
  return crd;
}

}  // namespace

const Version* Crd::find_version(std::string_view version_name) const {
  for (const Version& version : versions)
    if (version.name == version_name) return &version;
  return nullptr;
}

const Version& Crd::storage_version() const {
  const auto it =
      std::find_if(versions.begin(), versions.end(), [](const Version& one) { return one.storage; });
  NEOID_CHECK(it != versions.end());
  return *it;
}

std::string Crd::preferred_version() const {
  const Version* best = nullptr;
  for (const Version& version : versions)
    if (version.served && (best == nullptr || goes_before(version.name, best->name))) best = &version;
  return best == nullptr ? "" : best->name;
}

tl::expected<Crd, std::vector<FieldError>> load_crd(const Json& object, KubernetesVersion version,
                                                    const Json* old) {
  Result<ReadCrd> read = read_crd(object, version);
  if (!read)
    return tl::unexpected(
        Errors{{FieldErrorType::Invalid, "<nil>", "\"\"", std::move(read).error().message}});
  const Json& crd = read->object;
  const Json& spec = crd.at("spec");
  Load load{crd, spec, list_keyword(spec, "versions"), version, find_hoisted(list_keyword(spec, "versions")),
            {},  {}};
  if (old == nullptr) load.check_metadata_name();
  append(load.errors, check_group_and_scope(spec));
  load.check_versions();
  append(load.errors, check_version_list(spec, load.hoisted));
  append(load.errors, check_names(spec));
  load.check_hoisted();
  append(load.errors, check_conversion(spec));
  if (old != nullptr) append(load.errors, check_immutable(crd, *old));
  append(load.errors, check_stored_versions(spec, load.hoisted, old));
  append(load.errors, check_approval(crd));
  if (flag_keyword(spec, "preserveUnknownFields"))
    load.errors.push_back(invalid_printed("spec.preserveUnknownFields", "true",
                                          "cannot set to true, set x-kubernetes-preserve-unknown-fields to "
                                          "true in spec.versions[*].schema instead"));
  if (!load.errors.empty()) return tl::unexpected(std::move(load.errors));
  Json stored = crd;
  return build(std::move(stored), load);
}

}  // namespace neoid::schema
