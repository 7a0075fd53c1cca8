// What came of a pass -> the status, the events and when to come back: one pure function.
//
// Guarantees: a failed write is never followed by Ready=True; Ready is said of a state that was read back from the
// store, with the hash of what the Secret holds. The same outcome gives the same status (no times of its own), so a
// steady state writes nothing. Conditions follow kstatus: Reconciling and Stalled exist only while true.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcile/plan/plan.h"

namespace neoid::status {

struct Event {
  enum class Type { Normal, Warning } type = Type::Normal;
  std::string reason;
  std::string message;
  bool operator==(const Event&) const = default;
};

struct UserOutcome {
  const plan::UserView& view;
  const plan::Plan& plan;
  const plan::PlanContext& context;
  std::optional<plan::StoredIdentity> identity;  // as the last transaction left it, or as it was observed
  std::optional<Sha256> secret_hash;  // of the client secret that the Secret holds now, as the API answered
  std::optional<Error> store_error;   // a transaction failed
  std::optional<Error> api_error;     // a write to the API failed
};

struct StatusUpdate {
  api::UserStatus status;
  bool changed = false;  // it differs from the one that the resource has
  std::vector<Event> events;
  std::optional<Duration> come_back;  // at the latest
};

StatusUpdate user_status(const UserOutcome& outcome);

}  // namespace neoid::status
