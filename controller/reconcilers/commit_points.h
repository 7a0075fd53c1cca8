// What a transaction did, in the words of the crash points (controller/base/crash_point.h).
#pragma once

#include "reconcile/api/user.h"
#include "reconcile/plan/identity.h"

namespace neoid::reconcilers {

// Comes by a crash point for each operation of a change that was just committed.
void come_by_commit_points(const plan::IdentityChange& change, api::CredentialSource source);

}  // namespace neoid::reconcilers
