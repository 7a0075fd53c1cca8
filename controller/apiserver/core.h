// Core: what every verb of the server works on. Call: one request, on its way through a verb.
//
// Core is made by ApiServer and lives as long as it; the members are thread-safe by themselves. A Call
// belongs to the thread that answers the request.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controller/apiserver/admission.h"
#include "controller/apiserver/auth/authenticator.h"
#include "controller/apiserver/auth/rbac.h"
#include "controller/apiserver/negotiate.h"
#include "controller/apiserver/path_info.h"
#include "controller/apiserver/resource.h"
#include "controller/apiserver/storage/storage.h"
#include "controller/apiserver/webhooks.h"
#include "controller/base/clock.h"
#include "controller/http/server.h"

namespace neoid::apiserver {

// Something was stored. Borrows for the call.
struct Change {
  const storage::ObjectKey& key;
  const Json* before;  // null: created
  const Json* after;   // null: gone
};

struct Core {
  storage::ApiStorage& storage;
  Registry& registry;
  auth::Authenticator& authenticator;
  auth::Authorizer& authorizer;
  const Clock& clock;
  Admission admission;
  Webhooks& webhooks;
  // Called after each write, on the thread that wrote, before the client has its answer.
  std::function<void(const Change&)> changed;
};

struct Call {
  const http::Request& request;
  PathInfo path;
  auth::UserInfo user;
  ResourceRef resource;
  MediaType media = {};
  std::vector<std::string> warnings = {};  // texts of Warning headers

  void warn(std::string text) { warnings.push_back(std::move(text)); }
};

}  // namespace neoid::apiserver
