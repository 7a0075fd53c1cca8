#include "reconcile/status/scope_status.h"

#include <fmt/format.h>

#include <utility>

#include "reconcile/api/reasons.h"

namespace neoid::status {
namespace {

using meta::Condition;
using meta::ConditionStatus;
namespace reason = api::reason;
namespace condition = api::condition;

std::string holders_text(const ScopeOutcome& outcome) {
  std::string text = fmt::format("Held by {} integration user{}", outcome.custom_holders,
                                 outcome.custom_holders == 1 ? "" : "s");
  for (std::size_t i = 0; i < outcome.some_holders.size(); ++i)
    text += (i == 0 ? ": " : ", ") + outcome.some_holders[i];
  if (outcome.custom_holders > static_cast<std::int64_t>(outcome.some_holders.size())) text += " and others";
  if (outcome.system_holders > 0) text += text.empty() ? "" : ", and by the platform";
  return text;
}

}  // namespace

ScopeStatusUpdate scope_status(const ScopeOutcome& outcome) {
  const api::ScopeResource& scope = outcome.scope;
  meta::Conditions conditions;
  const auto set = [&](std::string_view type, ConditionStatus value, std::string_view why,
                       const std::string& message) {
    conditions.push_back(
        Condition{std::string(type), value, std::string(why), message, scope.generation, Instant()});
  };
  ScopeStatusUpdate update;
  update.status.observed_generation = scope.generation;
  update.status.users = outcome.store_error ? scope.status.users : outcome.custom_holders;
  if (outcome.store_error) {
    const std::string message = "The identity store cannot be reached; it is tried again.";
    set(condition::kReady, ConditionStatus::False, reason::kStoreUnavailable, message);
    set(condition::kReconciling, ConditionStatus::True, reason::kStoreUnavailable, message);
  } else if (scope.deleted_at) {
    const std::string message = holders_text(outcome) + ". The scope goes when nobody holds it any more.";
    set(condition::kReady, ConditionStatus::False, reason::kScopeInUse, message);
    set(condition::kStalled, ConditionStatus::True, reason::kScopeInUse, message);
  } else if (scope.spec.deprecated && outcome.custom_holders > 0) {
    const std::string instead =
        scope.spec.replacement.empty() ? std::string() : " Use " + scope.spec.replacement + " in its place.";
    set(condition::kReady, ConditionStatus::True, reason::kScopeDeprecated,
        "Deprecated and in use. " + holders_text(outcome) + "." + instead);
  } else {
    set(condition::kReady, ConditionStatus::True, reason::kReconciled, "The scope is in the catalogue.");
  }
  update.status.conditions = meta::carry_transition_times(
      std::move(conditions), scope.status.conditions, std::chrono::floor<std::chrono::seconds>(outcome.now));
  update.changed = api::encode_status(update.status) != api::encode_status(scope.status);
  return update;
}

}  // namespace neoid::status
