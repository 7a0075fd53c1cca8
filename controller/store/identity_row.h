// A row of users with its children as one record of texts: both forms select the same columns in this order.
//
//  0 user_id      5 namespace    10 predecessor*   15 hold_reason*   20 tags (JSON)
//  1 kind         6 name         11 display_name   16 hold_since*    21 versions (JSON)
//  2 client_id    7 uid          12 description    17 updated_at
//  3 standing     8 generation   13 active (0/1)   18 digest
//  4 cluster      9 released_to  14 spec           19 scopes (JSON)         * may be null
// versions: [[number, hex hash, state, issued_at, delivered_at, valid_until, for_absent, request, last_used]].
// Times are microseconds since 1970 UTC. Errors: Internal, where the row is none that this schema allows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controller/store/batch.h"
#include "reconcile/base/result.h"

namespace neoid::store {

struct IdentityRow {
  std::string user_id, kind, client_id, standing, cluster, ns, name, uid;
  std::int64_t generation = 0;
  std::string released_to;
  std::optional<std::string> predecessor;
  std::string display_name, description;
  bool active = true;
  std::string spec;
  std::optional<std::string> hold_reason;
  std::optional<std::int64_t> hold_since;
  std::int64_t updated_at = 0;
  std::string digest, scopes, tags, versions;
};

// untouched: the digest fits the content. touched_by is not known from the row.
Result<LoadedIdentity> decode_identity(IdentityRow row);

// `Row` has is_null(i), integer(i) and text(i).
template <class Row>
IdentityRow read_identity_row(const Row& row) {
  IdentityRow out;
  out.user_id = row.text(0);
  out.kind = row.text(1);
  out.client_id = row.text(2);
  out.standing = row.text(3);
  out.cluster = row.text(4);
  out.ns = row.text(5);
  out.name = row.text(6);
  out.uid = row.text(7);
  out.generation = row.integer(8);
  out.released_to = row.text(9);
  if (!row.is_null(10)) out.predecessor = row.text(10);
  out.display_name = row.text(11);
  out.description = row.text(12);
  out.active = row.integer(13) != 0;
  out.spec = row.text(14);
  if (!row.is_null(15)) out.hold_reason = row.text(15);
  if (!row.is_null(16)) out.hold_since = row.integer(16);
  out.updated_at = row.integer(17);
  out.digest = row.text(18);
  out.scopes = row.text(19);
  out.tags = row.text(20);
  out.versions = row.text(21);
  return out;
}

// --- other rows that both forms read the same way -----------------------------------------------

IdentityStore::SweepRow sweep_row(const plan::StoredIdentity& identity, Instant now);
Acceptance unknown_client();
std::vector<std::string> decode_names(const std::string& json_array);  // sorted
ActivityEntry activity_entry(ActivityRecord record);
FeedEntry feed_entry(const ActivityRecord& record, const ClusterId& cluster, const std::string& writer);

// user_id, kind, version number, reason (empty: accepted), scopes (JSON)
template <class Row>
Acceptance read_acceptance(const Row& row) {
  Acceptance acceptance;
  acceptance.user_id = UserId(row.text(0));
  acceptance.kind = row.text(1) == "system" ? plan::UserKind::System : plan::UserKind::Custom;
  acceptance.version = row.integer(2);
  acceptance.reason = row.text(3);
  acceptance.accepted = acceptance.reason.empty();
  if (acceptance.accepted) acceptance.scopes = decode_names(row.text(4));
  return acceptance;
}

// number, at, user_id, cluster, kind, namespace, name, actor, cause, action, before, after, writer
template <class Row>
ActivityRecord read_activity(const Row& row) {
  ActivityRecord record;
  record.number = row.integer(0);
  record.at = Instant(Duration(row.integer(1)));
  record.user_id = row.text(2);
  record.cluster = row.text(3);
  record.kind = row.text(4);
  record.ns = row.text(5);
  record.name = row.text(6);
  record.actor = row.text(7);
  record.cause = row.text(8);
  record.action = row.text(9);
  record.before = row.text(10);
  record.after = row.text(11);
  record.writer = row.text(12);
  return record;
}

// number, user_id, cluster, kind, namespace, name, actor, action, writer
template <class Row>
FeedEntry read_feed_entry(const Row& row, const ClusterId& cluster, const std::string& writer) {
  ActivityRecord record;
  record.number = row.integer(0);
  record.user_id = row.text(1);
  record.cluster = row.text(2);
  record.kind = row.text(3);
  record.ns = row.text(4);
  record.name = row.text(5);
  record.actor = row.text(6);
  record.action = row.text(7);
  record.writer = row.text(8);
  return feed_entry(record, cluster, writer);
}

inline Instant instant_of(std::int64_t microseconds) { return Instant(Duration(microseconds)); }
inline std::int64_t microseconds_of(Instant instant) { return instant.time_since_epoch().count(); }

}  // namespace neoid::store
