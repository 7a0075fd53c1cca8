// What an operation does to an identity: a pure function over values, the same for every form of the store.
//
// Each line of "Issuing", step 4, and of "Restored store" in docs/credential-protocol.md is decided here and
// nowhere else; the forms only load the value before, and write the difference to the value after.
// Errors by kind: Conflict with the reasons that reconcile/plan/identity.h names, Invalid. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "reconcile/base/result.h"
#include "reconcile/plan/identity.h"

namespace neoid::store {

// What the database knows beside the identity itself, as of the transaction.
struct ApplyFacts {
  Instant now;  // the database's clock
  std::function<bool(const std::string& scope)> scope_exists;
  std::function<std::optional<UserId>(const ClientId&)> client_id_holder;  // whoever has it or ever had it
  std::function<std::optional<UserId>(const api::ResourceKey&)> occupant;  // whose row is of that resource
};

// How many revoked versions of an identity are remembered (the highest numbers).
inline constexpr std::size_t kRevokedVersionsKept = 16;

// Changes `identity` in place; after an error it is unspecified. Nothing: no such row.
Result<void> apply_operation(const plan::Operation& operation, const plan::IdentityChange& change,
                             const ApplyFacts& facts, std::optional<plan::StoredIdentity>& identity);

// All operations of a change in order, on a copy.
Result<std::optional<plan::StoredIdentity>> apply_change(const plan::IdentityChange& change,
                                                         const ApplyFacts& facts,
                                                         std::optional<plan::StoredIdentity> identity);

}  // namespace neoid::store
