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

// JSON written straight as text: every change of every user passes here twice. Members come sorted, as in Json.
void put(std::string& json, std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
  if (plain) {
    json += '"';
    json += text;
    json += '"';
  } else {
    json += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}
void put(std::string& json, const std::string& text) { put(json, std::string_view(text)); }
void put(std::string& json, bool flag) { json += flag ? "true" : "false"; }
void put(std::string& json, std::int64_t number) { json += std::to_string(number); }

void put(std::string& json, const plan::Hold& hold);
void put(std::string& json, const StoredVersion& version);
template <class T>
void put(std::string& json, const std::vector<T>& items);

template <class T>
void put_member(std::string& json, std::string_view name, const T& value) {
  if (json.back() != '{') json += ',';
  put(json, name);
  json += ':';
  put(json, value);
}

void put(std::string& json, const plan::Hold& hold) {
  json += '{';
  put_member(json, "reason", hold.reason);
  put_member(json, "since", format_micro_time(hold.since));
  json += '}';
}

void put(std::string& json, const StoredVersion& version) {
  json += '{';
  put_member(json, "number", version.number);
  if (!version.rotation_request.empty()) put_member(json, "rotationRequest", version.rotation_request);
  put_member(json, "state", to_string(version.state));
  if (version.valid_until) put_member(json, "validUntil", format_micro_time(*version.valid_until));
  json += '}';
}

template <class T>
void put(std::string& json, const std::vector<T>& items) {
  json += '[';
  for (const T& item : items) {
    if (json.back() != '[') json += ',';
    put(json, item);
  }
  json += ']';
}

// The fields of both sides that differ; one side alone is told whole.
class Difference {
 public:
  Difference(const StoredIdentity* before, const StoredIdentity* after) : before_(before), after_(after) {}

  template <class Get>
  void field(std::string_view name, Get get) {
    if (before_ != nullptr && after_ != nullptr && get(*before_) == get(*after_)) return;
    if (before_ != nullptr) add(old_, name, get(*before_));
    if (after_ != nullptr) add(new_, name, get(*after_));
  }
  std::string old_side() const { return before_ == nullptr ? "" : old_ + "}"; }
  std::string new_side() const { return after_ == nullptr ? "" : new_ + "}"; }

 private:
  template <class T>
  static void add(std::string& side, std::string_view name, const T& value) {
    put_member(side, name, value);
  }
  template <class T>
  static void add(std::string& side, std::string_view name, const std::optional<T>& value) {
    if (value) put_member(side, name, *value);
  }

  const StoredIdentity* before_;
  const StoredIdentity* after_;
  std::string old_ = "{";
  std::string new_ = "{";
};

Difference difference(const StoredIdentity* before, const StoredIdentity* after) {
  Difference found(before, after);
  found.field("active", [](const auto& one) { return one.config.active; });
  found.field("clientID", [](const auto& one) -> const std::string& { return one.client_id.value; });
  found.field("cluster", [](const auto& one) -> const std::string& { return one.owner.cluster.value; });
  found.field("description", [](const auto& one) -> const std::string& { return one.config.description; });
  found.field("displayName", [](const auto& one) -> const std::string& { return one.config.display_name; });
  found.field("generation", [](const auto& one) -> std::int64_t { return one.owner.generation; });
  found.field(
      "hold", [](const auto& one) -> const auto& { return one.hold; });
  found.field("kind", [](const auto& one) { return to_string(one.kind); });
  found.field("name", [](const auto& one) -> const std::string& { return one.owner.resource.name; });
  found.field("namespace", [](const auto& one) -> const std::string& { return one.owner.resource.ns; });
  found.field("predecessor", [](const auto& one) {
    return one.predecessor ? std::optional(one.predecessor->value) : std::nullopt;
  });
  found.field("releasedTo", [](const auto& one) -> const std::string& { return one.released_to; });
  found.field(
      "scopes", [](const auto& one) -> const auto& { return one.config.scopes; });
  found.field("spec", [](const auto& one) -> const std::string& { return one.config.spec; });
  found.field("standing", [](const auto& one) { return to_string(one.standing); });
  found.field(
      "tags", [](const auto& one) -> const auto& { return one.config.tags; });
  found.field("uid", [](const auto& one) -> const std::string& { return one.owner.uid.value; });
  found.field(
      "versions", [](const auto& one) -> const auto& { return one.versions; });
  return found;
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
  text.reserve(512 + record.before.size() + record.after.size());
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

ChangeText describe_change(const StoredIdentity* before, const StoredIdentity* after) {
  ChangeText text;
  if (before == nullptr && after == nullptr) return text;
  const Difference found = difference(before, after);
  text.action = before && after ? action_of(*before, *after) : after ? "IdentityCreated" : "IdentityDeleted";
  text.before = found.old_side();
  text.after = found.new_side();
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
