// PathInfo: what a request asks of which resource, read from method, path and query as a kube-apiserver reads
// it before it authorises: the verb, and either a resource (with namespace, name, subresource) or a plain path.
//
// Pure. Source: k8s.io/apiserver/pkg/endpoints/request/requestinfo.go.
#pragma once

#include <string>
#include <vector>

#include "controller/http/server.h"

namespace neoid::apiserver {

struct PathInfo {
  bool is_resource = false;
  std::string path;  // decoded; without a trailing slash
  std::string verb;  // "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", ""
  std::string group, version;
  std::string ns, resource, subresource, name;
  std::string name_in_path;           // `name` may also come from a field selector
  bool watch_prefix = false;          // the old form /api/v1/watch/...
  std::size_t parts = 0;              // path segments from the resource on
  std::vector<std::string> segments;  // decoded
};

PathInfo read_path(const http::Request& request);

// "1", "true", "t" and so on, as Go reads a boolean of a query; also an empty text or one that does not parse
// is true there.
bool query_bool(const http::Request& request, std::string_view name);

}  // namespace neoid::apiserver
