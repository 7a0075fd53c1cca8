#include "controller/store/postgres_rows.h"

#include <algorithm>
#include <iterator>

#include "controller/store/activity.h"
#include "controller/store/identity_row.h"

namespace neoid::store {
namespace {

std::string_view flag(bool value) { return value ? "t" : "f"; }

std::optional<std::int64_t> micros(const std::optional<Instant>& instant) {
  return instant ? std::optional(microseconds_of(*instant)) : std::nullopt;
}

}  // namespace

void UserColumns::add(const RowChange& row) {
  const plan::StoredIdentity& after = *row.after;
  user_id.push_back(row.user_id.value);
  kind.emplace_back(to_string(after.kind));
  client_id.push_back(after.client_id.value);
  standing.emplace_back(to_string(after.standing));
  cluster.push_back(after.owner.cluster.value);
  ns.push_back(after.owner.resource.ns);
  name.push_back(after.owner.resource.name);
  uid.push_back(after.owner.uid.value);
  generation.push_back(after.owner.generation);
  released_to.push_back(after.released_to);
  predecessor.push_back(after.predecessor ? std::optional<std::string_view>(after.predecessor->value)
                                          : std::nullopt);
  display_name.push_back(after.config.display_name);
  description.push_back(after.config.description);
  active.push_back(flag(after.config.active));
  spec.push_back(after.config.spec);
  hold_reason.push_back(after.hold ? std::optional<std::string_view>(after.hold->reason) : std::nullopt);
  hold_since.push_back(after.hold ? std::optional(microseconds_of(after.hold->since)) : std::nullopt);
  updated_at.push_back(microseconds_of(after.updated_at));
  digest.push_back(row.digest);
}

void NameColumns::add(const UserId& user, const std::vector<std::string>& a,
                      const std::vector<std::string>& b) {
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(name));
  user_id.resize(name.size(), user.value);
}

void VersionColumns::add(const UserId& user, const plan::StoredVersion& version) {
  user_id.push_back(user.value);
  number.push_back(version.number);
  hash.push_back(hex(version.hash));
  state.emplace_back(to_string(version.state));
  issued_at.push_back(microseconds_of(version.issued_at));
  delivered_at.push_back(micros(version.delivered_at));
  valid_until.push_back(micros(version.valid_until));
  for_absent.push_back(flag(version.for_absent_secret));
  rotation_request.push_back(version.rotation_request);
}

VersionWrites version_writes(std::span<const RowChange* const> rows) {
  VersionWrites writes;
  for (const RowChange* row : rows) {
    if (!row->after) continue;
    if (row->before) {
      for (const plan::StoredVersion& version : row->before->versions) {
        if (row->after->version(version.number) == nullptr) writes.removed.add(row->user_id, version);
      }
    }
    for (const plan::StoredVersion& version : row->after->versions) {
      const plan::StoredVersion* before = row->before ? row->before->version(version.number) : nullptr;
      if (before != nullptr && *before == version) continue;
      const bool current = version.current();
      VersionColumns& columns = before != nullptr ? (current ? writes.updated_current : writes.updated)
                                                  : (current ? writes.inserted_current : writes.inserted);
      columns.add(row->user_id, version);
    }
  }
  return writes;
}

}  // namespace neoid::store
