// TokenStore: what the token service asks of the identity store, beside IdentityStore.
//
// Look-ups of one client as of one snapshot; a pulse that says in one round trip whether anything changed; the
// service's own tables: signing keys (sealed by it, the store never sees one) and revoked tokens.
// Works with the least role: neoid_token reads, and writes these tables and last_used (access.postgres.sql).
//
// Guarantees
// - A ClientLookUp, its `now` and its `position` are one snapshot: it holds every change up to that position.
// - Whoever read up to `position` and asks changes_after(position) misses no change (numbers have no gaps).
// - Revocations are numbered in the order of their commits, so revocations_after() misses none either.
// - change_keys() happens wholly, and only if nobody changed the keys since `expected` was read.
//
// Errors by kind: Unavailable, Conflict "KeysChanged", Internal. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controller/store/identity_store.h"
#include "reconcile/base/result.h"
#include "reconcile/plan/identity.h"

namespace neoid::store {

// A version that was not revoked. Whether it is accepted says plan::StoredVersion::accepted.
struct TokenVersion {
  VersionNumber number = 0;
  Sha256 hash{};
  plan::VersionState state = plan::VersionState::Issued;
  std::optional<Instant> valid_until;
};

struct TokenClient {
  UserId user_id;
  bool active = false;              // as declared, and no hold
  std::vector<std::string> scopes;  // granted and in the catalogue, sorted
  std::vector<TokenVersion> versions;
};

struct ClientLookUp {
  Instant now;  // the database's clock
  FeedPosition position = 0;
  std::optional<TokenClient> client;  // nothing: nobody has this client ID
};

struct Pulse {
  Instant now;  // the database's clock
  FeedPosition position = 0;
  std::int64_t keys = 0;         // grows with each change_keys
  std::int64_t revocations = 0;  // the last one's number
  std::string incarnation;  // another text: another database is behind the URL now (a restore, a restart)
};

struct TokenChange {
  FeedPosition position = 0;
  std::optional<UserId> user_id;
  std::string scope;  // the Scope that was changed; else empty
};

struct SealedKey {
  std::string kid;
  Instant created_at;
  std::string sealed;  // bytes
};

struct Revocation {
  std::int64_t number = 0;
  std::string jti;
  Instant expires_at;
};

class TokenStore {
 public:
  virtual ~TokenStore() = default;

  virtual Result<Pulse> pulse() = 0;
  virtual Result<ClientLookUp> find_client(const ClientId& client_id) = 0;
  virtual Result<std::vector<TokenChange>> changes_after(FeedPosition position, int limit) = 0;

  virtual Result<std::vector<SealedKey>> signing_keys() = 0;  // by created_at, then kid
  virtual Result<void> change_keys(std::int64_t expected, std::span<const SealedKey> add,
                                   std::span<const std::string> remove) = 0;

  // A second time changes nothing. Forgets revocations of tokens that have expired.
  virtual Result<void> revoke(const std::string& jti, Instant expires_at) = 0;
  virtual Result<std::vector<Revocation>> revocations_after(std::int64_t number, int limit) = 0;
};

// Never migrates: open_store comes first. Errors as there.
Result<std::unique_ptr<TokenStore>> open_token_store(const std::string& url, StoreOptions options = {});

}  // namespace neoid::store
