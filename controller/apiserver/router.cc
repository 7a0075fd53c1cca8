#include "controller/apiserver/router.h"

#include <algorithm>

#include <fmt/format.h>

#include "controller/apiserver/delete.h"
#include "controller/apiserver/discovery.h"
#include "controller/apiserver/read.h"
#include "controller/apiserver/reviews.h"
#include "controller/apiserver/scale.h"
#include "controller/apiserver/serve.h"
#include "controller/apiserver/write.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml_text.h"

namespace neoid::apiserver {
namespace {

http::Response plain(std::string text) {
  http::Response response;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

http::Response empty(int status) {
  http::Response response;
  response.status = status;
  return response;
}

http::Response json_answer(const http::Request& request, const Json& value, Offer offer = {}) {
  const auto media = negotiate(request.header("Accept"), offer);
  if (!media) return to_response(media.error());
  http::Response response;
  response.headers.add("Content-Type", std::string(content_type(*media)));
  response.body = media->encoding == Encoding::Yaml ? to_yaml(value) : to_json(value) + "\n";
  return response;
}

bool is_get(const http::Request& request) { return request.method == "GET"; }

bool is_health(const std::string& name) { return name == "healthz" || name == "livez" || name == "readyz"; }

Json version_document(const std::string& git_version) {
  const std::size_t first = git_version.find('.');
  const std::size_t second = git_version.find('.', first + 1);
  return {{"major", git_version.substr(1, first - 1)},
          {"minor", git_version.substr(first + 1, second - first - 1)},
          {"gitVersion", git_version},
          {"gitCommit", "$Format:%H$"},
          {"gitTreeState", ""},
          {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", "go1.19.8"},
          {"compiler", "gc"},
          {"platform", "linux/amd64"}};
}

Json path_index(const Resources& resources) {
  std::vector<std::string> paths = {"/api",        "/api/v1",     "/apis",   "/healthz", "/livez",
                                    "/openapi/v2", "/openapi/v3", "/readyz", "/version"};
  for (const ResourceRef& resource : resources.all()) {
    if (resource->group.empty()) continue;
    for (std::string path : {"/apis/" + resource->group, "/apis/" + resource->api_version()})
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(std::move(path));
  }
  std::sort(paths.begin(), paths.end());
  return {{"paths", paths}};
}

}  // namespace

std::shared_ptr<const openapi::Documents> Router::documents() {
  const auto resources = core_.registry.snapshot();
  MutexLock lock(mutex_);
  if (documented_ == resources) return documents_;
  std::vector<openapi::CustomKind> kinds;
  for (const ResourceRef& resource : resources->all()) {
    if (!resource->custom) continue;
    openapi::CustomKind kind;
    kind.group = resource->group;
    kind.version = resource->version;
    kind.kind = resource->kind;
    kind.list_kind = resource->list_kind;
    kind.plural = resource->plural;
    kind.namespaced = resource->namespaced;
    kind.schema = resource->crd_version->openapi;
    kind.status = resource->status;
    kind.scale = resource->crd_version->scale.has_value();
    kinds.push_back(std::move(kind));
  }
  documents_ = std::make_shared<const openapi::Documents>(std::move(kinds), git_version_);
  documented_ = resources;
  return documents_;
}

http::Response Router::route_openapi(const http::Request& request, const PathInfo& path) {
  const auto known = documents();
  const std::string_view accept = request.header("Accept");
  std::optional<openapi::Document> document;
  if (path.path == "/openapi/v2") {
    document = known->v2(accept);
    if (!document) return empty(406);
  } else if (path.path == "/openapi/v3") {
    document = known->v3_index();
  } else if (path.path.starts_with("/openapi/v3/")) {
    const std::string name = path.path.substr(12);
    document = known->v3(name, accept);
    if (!document) return empty(404);
    const auto hash = request.find_query("hash");
    const std::string right = known->v3_hash(name);
    if (hash && *hash != right) {
      http::Response response;
      response.status = 301;
      response.headers.add("Location", fmt::format("{}?hash={}", path.path, right));
      return response;
    }
  } else {
    return to_response(page_not_found());
  }
  http::Response response;
  response.headers.add("Etag", document->etag);
  response.headers.add("Vary", "Accept");
  if (!document->etag.empty() && request.header("If-None-Match") == document->etag) {
    response.status = 304;
    return response;
  }
  response.headers.add("Content-Type", document->content_type);
  response.body = std::move(document->bytes);
  return response;
}

// /api, /apis and below, up to the lists of resources.
http::Response Router::route_groups(const http::Request& request, const PathInfo& path) {
  const auto resources = core_.registry.snapshot();
  const auto& parts = path.segments;
  const bool core_group = parts[0] == "api";
  if (parts.size() == 1) {
    if (core_group && !is_get(request)) return to_response(method_not_allowed());
    const auto media = negotiate(request.header("Accept"), {.discovery = true});
    if (media && media->view == View::Discovery) {
      http::Response response;
      response.headers.add("Content-Type",
                           fmt::format("application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList",
                                       media->view_version));
      response.headers.add("Vary", "Accept");
      response.body = to_json(aggregated_discovery(*resources, core_group, media->view_version)) + "\n";
      return response;
    }
    return json_answer(request, core_group ? api_versions("127.0.0.1") : api_groups(*resources),
                       {.discovery = true});
  }
  const std::string group = core_group ? "" : parts[1];
  const bool builtin = resources->is_builtin_group(group);
  std::optional<Json> document;
  if (core_group) {
    if (parts.size() == 2) document = api_resources(*resources, "", parts[1]);
  } else if (parts.size() == 2) {
    document = api_group(*resources, group);
  } else if (parts.size() == 3) {
    document = api_resources(*resources, group, parts[2]);
  }
  if (!document) return to_response(builtin ? unknown_resource() : page_not_found());
  if (builtin && !is_get(request)) return to_response(method_not_allowed());
  return json_answer(request, *document);
}

http::Response Router::route_path(const http::Request& request, const PathInfo& path) {
  const auto& parts = path.segments;
  if (parts.empty()) return json_answer(request, path_index(*core_.registry.snapshot()));
  if (parts[0] == "api" || parts[0] == "apis") return route_groups(request, path);
  if (parts[0] == "openapi") return route_openapi(request, path);
  if (is_health(parts[0]) && parts.size() <= 2) {
    if (parts.size() == 1 && request.find_query("verbose"))
      return plain("[+]ping ok\n[+]log ok\n[+]etcd ok\n" + parts[0] + " check passed\n");
    if (parts.size() == 1 || parts[1] == "ping" || parts[1] == "log" || parts[1] == "etcd")
      return plain("ok");
    return to_response(page_not_found());
  }
  if (path.path == "/version") {
    if (!is_get(request)) return to_response(method_not_allowed());
    return json_answer(request, version_document(git_version_));
  }
  return to_response(page_not_found());
}

http::Response Router::route_custom(Call& call) {
  const ResourceInfo& resource = *call.resource;
  const PathInfo& path = call.path;
  const bool in_namespace = !path.ns.empty();
  const std::string& verb = path.verb;
  if (resource.namespaced != in_namespace && !(resource.namespaced && (verb == "list" || verb == "watch")))
    return to_response(page_not_found());
  if (!resource.crd_version->deprecation_warning.empty() && resource.crd_version->deprecated)
    call.warn(resource.crd_version->deprecation_warning);
  if (!path.subresource.empty()) {
    const bool status = path.subresource == "status" && resource.status;
    const bool scale = path.subresource == "scale" && resource.crd_version->scale;
    if (!status && !scale) return respond_error(call, not_found(resource.group_resource(), path.name));
    if (scale) return handle_scale(core_, call);
    if (verb != "get" && verb != "update" && verb != "patch")
      return respond_error(call, method_not_supported(resource.group_resource(), verb));
  }
  if (verb == "get") return handle_get(core_, call);
  if (verb == "list") return handle_list(core_, call);
  if (verb == "watch") return handle_watch(core_, call);
  if (verb == "create") {
    if (!resource.terminating) return handle_create(core_, call);
    ApiError error = method_not_supported(resource.group_resource(), verb);
    error.message = "create not allowed while custom resource definition is terminating";
    return respond_error(call, error);
  }
  if (verb == "update") return handle_update(core_, call);
  if (verb == "patch") return handle_patch(core_, call);
  if (verb == "delete") return handle_delete(core_, call);
  if (verb == "deletecollection") return handle_delete_collection(core_, call);
  return respond_error(call, method_not_supported(resource.group_resource(), verb));
}

http::Response Router::route_builtin(Call& call) {
  const ResourceInfo& resource = *call.resource;
  const PathInfo& path = call.path;
  const std::string& method = call.request.method;
  const bool is_namespaces = resource.stored_as == "namespaces";
  const bool in_namespace = !path.ns.empty() && !is_namespaces;
  const bool named = !path.name_in_path.empty();
  if (path.parts > 3 || (in_namespace && !resource.namespaced) ||
      (resource.namespaced && !in_namespace && named))
    return to_response(unknown_resource());
  const bool status = path.subresource == "status" && resource.status;
  const bool finalize = path.subresource == "finalize" && resource.finalize;
  if (!path.subresource.empty() && !status && !finalize) return to_response(unknown_resource());
  bool allowed = false;
  if (resource.create_only) {
    if (named) return to_response(unknown_resource());
    allowed = method == "POST" && resource.namespaced == in_namespace;
  } else if (path.watch_prefix) {
    allowed = method == "GET";
  } else if (finalize) {
    allowed = method == "PUT";
  } else if (status) {
    allowed = method == "GET" || method == "PUT" || method == "PATCH";
  } else if (named) {
    allowed = method == "GET" || method == "PUT" || method == "PATCH" || method == "DELETE";
  } else if (resource.namespaced && !in_namespace) {
    allowed = method == "GET";
  } else {
    allowed = method == "GET" || method == "POST" || (method == "DELETE" && resource.collection_delete);
  }
  if (!allowed) return to_response(method_not_allowed());
  // The router's own looks at media types come before the verb's.
  if (method == "PATCH") {
    const std::string_view type = media_type_of(call.request.header("Content-Type"));
    if (type != "application/json-patch+json" && type != "application/merge-patch+json" &&
        type != "application/strategic-merge-patch+json" && type != "application/apply-patch+yaml")
      return to_response(unsupported_by_router());
  }
  const bool list = method == "GET" && !named;
  if (!router_accepts(call.request.header("Accept"))) return to_response(not_acceptable_by_router(list));
  if (resource.create_only) return handle_review(core_, call);
  if (path.watch_prefix || path.verb == "watch") return handle_watch(core_, call);
  if (method == "GET") return named ? handle_get(core_, call) : handle_list(core_, call);
  if (method == "POST") return handle_create(core_, call);
  if (method == "PUT") return handle_update(core_, call);
  if (method == "PATCH") return handle_patch(core_, call);
  return named ? handle_delete(core_, call) : handle_delete_collection(core_, call);
}

http::Response Router::route(const http::Request& request, PathInfo path, auth::UserInfo user) {
  if (!path.is_resource) return route_path(request, path);
  const auto resources = core_.registry.snapshot();
  ResourceRef resource = resources->find(path.group, path.version, path.resource);
  if (!resource)
    return to_response(resources->is_builtin_group(path.group) ? unknown_resource() : page_not_found());
  Call call{request, std::move(path), std::move(user), std::move(resource)};
  return call.resource->custom ? route_custom(call) : route_builtin(call);
}

}  // namespace neoid::apiserver
