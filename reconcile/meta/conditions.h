// status.conditions: what is true of an object, and since when. Pure and thread-safe.
//
// Guarantee: set_condition() changes lastTransitionTime only when the status changes, and reports whether anything
// changed at all, so that a second run with the same facts writes nothing.
// Source: KEP-1623 (metav1.Condition).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reconcile/base/ids.h"
#include "reconcile/base/time.h"
#include "reconcile/value/json.h"

namespace neoid::meta {

enum class ConditionStatus { True, False, Unknown };
std::string_view to_string(ConditionStatus status);

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason;   // CamelCase, not empty
  std::string message;  // stable: no times, no counters that run
  Generation observed_generation = 0;
  bool operator==(const Condition&) const = default;
};

// `conditions` is the array (null is an empty one). New types go to the end; the others keep their place.
// True: something other than lastTransitionTime is different now.
bool set_condition(Json& conditions, const Condition& condition, Instant now);
// True: it was there.
bool remove_condition(Json& conditions, std::string_view type);

std::optional<Condition> find_condition(const Json& conditions, std::string_view type);
std::optional<Instant> last_transition(const Json& conditions, std::string_view type);
bool is_condition(const Json& conditions, std::string_view type, ConditionStatus status);

}  // namespace neoid::meta
