#include "controller/apiserver/openapi/documents.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>
#include <utility>

#include "controller/apiserver/openapi/builtin.h"
#include "controller/apiserver/openapi/custom_schema.h"
#include "controller/apiserver/openapi/paths.h"
#include "controller/apiserver/openapi/swagger_proto.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"

namespace neoid::openapi {
namespace {

constexpr const char* kTextType = "text/plain; charset=utf-8";  // what a real server says of its JSON here
constexpr const char* kProtoType = "application/octet-stream";
constexpr std::string_view kDefinitions = "#/definitions/";

std::string hash_of(const std::string& bytes) {
  std::string out = hex(sha256(bytes));
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

Json security_scheme() {
  return {{"type", "apiKey"},
          {"name", "authorization"},
          {"in", "header"},
          {"description", "Bearer Token authentication"}};
}

std::string group_version_path(const std::string& group, const std::string& version) {
  return group.empty() ? "api/" + version : "apis/" + group + "/" + version;
}

PathResource path_resource(const BuiltinResource& from) {
  PathResource out{from.group, from.version,     from.kind,         from.plural, from.namespaced,
                   false,      from.create_only, from.subresources, {},          {}};
  out.definition = definition_name(from.group, from.version, from.kind);
  out.list_definition = out.definition + "List";
  return out;
}

PathResource path_resource(const CustomKind& from) {
  PathResource out{from.group, from.version, from.kind, from.plural, from.namespaced,
                   true,       false,        {},        {},          {}};
  if (from.status) out.subresources.push_back("status");
  if (from.scale) out.subresources.push_back("scale");
  out.definition = custom_definition_name(from.group, from.version, from.kind);
  out.list_definition = custom_definition_name(from.group, from.version, from.list_kind);
  return out;
}

void drop_defaults(Json& value) {
  if (value.is_object() && !value.contains("properties")) value.erase("default");
  if (value.is_structured())
    for (Json& item : value) drop_defaults(item);
}

// A built-in definition in the form of v3: references wrapped where something stands beside them, zero values of
// members that are no pointers as defaults.
void to_v3(Json& schema, bool is_item) {
  if (!schema.is_object()) return;
  if (const auto found = schema.find("$ref"); found != schema.end()) {
    const std::string name = found->get<std::string>().substr(kDefinitions.size());
    Json reference = {{"$ref", "#/components/schemas/" + name}};
    schema.erase("$ref");
    if (is_item) schema["default"] = Json::object();
    if (schema.empty())
      schema = std::move(reference);
    else
      schema["allOf"] = Json::array({std::move(reference)});
    return;
  }
  if (is_item && schema.value("type", "") == "string" && !schema.contains("format")) schema["default"] = "";
  if (const auto properties = schema.find("properties"); properties != schema.end())
    for (Json& property : *properties) to_v3(property, false);
  for (const char* below : {"items", "additionalProperties"})
    if (const auto found = schema.find(below); found != schema.end()) to_v3(*found, true);
}

const Json& v3_definitions() {
  static const Json* const all = [] {
    auto* out = new Json(builtin_definitions());
    for (Json& definition : *out) to_v3(definition, false);
    return out;
  }();
  return *all;
}

// Names of all schemas that a value refers to.
void collect_references(const Json& value, std::set<std::string>& out) {
  if (value.is_object())
    if (const auto found = value.find("$ref"); found != value.end() && found->is_string()) {
      const std::string& text = found->get_ref<const std::string&>();
      out.insert(text.substr(text.rfind('/') + 1));
    }
  if (value.is_structured())
    for (const Json& item : value) collect_references(item, out);
}

// The built-in schemas that a document refers to, however far.
void add_components(Json& document) {
  Json& schemas = document["components"]["schemas"];
  std::set<std::string> open;
  collect_references(document, open);
  while (!open.empty()) {
    const std::string name = *open.begin();
    open.erase(open.begin());
    const auto found = v3_definitions().find(name);
    if (schemas.contains(name) || found == v3_definitions().end()) continue;
    schemas[name] = *found;
    collect_references(*found, open);
  }
}

Json small_document(const std::string& path, const std::string& version) {
  return {{"openapi", "3.0.0"},
          {"info", {{"title", "Kubernetes"}, {"version", version}}},
          {"paths",
           {{path,
             {{"get",
               {{"responses",
                 {{"200", {{"description", "OK"}}}, {"401", {{"description", "Unauthorized"}}}}}}}}}}}};
}

bool accepts(std::string_view accept, std::string_view wanted) {
  while (!accept.empty()) {
    const std::size_t comma = accept.find(',');
    std::string_view item = accept.substr(0, comma);
    item = item.substr(0, item.find(';'));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item == wanted) return true;
    accept = comma == std::string_view::npos ? std::string_view() : accept.substr(comma + 1);
  }
  return false;
}

bool accepts_json(std::string_view accept) {
  return accept.empty() || accepts(accept, "application/json") || accepts(accept, "*/*") ||
         accepts(accept, "application/*");
}

bool accepts_proto(std::string_view accept) {
  return accepts(accept, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf") ||
         accepts(accept, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
}

Json swagger(const std::vector<CustomKind>& customs, const std::string& version) {
  static const Json* const definitions = [] {
    auto* out = new Json(builtin_definitions());
    drop_defaults(*out);
    return out;
  }();
  Json paths = Json::object();
  Json all = *definitions;
  for (const BuiltinResource& resource : builtin_resources())
    add_paths(paths, path_resource(resource), Format::V2);
  for (const CustomKind& kind : customs) {
    const PathResource resource = path_resource(kind);
    add_paths(paths, resource, Format::V2);
    all[resource.definition] = custom_schema(kind, Format::V2);
    all[resource.list_definition] = custom_list_schema(kind, Format::V2);
  }
  return {{"swagger", "2.0"},
          {"info", {{"title", "Kubernetes"}, {"version", version}}},
          {"paths", std::move(paths)},
          {"definitions", std::move(all)},
          {"securityDefinitions", {{"BearerToken", security_scheme()}}},
          {"security", Json::array({{{"BearerToken", Json::array()}}})}};
}

}  // namespace

Documents::Documents(std::vector<CustomKind> customs, std::string version) {
  v2_ = swagger(customs, version);
  v2_bytes_ = to_json(v2_);
  v2_proto_ = swagger_to_proto(v2_);
  v2_hash_ = hash_of(v2_bytes_);

  std::map<std::string, Json> built_in;
  for (const BuiltinResource& resource : builtin_resources()) {
    Json& document = built_in[group_version_path(resource.group, resource.version)];
    if (document.is_null())
      document = {{"openapi", "3.0.0"},
                  {"info", {{"title", "Kubernetes"}, {"version", version}}},
                  {"paths", Json::object()},
                  {"components",
                   {{"schemas", Json::object()}, {"securitySchemes", {{"BearerToken", security_scheme()}}}}}};
    add_paths(document["paths"], path_resource(resource), Format::V3);
  }
  std::map<std::string, Json> custom;
  for (const CustomKind& kind : customs) {
    Json& document = custom[group_version_path(kind.group, kind.version)];
    if (document.is_null())
      document = {{"openapi", "3.0.0"},
                  {"info", {{"title", "Kubernetes CRD Swagger"}, {"version", "v0.1.0"}}},
                  {"paths", Json::object()},
                  {"components", {{"schemas", Json::object()}}}};
    const PathResource resource = path_resource(kind);
    add_paths(document["paths"], resource, Format::V3);
    document["components"]["schemas"][resource.definition] = custom_schema(kind, Format::V3);
    document["components"]["schemas"][resource.list_definition] = custom_list_schema(kind, Format::V3);
  }
  for (auto* documents : {&built_in, &custom})
    for (auto& [path, document] : *documents) {
      add_components(document);
      add_v3(path, std::move(document));
    }
  for (const char* path : {"api", "apis", "version"})
    add_v3(path, small_document("/" + std::string(path) + "/", version));

  Json index = Json::object();
  for (const auto& [path, entry] : v3_)
    index[path] = {{"serverRelativeURL", "/openapi/v3/" + path + "?hash=" + entry.hash}};
  index_bytes_ = to_json({{"paths", std::move(index)}});
  index_hash_ = hash_of(index_bytes_);
}

void Documents::add_v3(const std::string& path, Json document) {
  Entry entry;
  entry.bytes = to_json(document);
  entry.hash = hash_of(entry.bytes);
  entry.document = std::move(document);
  v3_[path] = std::move(entry);
}

std::optional<Document> Documents::v2(std::string_view accept) const {
  if (accepts_proto(accept)) return Document{kProtoType, v2_proto_, "\"" + v2_hash_ + "\""};
  if (accepts_json(accept)) return Document{kTextType, v2_bytes_, "\"" + v2_hash_ + "\""};
  return std::nullopt;
}

Document Documents::v3_index() const { return {kTextType, index_bytes_, "\"" + index_hash_ + "\""}; }

std::optional<Document> Documents::v3(std::string_view path, std::string_view accept) const {
  const auto found = v3_.find(path);
  if (found == v3_.end() || !accepts_json(accept)) return std::nullopt;
  return Document{kTextType, found->second.bytes, "\"" + found->second.hash + "\""};
}

std::string Documents::v3_hash(std::string_view path) const {
  const auto found = v3_.find(path);
  return found == v3_.end() ? std::string() : found->second.hash;
}

const Json* Documents::v3_json(std::string_view path) const {
  const auto found = v3_.find(path);
  return found == v3_.end() ? nullptr : &found->second.document;
}

}  // namespace neoid::openapi
