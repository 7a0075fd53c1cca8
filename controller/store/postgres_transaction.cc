#include "controller/store/postgres_transaction.h"

#include <fmt/format.h>

#include <utility>

#include "controller/store/identity_row.h"
#include "controller/store/postgres_rows.h"
#include "controller/store/postgres_sql.h"

namespace neoid::store {
namespace {

Result<void> nothing(Result<pqxx::result> result) {
  if (!result) return fail(std::move(result).error());
  return {};
}

std::vector<std::string_view> user_ids(std::span<const RowChange* const> rows) {
  std::vector<std::string_view> ids;
  for (const RowChange* row : rows) ids.push_back(row->user_id.value);
  return ids;
}

}  // namespace

namespace {

Result<void> fill_touched_by(PgConnection& connection, std::vector<LoadedIdentity>& identities) {
  std::vector<std::string> touched;
  for (const LoadedIdentity& loaded : identities) {
    if (!loaded.identity.untouched) touched.push_back(loaded.identity.user_id.value);
  }
  if (touched.empty()) return {};
  NEOID_TRY(const pqxx::result rows,
            connection.run("SELECT t.id, (SELECT actor FROM neoid.activity WHERE user_id = t.id AND "
                           "cause = 'outside' ORDER BY user_id DESC, number DESC LIMIT 1) "
                           "FROM unnest($1::text[]) AS t (id)",
                           pg_array(touched)));
  std::map<std::string, std::string> actors;
  for (const auto& row : rows) {
    if (!row[1].is_null()) actors[row[0].c_str()] = row[1].c_str();
  }
  for (LoadedIdentity& loaded : identities) {
    if (loaded.identity.untouched) continue;
    const auto found = actors.find(loaded.identity.user_id.value);
    if (found != actors.end()) loaded.identity.touched_by = found->second;
  }
  return {};
}

}  // namespace

Result<std::vector<LoadedIdentity>> decode_postgres_identities(PgConnection& connection,
                                                               const pqxx::result& rows) {
  std::vector<LoadedIdentity> identities;
  identities.reserve(rows.size());
  for (const auto& row : rows) {
    NEOID_TRY(LoadedIdentity loaded, decode_identity(read_identity_row(PgRow(row))));
    identities.push_back(std::move(loaded));
  }
  NEOID_TRY_VOID(fill_touched_by(connection, identities));
  return identities;
}

Result<std::unique_ptr<WriteTransaction>> PostgresTransaction::begin(std::unique_lock<std::mutex> lock,
                                                                     std::shared_ptr<PgConnection> connection,
                                                                     Setting setting,
                                                                     const WriterTerm* term) {
  std::unique_ptr<PostgresTransaction> transaction(
      new PostgresTransaction(std::move(lock), std::move(connection), std::move(setting)));
  PgConnection& session = *transaction->connection_;
  std::string sql = "BEGIN; ";
  if (term != nullptr) {
    sql += fmt::format(
        "SELECT neoid.micros(neoid.neoid_now()) FROM neoid.epochs WHERE cluster = {} AND n = {} AND "
        "holder = {} AND tableoid = {} FOR SHARE",
        session.quote(term->cluster.value), term->epoch, session.quote(term->holder), session.epochs_table);
  } else {
    sql += "SELECT neoid.micros(neoid.neoid_now())";
  }
  transaction->open_ = true;
  NEOID_TRY(const pqxx::result rows, session.run(sql));
  if (rows.empty()) return fail(ErrorKind::Denied, "another writer has taken over", "Fenced");
  transaction->now_ = instant_of(rows[0][0].as<std::int64_t>());
  NEOID_TRY_VOID(transaction->fault("begun"));
  return transaction;
}

PostgresTransaction::~PostgresTransaction() {
  if (open_ && !connection_->broken()) static_cast<void>(connection_->run(std::string("ROLLBACK")));
}

Result<void> PostgresTransaction::fault(std::string_view point) {
  return setting_.options.fault ? setting_.options.fault(point) : Result<void>();
}

Result<LoadedUsers> PostgresTransaction::load(const std::set<UserId>& users) {
  std::vector<std::string_view> ids;
  for (const UserId& user : users) ids.push_back(user.value);
  NEOID_TRY(const pqxx::result rows, connection_->run("SELECT " NEOID_POSTGRES_IDENTITY
                                                      "FROM neoid.users u WHERE u.user_id = ANY ($1::uuid[]) "
                                                      "ORDER BY u.user_id FOR UPDATE OF u",
                                                      pg_array(ids)));
  NEOID_TRY(std::vector<LoadedIdentity> identities, decode_postgres_identities(*connection_, rows));
  LoadedUsers found;
  for (LoadedIdentity& loaded : identities) {
    UserId user = loaded.identity.user_id;
    found.emplace_hint(found.end(), std::move(user), std::move(loaded));
  }
  NEOID_TRY_VOID(fault("loaded"));
  return found;
}

Result<void> PostgresTransaction::ask(const BatchQuestions& questions, BatchFacts& facts) {
  NameColumns places;
  std::vector<std::string> kinds;
  for (const api::ResourceKey& place : questions.places) {
    kinds.emplace_back(place.kind == api::Kind::SystemIntegrationUser ? "system" : "custom");
    places.user_id.push_back(place.ns);
    places.name.push_back(place.name);
  }
  std::vector<std::string> clients;
  for (const ClientId& client : questions.client_ids) clients.push_back(client.value);
  const std::vector<std::string> scopes(questions.scopes.begin(), questions.scopes.end());
  NEOID_TRY(const pqxx::result rows,
            connection_->run(
                "SELECT 'place', p.kind, p.namespace, p.name, u.user_id::text "
                "FROM unnest($2::text[], $3::text[], $4::text[]) AS p (kind, namespace, name) "
                "CROSS JOIN LATERAL (SELECT user_id FROM neoid.users WHERE cluster = $1::text AND "
                "kind = p.kind AND namespace = p.namespace AND name = p.name AND standing <> 'unowned' "
                "OFFSET 0) u "  // OFFSET 0: one look into the index for each, whatever the planner thinks
                "UNION ALL SELECT 'client', client_id, '', '', user_id::text FROM neoid.client_ids "
                "WHERE client_id = ANY ($5::text[]) "
                "UNION ALL SELECT 'scope', name, '', '', '' FROM neoid.scopes WHERE name = ANY ($6::text[])",
                questions.cluster.value, pg_array(kinds), pg_array(places.user_id), pg_array(places.name),
                pg_array(clients), pg_array(scopes)));
  for (const auto& row : rows) {
    const std::string about = row[0].c_str();
    if (about == "place") {
      const api::Kind kind = std::string_view(row[1].c_str()) == "system" ? api::Kind::SystemIntegrationUser
                                                                          : api::Kind::IntegrationUser;
      facts.places.emplace(api::ResourceKey{kind, row[2].c_str(), row[3].c_str()}, UserId(row[4].c_str()));
    } else if (about == "client") {
      facts.client_ids.emplace(ClientId(row[1].c_str()), UserId(row[4].c_str()));
    } else {
      facts.scopes.emplace(row[1].c_str());
    }
  }
  return {};
}

Result<std::vector<plan::StoredScope>> PostgresTransaction::load_scopes() {
  NEOID_TRY(const pqxx::result rows,
            connection_->run("SELECT name, display_name, description, tool, permissions, deprecated "
                             "FROM neoid.scopes ORDER BY name FOR UPDATE"));
  std::vector<plan::StoredScope> scopes;
  for (const auto& row : rows) {
    scopes.push_back(
        {row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str(), row[4].c_str(), row[5].as<bool>()});
  }
  return scopes;
}

Result<std::vector<UserId>> PostgresTransaction::holders_of(std::span<const std::string> scopes) {
  NEOID_TRY(const pqxx::result rows,
            connection_->run("SELECT DISTINCT user_id FROM neoid.grants WHERE scope = ANY ($1::text[])",
                             pg_array(std::vector<std::string>(scopes.begin(), scopes.end()))));
  std::vector<UserId> holders;
  for (const auto& row : rows) holders.emplace_back(row[0].c_str());
  return holders;
}

// Rows of system users are written as another role: everything else that is done as it would be a mistake.
Result<void> PostgresTransaction::write(std::span<const RowChange> rows) {
  std::vector<const RowChange*> custom;
  std::vector<const RowChange*> system;
  for (const RowChange& row : rows) (row.system() ? system : custom).push_back(&row);
  if (!custom.empty()) NEOID_TRY_VOID(write_rows(custom));
  if (!system.empty()) {
    NEOID_TRY_VOID(nothing(connection_->run("SET LOCAL ROLE neoid_platform")));
    NEOID_TRY_VOID(write_rows(system));
    NEOID_TRY_VOID(nothing(connection_->run("SET LOCAL ROLE neoid_controller")));
  }
  return fault("written");
}

Result<void> PostgresTransaction::write_rows(std::span<const RowChange* const> rows) {
  NEOID_TRY_VOID(delete_users(rows));
  NEOID_TRY_VOID(write_users(rows));
  NEOID_TRY_VOID(write_names(rows));
  return write_versions(rows);
}

Result<void> PostgresTransaction::delete_users(std::span<const RowChange* const> rows) {
  std::vector<const RowChange*> gone;
  for (const RowChange* row : rows) {
    if (!row->after) gone.push_back(row);
  }
  if (gone.empty()) return {};
  constexpr const char* kRevoke =
      "UPDATE neoid.credential_versions SET state = 'revoked' WHERE user_id = ANY ($1::uuid[]) "
      "AND state <> 'revoked'";
  const std::string ids = pg_array(user_ids(gone));
  for (const char* sql : {kRevoke, "DELETE FROM neoid.credential_versions WHERE user_id = ANY ($1::uuid[])",
                          "DELETE FROM neoid.grants WHERE user_id = ANY ($1::uuid[])",
                          "DELETE FROM neoid.tags WHERE user_id = ANY ($1::uuid[])",
                          "DELETE FROM neoid.last_used WHERE user_id = ANY ($1::uuid[])",
                          "DELETE FROM neoid.users WHERE user_id = ANY ($1::uuid[])"}) {
    NEOID_TRY_VOID(nothing(connection_->run(sql, ids)));
  }
  return {};
}

namespace {

#define NEOID_CONTENT_COLUMNS                                                                     \
  "unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], " \
  "$8::boolean[], $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::text[]"
#define NEOID_CONTENT_NAMES                                                                       \
  "user_id, uid, generation, released_to, predecessor, display_name, description, active, spec, " \
  "hold_reason, hold_since, updated_at, digest"
#define NEOID_SET_CONTENT                                                                              \
  "uid = n.uid, generation = n.generation, released_to = n.released_to, predecessor = n.predecessor, " \
  "display_name = n.display_name, description = n.description, active = n.active, spec = n.spec, "     \
  "hold_reason = n.hold_reason, hold_since = neoid.instant(n.hold_since), "                            \
  "updated_at = neoid.instant(n.updated_at), digest = n.digest"

#define NEOID_ALL_COLUMNS                                                                 \
  NEOID_CONTENT_COLUMNS                                                                   \
  ", $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[]) AS n " \
  "(" NEOID_CONTENT_NAMES ", kind, client_id, standing, cluster, namespace, name)"

constexpr const char* kUpdateContent =
    "UPDATE neoid.users u SET " NEOID_SET_CONTENT " FROM " NEOID_CONTENT_COLUMNS
    ") AS n (" NEOID_CONTENT_NAMES ") WHERE u.user_id = n.user_id";
constexpr const char* kUpdateAll =
    "UPDATE neoid.users u SET " NEOID_SET_CONTENT
    ", kind = n.kind, client_id = n.client_id, standing = n.standing, cluster = n.cluster, "
    "namespace = n.namespace, name = n.name FROM " NEOID_ALL_COLUMNS " WHERE u.user_id = n.user_id";
constexpr const char* kInsertUsers =
    "INSERT INTO neoid.users (" NEOID_CONTENT_NAMES
    ", kind, client_id, standing, cluster, namespace, name) SELECT user_id, uid, generation, released_to, "
    "predecessor, display_name, description, active, spec, hold_reason, neoid.instant(hold_since), "
    "neoid.instant(updated_at), digest, kind, client_id, standing, cluster, namespace, name "
    "FROM " NEOID_ALL_COLUMNS;

// `more`: the columns behind those of the content.
template <class... More>
Result<void> send_content(PgConnection& connection, const char* sql, const UserColumns& rows,
                          const More&... more) {
  return nothing(connection.run(
      sql, pg_array(rows.user_id), pg_array(rows.uid), pg_array(rows.generation), pg_array(rows.released_to),
      pg_array(rows.predecessor), pg_array(rows.display_name), pg_array(rows.description),
      pg_array(rows.active), pg_array(rows.spec), pg_array(rows.hold_reason), pg_array(rows.hold_since),
      pg_array(rows.updated_at), pg_array(rows.digest), more...));
}

Result<void> send_users(PgConnection& connection, const char* sql, const UserColumns& rows) {
  if (rows.empty()) return {};
  return send_content(connection, sql, rows, pg_array(rows.kind), pg_array(rows.client_id),
                      pg_array(rows.standing), pg_array(rows.cluster), pg_array(rows.ns),
                      pg_array(rows.name));
}

Result<void> send_names(PgConnection& connection, const char* sql, const NameColumns& rows) {
  if (rows.empty()) return {};
  return nothing(connection.run(sql, pg_array(rows.user_id), pg_array(rows.name)));
}

constexpr const char* kUpdateVersions =
    "UPDATE neoid.credential_versions v SET state = n.state, delivered_at = neoid.instant(n.delivered_at), "
    "valid_until = neoid.instant(n.valid_until) "
    "FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) "
    "AS n (user_id, number, state, delivered_at, valid_until) "
    "WHERE v.user_id = n.user_id AND v.number = n.number";

Result<void> update_versions(PgConnection& connection, const VersionColumns& rows) {
  if (rows.empty()) return {};
  return nothing(connection.run(kUpdateVersions, pg_array(rows.user_id), pg_array(rows.number),
                                pg_array(rows.state), pg_array(rows.delivered_at),
                                pg_array(rows.valid_until)));
}

constexpr const char* kInsertVersions =
    "INSERT INTO neoid.credential_versions (user_id, number, hash, state, issued_at, delivered_at, "
    "valid_until, for_absent, rotation_request) "
    "SELECT user_id, number, decode(hash, 'hex'), state, neoid.instant(issued_at), "
    "neoid.instant(delivered_at), neoid.instant(valid_until), for_absent, rotation_request "
    "FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], "
    "$8::boolean[], $9::text[]) AS n (user_id, number, hash, state, issued_at, delivered_at, valid_until, "
    "for_absent, rotation_request)";

Result<void> insert_versions(PgConnection& connection, const VersionColumns& rows) {
  if (rows.empty()) return {};
  return nothing(connection.run(kInsertVersions, pg_array(rows.user_id), pg_array(rows.number),
                                pg_array(rows.hash), pg_array(rows.state), pg_array(rows.issued_at),
                                pg_array(rows.delivered_at), pg_array(rows.valid_until),
                                pg_array(rows.for_absent), pg_array(rows.rotation_request)));
}

Result<void> remove_versions(PgConnection& connection, const VersionColumns& rows) {
  if (rows.empty()) return {};
  const std::string users = pg_array(rows.user_id);
  const std::string numbers = pg_array(rows.number);
  for (const char* sql :
       {"UPDATE neoid.credential_versions v SET state = 'revoked' FROM unnest($1::uuid[], $2::bigint[]) "
        "AS n (user_id, number) WHERE v.user_id = n.user_id AND v.number = n.number AND state <> 'revoked'",
        "DELETE FROM neoid.credential_versions v USING unnest($1::uuid[], $2::bigint[]) "
        "AS n (user_id, number) WHERE v.user_id = n.user_id AND v.number = n.number",
        "DELETE FROM neoid.last_used l USING unnest($1::uuid[], $2::bigint[]) "
        "AS n (user_id, number) WHERE l.user_id = n.user_id AND l.number = n.number"}) {
    NEOID_TRY_VOID(nothing(connection.run(sql, users, numbers)));
  }
  return {};
}

}  // namespace

Result<void> PostgresTransaction::write_users(std::span<const RowChange* const> rows) {
  UserColumns updated, moved, inserted;
  for (const RowChange* row : rows) {
    if (row->after) (row->before == nullptr ? inserted : row->moves() ? moved : updated).add(*row);
  }
  if (!updated.empty()) NEOID_TRY_VOID(send_content(*connection_, kUpdateContent, updated));
  NEOID_TRY_VOID(send_users(*connection_, kUpdateAll, moved));
  return send_users(*connection_, kInsertUsers, inserted);
}

Result<void> PostgresTransaction::write_names(std::span<const RowChange* const> rows) {
  static const std::vector<std::string> kNone;
  NameColumns grants_gone, grants_new, tags_gone, tags_new;
  for (const RowChange* row : rows) {
    if (!row->after) continue;
    const auto& scopes_before = row->before ? row->before->config.scopes : kNone;
    const auto& tags_before = row->before ? row->before->config.tags : kNone;
    grants_gone.add(row->user_id, scopes_before, row->after->config.scopes);
    grants_new.add(row->user_id, row->after->config.scopes, scopes_before);
    tags_gone.add(row->user_id, tags_before, row->after->config.tags);
    tags_new.add(row->user_id, row->after->config.tags, tags_before);
  }
  NEOID_TRY_VOID(send_names(*connection_,
                            "DELETE FROM neoid.grants g USING unnest($1::uuid[], $2::text[]) AS n (user_id, "
                            "name) WHERE g.user_id = n.user_id AND g.scope = n.name",
                            grants_gone));
  NEOID_TRY_VOID(send_names(
      *connection_, "INSERT INTO neoid.grants (user_id, scope) SELECT * FROM unnest($1::uuid[], $2::text[])",
      grants_new));
  NEOID_TRY_VOID(
      send_names(*connection_,
                 "DELETE FROM neoid.tags t USING unnest($1::uuid[], $2::text[]) AS n (user_id, name) "
                 "WHERE t.user_id = n.user_id AND t.tag = n.name",
                 tags_gone));
  return send_names(*connection_,
                    "INSERT INTO neoid.tags (user_id, tag) SELECT * FROM unnest($1::uuid[], $2::text[])",
                    tags_new);
}

Result<void> PostgresTransaction::write_versions(std::span<const RowChange* const> rows) {
  const VersionWrites writes = version_writes(rows);
  NEOID_TRY_VOID(remove_versions(*connection_, writes.removed));
  NEOID_TRY_VOID(update_versions(*connection_, writes.updated));
  NEOID_TRY_VOID(insert_versions(*connection_, writes.inserted));
  NEOID_TRY_VOID(update_versions(*connection_, writes.updated_current));
  return insert_versions(*connection_, writes.inserted_current);
}

Result<void> PostgresTransaction::write_scopes(std::span<const ScopeChange> scopes) {
  for (const ScopeChange& change : scopes) {
    if (!change.after) {
      NEOID_TRY_VOID(
          nothing(connection_->run("DELETE FROM neoid.scopes WHERE name = $1::text", change.before->name)));
      continue;
    }
    const plan::StoredScope& scope = *change.after;
    NEOID_TRY_VOID(nothing(connection_->run(
        "INSERT INTO neoid.scopes (name, display_name, description, tool, permissions, deprecated) "
        "VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::boolean) "
        "ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name, "
        "description = excluded.description, tool = excluded.tool, permissions = excluded.permissions, "
        "deprecated = excluded.deprecated",
        scope.name, scope.display_name, scope.description, scope.tool, scope.permissions, scope.deprecated)));
  }
  return fault("written");
}

namespace {

// The entries as the columns of one unnest. Borrows the records.
struct EntryColumns {
  explicit EntryColumns(std::span<const ActivityRecord> records) {
    for (const ActivityRecord& record : records) {
      number.push_back(record.number);
      at.push_back(microseconds_of(record.at));
      user_id.push_back(record.user_id);
      cluster.push_back(record.cluster);
      kind.push_back(record.kind);
      ns.push_back(record.ns);
      name.push_back(record.name);
      actor.push_back(record.actor);
      cause.push_back(record.cause);
      action.push_back(record.action);
      before.push_back(record.before);
      after.push_back(record.after);
      writer.push_back(record.writer);
    }
  }
  std::vector<std::int64_t> number, at;
  std::vector<std::string_view> user_id, cluster, kind, ns, name, actor, cause, action, before, after, writer;
};

// Moves the head, if it is where it is thought to be, and only then writes the entries and tells of them: one round
// trip, whose first lock is the head's.
constexpr const char* kAppend =
    "WITH head AS (UPDATE neoid.activity_head SET number = $15::bigint, hash = $16::text "
    "WHERE number = $17::bigint AND hash = $18::text RETURNING 1), "
    "entries AS (INSERT INTO neoid.activity (number, at, user_id, cluster, kind, namespace, name, actor, "
    "cause, "
    "action, before, after, writer, hash) SELECT n.number, neoid.instant(n.at), n.user_id, n.cluster, "
    "n.kind, "
    "n.namespace, n.name, n.actor, n.cause, n.action, n.before, n.after, n.writer, n.hash FROM head, "
    "unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], "
    "$8::text[], "
    "$9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[]) AS n (number, at, user_id, "
    "cluster, kind, namespace, name, actor, cause, action, before, after, writer, hash)) "
    "SELECT pg_notify('neoid', pg_current_xact_id()::text) FROM head";

}  // namespace

Result<bool> PostgresTransaction::append_behind(const ActivityHead& head,
                                                std::vector<ActivityRecord>& records) {
  last_ = head;
  std::vector<std::string> hashes;
  hashes.reserve(records.size());
  for (ActivityRecord& record : records) {
    record.number = ++last_.number;
    last_.hash = chain_hash(last_.hash, record);
    hashes.push_back(last_.hash);
  }
  const EntryColumns entries(records);
  NEOID_TRY(const pqxx::result moved,
            connection_->run(kAppend, pg_array(entries.number), pg_array(entries.at),
                             pg_array(entries.user_id), pg_array(entries.cluster), pg_array(entries.kind),
                             pg_array(entries.ns), pg_array(entries.name), pg_array(entries.actor),
                             pg_array(entries.cause), pg_array(entries.action), pg_array(entries.before),
                             pg_array(entries.after), pg_array(entries.writer), pg_array(hashes),
                             last_.number, last_.hash, head.number, head.hash));
  return !moved.empty();
}

// The head is where our last transaction left it, unless somebody else has written since.
Result<void> PostgresTransaction::append(std::vector<ActivityRecord> records) {
  NEOID_TRY(bool appended,
            connection_->head.number > 0 ? append_behind(connection_->head, records) : Result<bool>(false));
  if (!appended) {
    NEOID_TRY(const pqxx::result rows,
              connection_->run("SELECT number, hash FROM neoid.activity_head FOR UPDATE"));
    if (rows.empty()) return fail(ErrorKind::Unavailable, "the activity has no head row", "Damaged");
    NEOID_TRY(appended, append_behind({rows[0][0].as<std::int64_t>(), rows[0][1].c_str()}, records));
    if (!appended) return fail(ErrorKind::Internal, "the activity's head moved under its lock");
  }
  return fault("appended");
}

Result<void> PostgresTransaction::commit() {
  NEOID_TRY_VOID(fault("committing"));
  const auto committed = connection_->run(std::string("COMMIT"));
  open_ = false;
  if (!committed) {
    if (!connection_->broken()) return fail(committed.error());
    // The answer was lost, which says nothing about the commit: the trail does.
    NEOID_TRY(const bool there, setting_.was_committed(last_.number, last_.hash));
    if (!there) return fail(committed.error());
  }
  connection_->head = std::move(last_);
  return fault("committed");
}

}  // namespace neoid::store
