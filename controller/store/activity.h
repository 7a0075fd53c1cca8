// The audit trail's entries: what they say about a change, and the chain that makes them tamper-evident.
//
// entry n: hash = SHA-256(hash of n-1, then each field as "<bytes>:<text>"), in lower-case hex; before the
// first one stand 64 zeros. The database computes the same for changes that are not ours, so the text of each
// field is fixed: times in microseconds ("2026-02-03T04:05:06.000007Z"), numbers in decimal.
// Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/time.h"
#include "reconcile/plan/identity.h"

namespace neoid::store {

struct ActivityRecord {
  std::int64_t number = 0;
  Instant at;
  std::string user_id;  // empty: not about a user
  std::string cluster;  // of the subject's resource
  std::string kind;     // "IntegrationUser", "SystemIntegrationUser", "Scope"
  std::string ns;
  std::string name;
  std::string actor;
  std::string cause;
  std::string action;
  std::string before;  // JSON, or empty
  std::string after;
  std::string writer;  // which store object wrote it; empty: an outside change
};

std::string first_hash();  // what entry 1 is chained to
std::string chain_hash(std::string_view previous, const ActivityRecord& record);

// Follows the chain entry by entry.
class ChainVerifier {
 public:
  // The number of the first broken entry, once there is one.
  std::optional<std::int64_t> broken() const { return broken_; }
  // `hash` empty: not sealed yet, which only the last ones may be.
  void take(const ActivityRecord& record, std::string_view hash);
  // After the last one: what the head row says about it.
  void finish(std::int64_t head_number, std::string_view head_hash);

 private:
  std::int64_t next_ = 1;
  std::int64_t sealed_ = 0;
  std::string hash_ = first_hash();
  bool unsealed_seen_ = false;
  std::optional<std::int64_t> broken_;
};

struct ChangeText {
  std::string action;  // "IdentityCreated", "CredentialDelivered", ...
  std::string before;  // JSON of what changed; version numbers and states, never hashes
  std::string after;
};
// Null: no row. Both null: an empty action.
ChangeText describe_change(const plan::StoredIdentity* before, const plan::StoredIdentity* after);

std::string_view to_string(plan::UserKind kind);       // "custom", "system"
std::string_view to_string(plan::Standing standing);   // "owned", "left_behind", "released", "unowned"
std::string_view to_string(plan::VersionState state);  // "issued", "delivered", "revoked"
std::string_view resource_kind(plan::UserKind kind);   // "IntegrationUser", "SystemIntegrationUser"

}  // namespace neoid::store
