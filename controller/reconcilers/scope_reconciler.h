// Reconciles Scopes: the catalogue in the store, how many hold each, and that a held one is not removed under its holders.
//
// Flow: read live -> finalizer -> catalogue -> status. A Scope that is being deleted waits for its holders, then leaves
// the catalogue, then the API. Thread-safe; a key must be in one call at a time.
#pragma once

#include "controller/reconcilers/services.h"

namespace neoid::reconcilers {

class ScopeReconciler {
 public:
  explicit ScopeReconciler(const Services& services);

  // Schedules the key's next pass; does not give it back to the queue.
  void reconcile(const api::ResourceKey& key);

 private:
  Result<PassResult> reconcile_or_fail(const api::ResourceKey& key, const Term& term);
  void tell_of_the_store(const api::ResourceKey& key, const Error& error);
  Result<void> remove_from_catalogue(const std::string& name, const std::string& actor, const Term& term);
  Result<bool> put_in_catalogue(const api::ScopeResource& scope, const Term& term);

  const Services services_;
};

}  // namespace neoid::reconcilers
