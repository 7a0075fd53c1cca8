#include "controller/store/identity_row.h"

#include <algorithm>
#include <utility>

#include "reconcile/base/crypto.h"
#include "reconcile/value/json.h"

namespace neoid::store {
namespace {

using plan::StoredVersion;
using plan::VersionState;

tl::unexpected<Error> not_a_row(const std::string& user) {
  return fail(ErrorKind::Internal, "the row of user " + user + " is none of this schema");
}

std::optional<plan::Standing> parse_standing(const std::string& text) {
  for (const auto standing : {plan::Standing::Owned, plan::Standing::LeftBehind, plan::Standing::Released,
                              plan::Standing::Unowned}) {
    if (to_string(standing) == text) return standing;
  }
  return std::nullopt;
}

std::optional<VersionState> parse_state(const std::string& text) {
  for (const auto state : {VersionState::Issued, VersionState::Delivered, VersionState::Revoked}) {
    if (to_string(state) == text) return state;
  }
  return std::nullopt;
}

bool read_strings(const std::string& text, std::vector<std::string>& out) {
  if (text == "[]") return true;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array()) return false;
  for (const Json& item : json) {
    if (!item.is_string()) return false;
    out.push_back(item.get<std::string>());
  }
  std::sort(out.begin(), out.end());
  return true;
}

std::optional<Instant> optional_instant(const Json& json) {
  return json.is_number_integer() ? std::optional(instant_of(json.get<std::int64_t>())) : std::nullopt;
}

bool read_version(const Json& json, StoredVersion& version) {
  if (!json.is_array() || json.size() != 9) return false;
  if (!json[0].is_number_integer() || !json[1].is_string() || !json[2].is_string() ||
      !json[3].is_number_integer() || !json[7].is_string()) {
    return false;
  }
  version.number = json[0].get<VersionNumber>();
  const auto hash = unhex(json[1].get<std::string>());
  const auto state = parse_state(json[2].get<std::string>());
  if (!hash || hash->size() != version.hash.size() || !state) return false;
  std::copy(hash->begin(), hash->end(), version.hash.begin());
  version.state = *state;
  version.issued_at = instant_of(json[3].get<std::int64_t>());
  version.delivered_at = optional_instant(json[4]);
  version.valid_until = optional_instant(json[5]);
  version.for_absent_secret =
      json[6].is_boolean() ? json[6].get<bool>() : json[6].is_number_integer() && json[6].get<int>() != 0;
  version.rotation_request = json[7].get<std::string>();
  version.last_used = optional_instant(json[8]);
  return true;
}

bool read_versions(const std::string& text, std::vector<StoredVersion>& out) {
  if (text == "[]") return true;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array()) return false;
  for (const Json& item : json) {
    if (!read_version(item, out.emplace_back())) return false;
  }
  std::sort(out.begin(), out.end(),
            [](const StoredVersion& a, const StoredVersion& b) { return a.number < b.number; });
  return true;
}

}  // namespace

Result<LoadedIdentity> decode_identity(IdentityRow row) {
  LoadedIdentity loaded;
  plan::StoredIdentity& identity = loaded.identity;
  identity.user_id = UserId(row.user_id);
  const auto standing = parse_standing(row.standing);
  if (!standing || (row.kind != "custom" && row.kind != "system")) return not_a_row(row.user_id);
  identity.kind = row.kind == "system" ? plan::UserKind::System : plan::UserKind::Custom;
  identity.standing = *standing;
  identity.client_id = ClientId(std::move(row.client_id));
  identity.owner.cluster = ClusterId(std::move(row.cluster));
  identity.owner.resource.kind =
      identity.kind == plan::UserKind::System ? api::Kind::SystemIntegrationUser : api::Kind::IntegrationUser;
  identity.owner.resource.ns = std::move(row.ns);
  identity.owner.resource.name = std::move(row.name);
  identity.owner.uid = Uid(std::move(row.uid));
  identity.owner.generation = row.generation;
  identity.released_to = std::move(row.released_to);
  if (row.predecessor) identity.predecessor = Uid(std::move(*row.predecessor));
  identity.config.display_name = std::move(row.display_name);
  identity.config.description = std::move(row.description);
  identity.config.active = row.active;
  identity.config.spec = std::move(row.spec);
  if (row.hold_since) {
    identity.hold = plan::Hold{row.hold_reason.value_or(""), instant_of(*row.hold_since)};
  }
  identity.updated_at = instant_of(row.updated_at);
  if (!read_strings(row.scopes, identity.config.scopes) || !read_strings(row.tags, identity.config.tags) ||
      !read_versions(row.versions, identity.versions)) {
    return not_a_row(row.user_id);
  }
  loaded.digest = std::move(row.digest);
  identity.untouched = plan::digest(identity) == loaded.digest;
  return loaded;
}

IdentityStore::SweepRow sweep_row(const plan::StoredIdentity& identity, Instant now) {
  IdentityStore::SweepRow row;
  row.standing = identity.standing;
  row.kind = identity.kind;
  row.user_id = identity.user_id;
  row.owner = identity.owner;
  row.active = identity.active();
  row.untouched = identity.untouched;
  row.has_accepted_version = std::any_of(identity.versions.begin(), identity.versions.end(),
                                         [&](const StoredVersion& version) { return version.accepted(now); });
  return row;
}

Acceptance unknown_client() {
  Acceptance acceptance;
  acceptance.reason = "UnknownClient";
  return acceptance;
}

std::vector<std::string> decode_names(const std::string& json_array) {
  std::vector<std::string> names;
  if (!read_strings(json_array, names)) names.clear();
  return names;
}

ActivityEntry activity_entry(ActivityRecord record) {
  ActivityEntry entry;
  entry.number = record.number;
  entry.at = record.at;
  if (!record.user_id.empty()) entry.user_id = UserId(std::move(record.user_id));
  entry.subject = record.kind;
  if (!record.name.empty()) {
    entry.subject += record.ns.empty() ? " " : " " + record.ns + "/";
    entry.subject += record.name;
  }
  entry.actor = std::move(record.actor);
  entry.cause = std::move(record.cause);
  entry.action = std::move(record.action);
  entry.before = std::move(record.before);
  entry.after = std::move(record.after);
  return entry;
}

FeedEntry feed_entry(const ActivityRecord& record, const ClusterId& cluster, const std::string& writer) {
  FeedEntry entry;
  entry.position = record.number;
  if (!record.user_id.empty()) entry.user_id = UserId(record.user_id);
  const auto kind = api::parse_kind(record.kind);
  if (kind && !record.name.empty() && (*kind == api::Kind::Scope || record.cluster == cluster.value)) {
    entry.resource = api::ResourceKey{*kind, record.ns, record.name};
  }
  entry.ours = record.writer == writer;
  entry.actor = record.actor;
  entry.action = record.action;
  return entry;
}

}  // namespace neoid::store
