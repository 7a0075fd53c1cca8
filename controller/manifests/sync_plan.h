// What a pass does, decided: the order of applying, what is said twice, what may be pruned. Pure.
//
// Pruning errs on the side of keeping: what is gone by mistake can be deleted later, a deleted integration user's
// credential cannot be had back.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "controller/manifests/tree.h"

namespace neoid::manifests {

struct ObjectKey {
  std::string group, kind, ns, name;
  auto operator<=>(const ObjectKey&) const = default;
};
// "IntegrationUser.identity.neostella.com integrations/billing".
std::string describe(const ObjectKey& key);

// When a kind is applied: 0 namespaces, 1 CRDs, then what others refer to, webhook configurations last.
constexpr int kNamespaces = 0;
constexpr int kDefinitions = 1;
constexpr int kOthers = 2;  // the first rank of the rest
int rank_of(std::string_view group, std::string_view kind);

struct Ordered {
  std::vector<Manifest> manifests;  // by rank, then in the order of the tree
  std::vector<Problem> problems;    // what cannot be applied at all
};
// Leaves out what is no object (no apiVersion, kind or name), with a problem each.
Ordered in_order(std::vector<Manifest> manifests);

// The parts of an object that a server made and that cannot be applied are taken off (it was copied out of a server).
Json without_server_fields(Json object);

// One that was applied before.
struct Member {
  ObjectKey key;
  std::string uid;
  bool applied_by_us = false;  // its managed fields say so; a copied label alone does not
  bool deleting = false;
};

struct PruneFacts {
  bool folder_whole = true;   // every file was read, and every object has a known kind
  bool folder_empty = false;  // no object in it
};
struct PruneDecision {
  std::vector<Member> prune;  // in the order of deletion: the reverse of applying
  Problem held;               // why nothing is pruned; empty message: nothing held it
};
// `wanted` is sorted.
PruneDecision decide_prune(const std::vector<Member>& members, const std::vector<ObjectKey>& wanted,
                           const PruneFacts& facts);

}  // namespace neoid::manifests
