#include "controller/store/identity_row.h"

#include <algorithm>
#include <charconv>
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

// Reads the lists of a row straight from their JSON text, with no tree in between: every row that is looked at passes
// here. A text with an escape is left to the parser of trees.
class ListReader {
 public:
  explicit ListReader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    skip();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view word) {
    skip();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return std::nullopt;
    const std::string_view body = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (body.find('\\') == std::string_view::npos) return std::string(body);
    const Json parsed = Json::parse('"' + std::string(body) + '"', nullptr, false);
    return parsed.is_string() ? std::optional(parsed.get<std::string>()) : std::nullopt;
  }
  std::optional<std::int64_t> integer() {
    skip();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return number;
  }
  // Into `out`, where it is not null; false: neither.
  bool instant(std::optional<Instant>& out) {
    if (word("null")) return true;
    const auto number = integer();
    if (number) out = instant_of(*number);
    return number.has_value();
  }
  bool at_end() {
    skip();
    return rest_.empty();
  }
  // `item` reads one; false where the text is no list of them.
  template <class Item>
  bool list(Item item) {
    if (!take('[')) return false;
    if (take(']')) return true;
    do {
      if (!item()) return false;
    } while (take(','));
    return take(']');
  }

 private:
  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

bool read_strings(const std::string& text, std::vector<std::string>& out) {
  ListReader reader(text);
  const bool read = reader.list([&] {
    auto item = reader.string();
    if (item) out.push_back(std::move(*item));
    return item.has_value();
  });
  std::sort(out.begin(), out.end());
  return read && reader.at_end();
}

bool read_hash(const std::optional<std::string>& text, Sha256& hash) {
  const auto bytes = text ? unhex(*text) : std::nullopt;
  if (!bytes || bytes->size() != hash.size()) return false;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return true;
}

bool read_version(ListReader& reader, StoredVersion& version) {
  if (!reader.take('[')) return false;
  const auto number = reader.integer();
  if (!number || !reader.take(',') || !read_hash(reader.string(), version.hash) || !reader.take(','))
    return false;
  version.number = *number;
  const auto state = parse_state(reader.string().value_or(""));
  if (!state || !reader.take(',')) return false;
  version.state = *state;
  const auto issued_at = reader.integer();
  if (!issued_at || !reader.take(',')) return false;
  version.issued_at = instant_of(*issued_at);
  if (!reader.instant(version.delivered_at) || !reader.take(',')) return false;
  if (!reader.instant(version.valid_until) || !reader.take(',')) return false;
  version.for_absent_secret = reader.word("true") || reader.word("1");
  if (!version.for_absent_secret && !reader.word("false") && !reader.word("0")) return false;
  if (!reader.take(',')) return false;
  auto request = reader.string();
  if (!request || !reader.take(',')) return false;
  version.rotation_request = std::move(*request);
  return reader.instant(version.last_used) && reader.take(']');
}

bool read_versions(const std::string& text, std::vector<StoredVersion>& out) {
  ListReader reader(text);
  const bool read = reader.list([&] { return read_version(reader, out.emplace_back()); });
  std::sort(out.begin(), out.end(),
            [](const StoredVersion& a, const StoredVersion& b) { return a.number < b.number; });
  return read && reader.at_end();
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
