// What admission decides beyond the CRDs' own rules: who may touch system users, when one may be deleted, and who is
// written down as having asked. Pure; the webhook and the embedded API share it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcile/api/resource_key.h"
#include "reconcile/value/json.h"

namespace neoid::policy {

enum class AdmissionOperation { Create, Update, Delete };

// Borrows the objects for the call.
struct AdmissionFacts {
  AdmissionOperation operation = AdmissionOperation::Create;
  api::Kind kind = api::Kind::IntegrationUser;
  std::string name;
  std::string subresource;  // "status", or empty
  std::string user;
  std::vector<std::string> groups;
  const Json* object = nullptr;      // null of a Delete
  const Json* old_object = nullptr;  // null of a Create
};

// Who counts as the platform: may create, change and delete system users.
struct PlatformIdentities {
  std::vector<std::string> users;
  std::vector<std::string> groups;
};

struct AdmissionVerdict {
  bool allowed = true;
  std::string message;
};

AdmissionVerdict judge_admission(const AdmissionFacts& facts, const PlatformIdentities& platform);

// The object with the requesting user in its annotation, where the request changes spec or one of our annotations;
// nothing: leave it as it came (a no-op must stay one).
std::optional<Json> with_requester(const AdmissionFacts& facts);

}  // namespace neoid::policy
