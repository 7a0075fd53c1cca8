#include "controller/cli/validate/schema_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "controller/cli/validate/contracts.h"
#include "reconcile/api/resource_key.h"

namespace neoid::validate {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDraft = "http://json-schema.org/draft-07/schema#";
constexpr std::string_view kExtension = "x-kubernetes-";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_true(const Json& schema, const char* name) {
  const auto found = schema.find(name);
  return found != schema.end() && found->is_boolean() && found->get<bool>();
}

// OpenAPI 3.0 says `exclusiveMinimum: true` beside minimum; JSON Schema puts the number in its place.
void move_exclusive(Json& schema, const char* limit, const char* exclusive) {
  if (!is_true(schema, exclusive) || !schema.contains(limit)) {
    schema.erase(exclusive);
    return;
  }
  schema[exclusive] = schema[limit];
  schema.erase(limit);
}

void allow_null(Json& schema) {
  if (schema.contains("type")) schema["type"] = Json::array({schema["type"], "null"});
  if (schema.contains("enum")) schema["enum"].push_back(nullptr);
}

Json convert(const Json& openapi);

void convert_members(Json& schema) {
  for (const char* name : {"items", "not", "additionalProperties"})
    if (schema.contains(name) && schema[name].is_object()) schema[name] = convert(schema[name]);
  for (const char* name : {"allOf", "anyOf", "oneOf"})
    if (schema.contains(name))
      for (Json& one : schema[name]) one = convert(one);
  if (schema.contains("properties"))
    for (auto& [name, property] : schema["properties"].items()) property = convert(property);
}

Json convert(const Json& openapi) {
  Json schema = openapi;
  const bool open = is_true(schema, "x-kubernetes-preserve-unknown-fields") ||
                    is_true(schema, "x-kubernetes-embedded-resource");
  if (is_true(schema, "x-kubernetes-int-or-string")) schema["type"] = Json::array({"integer", "string"});
  const bool nullable = is_true(schema, "nullable");
  convert_members(schema);
  move_exclusive(schema, "minimum", "exclusiveMinimum");
  move_exclusive(schema, "maximum", "exclusiveMaximum");
  for (auto it = schema.begin(); it != schema.end();)
    it = it.key().starts_with(kExtension) || it.key() == "nullable" ? schema.erase(it) : std::next(it);
  if (nullable) allow_null(schema);
  // What a server would drop is a mistake to an editor.
  if (schema.contains("properties") && !open && !schema.contains("additionalProperties"))
    schema["additionalProperties"] = false;
  return schema;
}

std::string api_version_of(const schema::Crd& crd, const schema::Version& version) {
  return crd.group.empty() ? version.name : crd.group + "/" + version.name;
}

// com.neostella.identity.v1.Scope: the group backwards, as servers name their models.
std::string model_name(const schema::Crd& crd, const std::string& version) {
  std::string name;
  std::string rest = crd.group;
  while (!rest.empty()) {
    const std::size_t dot = rest.rfind('.');
    name += (dot == std::string::npos ? rest : rest.substr(dot + 1)) + ".";
    rest.resize(dot == std::string::npos ? 0 : dot);
  }
  return name + version + "." + crd.names.kind;
}

bool write(const fs::path& path, const Json& value, std::ostream& out, std::ostream& err) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << value.dump(2) << '\n';
  file.close();
  if (error || !file) {
    err << fmt::format("neoid: {} could not be written\n", path.string());
    return false;
  }
  out << path.string() << '\n';
  return true;
}

bool write_json_schemas(const fs::path& folder, const std::vector<const schema::Crd*>& crds,
                        std::ostream& out, std::ostream& err) {
  Json all = {{"$schema", kDraft}, {"type", "object"}, {"required", {"apiVersion", "kind"}}};
  Json choices = Json::array();
  for (const schema::Crd* crd : crds) {
    for (const schema::Version& version : crd->versions) {
      const std::string name = fmt::format("{}/{}_{}.json", crd->group, lower(crd->names.kind), version.name);
      const Json is_this = {{"apiVersion", {{"const", api_version_of(*crd, version)}}},
                            {"kind", {{"const", crd->names.kind}}}};
      choices.push_back({{"if", {{"properties", is_this}}}, {"then", {{"$ref", name}}}});
      if (!write(folder / name, json_schema(*crd, version), out, err)) return false;
    }
  }
  all["allOf"] = choices;
  return write(folder / "all.json", all, out, err);
}

bool write_openapi(const fs::path& folder, const std::vector<const schema::Crd*>& crds, std::ostream& out,
                   std::ostream& err) {
  std::map<std::string, std::vector<const schema::Crd*>> by_version;
  for (const schema::Crd* crd : crds)
    for (const schema::Version& version : crd->versions) by_version[version.name].push_back(crd);
  for (const auto& [version, of_it] : by_version) {
    const fs::path path = folder / fmt::format("{}_{}.json", of_it.front()->group, version);
    if (!write(path, openapi_document(of_it, version), out, err)) return false;
  }
  return true;
}

}  // namespace

Json json_schema(const schema::Crd& crd, const schema::Version& version) {
  Json schema = convert(version.openapi.is_object() ? version.openapi : Json{{"type", "object"}});
  Json& properties = schema["properties"];
  properties["apiVersion"]["type"] = "string";
  properties["apiVersion"]["const"] = api_version_of(crd, version);
  properties["kind"]["type"] = "string";
  properties["kind"]["const"] = crd.names.kind;
  Json& metadata = properties["metadata"];
  metadata["type"] = "object";
  metadata["properties"]["name"] = {{"type", "string"}, {"maxLength", 253}};
  if (crd.scope == schema::Scope::Namespaced) metadata["properties"]["namespace"] = {{"type", "string"}};
  for (const char* map : {"labels", "annotations"})
    metadata["properties"][map] = {{"type", Json::array({"object", "null"})},
                                   {"additionalProperties", {{"type", "string"}}}};
  metadata.erase("additionalProperties");
  std::set<std::string> required = {"apiVersion", "kind", "metadata"};
  if (schema.contains("required"))
    for (const Json& name : schema["required"]) required.insert(name.get<std::string>());
  schema["required"] = required;
  schema["$schema"] = kDraft;
  schema["title"] = crd.names.kind;
  return schema;
}

Json openapi_document(const std::vector<const schema::Crd*>& crds, const std::string& version) {
  Json schemas = Json::object();
  for (const schema::Crd* crd : crds) {
    const schema::Version* found = crd->find_version(version);
    if (found == nullptr) continue;
    Json model = found->openapi.is_object() ? found->openapi : Json{{"type", "object"}};
    model["x-kubernetes-group-version-kind"] =
        Json::array({{{"group", crd->group}, {"version", version}, {"kind", crd->names.kind}}});
    schemas[model_name(*crd, version)] = std::move(model);
  }
  const std::string group = crds.empty() ? "" : crds.front()->group;
  return {{"openapi", "3.0.0"},
          {"info", {{"title", group}, {"version", version}}},
          {"paths", Json::object()},
          {"components", {{"schemas", schemas}}}};
}

int write_schemas(SchemaForm form, const std::string& folder, std::ostream& out, std::ostream& err) {
  const Contracts contracts(cel::kOldestVersion);
  std::vector<const schema::Crd*> crds;
  for (const std::string& kind : contracts.kinds(api::kGroup))
    crds.push_back(contracts.find(api::kGroup, kind));
  const bool done = form == SchemaForm::JsonSchema ? write_json_schemas(folder, crds, out, err)
                                                   : write_openapi(folder, crds, out, err);
  return done ? 0 : 2;
}

}  // namespace neoid::validate
