// What the Secret of a user shall hold, and what of it is different. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcile/plan/plan.h"

namespace neoid::plan {

// One version of a credential, as it goes into the Secret.
struct DeliveredValue {
  credentials::Seal seal;
  SecretValue client_secret;
  std::optional<SecretValue> previous;
};

SecretContent secret_content(const UserView& view, const PlanContext& context, const DeliveredValue& value);

// Keys of the Secret that we once wrote (its own annotation tells) and no longer want.
std::vector<std::string> stale_keys(const SecretView& secret, const SecretContent& wanted);

// Whether the Secret lacks nothing of `wanted` and has no stale key.
bool is_delivered(const SecretView& secret, const SecretContent& wanted);

// The data keys whose value is not the wanted one, "secret." before each.
std::vector<std::string> drifted_keys(const SecretView& secret, const SecretContent& wanted);

}  // namespace neoid::plan
