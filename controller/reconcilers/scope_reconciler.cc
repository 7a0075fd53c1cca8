#include "controller/reconcilers/scope_reconciler.h"

#include <algorithm>
#include <utility>

#include "controller/base/crash_point.h"
#include "controller/base/log.h"
#include "reconcile/status/scope_status.h"

namespace neoid::reconcilers {
namespace {

constexpr int kHoldersNamed = 5;
// How often a Scope that waits for its holders looks again, should no change of a holder have told.
constexpr auto kLookAgain = std::chrono::seconds(10);

plan::StoredScope stored_form(const api::ScopeResource& scope) {
  return {scope.key.name,  scope.spec.display_name,       scope.spec.description,
          scope.spec.tool, scope.spec.permissions.dump(), scope.spec.deprecated};
}

std::string actor_of(const api::ScopeResource& scope) {
  return scope.requested_by.empty() ? "unknown" : scope.requested_by;
}

}  // namespace

ScopeReconciler::ScopeReconciler(const Services& services)
    : services_(services),
      passes_(
          services.metrics.counter("neoid_reconcile_total", "Passes over a resource.", {{"kind", "scope"}})),
      failures_(services.metrics.counter("neoid_reconcile_failures_total",
                                         "Passes that a write or a read failed in.", {{"kind", "scope"}})) {}

void ScopeReconciler::reconcile(const api::ResourceKey& key) {
  const auto term = services_.leadership.current();
  if (!term) return;
  passes_.add();
  const auto result = reconcile_or_fail(key, *term);
  if (result) return services_.queue.forget(key);
  const Error& error = result.error();
  if (error.reason == "Fenced") return services_.leadership.suspect();
  failures_.add();
  if (error.kind != ErrorKind::Conflict)
    log::warn("a pass failed; trying again", {{"resource", key.text()}, {"error", error.describe()}});
  services_.queue.retry(key);
}

Result<void> ScopeReconciler::remove_from_catalogue(const std::string& name, const std::string& actor,
                                                    const Term& term) {
  const std::vector<std::string> names = {name};
  NEOID_TRY_VOID(services_.store.put_scopes(term.writer, {}, names, actor));
  crash_point("scope-removed");
  return {};
}

Result<void> ScopeReconciler::put_in_catalogue(const api::ScopeResource& scope, const Term& term) {
  const std::vector<plan::StoredScope> scopes = {stored_form(scope)};
  NEOID_TRY(const auto stored, services_.store.scopes());
  if (std::find(stored.begin(), stored.end(), scopes.front()) != stored.end()) return {};
  NEOID_TRY_VOID(services_.store.put_scopes(term.writer, scopes, {}, actor_of(scope)));
  crash_point("scope-stored");
  services_.caches.queue_those_of_scope(scope.key.name);  // it can be granted now
  return {};
}

Result<void> ScopeReconciler::reconcile_or_fail(const api::ResourceKey& key, const Term& term) {
  NEOID_TRY(std::optional<Json> object, services_.cluster.read(key));
  if (!object) {
    NEOID_TRY(const bool going, services_.cluster.kind_is_going(key.kind));
    if (going) return {};  // the kind is gone, which says nothing of the scope
    return remove_from_catalogue(key.name, "unknown", term);
  }
  NEOID_TRY(const api::ScopeResource scope, api::decode_scope(*object));
  if (!scope.deleted_at && !scope.has_finalizer) {
    NEOID_TRY(*object, services_.cluster.set_finalizer(key, *object, true));
    crash_point("scope-finalizer-added");
  }
  if (!scope.deleted_at) NEOID_TRY_VOID(put_in_catalogue(scope, term));

  NEOID_TRY(const auto holders, services_.store.holders(key.name, kHoldersNamed));
  if (scope.deleted_at) {
    NEOID_TRY(const bool going, services_.cluster.kind_is_going(key.kind));
    if (going || holders.custom + holders.system == 0) {
      if (!going) NEOID_TRY_VOID(remove_from_catalogue(key.name, actor_of(scope), term));
      if (scope.has_finalizer) {
        NEOID_TRY_VOID(services_.cluster.set_finalizer(key, *object, false));
        crash_point("scope-finalizer-removed");
      }
      return {};
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
  return {};
}

}  // namespace neoid::reconcilers
