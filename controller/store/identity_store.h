// IdentityStore: the port to the database that the platform trusts. Batch first.
//
// Two forms keep this contract, PostgreSQL and SQLite; tests/controller/store runs one suite against both.
// Nothing outside this folder knows the SQL of identities.
//
// Flow: a leader claims the right to write with its epoch; observe() reads many identities in one query;
// commit() does many changes in one fenced transaction and answers with the state that it left; the change
// feed tells what was changed, by us or behind our back.
//
// Guarantees
// - A commit() of a writer whose epoch was overtaken, or whose database session ended since its claim,
// changes nothing
//   (Denied, reason "Fenced"). The row of the epoch is locked as the first statement of each transaction.
// - All operations of one IdentityChange happen or none. Changes of one commit() share a transaction; where
// one of them
//   fails the others still happen (a failing one is retried by itself), and each has its own Result.
// - Every change leaves an activity entry and a feed entry in its own transaction.
// - Acceptance of a version is decided by the database's clock.
// - A lost connection in the middle of a commit is answered with what is known to have happened (it is looked
// up), or
//   Timeout where that cannot be found out.
//
// Errors by kind: Unavailable (not reachable, disk full, read-only), Denied "Fenced", Conflict (see the
// operations in reconcile/plan/identity.h), Invalid (a value that the schema refuses), Internal.
//
// Thread safety: every function may be called from any thread; commits of one store are serialised.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"
#include "reconcile/plan/catalogue.h"
#include "reconcile/plan/identity.h"

namespace neoid::store {

// Made by the first migration, kept by every backup.
struct StoreKeys {
  Secret sealing;      // HMAC of the seal in the Secret
  Secret fingerprint;  // HMAC of fingerprints in status
};

struct IdentityRef {
  api::ResourceKey resource;
  std::optional<UserId> adopt;  // also look at this user
};

struct ObservedIdentity {
  std::optional<plan::StoredIdentity>
      own;  // of (cluster, kind, namespace, name); Owned, LeftBehind or Released
  std::optional<plan::StoredIdentity> adoptable;  // the user that `adopt` names, whoever owns it
};

struct Observation {
  Instant now;                               // the database's clock, read before the rows
  std::vector<ObservedIdentity> identities;  // one for each ref, in order
};

// The right to write, from claim() until the session or the epoch ends.
struct WriterTerm {
  ClusterId cluster;
  Epoch epoch = 0;
  std::string holder;
  std::uint64_t session = 0;  // which connect of the fenced connection
};

using FeedPosition = std::int64_t;

struct FeedEntry {
  FeedPosition position = 0;
  std::optional<UserId> user_id;
  std::optional<api::ResourceKey> resource;  // the owner in this cluster, or the Scope that changed
  bool ours = false;                         // written by commit() or put_scopes() of this store object
  std::string actor;
  std::string action;  // "IdentityUpdated", ...
};

struct ActivityEntry {
  std::int64_t number = 0;
  Instant at;
  std::optional<UserId> user_id;
  std::string subject;  // "IntegrationUser apps/billing"
  std::string actor;
  std::string cause;
  std::string action;
  std::string before;  // JSON without secrets, or empty
  std::string after;
};

struct ActivityFilter {
  std::string name;  // resource name or user ID; empty: all
  std::optional<Instant> since;
  int limit = 1000;
};

// Whether a client ID and a secret's hash open the door now: the one function that the token service and the
// reconcilers share.
struct Acceptance {
  bool accepted = false;
  std::string reason;  // where not: "UnknownClient", "Inactive", "UnknownVersion", "Revoked", "Expired"
  UserId user_id;
  plan::UserKind kind = plan::UserKind::Custom;
  VersionNumber version = 0;
  std::vector<std::string> scopes;
};

// That a version opened the door just now, by the database's clock.
struct CredentialUse {
  UserId user_id;
  VersionNumber version = 0;
};

struct SchemaStatus {
  int version = 0;  // of the database
  int wanted = 0;   // of this program
  std::string description;
};

class IdentityStore {
 public:
  virtual ~IdentityStore() = default;

  virtual const StoreKeys& keys() const = 0;
  // A short text for people, without a password: "sqlite:/data/identity.db", "postgres://host/db".
  virtual std::string location() const = 0;
  virtual Result<SchemaStatus> schema_status() = 0;
  // Unavailable when the database does not answer.
  virtual Result<void> ping() = 0;

  // `UPDATE epoch ... WHERE n < :epoch` on a fresh or proven session of the fenced connection.
  // Conflict "EpochTaken" when the stored epoch is not below.
  virtual Result<WriterTerm> claim(const ClusterId& cluster, Epoch epoch, const std::string& holder) = 0;
  virtual Result<Epoch> stored_epoch(const ClusterId& cluster) = 0;  // 0: none yet
  virtual Result<std::vector<ClusterId>> clusters() = 0;             // that ever had a writer, sorted
  // Waits until the fenced session of this term is lost (true) or the time is over (false).
  virtual bool session_lost(const WriterTerm& term, std::chrono::milliseconds most = {}) = 0;

  // By (cluster, kind, namespace, name); system users included.
  virtual Result<Observation> observe(const ClusterId& cluster, std::span<const IdentityRef> refs) = 0;
  // One Result for each change, in order: the identity as the transaction left it (nothing: deleted).
  virtual Result<std::vector<Result<std::optional<plan::StoredIdentity>>>> commit(
      const WriterTerm& term, std::span<const plan::IdentityChange> changes) = 0;

  virtual Result<std::vector<plan::StoredScope>> scopes() = 0;
  // Fenced. Inserts or updates these, removes those: a removed scope takes its grants with it.
  virtual Result<void> put_scopes(const WriterTerm& term, std::span<const plan::StoredScope> put,
                                  std::span<const std::string> remove, const std::string& actor) = 0;
  // Owned users that hold this scope, custom ones first, at most `limit`; with their count in `total`.
  struct Holders {
    std::int64_t custom = 0;
    std::int64_t system = 0;
    std::vector<api::ResourceKey> some;  // custom ones, sorted
  };
  virtual Result<Holders> holders(const std::string& scope, int limit) = 0;

  virtual Result<FeedPosition> feed_end() = 0;
  virtual Result<std::vector<FeedEntry>> changes_after(const ClusterId& cluster, FeedPosition position,
                                                       int limit) = 0;
  // Returns when something may have been committed after the last call (by anybody, other processes
  // included), or after `most`, or when `stop` is requested.
  virtual void wait_for_change(std::chrono::milliseconds most, std::stop_token stop) = 0;

  // Every row of this cluster, streamed, in memory that does not grow with them. `visit` returns false to end
  // it.
  struct SweepRow {
    plan::Standing standing = plan::Standing::Owned;
    plan::UserKind kind = plan::UserKind::Custom;
    UserId user_id;
    plan::Ownership owner;
    bool active = false;
    bool untouched = true;
    bool has_accepted_version = false;
  };
  virtual Result<void> sweep(const ClusterId& cluster, const std::function<bool(const SweepRow&)>& visit) = 0;

  virtual Result<Acceptance> accepts(const ClientId& client_id, const Sha256& hash) = 0;
  // Not fenced: the token service tells, now and then, which versions were used. No feed entry.
  virtual Result<void> record_use(std::span<const CredentialUse> uses) = 0;

  // Platform's own commands.
  virtual Result<void> release(const UserId& user, const std::string& to_namespace,
                               const std::string& actor) = 0;
  virtual Result<std::vector<ActivityEntry>> activity(const ActivityFilter& filter) = 0;
  // The number of the first entry that was altered, removed or re-ordered; nothing: the chain is whole.
  virtual Result<std::optional<std::int64_t>> verify_activity() = 0;
};

enum class Migration {
  Apply,   // bring an older schema up to date; two at once are safe
  Refuse,  // an older schema is an error that names the command
};

struct StoreOptions {
  Migration migration = Migration::Refuse;
  // SQLite: the database's clock; nothing: the machine's. PostgreSQL has its own, the function neoid_now().
  std::function<Instant()> clock = nullptr;
  // For tests: called inside each write transaction at "begun", "loaded", "written", "appended", "committing"
  // and, after it, "committed"; an error is what the database would have said there.
  std::function<Result<void>(std::string_view point)> fault = nullptr;
};

// "sqlite:PATH", "postgres://...", "postgresql://..." or a libpq key=value text with "host=".
// Invalid: not a store URL; Unavailable: cannot be reached or opened (one line that says what to do, never a
// password); Invalid "NewerSchema": made by a newer program.
Result<std::unique_ptr<IdentityStore>> open_store(const std::string& url, StoreOptions options);
Result<std::unique_ptr<IdentityStore>> open_store(const std::string& url, Migration migration);

// SQLite only (PostgreSQL has pg_dump). Online: the writers go on. `to` must not exist yet.
Result<void> backup_store(const std::string& url, const std::string& to);
// Checks the backup and puts it in the place of the store; the file that was there stays beside it with the
// ending ".before-restore". Whoever has the old one open loses its right to write.
Result<void> restore_store(const std::string& url, const std::string& from);

}  // namespace neoid::store
