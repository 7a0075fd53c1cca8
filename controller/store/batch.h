// commit(), once for both forms: load, apply, write the differences, tell the activity.
//
// Flow: one transaction loads (and locks) the identities of the batch and what their operations ask about;
// apply.h computes the values after; rows that differ are written in a few statements; the activity entries
// come last, under the lock of the head row.
// Guarantees: a change that is refused leaves the others alone; where the database refuses a row that the
// checks let through (a race with outside hands), the transaction is given up and each change tried by
// itself. Nothing differs: nothing is written and nothing is committed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "controller/store/activity.h"
#include "controller/store/identity_store.h"
#include "reconcile/base/result.h"
#include "reconcile/plan/catalogue.h"
#include "reconcile/plan/identity.h"

namespace neoid::store {

// An identity with the digest that is in its row.
struct LoadedIdentity {
  plan::StoredIdentity identity;
  std::string digest;
};

using LoadedUsers = std::map<UserId, LoadedIdentity>;

// What the rows of the users that change do not answer.
struct BatchQuestions {
  ClusterId cluster;
  std::set<api::ResourceKey> places;
  std::set<ClientId> client_ids;
  std::set<std::string> scopes;
  bool empty() const { return places.empty() && client_ids.empty() && scopes.empty(); }
};

struct BatchFacts {
  std::map<api::ResourceKey, UserId> places;  // in the cluster that was asked about
  std::map<ClientId, UserId> client_ids;
  std::set<std::string> scopes;  // those that the catalogue has
};

// Borrows the identities; null: no row.
struct RowChange {
  UserId user_id;
  const plan::StoredIdentity* before = nullptr;
  const plan::StoredIdentity* after = nullptr;
  std::string digest;  // of the row after

  bool system() const { return (after ? after : before)->kind == plan::UserKind::System; }
  // Both are there, and a column that is in an index differs: SQLite writes an index anew for each column that is
  // named, PostgreSQL reads less where few are sent.
  bool moves() const {
    return before->kind != after->kind || before->client_id != after->client_id ||
           before->standing != after->standing || before->owner.cluster != after->owner.cluster ||
           before->owner.resource != after->owner.resource;
  }
};

struct ScopeChange {
  std::optional<plan::StoredScope> before;
  std::optional<plan::StoredScope> after;
};

// One write transaction of either form, fenced when it was begun for a term. Rolled back unless committed.
class WriteTransaction {
 public:
  virtual ~WriteTransaction() = default;
  virtual Instant now() const = 0;
  virtual Result<LoadedUsers> load(const std::set<UserId>& users) = 0;  // locked
  // Adds to what is known already.
  virtual Result<void> ask(const BatchQuestions& questions, BatchFacts& facts) = 0;
  virtual Result<std::vector<plan::StoredScope>> load_scopes() = 0;  // locked
  virtual Result<std::vector<UserId>> holders_of(std::span<const std::string> scopes) = 0;
  virtual Result<void> write(std::span<const RowChange> rows) = 0;
  virtual Result<void> write_scopes(std::span<const ScopeChange> scopes) = 0;
  // Numbers and chains the records; nothing may be written after it.
  virtual Result<void> append(std::vector<ActivityRecord> records) = 0;
  virtual Result<void> commit() = 0;
};

// Unlike every other session of a store object in this process.
std::uint64_t next_session();

using BeginTransaction = std::function<Result<std::unique_ptr<WriteTransaction>>()>;
using CommitResults = std::vector<Result<std::optional<plan::StoredIdentity>>>;

Result<CommitResults> commit_changes(const BeginTransaction& begin, const ClusterId& cluster,
                                     const std::string& writer,
                                     std::span<const plan::IdentityChange> changes);

Result<void> commit_scopes(const BeginTransaction& begin, const std::string& writer,
                           std::span<const plan::StoredScope> put, std::span<const std::string> remove,
                           const std::string& actor);

// `neoid release`: standing Released, to this namespace.
Result<void> commit_release(const BeginTransaction& begin, const std::string& writer, const UserId& user,
                            const std::string& to_namespace, const std::string& actor);

}  // namespace neoid::store
