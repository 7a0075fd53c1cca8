// The admission seam: where a kube-apiserver calls webhooks, this server calls a function in process.
//
// Called from many threads at once, between decoding and storing; never under a lock. A write whose answer is
// not allowed does not happen. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controller/apiserver/auth/user_info.h"
#include "reconcile/value/json.h"

namespace neoid::apiserver {

// The request of an AdmissionReview. Borrows the objects for the call.
struct AdmissionRequest {
  std::string operation;  // CREATE, UPDATE, DELETE
  std::string group, version, kind, resource, subresource;
  std::string ns, name;  // name may be empty in a CREATE with generateName
  auth::UserInfo user;
  const Json* object = nullptr;      // null of a DELETE
  const Json* old_object = nullptr;  // null of a CREATE
  Json options = nullptr;            // CreateOptions, UpdateOptions, PatchOptions, DeleteOptions
  bool dry_run = false;
};

struct AdmissionAnswer {
  bool allowed = true;
  int code = 403;       // of a refusal
  std::string reason;   // of a refusal: Status.reason; empty: Forbidden
  std::string message;  // of a refusal: the whole message that the client reads
  std::vector<std::string> warnings;
  std::optional<Json> patched;  // of a mutating hook: the object to go on with
};

using AdmissionHook = std::function<AdmissionAnswer(const AdmissionRequest&)>;

struct Admission {
  AdmissionHook mutate = nullptr;    // before defaults of the server's own are checked
  AdmissionHook validate = nullptr;  // sees what would be stored
};

}  // namespace neoid::apiserver
