#include "controller/kube/request.h"

#include <string_view>

#include "reconcile/base/check.h"
#include "reconcile/value/json_text.h"

namespace neoid::kube {
namespace {

constexpr std::string_view kJson = "application/json";

// One segment of a path. What would climb out of it is encoded too.
std::string segment(std::string_view text) {
  if (text == ".") return "%2E";
  if (text == "..") return "%2E%2E";
  return http::percent_encode(text);
}

// "?a=1&b=2" of what has a value.
class Query {
 public:
  Query& add(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    text_ += text_.empty() ? '?' : '&';
    text_ += name;
    text_ += '=';
    text_ += http::percent_encode(value);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string accept(bool metadata_only, std::string_view kind) {
  if (!metadata_only) return std::string(kJson);
  return "application/json;as=" + std::string(kind) + ";g=meta.k8s.io;v=v1";
}

Query selection_query(const Selection& selection) {
  Query query;
  query.add("labelSelector", selection.label_selector).add("fieldSelector", selection.field_selector);
  return query;
}

http::ClientRequest write_request(std::string method, std::string target, std::string_view content_type,
                                  const Json& body, std::chrono::milliseconds timeout) {
  http::ClientRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers = {{"Accept", std::string(kJson)}, {"Content-Type", std::string(content_type)}};
  request.body = to_json(body);
  request.timeout = timeout;
  return request;
}

std::string_view content_type(PatchType kind) {
  switch (kind) {
    case PatchType::Json: return "application/json-patch+json";
    case PatchType::Merge: return "application/merge-patch+json";
    case PatchType::Apply: return "application/apply-patch+yaml";  // JSON is YAML
  }
  NEOID_CHECK(false);
}

}  // namespace

std::string collection_path(const ResourceType& type, const std::string& ns) {
  std::string path = type.group.empty() ? "/api/" : "/apis/" + segment(type.group) + "/";
  path += segment(type.version);
  if (type.namespaced && !ns.empty()) path += "/namespaces/" + segment(ns);
  return path + "/" + segment(type.plural);
}

std::string object_path(const ResourceType& type, const ObjectName& name, const std::string& subresource) {
  // An empty part would make it the path of a collection: deleting one object would delete them all.
  NEOID_CHECK(!name.name.empty() && (!type.namespaced || !name.ns.empty()));
  std::string path = collection_path(type, name.ns) + "/" + segment(name.name);
  if (!subresource.empty()) path += "/" + subresource;
  return path;
}

http::ClientRequest get_request(const ResourceType& type, const ObjectName& name) {
  http::ClientRequest request;
  request.target = object_path(type, name);
  request.headers = {{"Accept", std::string(kJson)}};
  return request;
}

http::ClientRequest list_request(const ResourceType& type, const Selection& selection, int limit,
                                 const std::string& continue_token) {
  Query query = selection_query(selection);
  if (limit > 0) query.add("limit", std::to_string(limit));
  query.add("continue", continue_token);
  http::ClientRequest request;
  request.target = collection_path(type, selection.ns) + query.text();
  request.headers = {{"Accept", accept(selection.metadata_only, "PartialObjectMetadataList")}};
  request.timeout = std::chrono::minutes(2);
  return request;
}

http::ClientRequest watch_request(const ResourceType& type, const Selection& selection,
                                  const std::string& resource_version, std::chrono::seconds server_timeout) {
  Query query = selection_query(selection);
  query.add("watch", "true").add("allowWatchBookmarks", "true").add("resourceVersion", resource_version);
  if (server_timeout.count() > 0) query.add("timeoutSeconds", std::to_string(server_timeout.count()));
  http::ClientRequest request;
  request.target = collection_path(type, selection.ns) + query.text();
  request.headers = {{"Accept", accept(selection.metadata_only, "PartialObjectMetadata")}};
  return request;
}

http::ClientRequest create_request(const ResourceType& type, const std::string& ns, const Json& object,
                                   const WriteOptions& options) {
  Query query;
  query.add("fieldManager", options.field_manager).add("fieldValidation", options.field_validation);
  return write_request("POST", collection_path(type, ns) + query.text(), kJson, object, options.timeout);
}

http::ClientRequest update_request(const ResourceType& type, const ObjectName& name, const Json& object,
                                   const WriteOptions& options) {
  Query query;
  query.add("fieldManager", options.field_manager).add("fieldValidation", options.field_validation);
  return write_request("PUT", object_path(type, name, options.subresource) + query.text(), kJson, object,
                       options.timeout);
}

http::ClientRequest patch_request(const ResourceType& type, const ObjectName& name, PatchType kind,
                                  const Json& body, const WriteOptions& options) {
  Query query;
  query.add("fieldManager", options.field_manager).add("fieldValidation", options.field_validation);
  if (kind == PatchType::Apply && options.force) query.add("force", "true");
  return write_request("PATCH", object_path(type, name, options.subresource) + query.text(),
                       content_type(kind), body, options.timeout);
}

http::ClientRequest remove_request(const ResourceType& type, const ObjectName& name,
                                   const DeleteOptions& options) {
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (options.uid) body["preconditions"]["uid"] = options.uid->value;
  if (options.resource_version) body["preconditions"]["resourceVersion"] = options.resource_version->value;
  if (!options.propagation_policy.empty()) body["propagationPolicy"] = options.propagation_policy;
  return write_request("DELETE", object_path(type, name), kJson, body, std::chrono::seconds(30));
}

}  // namespace neoid::kube
