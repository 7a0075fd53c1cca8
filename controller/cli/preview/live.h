// What is there now: the store's rows, and what the cluster says where one is at hand.
//
// Errors by kind: those of controller/store and controller/kube. What a login may not see (Denied) is no error but a
// gap: it is said what cannot be known. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/kube/client.h"
#include "controller/store/identity_store.h"
#include "reconcile/api/resource_key.h"
#include "reconcile/base/result.h"
#include "reconcile/policy/scopes.h"

namespace neoid::preview {

using Labels = std::map<std::string, std::string>;

// Scopes as users may ask for them once the files were applied.
struct Catalogue {
  policy::Catalogue scopes;
  std::set<std::string> unbounded;  // whose allowedNamespaces nobody could say
};

class Live {
 public:
  // `cluster_id` may be empty; `client` null: no cluster is at hand. Invalid: which cluster is meant cannot be told.
  static Result<Live> open(std::unique_ptr<store::IdentityStore> store, std::unique_ptr<kube::Client> client,
                           const std::string& cluster_id);

  store::IdentityStore& store() { return *store_; }
  const ClusterId& cluster() const { return cluster_; }
  bool has_cluster() const { return client_ != nullptr; }
  const std::vector<plan::StoredScope>& stored_scopes() const { return stored_scopes_; }

  // nullopt: it is not there. Denied is the caller's to tell.
  Result<std::optional<Json>> resource(const api::ResourceKey& key) const;
  // nullopt: nobody could say.
  Result<std::optional<Labels>> namespace_labels(const std::string& ns);
  // The cluster's Scopes, or else the store's, whose allowedNamespaces are not known.
  Result<Catalogue> catalogue();

  // What could not be known, sorted.
  const std::set<std::string>& gaps() const { return gaps_; }
  void add_gap(std::string gap) { gaps_.insert(std::move(gap)); }

 private:
  Live() = default;
  Result<void> find_cluster(const std::string& cluster_id);

  std::unique_ptr<store::IdentityStore> store_;
  std::unique_ptr<kube::Client> client_;
  ClusterId cluster_;
  std::vector<plan::StoredScope> stored_scopes_;
  std::map<std::string, std::optional<Labels>> labels_;
  std::set<std::string> gaps_;
};

}  // namespace neoid::preview
