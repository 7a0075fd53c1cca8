#include "controller/store/apply.h"

#include <algorithm>
#include <utility>

namespace neoid::store {
namespace {

using plan::IdentityChange;
using plan::Standing;
using plan::StoredIdentity;
using plan::StoredVersion;
using plan::UserKind;
using plan::VersionState;
using Identity = std::optional<StoredIdentity>;

tl::unexpected<Error> start_again(std::string why) {
  return fail(ErrorKind::Conflict, std::move(why), "StartAgain");
}

bool same_place(const StoredIdentity& identity, const plan::Ownership& owner) {
  return identity.owner.cluster == owner.cluster && identity.owner.resource == owner.resource;
}

tl::unexpected<Error> owned_by_another(const StoredIdentity& identity) {
  return fail(ErrorKind::Conflict, "the user belongs to " + identity.owner.resource.text(), "OwnedByAnother");
}

// Who may take over a row that nobody owns now: the same resource come back, a resource of the namespace that
// left it behind, or the namespace that it was released to.
bool may_adopt(const StoredIdentity& identity, const plan::Ownership& owner) {
  if (identity.standing != Standing::Unowned && same_place(identity, owner)) return true;
  if (owner.resource.kind != api::Kind::IntegrationUser) return false;
  if (identity.standing == Standing::LeftBehind) {
    return identity.owner.cluster == owner.cluster && identity.owner.resource.ns == owner.resource.ns;
  }
  return !identity.released_to.empty() && identity.released_to == owner.resource.ns;
}

Result<void> check_owner(const StoredIdentity& identity, const plan::PutIdentity& put,
                         const plan::Ownership& owner) {
  if (identity.kind != put.kind) {
    return fail(ErrorKind::Conflict, "the user is of the other kind", "KindDiffers");
  }
  if (identity.standing == Standing::Owned) {
    if (!same_place(identity, owner)) return owned_by_another(identity);
  } else if (!put.adopt) {
    return fail(ErrorKind::Conflict, "the user is nobody's now and was not asked to be adopted",
                "NeedsAdoption");
  } else if (!may_adopt(identity, owner)) {
    return owned_by_another(identity);
  }
  if (identity.owner.uid == owner.uid && owner.generation < identity.owner.generation) {
    return fail(ErrorKind::Conflict, "a later generation of the resource is stored already", "OldGeneration");
  }
  return {};
}

Result<void> check_content(const plan::PutIdentity& put, const plan::Ownership& owner) {
  const bool system = put.kind == UserKind::System;
  if (put.client_id.empty()) return fail(ErrorKind::Invalid, "the client ID is empty");
  if (system != (owner.resource.kind == api::Kind::SystemIntegrationUser)) {
    return fail(ErrorKind::Invalid, "kind of user and kind of resource do not fit");
  }
  if (system && !put.config.active) return fail(ErrorKind::Invalid, "a system user is always active");
  return {};
}

void sort_unique(std::vector<std::string>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

Result<void> apply(const plan::PutIdentity& put, const IdentityChange& change, const ApplyFacts& facts,
                   Identity& identity) {
  NEOID_TRY_VOID(check_content(put, change.owner));
  if (identity) NEOID_TRY_VOID(check_owner(*identity, put, change.owner));
  if (const auto holder = facts.client_id_holder(put.client_id); holder && *holder != change.user_id) {
    return fail(ErrorKind::Conflict, "the client ID is or was another user's", "ClientIdTaken");
  }
  if (const auto occupant = facts.occupant(change.owner.resource); occupant && *occupant != change.user_id) {
    return fail(ErrorKind::Conflict, "another user belongs to " + change.owner.resource.text(),
                "OwnedByAnother");
  }
  plan::IdentityConfig config = put.config;
  sort_unique(config.scopes);
  sort_unique(config.tags);
  std::erase_if(config.scopes, [&](const std::string& scope) { return !facts.scope_exists(scope); });

  if (!identity) {
    identity.emplace();
    identity->user_id = change.user_id;
    identity->updated_at = facts.now;
  } else if (identity->config != config) {
    identity->updated_at = facts.now;
  }
  identity->kind = put.kind;
  identity->client_id = put.client_id;
  identity->standing = Standing::Owned;
  identity->owner = change.owner;
  identity->released_to.clear();
  if (put.predecessor) identity->predecessor = put.predecessor;
  identity->config = std::move(config);
  return {};
}

// Everything but PutIdentity acts on the row of the resource that asks, and on no other.
Result<void> check_asker(const Identity& identity, const plan::Ownership& owner) {
  if (identity && !same_place(*identity, owner)) return owned_by_another(*identity);
  return {};
}

StoredVersion* find_version(StoredIdentity& identity, VersionNumber number) {
  for (StoredVersion& version : identity.versions) {
    if (version.number == number) return &version;
  }
  return nullptr;
}

void insert_version(StoredIdentity& identity, StoredVersion version) {
  const auto place = std::find_if(identity.versions.begin(), identity.versions.end(),
                                  [&](const StoredVersion& other) { return other.number > version.number; });
  identity.versions.insert(place, std::move(version));
}

void forget_old_versions(StoredIdentity& identity) {
  auto revoked = static_cast<std::size_t>(
      std::count_if(identity.versions.begin(), identity.versions.end(),
                    [](const StoredVersion& version) { return version.state == VersionState::Revoked; }));
  std::erase_if(identity.versions, [&](const StoredVersion& version) {
    if (version.state != VersionState::Revoked || revoked <= kRevokedVersionsKept) return false;
    --revoked;
    return true;
  });
}

// A create that is still under way may yet land: then nothing is to be marked.
bool must_wait(const StoredIdentity& identity, VersionNumber number, Duration wait, Instant as_of) {
  return std::any_of(identity.versions.begin(), identity.versions.end(), [&](const StoredVersion& version) {
    return version.number != number && version.state == VersionState::Issued && version.for_absent_secret &&
           !version.valid_until && version.issued_at > as_of - wait;
  });
}

void supersede(StoredIdentity& identity, VersionNumber current, const plan::Supersede& rule, Instant now) {
  for (StoredVersion& version : identity.versions) {
    if (version.number == current || version.state == VersionState::Revoked) continue;
    const auto listed =
        std::find_if(rule.listed.begin(), rule.listed.end(),
                     [&](const plan::ListedVersion& entry) { return entry.number == version.number; });
    const bool is_listed = listed != rule.listed.end();
    const std::optional<Instant> end = is_listed ? listed->valid_until : std::nullopt;
    if ((!is_listed && version.number <= rule.status_number) || (end && *end <= now)) {
      version.state = VersionState::Revoked;
    } else if (!version.valid_until) {
      version.valid_until = end ? *end : now + rule.overlap;
    }
  }
  forget_old_versions(identity);
}

void make_current(StoredVersion& version, Instant now) {
  if (version.state != VersionState::Delivered) version.delivered_at = now;
  version.state = VersionState::Delivered;
  version.valid_until.reset();
}

Result<void> apply(const plan::IssueVersion& issue, const IdentityChange&, const ApplyFacts&,
                   Identity& identity) {
  if (!identity) return start_again("the user is not in the store");
  if (issue.number <= 0 ||
      (!identity->versions.empty() && identity->versions.back().number >= issue.number)) {
    return fail(ErrorKind::Conflict, "the version's number is not above every stored one", "NumberTaken");
  }
  StoredVersion version;
  version.number = issue.number;
  version.hash = issue.hash;
  version.issued_at = issue.issued_at;
  version.for_absent_secret = issue.for_absent_secret;
  version.rotation_request = issue.rotation_request;
  identity->versions.push_back(std::move(version));
  return {};
}

Result<void> apply(const plan::DeliverVersion& deliver, const IdentityChange&, const ApplyFacts& facts,
                   Identity& identity) {
  if (!identity) return start_again("the user is not in the store");
  StoredVersion* version = find_version(*identity, deliver.number);
  if (version == nullptr || version->state != VersionState::Issued || !version->accepted(facts.now)) {
    return start_again("no such issued version");
  }
  if (must_wait(*identity, deliver.number, deliver.wait, deliver.as_of.value_or(facts.now))) {
    return start_again("the creation of another Secret may be under way");
  }
  make_current(*version, facts.now);
  supersede(*identity, deliver.number, deliver.others, facts.now);
  return {};
}

Result<void> apply(const plan::HealVersion& heal, const IdentityChange&, const ApplyFacts& facts,
                   Identity& identity) {
  if (!identity) return start_again("the user is not in the store");
  if (heal.number <= 0) return fail(ErrorKind::Invalid, "the version has no number");
  if (must_wait(*identity, heal.number, heal.wait, heal.as_of.value_or(facts.now))) {
    return start_again("the creation of another Secret may be under way");
  }
  if (StoredVersion* version = find_version(*identity, heal.number)) {
    if (version->hash != heal.hash) return start_again("the store knows this number for another value");
    if (!version->accepted(facts.now)) {
      return fail(ErrorKind::Conflict, "the version has ended before", "Ended");
    }
    make_current(*version, facts.now);
  } else {
    StoredVersion made;
    made.number = heal.number;
    made.hash = heal.hash;
    made.issued_at = heal.issued_at;
    made.rotation_request = heal.rotation_request;
    make_current(made, facts.now);
    insert_version(*identity, std::move(made));
  }
  if (heal.previous && heal.previous->valid_until > facts.now &&
      find_version(*identity, heal.previous->number) == nullptr) {
    StoredVersion previous;
    previous.number = heal.previous->number;
    previous.hash = heal.previous->hash;
    previous.state = VersionState::Delivered;
    previous.issued_at = heal.previous->issued_at;
    previous.delivered_at = heal.previous->issued_at;
    previous.valid_until = heal.previous->valid_until;
    insert_version(*identity, std::move(previous));
  }
  supersede(*identity, heal.number, heal.others, facts.now);
  return {};
}

void revoke_all(StoredIdentity& identity) {
  for (StoredVersion& version : identity.versions) version.state = VersionState::Revoked;
  forget_old_versions(identity);
}

Result<void> apply(const plan::RevokeAll&, const IdentityChange&, const ApplyFacts&, Identity& identity) {
  if (identity) revoke_all(*identity);
  return {};
}

Result<void> apply(const plan::PlaceHold& place, const IdentityChange&, const ApplyFacts& facts,
                   Identity& identity) {
  if (!identity || identity->hold) return {};
  if (identity->kind == UserKind::System) return fail(ErrorKind::Invalid, "a system user is always active");
  identity->hold = plan::Hold{place.reason, facts.now};
  identity->updated_at = facts.now;
  return {};
}

Result<void> apply(const plan::LiftHold& lift, const IdentityChange&, const ApplyFacts& facts,
                   Identity& identity) {
  if (!identity || !identity->hold || lift.requested_at <= identity->hold->since) return {};
  identity->hold.reset();
  identity->updated_at = facts.now;
  return {};
}

Result<void> apply(const plan::LeaveBehind&, const IdentityChange&, const ApplyFacts& facts,
                   Identity& identity) {
  if (!identity) return {};
  if (identity->kind == UserKind::System) return fail(ErrorKind::Invalid, "a system user is always active");
  if (identity->config.active) {
    identity->config.active = false;
    identity->updated_at = facts.now;
  }
  identity->standing = Standing::LeftBehind;
  revoke_all(*identity);
  return {};
}

Result<void> apply(const plan::ReleaseOwner&, const IdentityChange&, const ApplyFacts&, Identity& identity) {
  if (identity) identity->standing = Standing::Released;
  return {};
}

Result<void> apply(const plan::DeleteIdentity&, const IdentityChange&, const ApplyFacts&,
                   Identity& identity) {
  identity.reset();
  return {};
}

}  // namespace

Result<void> apply_operation(const plan::Operation& operation, const IdentityChange& change,
                             const ApplyFacts& facts, std::optional<StoredIdentity>& identity) {
  if (!std::holds_alternative<plan::PutIdentity>(operation)) {
    NEOID_TRY_VOID(check_asker(identity, change.owner));
  }
  return std::visit([&](const auto& alternative) { return apply(alternative, change, facts, identity); },
                    operation);
}

Result<std::optional<StoredIdentity>> apply_change(const IdentityChange& change, const ApplyFacts& facts,
                                                   std::optional<StoredIdentity> identity) {
  for (const plan::Operation& operation : change.operations) {
    NEOID_TRY_VOID(apply_operation(operation, change, facts, identity));
  }
  return identity;
}

}  // namespace neoid::store
