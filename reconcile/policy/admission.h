// What admission decides about one request beyond the CRDs' own rules: who may touch system users, when one may be
// deleted, what an annotation of ours can mean, and who is written down as having asked. What other resources have to
// do with it is in around.h. Pure; the webhook and the embedded API share it, and manifests/policies says the verdicts
// again in CEL.
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

// Annotations of ours that will not do what their writer may think: an unknown name, a value that says nothing, one that
// this kind does not have. One sentence each, sorted; nothing of a Delete or a subresource.
std::vector<std::string> annotation_warnings(const AdmissionFacts& facts);

// The object is being deleted: what is left is to let it go.
bool is_going(const AdmissionFacts& facts);
// A Create, or an Update that changes spec.
bool changes_spec(const AdmissionFacts& facts);

// The object with the requesting user in its annotation, where the request changes spec or one of our annotations;
// nothing: leave it as it came (a no-op must stay one).
std::optional<Json> with_requester(const AdmissionFacts& facts);

// A new object with our finalizer, which saves the reconciler a write; nothing: leave it as it came. A resource that
// neoid is told to leave alone (paused, Observe) gets none.
std::optional<Json> with_finalizer(const AdmissionFacts& facts);

}  // namespace neoid::policy
