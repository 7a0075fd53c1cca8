#include "controller/apiserver/serve.h"

#include <fmt/format.h>

#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml_text.h"

namespace neoid::apiserver {
namespace {

// Whether the stored form may differ from what this version of the schema would serve.
bool needs_schema(const ResourceInfo& resource, storage::Revision revision) {
  return resource.custom && (resource.crd->versions.size() > 1 || revision <= resource.schema_revision);
}

std::string type_prefix(const ResourceInfo& resource) {
  return fmt::format(R"({{"apiVersion":"{}","kind":"{}")", resource.api_version(), resource.kind);
}

void add_warnings(const Call& call, http::Response& response) {
  for (const std::string& text : call.warnings) response.headers.add("Warning", warning_header(text));
}

}  // namespace

Json serve_value(const ResourceInfo& resource, const Json& stored, storage::Revision revision) {
  Json object = resource.conversion.from_stored != nullptr ? resource.conversion.from_stored(stored) : stored;
  if (needs_schema(resource, revision)) {
    resource.crd_version->schema.prune(object);
    resource.crd_version->schema.apply_defaults(object);
  }
  object["apiVersion"] = resource.api_version();
  object["kind"] = resource.kind;
  return object;
}

Json serve(const ResourceInfo& resource, const storage::StoredObject& stored) {
  return serve_value(resource, *stored.value(), stored.revision());
}

std::string serve_text(const ResourceInfo& resource, const storage::StoredObject& stored) {
  if (resource.conversion.from_stored != nullptr || needs_schema(resource, stored.revision()))
    return to_json(serve(resource, stored));
  std::string text = type_prefix(resource);
  const std::string& bytes = stored.bytes();
  text.reserve(text.size() + bytes.size());
  text += ',';
  text.append(bytes, 1, std::string::npos);
  return text;
}

Json to_stored(const ResourceInfo& resource, Json served) {
  served.erase("apiVersion");
  served.erase("kind");
  if (resource.conversion.to_stored != nullptr) return resource.conversion.to_stored(served);
  return served;
}

Json partial_metadata(const Json& object, std::string_view version) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", fmt::format("meta.k8s.io/{}", version)},
          {"metadata", object.contains("metadata") ? object["metadata"] : Json::object()}};
}

Json list_meta_json(const ListMeta& meta, bool always_continue) {
  Json json = Json::object();
  if (!meta.resource_version.empty()) json["resourceVersion"] = meta.resource_version;
  if (always_continue || !meta.continue_token.empty()) json["continue"] = meta.continue_token;
  if (meta.remaining) json["remainingItemCount"] = *meta.remaining;
  return json;
}

Answer<IncludeObject> read_include(const http::Request& request) {
  const std::string_view wanted = request.find_query("includeObject").value_or("");
  if (wanted.empty() || wanted == "Metadata") return IncludeObject::Metadata;
  if (wanted == "Object") return IncludeObject::Object;
  if (wanted == "None") return IncludeObject::None;
  return refuse(
      bad_request(fmt::format("Unable to convert to Table as requested: includeObject: Invalid value: "
                              "{}: must be 'Metadata', 'Object', 'None', or empty",
                              go_quote(wanted))));
}

Json make_table(const ResourceInfo& resource, const std::vector<Json>& objects, const ListMeta& meta,
                IncludeObject include, std::string_view version, Instant now, Header header) {
  Json table = {{"kind", "Table"},
                {"apiVersion", fmt::format("meta.k8s.io/{}", version)},
                {"metadata", list_meta_json(meta, false)},
                {"columnDefinitions", nullptr},
                {"rows", Json::array()}};
  if (header == Header::Yes) {
    Json columns = Json::array();
    for (const Column& column : resource.columns)
      columns.push_back({{"name", column.name},
                         {"type", column.type},
                         {"format", column.format},
                         {"description", column.description},
                         {"priority", column.priority}});
    table["columnDefinitions"] = std::move(columns);
  }
  for (const Json& object : objects) {
    // Columns are of the stored form.
    const Json stored =
        resource.conversion.to_stored != nullptr ? resource.conversion.to_stored(object) : Json();
    const Json& shown = stored.is_null() ? object : stored;
    Json cells = Json::array();
    for (const Column& column : resource.columns) cells.push_back(column.cell(shown, now));
    Json row = {{"cells", std::move(cells)}, {"object", nullptr}};
    if (include == IncludeObject::Metadata) row["object"] = partial_metadata(object, version);
    if (include == IncludeObject::Object) row["object"] = object;
    table["rows"].push_back(std::move(row));
  }
  return table;
}

std::string_view content_type(const MediaType& media) {
  return media.encoding == Encoding::Yaml ? "application/yaml" : "application/json";
}

std::string warning_header(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c == '\n' || c == '\r' ? ' ' : c);
  }
  return fmt::format("299 - \"{}\"", quoted);
}

http::Response respond_text(const Call& call, int code, std::string json_text) {
  http::Response response;
  response.status = code;
  response.headers.add("Content-Type", std::string(content_type(call.media)));
  add_warnings(call, response);
  if (call.media.encoding == Encoding::Yaml) {
    if (auto value = parse_json(json_text)) json_text = to_yaml(*value);
    response.body = std::move(json_text);
  } else {
    response.body = std::move(json_text);
    response.body += '\n';
  }
  return response;
}

http::Response respond_json(const Call& call, int code, const Json& value) {
  return respond_text(call, code, to_json(value));
}

http::Response respond_error(const Call& call, const ApiError& error) {
  http::Response response = to_response(error);
  add_warnings(call, response);
  return response;
}

http::Response respond_object(const Core& core, const Call& call, int code, const Json& object) {
  switch (call.media.view) {
    case View::Object:
    case View::Discovery: return respond_json(call, code, object);
    case View::PartialMetadata:
      return respond_json(call, code, partial_metadata(object, call.media.view_version));
    case View::PartialMetadataList: return respond_error(call, not_acceptable(kAllTypes));
    case View::Table: break;
  }
  const auto include = read_include(call.request);
  if (!include) return respond_error(call, include.error());
  ListMeta meta;
  meta.resource_version = object["metadata"].value("resourceVersion", "");
  return respond_json(
      call, code,
      make_table(*call.resource, {object}, meta, *include, call.media.view_version, core.clock.now()));
}

}  // namespace neoid::apiserver
