#include "controller/store/sqlite_transaction.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "controller/store/identity_row.h"
#include "controller/store/sqlite_sql.h"

namespace neoid::store {
namespace {

using plan::StoredIdentity;
using plan::StoredVersion;

// What the sorted `a` has and the sorted `b` lacks.
std::vector<std::string> missing_in(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> missing;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(missing));
  return missing;
}

std::string_view bytes_of(const Sha256& hash) {
  return std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size());
}

}  // namespace

Result<void> fill_touched_by(SqliteConnection& connection, StoredIdentity& identity) {
  if (identity.untouched) return {};
  NEOID_TRY(SqliteCursor rows, connection.prepare("SELECT actor FROM activity WHERE user_id = ? AND "
                                                  "cause = 'outside' ORDER BY number DESC LIMIT 1"));
  NEOID_TRY(const bool row, rows.bind(identity.user_id.value).next());
  if (row) identity.touched_by = rows.text(0);
  return {};
}

Result<LoadedUsers> load_sqlite_identities(SqliteConnection& connection, const std::set<UserId>& users) {
  LoadedUsers found;
  for (const UserId& user : users) {
    NEOID_TRY(SqliteCursor rows,
              connection.prepare("SELECT " NEOID_SQLITE_IDENTITY "FROM users u WHERE u.user_id = ?"));
    NEOID_TRY(const bool row, rows.bind(user.value).next());
    if (!row) continue;
    NEOID_TRY(LoadedIdentity loaded, decode_identity(read_identity_row(rows)));
    NEOID_TRY_VOID(fill_touched_by(connection, loaded.identity));
    found.emplace(user, std::move(loaded));
  }
  return found;
}

Result<std::unique_ptr<WriteTransaction>> SqliteTransaction::begin(std::unique_lock<std::mutex> lock,
                                                                   SqliteConnection& connection, Instant now,
                                                                   const StoreOptions& options,
                                                                   const WriterTerm* term) {
  std::unique_ptr<SqliteTransaction> transaction(
      new SqliteTransaction(std::move(lock), connection, now, options));
  NEOID_TRY_VOID(connection.execute("BEGIN IMMEDIATE"));
  if (term != nullptr) NEOID_TRY_VOID(transaction->fence(*term));
  NEOID_TRY_VOID(transaction->fault("begun"));
  return transaction;
}

SqliteTransaction::~SqliteTransaction() {
  if (connection_.in_transaction()) static_cast<void>(connection_.execute("ROLLBACK"));
}

Result<void> SqliteTransaction::fault(std::string_view point) {
  return options_.fault ? options_.fault(point) : Result<void>();
}

Result<void> SqliteTransaction::fence(const WriterTerm& term) {
  NEOID_TRY(SqliteCursor rows,
            connection_.prepare("SELECT 1 FROM epochs WHERE cluster = ? AND n = ? AND holder = ?"));
  NEOID_TRY(const bool row, rows.bind(term.cluster.value).bind(term.epoch).bind(term.holder).next());
  if (row) return {};
  return fail(ErrorKind::Denied, "another writer has taken over", "Fenced");
}

Result<LoadedUsers> SqliteTransaction::load(const std::set<UserId>& users) {
  NEOID_TRY(LoadedUsers found, load_sqlite_identities(connection_, users));
  NEOID_TRY_VOID(fault("loaded"));
  return found;
}

Result<void> SqliteTransaction::ask(const BatchQuestions& questions, BatchFacts& facts) {
  for (const api::ResourceKey& place : questions.places) {
    NEOID_TRY(SqliteCursor rows,
              connection_.prepare("SELECT user_id FROM users WHERE kind = ? AND cluster = ? AND "
                                  "namespace = ? AND name = ? AND standing <> 'unowned'"));
    const std::string_view kind = place.kind == api::Kind::SystemIntegrationUser ? "system" : "custom";
    NEOID_TRY(const bool row,
              rows.bind(kind).bind(questions.cluster.value).bind(place.ns).bind(place.name).next());
    if (row) facts.places.emplace(place, UserId(rows.text(0)));
  }
  for (const ClientId& client_id : questions.client_ids) {
    NEOID_TRY(SqliteCursor rows, connection_.prepare("SELECT user_id FROM client_ids WHERE client_id = ?"));
    NEOID_TRY(const bool row, rows.bind(client_id.value).next());
    if (row) facts.client_ids.emplace(client_id, UserId(rows.text(0)));
  }
  for (const std::string& scope : questions.scopes) {
    NEOID_TRY(SqliteCursor rows, connection_.prepare("SELECT 1 FROM scopes WHERE name = ?"));
    NEOID_TRY(const bool row, rows.bind(scope).next());
    if (row) facts.scopes.insert(scope);
  }
  return {};
}

Result<std::vector<plan::StoredScope>> SqliteTransaction::load_scopes() {
  std::vector<plan::StoredScope> scopes;
  NEOID_TRY(SqliteCursor rows, connection_.prepare("SELECT name, display_name, description, tool, "
                                                   "permissions, deprecated FROM scopes ORDER BY name"));
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return scopes;
    scopes.push_back(
        {rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.integer(5) != 0});
  }
}

Result<std::vector<UserId>> SqliteTransaction::holders_of(std::span<const std::string> scopes) {
  std::vector<UserId> holders;
  for (const std::string& scope : scopes) {
    NEOID_TRY(SqliteCursor rows, connection_.prepare("SELECT user_id FROM grants WHERE scope = ?"));
    rows.bind(scope);
    while (true) {
      NEOID_TRY(const bool row, rows.next());
      if (!row) break;
      holders.emplace_back(rows.text(0));
    }
  }
  return holders;
}

Result<void> SqliteTransaction::open_writer() {
  if (writer_open_) return {};
  writer_open_ = true;
  return connection_.execute("INSERT INTO writer_open (writer) VALUES ('neoid')");
}

Result<void> SqliteTransaction::write(std::span<const RowChange> rows) {
  NEOID_TRY_VOID(open_writer());
  for (const RowChange& row : rows) {
    if (!row.after) NEOID_TRY_VOID(delete_user(row.user_id));
  }
  static const std::vector<std::string> kNone;
  for (const RowChange& row : rows) {
    if (!row.after) continue;
    NEOID_TRY_VOID(write_user(row));
    NEOID_TRY_VOID(write_names("DELETE FROM grants WHERE user_id = ? AND scope = ?",
                               "INSERT INTO grants (user_id, scope) VALUES (?, ?)", row.user_id,
                               row.before ? row.before->config.scopes : kNone, row.after->config.scopes));
    NEOID_TRY_VOID(write_names("DELETE FROM tags WHERE user_id = ? AND tag = ?",
                               "INSERT INTO tags (user_id, tag) VALUES (?, ?)", row.user_id,
                               row.before ? row.before->config.tags : kNone, row.after->config.tags));
    NEOID_TRY_VOID(write_versions(row));
  }
  return fault("written");
}

Result<void> SqliteTransaction::delete_user(const UserId& user) {
  for (const char* sql :
       {"UPDATE credential_versions SET state = 'revoked' WHERE user_id = ? AND state <> 'revoked'",
        "DELETE FROM credential_versions WHERE user_id = ?", "DELETE FROM grants WHERE user_id = ?",
        "DELETE FROM tags WHERE user_id = ?", "DELETE FROM last_used WHERE user_id = ?",
        "DELETE FROM users WHERE user_id = ?"}) {
    NEOID_TRY(SqliteCursor statement, connection_.prepare(sql));
    NEOID_TRY_VOID(statement.bind(user.value).run());
  }
  return {};
}

Result<void> SqliteTransaction::write_user(const RowChange& row) {
  const StoredIdentity& after = *row.after;
  const char* insert =
      "INSERT INTO users (uid, generation, released_to, predecessor, display_name, description, active, "
      "spec, "
      "hold_reason, hold_since, updated_at, digest, user_id, kind, client_id, standing, cluster, namespace, "
      "name) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
  const char* move =
      "UPDATE users SET uid = ?1, generation = ?2, released_to = ?3, predecessor = ?4, display_name = ?5, "
      "description = ?6, active = ?7, spec = ?8, hold_reason = ?9, hold_since = ?10, updated_at = ?11, "
      "digest = ?12, kind = ?14, client_id = ?15, standing = ?16, cluster = ?17, namespace = ?18, name = ?19 "
      "WHERE user_id = ?13";
  const char* update =
      "UPDATE users SET uid = ?1, generation = ?2, released_to = ?3, predecessor = ?4, display_name = ?5, "
      "description = ?6, active = ?7, spec = ?8, hold_reason = ?9, hold_since = ?10, updated_at = ?11, "
      "digest = ?12 WHERE user_id = ?13";
  const bool stays = row.before && !row.moves();
  NEOID_TRY(SqliteCursor statement, connection_.prepare(stays ? update : row.before ? move : insert));
  statement.bind(after.owner.uid.value).bind(after.owner.generation).bind(after.released_to);
  after.predecessor ? statement.bind(after.predecessor->value) : statement.bind_null();
  statement.bind(after.config.display_name).bind(after.config.description).bind(after.config.active);
  statement.bind(after.config.spec);
  after.hold ? statement.bind(after.hold->reason).bind(after.hold->since) : statement.bind_null().bind_null();
  statement.bind(after.updated_at).bind(row.digest).bind(row.user_id.value);
  if (!stays) {
    statement.bind(to_string(after.kind)).bind(after.client_id.value).bind(to_string(after.standing));
    statement.bind(after.owner.cluster.value).bind(after.owner.resource.ns).bind(after.owner.resource.name);
  }
  return statement.run();
}

Result<void> SqliteTransaction::write_names(const char* remove, const char* add, const UserId& user,
                                            const std::vector<std::string>& before,
                                            const std::vector<std::string>& after) {
  for (const std::string& name : missing_in(before, after)) {
    NEOID_TRY(SqliteCursor statement, connection_.prepare(remove));
    NEOID_TRY_VOID(statement.bind(user.value).bind(name).run());
  }
  for (const std::string& name : missing_in(after, before)) {
    NEOID_TRY(SqliteCursor statement, connection_.prepare(add));
    NEOID_TRY_VOID(statement.bind(user.value).bind(name).run());
  }
  return {};
}

// The one that becomes current comes last: there is at most one at any time.
Result<void> SqliteTransaction::write_versions(const RowChange& row) {
  if (row.before) {
    for (const StoredVersion& version : row.before->versions) {
      if (row.after->version(version.number) == nullptr) {
        NEOID_TRY_VOID(remove_version(row.user_id, version.number));
      }
    }
  }
  for (const bool current : {false, true}) {
    for (const StoredVersion& version : row.after->versions) {
      if (version.current() != current) continue;
      NEOID_TRY_VOID(
          write_version(row.user_id, row.before ? row.before->version(version.number) : nullptr, version));
    }
  }
  return {};
}

Result<void> SqliteTransaction::write_version(const UserId& user, const StoredVersion* before,
                                              const StoredVersion& after) {
  if (before != nullptr && *before == after) return {};
  NEOID_TRY(SqliteCursor statement,
            connection_.prepare(before != nullptr
                                    ? "UPDATE credential_versions SET state = ?, delivered_at = ?, "
                                      "valid_until = ? WHERE user_id = ? AND number = ?"
                                    : "INSERT INTO credential_versions (state, delivered_at, valid_until, "
                                      "user_id, number, hash, issued_at, for_absent, rotation_request) "
                                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  statement.bind(to_string(after.state)).bind(after.delivered_at).bind(after.valid_until);
  statement.bind(user.value).bind(after.number);
  if (before == nullptr) {
    statement.bind_blob(bytes_of(after.hash)).bind(after.issued_at).bind(after.for_absent_secret);
    statement.bind(after.rotation_request);
  }
  return statement.run();
}

Result<void> SqliteTransaction::remove_version(const UserId& user, VersionNumber number) {
  for (const char* sql : {"UPDATE credential_versions SET state = 'revoked' WHERE user_id = ? AND number = ?",
                          "DELETE FROM credential_versions WHERE user_id = ? AND number = ?",
                          "DELETE FROM last_used WHERE user_id = ? AND number = ?"}) {
    NEOID_TRY(SqliteCursor statement, connection_.prepare(sql));
    NEOID_TRY_VOID(statement.bind(user.value).bind(number).run());
  }
  return {};
}

Result<void> SqliteTransaction::write_scopes(std::span<const ScopeChange> scopes) {
  NEOID_TRY_VOID(open_writer());
  for (const ScopeChange& change : scopes) {
    if (!change.after) {
      NEOID_TRY(SqliteCursor remove, connection_.prepare("DELETE FROM scopes WHERE name = ?"));
      NEOID_TRY_VOID(remove.bind(change.before->name).run());
      continue;
    }
    NEOID_TRY(SqliteCursor put,
              connection_.prepare(change.before
                                      ? "UPDATE scopes SET display_name = ?, description = ?, tool = ?, "
                                        "permissions = ?, deprecated = ? WHERE name = ?"
                                      : "INSERT INTO scopes (display_name, description, tool, permissions, "
                                        "deprecated, name) VALUES (?, ?, ?, ?, ?, ?)"));
    const plan::StoredScope& scope = *change.after;
    put.bind(scope.display_name).bind(scope.description).bind(scope.tool).bind(scope.permissions);
    NEOID_TRY_VOID(put.bind(scope.deprecated).bind(scope.name).run());
  }
  return fault("written");
}

Result<std::string> SqliteTransaction::seal_pending() {
  NEOID_TRY(SqliteCursor head, connection_.prepare("SELECT number, sealed, hash FROM activity_head"));
  NEOID_TRY(const bool has_head, head.next());
  if (!has_head) return fail(sqlite_error(SQLITE_CORRUPT, "no head", connection_.path()));
  std::string hash = head.text(2);
  if (head.integer(0) == head.integer(1)) return hash;
  NEOID_TRY(SqliteCursor rows,
            connection_.prepare("SELECT number, at, user_id, cluster, kind, namespace, name, actor, cause, "
                                "action, before, after, writer FROM activity WHERE number > ? "
                                "ORDER BY number"));
  rows.bind(head.integer(1));
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return hash;
    const ActivityRecord record{rows.integer(0), instant_of(rows.integer(1)),
                                rows.text(2),    rows.text(3),
                                rows.text(4),    rows.text(5),
                                rows.text(6),    rows.text(7),
                                rows.text(8),    rows.text(9),
                                rows.text(10),   rows.text(11),
                                rows.text(12)};
    hash = chain_hash(hash, record);
    NEOID_TRY(SqliteCursor seal, connection_.prepare("UPDATE activity SET hash = ? WHERE number = ?"));
    NEOID_TRY_VOID(seal.bind(hash).bind(record.number).run());
  }
}

Result<void> SqliteTransaction::append(std::vector<ActivityRecord> records) {
  NEOID_TRY_VOID(open_writer());
  NEOID_TRY(std::string hash, seal_pending());
  std::int64_t number = 0;
  {
    NEOID_TRY(SqliteCursor head, connection_.prepare("SELECT number FROM activity_head"));
    NEOID_TRY(const bool row, head.next());
    if (row) number = head.integer(0);
  }
  for (ActivityRecord& record : records) {
    record.number = ++number;
    hash = chain_hash(hash, record);
    NEOID_TRY(SqliteCursor insert,
              connection_.prepare("INSERT INTO activity (number, at, user_id, cluster, kind, namespace, "
                                  "name, actor, cause, action, before, after, writer, hash) "
                                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    insert.bind(record.number).bind(record.at).bind(record.user_id).bind(record.cluster).bind(record.kind);
    insert.bind(record.ns).bind(record.name).bind(record.actor).bind(record.cause).bind(record.action);
    insert.bind(record.before).bind(record.after).bind(record.writer).bind(hash);
    NEOID_TRY_VOID(insert.run());
  }
  NEOID_TRY(SqliteCursor head, connection_.prepare("UPDATE activity_head SET sealed = ?, hash = ?"));
  NEOID_TRY_VOID(head.bind(number).bind(hash).run());
  return fault("appended");
}

Result<void> SqliteTransaction::commit() {
  if (writer_open_) NEOID_TRY_VOID(connection_.execute("DELETE FROM writer_open"));
  NEOID_TRY_VOID(fault("committing"));
  NEOID_TRY_VOID(connection_.execute("COMMIT"));
  return fault("committed");
}

}  // namespace neoid::store
