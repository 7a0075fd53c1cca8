// Kubernetes Secrets to plan::SecretView and back: the only place of the controller that sees plaintext as JSON.
#pragma once

#include "reconcile/base/result.h"
#include "reconcile/plan/plan.h"
#include "reconcile/value/json.h"

namespace neoid::reconcilers {

enum class Keep {
  Values,  // a live read, for a pass that may write
  Hashes,  // a cache: no plaintext outlives the call
};

// Decodes and wipes `secret`. Invalid: data that is not base64 text.
Result<plan::SecretView> decode_secret(Json& secret, Keep keep);

struct SecretOwner {
  api::ResourceKey resource;
  Uid uid;
};

// The body of a POST. Wipe it after use.
Json create_body(const plan::CreateSecret& create, const std::string& ns, const std::string& name,
                 const SecretOwner& owner);
// The body of a merge patch with the resourceVersion as precondition. Wipe it after use.
Json update_body(const plan::UpdateSecret& update);

// Overwrites every text in the tree.
void wipe(Json& json);

}  // namespace neoid::reconcilers
