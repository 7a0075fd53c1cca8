// What the identity store holds for one integration user, and what one transaction may do to it.
//
// Pure values: controller/store turns them into SQL, reconcile/plan decides over them. The words and the
// rules of credential versions are those of docs/credential-protocol.md.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reconcile/api/resource_key.h"
#include "reconcile/base/crypto.h"
#include "reconcile/base/ids.h"
#include "reconcile/base/time.h"

namespace neoid::plan {

enum class UserKind { Custom, System };

// Which resource of which cluster a row belongs to.
struct Ownership {
  ClusterId cluster;
  api::ResourceKey resource;
  Uid uid;                    // of the resource
  Generation generation = 0;  // of the resource, as last stored; never goes back under the same uid
  bool operator==(const Ownership&) const = default;
};

// What the resource declares, as far as the store keeps it.
struct IdentityConfig {
  std::string display_name;
  std::string description;
  bool active = true;               // as declared; a hold overrides it
  std::vector<std::string> scopes;  // granted, sorted, no duplicates
  std::vector<std::string> tags;    // sorted, no duplicates
  std::string spec;  // system users only: the whole spec as JSON, to make the resource anew from; else empty
  bool operator==(const IdentityConfig&) const = default;
};

// An emergency deactivation: stays until it is lifted by a request that is later than `since`.
struct Hold {
  std::string reason;
  Instant since;
  bool operator==(const Hold&) const = default;
};

enum class VersionState { Issued, Delivered, Revoked };

struct StoredVersion {
  VersionNumber number = 0;
  Sha256 hash{};  // credentials::hash_client_secret
  VersionState state = VersionState::Issued;
  Instant issued_at;
  std::optional<Instant> delivered_at;
  std::optional<Instant> valid_until;  // nothing: until revoked
  bool for_absent_secret = false;      // its Secret was to be created, not updated
  std::string rotation_request;        // the rotate annotation that it answers
  std::optional<Instant> last_used;
  bool operator==(const StoredVersion&) const = default;

  // (issued or delivered) and not ended, at the database's `now`.
  bool accepted(Instant now) const {
    return state != VersionState::Revoked && (!valid_until || *valid_until > now);
  }
  // The version that is to be in the Secret: delivered, with no end.
  bool current() const { return state == VersionState::Delivered && !valid_until; }
};

enum class Standing {
  Owned,       // by the resource in `owner`
  LeftBehind,  // its resource was deleted with deletionPolicy Deactivate: the same cluster, namespace and
               // name resume it
  Released,    // its CRD went away, or `neoid release` gave it to a namespace (`released_to`)
  Unowned,     // neoid did not create it
};

struct StoredIdentity {
  UserId user_id;
  ClientId client_id;
  UserKind kind = UserKind::Custom;
  Standing standing = Standing::Owned;
  Ownership owner;
  std::string released_to;         // namespace that may adopt it; empty: none
  std::optional<Uid> predecessor;  // system users: the uid that the resource had before it was re-made
  IdentityConfig config;
  std::optional<Hold> hold;
  Instant updated_at;                   // when the configuration last changed
  bool untouched = true;                // the row's content still has the digest that our last write gave it
  std::string touched_by;               // who changed it since, where the database knows
  std::vector<StoredVersion> versions;  // by number, ascending; revoked ones may have been pruned
  bool operator==(const StoredIdentity&) const = default;

  bool active() const { return config.active && !hold; }
  const StoredVersion* version(VersionNumber number) const;
  const StoredVersion* current() const;
};

// Digest of what outside hands could change: kind, client ID, owner, config, hold. Hex SHA-256.
std::string digest(const StoredIdentity& identity);

// --- changes -----------------------------------------------------------------------------------

// Inserts the user, or brings its row to this content. Refused: a generation below the stored one of the same
// uid (Conflict "OldGeneration"), a row that is owned by another resource (Conflict "OwnedByAnother"), a
// client ID that anybody ever had (Conflict "ClientIdTaken"). Scopes that the catalogue lacks are not
// granted: the answer tells. LeftBehind, Released and Unowned rows become Owned only with `adopt`.
struct PutIdentity {
  UserKind kind = UserKind::Custom;
  ClientId client_id;
  IdentityConfig config;
  bool adopt = false;
  std::optional<Uid> predecessor;  // system users that were re-made
};

// Adds a version as `issued`. Refused: a number that is not above every stored one (Conflict "NumberTaken").
struct IssueVersion {
  VersionNumber number = 0;
  Sha256 hash{};
  Instant issued_at;
  bool for_absent_secret = false;
  std::string rotation_request;
};

// An accepted version as the resource's status lists it.
struct ListedVersion {
  VersionNumber number = 0;
  std::optional<Instant> valid_until;
  bool operator==(const ListedVersion&) const = default;
};

// What happens to every other `issued` or `delivered` version when one becomes current:
// - status does not list it and its number is not above `status_number`, or the end listed for it has passed:
// revoked;
// - status lists an end and the row has none: that end;
// - else, where it has no end yet: now + overlap.
struct Supersede {
  Duration overlap{0};
  VersionNumber status_number = 0;
  std::vector<ListedVersion> listed;
};

// `issued` becomes `delivered`, its end is cleared, the others are superseded. Refused with Conflict
// "StartAgain": no such `issued` row, or another `issued` one that was made for an absent Secret, without an
// end, is younger than `wait` by the database's clock.
struct DeliverVersion {
  VersionNumber number = 0;
  Duration wait{0};              // 2D and the margin
  std::optional<Instant> as_of;  // the database's clock when the Secret was read; nothing: now
  Supersede others;
};

// Registers what a valid seal names as current, whatever the store has forgotten; the others are superseded.
// Also for `source: Reference`, where the value comes from somebody else. `previous` is registered with its
// end.
struct HealVersion {
  VersionNumber number = 0;
  Sha256 hash{};
  Instant issued_at;
  std::string rotation_request;
  Duration wait{0};
  std::optional<Instant> as_of;  // as in DeliverVersion
  Supersede others;
  struct Previous {
    VersionNumber number = 0;
    Sha256 hash{};
    Instant issued_at;
    Instant valid_until;
  };
  std::optional<Previous> previous;
};

struct RevokeAll {};  // every version, now
struct PlaceHold {
  std::string reason;
};  // since: the database's now; a hold that is there stays
struct LiftHold {
  Instant requested_at;
};                         // only if later than the hold's `since`
struct LeaveBehind {};     // deletionPolicy Deactivate: inactive, revoked, standing LeftBehind
struct ReleaseOwner {};    // the CRD is gone: standing Released, credentials stay
struct DeleteIdentity {};  // revoked and removed; the client ID stays taken for ever

using Operation = std::variant<PutIdentity, IssueVersion, DeliverVersion, HealVersion, RevokeAll, PlaceHold,
                               LiftHold, LeaveBehind, ReleaseOwner, DeleteIdentity>;

// Everything that one transaction does to one identity, in order; all of it or nothing.
struct IdentityChange {
  UserId user_id;
  Ownership owner;    // who asks; also the new owner of a PutIdentity
  std::string actor;  // for the audit trail: the reported requester, or "neoid"
  std::string cause;  // for the audit trail: why ("spec changed", "drift", "rotation is due")
  std::vector<Operation> operations;
};

}  // namespace neoid::plan
