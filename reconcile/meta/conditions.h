// The conditions of a Kubernetes status, by the conventions of kstatus.
// Source: Kubernetes API conventions, "Typical status properties"; sigs.k8s.io/cli-utils kstatus.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/ids.h"
#include "reconcile/base/result.h"
#include "reconcile/base/time.h"
#include "reconcile/value/json.h"

namespace neoid::meta {

enum class ConditionStatus { True, False, Unknown };

struct Condition {
  std::string type;  // "Ready"
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason;   // stable CamelCase word
  std::string message;  // for people: stable, without times and secrets
  Generation observed_generation = 0;
  Instant last_transition_time;
  bool operator==(const Condition&) const = default;
};

using Conditions = std::vector<Condition>;

const Condition* find_condition(const Conditions& conditions, std::string_view type);
bool is_true(const Conditions& conditions, std::string_view type);

// `next` with the transition times of `before` wherever a status did not change; `now` where it did. Sorted
// by type.
Conditions carry_transition_times(Conditions next, const Conditions& before, Instant now);

Json encode_conditions(const Conditions& conditions);
// Invalid: not a list of conditions.
Result<Conditions> decode_conditions(const Json& list);

}  // namespace neoid::meta
