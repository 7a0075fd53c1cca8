// ApiError: why a request is refused, and the answer that says so: a Status object word for word as a
// kube-apiserver writes it, or the plain text of its router.
//
// Pure values, thread-safe. Source: k8s.io/apimachinery/pkg/api/errors, k8s.io/apiserver handlers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/http/server.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"
#include "tl/expected.hpp"

namespace neoid::apiserver {

struct ApiError {
  int code = 500;
  std::string reason;  // "NotFound"; empty: left out
  std::string message;
  Json details = nullptr;           // null: left out
  bool plain_text = false;          // the router's `404 page not found`
  std::string continue_token = {};  // to go on with after an expired one
};

template <class T>
using Answer = tl::expected<T, ApiError>;
inline tl::unexpected<ApiError> refuse(ApiError error) { return tl::unexpected<ApiError>(std::move(error)); }

// A resource as messages name it: "widgets.example.com", "secrets".
struct GroupResource {
  std::string group;
  std::string resource;
  std::string text() const { return group.empty() ? resource : resource + "." + group; }
};

ApiError bad_request(std::string message);
ApiError unauthorized();
// `widgets.example.com "a" is forbidden: ...`; a name that is empty is left out.
ApiError forbidden(const GroupResource& resource, std::string_view name, std::string_view why);
ApiError forbidden_path(std::string_view why);
ApiError not_found(const GroupResource& resource, std::string_view name);
ApiError page_not_found();      // no such path: plain text
ApiError unknown_resource();    // no such resource in a built-in group
ApiError method_not_allowed();  // by the router of built-in resources
ApiError method_not_supported(const GroupResource& resource, std::string_view verb);
ApiError not_acceptable_by_router(bool list);
ApiError not_acceptable(std::string_view offered);
ApiError unsupported_by_router();
ApiError unsupported_media_type(std::string_view offered);
ApiError already_exists(const GroupResource& resource, std::string_view name);
ApiError conflict(const GroupResource& resource, std::string_view name, std::string_view why);
// `Widget.example.com "a" is invalid: ...` with one cause an error. `kind` in `resource`.
ApiError invalid(const GroupResource& kind, std::string_view name, const std::vector<FieldError>& errors);
ApiError expired(std::string message);
ApiError too_large(std::string message);
// An error of Go's that has no type: code 500, message only.
ApiError untyped(std::string message);
ApiError internal_error(std::string_view message);
ApiError unavailable(std::string message);

inline constexpr std::string_view kModified =
    "the object has been modified; please apply your changes to the latest version and try again";

// The Status object.
Json to_status(const ApiError& error);
// `{"kind":"Status",...,"status":"Success"}` about a deleted object.
Json deleted_status(const GroupResource& resource, std::string_view name, std::string_view uid);
http::Response to_response(const ApiError& error);

}  // namespace neoid::apiserver
