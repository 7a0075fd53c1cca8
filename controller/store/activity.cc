#include "controller/store/activity.h"

#include <algorithm>
#include <utility>

#include "reconcile/base/crypto.h"
#include "reconcile/value/json.h"

namespace neoid::store {
namespace {

using plan::StoredIdentity;
using plan::StoredVersion;
using plan::VersionState;

void add_field(std::string& text, std::string_view field) {
  text += std::to_string(field.size());
  text += ':';
  text += field;
}

Json versions_json(const StoredIdentity& identity) {
  Json list = Json::array();
  for (const StoredVersion& version : identity.versions) {
    Json entry = {{"number", version.number}, {"state", to_string(version.state)}};
    if (version.valid_until) entry["validUntil"] = format_micro_time(*version.valid_until);
    if (!version.rotation_request.empty()) entry["rotationRequest"] = version.rotation_request;
    list.push_back(std::move(entry));
  }
  return list;
}

Json identity_json(const StoredIdentity& identity) {
  Json json = {{"kind", to_string(identity.kind)},           {"clientID", identity.client_id.value},
               {"standing", to_string(identity.standing)},   {"cluster", identity.owner.cluster.value},
               {"resource", identity.owner.resource.text()}, {"uid", identity.owner.uid.value},
               {"generation", identity.owner.generation},    {"displayName", identity.config.display_name},
               {"description", identity.config.description}, {"active", identity.config.active},
               {"scopes", identity.config.scopes},           {"tags", identity.config.tags},
               {"versions", versions_json(identity)}};
  if (!identity.config.spec.empty()) json["spec"] = identity.config.spec;
  if (!identity.released_to.empty()) json["releasedTo"] = identity.released_to;
  if (identity.predecessor) json["predecessor"] = identity.predecessor->value;
  if (identity.hold) {
    json["hold"] = {{"reason", identity.hold->reason}, {"since", format_micro_time(identity.hold->since)}};
  }
  return json;
}

// Keeps of each only what the other does not have.
void keep_differences(Json& before, Json& after) {
  Json only_before = Json::object();
  Json only_after = Json::object();
  for (const auto& [key, value] : before.items()) {
    if (!after.contains(key) || after[key] != value) only_before[key] = value;
  }
  for (const auto& [key, value] : after.items()) {
    if (!before.contains(key) || before[key] != value) only_after[key] = value;
  }
  before = std::move(only_before);
  after = std::move(only_after);
}

const StoredVersion* version_before(const StoredIdentity& before, const StoredVersion& version) {
  return before.version(version.number);
}

std::string version_action(const StoredIdentity& before, const StoredIdentity& after) {
  bool revoked = false;
  bool issued = false;
  for (const StoredVersion& version : after.versions) {
    const StoredVersion* old = version_before(before, version);
    if (version.current() && (old == nullptr || !old->current())) {
      return old == nullptr ? "CredentialHealed" : "CredentialDelivered";
    }
    issued |= version.state == VersionState::Issued && old == nullptr;
    revoked |=
        version.state == VersionState::Revoked && old != nullptr && old->state != VersionState::Revoked;
  }
  if (issued) return "CredentialIssued";
  return revoked ? "CredentialsRevoked" : "";
}

std::string action_of(const StoredIdentity& before, const StoredIdentity& after) {
  using plan::Standing;
  if (before.standing != after.standing) {
    switch (after.standing) {
      case Standing::Owned: return "IdentityAdopted";
      case Standing::LeftBehind: return "IdentityLeftBehind";
      case Standing::Released: return "IdentityReleased";
      case Standing::Unowned: break;
    }
  }
  if (before.active() != after.active())
    return after.active() ? "IdentityReactivated" : "IdentityDeactivated";
  if (before.hold != after.hold) return after.hold ? "HoldPlaced" : "HoldLifted";
  if (before.config != after.config || before.client_id != after.client_id) return "IdentityUpdated";
  if (std::string action = version_action(before, after); !action.empty()) return action;
  return "IdentityUpdated";
}

}  // namespace

std::string first_hash() { return std::string(64, '0'); }

std::string chain_hash(std::string_view previous, const ActivityRecord& record) {
  std::string text(previous);
  add_field(text, std::to_string(record.number));
  add_field(text, format_micro_time(record.at));
  for (const std::string* field :
       {&record.user_id, &record.cluster, &record.kind, &record.ns, &record.name, &record.actor,
        &record.cause, &record.action, &record.before, &record.after, &record.writer}) {
    add_field(text, *field);
  }
  return hex(sha256(text));
}

void ChainVerifier::take(const ActivityRecord& record, std::string_view hash) {
  if (broken_) return;
  if (record.number != next_) {
    broken_ = next_;  // the one that should be here is gone
    return;
  }
  ++next_;
  if (hash.empty()) {
    unsealed_seen_ = true;
    return;
  }
  std::string expected = chain_hash(hash_, record);
  if (unsealed_seen_ || expected != hash) {
    broken_ = record.number;
    return;
  }
  hash_ = std::move(expected);
  sealed_ = record.number;
}

void ChainVerifier::finish(std::int64_t head_number, std::string_view head_hash) {
  if (broken_) return;
  if (head_number != next_ - 1) {
    broken_ = std::min(head_number + 1, next_);
  } else if (head_hash != hash_) {
    broken_ = std::max<std::int64_t>(sealed_, 1);
  }
}

ChangeText describe_change(const std::optional<StoredIdentity>& before,
                           const std::optional<StoredIdentity>& after) {
  ChangeText text;
  if (!before && !after) return text;
  Json old_json = before ? identity_json(*before) : Json();
  Json new_json = after ? identity_json(*after) : Json();
  if (before && after) {
    keep_differences(old_json, new_json);
    text.action = action_of(*before, *after);
  } else {
    text.action = after ? "IdentityCreated" : "IdentityDeleted";
  }
  const auto dump = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  if (before) text.before = dump(old_json);
  if (after) text.after = dump(new_json);
  return text;
}

std::string_view to_string(plan::UserKind kind) {
  return kind == plan::UserKind::System ? "system" : "custom";
}

std::string_view to_string(plan::Standing standing) {
  switch (standing) {
    case plan::Standing::Owned: return "owned";
    case plan::Standing::LeftBehind: return "left_behind";
    case plan::Standing::Released: return "released";
    case plan::Standing::Unowned: return "unowned";
  }
  return "unowned";
}

std::string_view to_string(plan::VersionState state) {
  switch (state) {
    case VersionState::Issued: return "issued";
    case VersionState::Delivered: return "delivered";
    case VersionState::Revoked: return "revoked";
  }
  return "revoked";
}

std::string_view resource_kind(plan::UserKind kind) {
  return kind == plan::UserKind::System ? "SystemIntegrationUser" : "IntegrationUser";
}

}  // namespace neoid::store
