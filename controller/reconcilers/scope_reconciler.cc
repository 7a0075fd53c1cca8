#include "controller/reconcilers/scope_reconciler.h"

#include <algorithm>
#include <utility>

#include "controller/base/crash_point.h"
#include "controller/base/log.h"
#include "reconcile/plan/stored_scope.h"
#include "reconcile/status/scope_status.h"

namespace neoid::reconcilers {
namespace {

constexpr int kHoldersNamed = 5;
// How often a Scope that waits for its holders looks again, should no change of a holder have told.
constexpr auto kLookAgain = std::chrono::seconds(10);

std::string actor_of(const api::ScopeResource& scope) {
  return scope.requested_by.empty() ? "unknown" : scope.requested_by;
}

}  // namespace

ScopeReconciler::ScopeReconciler(const Services& services) : services_(services) {}

void ScopeReconciler::reconcile(const api::ResourceKey& key) {
  const auto term = services_.leadership.current();
  if (!term) {  // a new term queues everything
    if (const auto lost = services_.leadership.store_lost()) {
      tell_of_the_store(key, *lost);
      services_.queue.retry(key);
    }
    return;
  }
  const SteadyTime started = services_.clock.steady_now();
  const auto result = reconcile_or_fail(key, *term);
  services_.meters.batch(key.kind, services_.clock.steady_now() - started);
  if (result) {
    services_.meters.pass(key.kind, *result);
    return services_.queue.forget(key);
  }
  const Error& error = result.error();
  if (error.reason == "Fenced") return services_.leadership.suspect();
  const bool overtaken = error.kind == ErrorKind::Conflict;
  services_.meters.pass(key.kind, overtaken ? PassResult::Overtaken : PassResult::Failed);
  if (!overtaken)
    log::warn("a pass failed; trying again", {{"resource", key.text()}, {"error", error.describe()}});
  if (const auto answer = services_.store.ping(); !answer) tell_of_the_store(key, answer.error());
  services_.queue.retry(key, error.retry_after);
}

// The condition says why nothing comes of it; everything else stays as it was.
void ScopeReconciler::tell_of_the_store(const api::ResourceKey& key, const Error& error) {
  const auto object = services_.cluster.read(key);
  if (!object || !*object) return;
  const auto scope = api::decode_scope(**object);
  if (!scope) return;
  const status::ScopeStatusUpdate update =
      status::scope_status({*scope, services_.clock.now(), 0, 0, {}, error});
  if (!update.changed) return;
  if (const auto done = services_.cluster.put_status(key, **object, api::encode_status(update.status)); !done)
    log::warn("a status was not taken", {{"resource", key.text()}, {"error", done.error().describe()}});
}

Result<void> ScopeReconciler::remove_from_catalogue(const std::string& name, const std::string& actor,
                                                    const Term& term) {
  const std::vector<std::string> names = {name};
  NEOID_TRY_VOID(services_.store.put_scopes(term.writer, {}, names, actor));
  crash_point("scope-removed");
  return {};
}

Result<bool> ScopeReconciler::put_in_catalogue(const api::ScopeResource& scope, const Term& term) {
  const std::vector<plan::StoredScope> scopes = {plan::stored_scope(scope)};
  NEOID_TRY(const auto stored, services_.store.scopes());
  if (std::find(stored.begin(), stored.end(), scopes.front()) != stored.end()) return false;
  NEOID_TRY_VOID(services_.store.put_scopes(term.writer, scopes, {}, actor_of(scope)));
  crash_point("scope-stored");
  services_.caches.queue_those_of_scope(scope.key.name);  // it can be granted now
  return true;
}

Result<PassResult> ScopeReconciler::reconcile_or_fail(const api::ResourceKey& key, const Term& term) {
  NEOID_TRY(std::optional<Json> object, services_.cluster.read(key));
  if (!object) {
    NEOID_TRY(const bool going, services_.cluster.kind_is_going(key.kind));
    if (going) return PassResult::Unchanged;  // the kind is gone, which says nothing of the scope
    NEOID_TRY_VOID(remove_from_catalogue(key.name, "unknown", term));
    return PassResult::Changed;
  }
  NEOID_TRY(const api::ScopeResource scope, api::decode_scope(*object));
  bool changed = false;
  if (!scope.deleted_at && !scope.has_finalizer) {
    NEOID_TRY(*object, services_.cluster.set_finalizer(key, *object, true));
    crash_point("scope-finalizer-added");
    changed = true;
  }
  if (!scope.deleted_at) {
    NEOID_TRY(const bool put, put_in_catalogue(scope, term));
    changed = changed || put;
  }

  NEOID_TRY(const auto holders, services_.store.holders(key.name, kHoldersNamed));
  if (scope.deleted_at) {
    NEOID_TRY(const bool going, services_.cluster.kind_is_going(key.kind));
    if (going || holders.custom + holders.system == 0) {
      if (!going) NEOID_TRY_VOID(remove_from_catalogue(key.name, actor_of(scope), term));
      if (scope.has_finalizer) {
        NEOID_TRY_VOID(services_.cluster.set_finalizer(key, *object, false));
        crash_point("scope-finalizer-removed");
      }
      return PassResult::Changed;
    }
    services_.queue.add_after(key, kLookAgain);
  }
  status::ScopeOutcome outcome{scope, services_.clock.now(), holders.custom, holders.system,
                               {},    std::nullopt};
  for (const api::ResourceKey& holder : holders.some)
    outcome.some_holders.push_back(holder.ns + "/" + holder.name);
  const status::ScopeStatusUpdate update = status::scope_status(outcome);
  if (update.changed) {
    NEOID_TRY_VOID(services_.cluster.put_status(key, *object, api::encode_status(update.status)));
    crash_point("scope-status-written");
  }
  if (scope.deleted_at) return PassResult::Waiting;
  return changed || update.changed ? PassResult::Changed : PassResult::Unchanged;
}

}  // namespace neoid::reconcilers
