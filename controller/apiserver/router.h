// Router: from an authorised request to the verb that answers it.
//
// Thread-safe. Source: k8s.io/apiserver (go-restful routes of the built-in groups), apiextensions-apiserver's
// handler of custom resources, which differ in their answers to what they do not serve.
#pragma once

#include <memory>
#include <string>

#include "controller/apiserver/core.h"
#include "controller/apiserver/openapi/documents.h"

namespace neoid::apiserver {

class Router {
 public:
  Router(const Core& core, std::string git_version) : core_(core), git_version_(std::move(git_version)) {}

  http::Response route(const http::Request& request, PathInfo path, auth::UserInfo user);

 private:
  http::Response route_path(const http::Request& request, const PathInfo& path);
  http::Response route_openapi(const http::Request& request, const PathInfo& path);
  http::Response route_groups(const http::Request& request, const PathInfo& path);
  http::Response route_custom(Call& call);
  http::Response route_builtin(Call& call);
  std::shared_ptr<const openapi::Documents> documents();

  const Core& core_;
  std::string git_version_;
  Mutex mutex_;
  std::shared_ptr<const Resources> documented_ NEOID_GUARDED_BY(mutex_);  // what documents_ was made of
  std::shared_ptr<const openapi::Documents> documents_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::apiserver
