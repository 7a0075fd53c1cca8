// Reconciles integration users, custom and system ones, a batch of keys at a time.
//
// Flow, for the keys of one batch side by side (reconcile/plan/plan.h has the steps of one):
//   look     one query over the caches' view; most passes find here that nothing is to do, and end. A resource that
//            nobody has reconciled yet goes past it
//   gather   the database's clock, then resource and Secret live, then the stored identities in one query. Where the
//            finalizer is missing, writing it under the cached version is the live read of the resource: see DESIGN.md
//   act      finalizers | one transaction | Secrets, each sent once | one transaction | statuses, finalizers, events
//   prove    the same decision over what the writes were answered with: settled passes need no look at their own echo
// Guarantees: as plan.h and docs/credential-protocol.md say. A key whose pass fails anywhere comes back with backoff;
// what it left half done is found by that pass.
// Thread-safe; a key must be in one batch at a time (the queue sees to it).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "controller/reconcilers/services.h"
#include "controller/reconcilers/user_pass.h"

namespace neoid::reconcilers {

class UserReconciler {
 public:
  explicit UserReconciler(const Services& services);

  // Does not give the keys back to the queue; schedules their next passes.
  void reconcile(std::span<const api::ResourceKey> keys);

 private:
  plan::PlanContext context(const Term& term) const;
  policy::ScopeResolution resolve(const api::UserResource& user, const policy::Catalogue& catalogue) const;

  UserPasses look(std::span<const api::ResourceKey> keys, const plan::PlanContext& context);
  bool settle_from_cache(UserPass& pass, store::ObservedIdentity observed, const plan::PlanContext& context,
                         Instant now);
  void gather(UserPasses& passes, const plan::PlanContext& context);
  void gather_one(UserPass& pass, const policy::Catalogue& catalogue);
  bool read_by_finalizer(UserPass& pass);
  bool read_resource(UserPass& pass);
  void give_up(UserPass& pass, const Error& error);
  void drop_the_gone(UserPasses& passes, const Term& term);
  void act(UserPasses& passes, const Term& term);
  void commit(UserPasses& passes, const Term& term, std::optional<plan::IdentityChange> plan::Plan::*which);
  void write_secret(UserPass& pass);
  void send_create(UserPass& pass, const plan::CreateSecret& create);
  void read_beside(UserPass& pass, const policy::Catalogue& catalogue);
  void tell_of_the_store(std::span<const api::ResourceKey> keys, const Error& error);
  void finish(UserPass& pass, const plan::PlanContext& context);
  void finish_deletion(UserPass& pass, const plan::PlanContext& context);
  void say_why_it_waits(UserPass& pass, const plan::PlanContext& context);
  void prove(UserPass& pass, const plan::PlanContext& context);
  PassResult result_of(const UserPass& pass) const;
  void store_failed(UserPasses& passes, const Error& error);

  const Services services_;
};

}  // namespace neoid::reconcilers
