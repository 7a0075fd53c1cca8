// Reconciles integration users, custom and system ones, a batch of keys at a time.
//
// Flow, for the keys of one batch side by side (reconcile/plan/plan.h has the steps of one):
//   look     one query over the caches' view; most passes find here that nothing is to do, and end
//   gather   the database's clock, then resource and Secret live, then the stored identities in one query
//   act      finalizers | one transaction | Secrets, each sent once | one transaction | statuses, finalizers, events
// Guarantees: as plan.h and docs/credential-protocol.md say. A key whose pass fails anywhere comes back with backoff;
// what it left half done is found by that pass.
// Thread-safe; a key must be in one batch at a time (the queue sees to it).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "controller/reconcilers/services.h"

namespace neoid::reconcilers {

class UserReconciler {
 public:
  explicit UserReconciler(const Services& services);

  // Does not give the keys back to the queue; schedules their next passes.
  void reconcile(std::span<const api::ResourceKey> keys);

 private:
  struct Pass;
  using Passes = std::vector<Pass>;

  plan::PlanContext context(const Term& term) const;
  policy::ScopeResolution resolve(const api::UserResource& user, const policy::Catalogue& catalogue) const;

  Passes look(std::span<const api::ResourceKey> keys, const plan::PlanContext& context);
  void gather(Passes& passes, const plan::PlanContext& context);
  void gather_one(Pass& pass, const policy::Catalogue& catalogue);
  void drop_the_gone(Passes& passes, const Term& term);
  void act(Passes& passes, const Term& term);
  void commit(Passes& passes, const Term& term, std::optional<plan::IdentityChange> plan::Plan::*which);
  void write_secret(Pass& pass);
  void send_create(Pass& pass, const plan::CreateSecret& create);
  void finish(Pass& pass);
  void store_failed(Passes& passes, const Error& error);

  const Services services_;
  Counter passes_;
  Counter failures_;
  Counter drift_;
  Histogram seconds_;
};

}  // namespace neoid::reconcilers
