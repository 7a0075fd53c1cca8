// One key on its way through a batch of the UserReconciler: what was read, what was decided, what came of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "reconcile/plan/plan.h"
#include "reconcile/value/json.h"

namespace neoid::reconcilers {

struct UserPass {
  api::ResourceKey key;
  Json object;  // as read live or as our last write of it was answered; null in a cached view
  plan::UserView view;
  plan::Plan plan;
  SteadyTime started{};  // of step 2: a create is sent within the deadline from here
  std::optional<plan::StoredIdentity> identity;
  std::optional<plan::SecretView> secret;  // as it is now: read live, or as our write was answered
  std::optional<Error> store_error;
  std::optional<Error> api_error;
  bool has_other_finalizers = false;  // of the cached view
  std::vector<std::string> wrote;  // the resource versions that our writes of resource and Secret gave them
  bool gone = false;               // the resource is definitely absent
  bool dropped = false;            // nothing more is done in this pass; it was scheduled again
  bool changed = false;            // something was written
  bool settled = false;            // what it ended with was decided over again, and nothing is to do

  bool open() const { return !dropped && !gone; }
  bool failed() const { return store_error || api_error; }
  const Error& error() const { return store_error ? *store_error : *api_error; }
  // The hash of the client secret that the Secret holds.
  std::optional<Sha256> secret_hash() const {
    if (!secret) return std::nullopt;
    const auto found = secret->data.find(view.resource.spec.keys.client_secret);
    return found == secret->data.end() ? std::nullopt : std::optional(found->second.hash);
  }
};

using UserPasses = std::vector<UserPass>;

// Somebody was faster: the next pass reads what they did, and there is nothing to tell.
bool is_overtaken(const Error& error);

}  // namespace neoid::reconcilers
