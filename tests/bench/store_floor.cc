#include "tests/bench/store_floor.h"

#include <libpq-fe.h>
#include <sqlite3.h>

#include "controller/store/identity_row.h"
#include "controller/store/postgres_connection.h"

namespace neoid::store {
namespace {

const plan::StoredVersion& version_of(const FloorRow& row) { return row.identity.versions.front(); }

// --- SQLite --------------------------------------------------------------------------------------

class SqliteFloor final : public Floor {
 public:
  explicit SqliteFloor(const std::string& path) {
    sqlite3_open(path.c_str(), &db_);
    sqlite3_busy_timeout(db_, 5000);
    exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000");
    update_ = prepare("UPDATE users SET description = ?, updated_at = ?, digest = ? WHERE user_id = ?");
    insert_ = prepare(
        "INSERT INTO users (user_id, kind, client_id, standing, cluster, namespace, name, uid, generation, "
        "display_name, description, active, updated_at, digest) VALUES (?, 'custom', ?, 'owned', ?, ?, ?, ?, "
        "?, "
        "?, ?, 1, ?, ?)");
    grant_ = prepare("INSERT INTO grants (user_id, scope) VALUES (?, ?)");
    tag_ = prepare("INSERT INTO tags (user_id, tag) VALUES (?, ?)");
    version_ = prepare(
        "INSERT INTO credential_versions (user_id, number, hash, state, issued_at, delivered_at) "
        "VALUES (?, ?, ?, 'delivered', ?, ?)");
    entry_ = prepare(
        "INSERT INTO activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, action, "
        "before, "
        "after, writer, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    head_ = prepare("SELECT number, hash FROM activity_head");
    raise_ = prepare("UPDATE activity_head SET sealed = ?, hash = ?");
  }
  ~SqliteFloor() override {
    for (sqlite3_stmt* statement : {update_, insert_, grant_, tag_, version_, entry_, head_, raise_})
      sqlite3_finalize(statement);
    sqlite3_close(db_);
  }

  std::string update(std::span<FloorRow> rows) override {
    exec("BEGIN IMMEDIATE; INSERT INTO writer_open VALUES ('bench')");
    for (const FloorRow& row : rows) {
      const plan::StoredIdentity& user = row.identity;
      run(update_, user.config.description, user.updated_at, row.digest, user.user_id.value);
    }
    write_trail(rows);
    exec("DELETE FROM writer_open; COMMIT");
    return std::exchange(error_, "");
  }

  std::string create(std::span<FloorRow> rows, Trail trail) override {
    exec("BEGIN IMMEDIATE; INSERT INTO writer_open VALUES ('bench')");
    for (const FloorRow& row : rows) {
      const plan::StoredIdentity& user = row.identity;
      run(insert_, user.user_id.value, user.client_id.value, user.owner.cluster.value, user.owner.resource.ns,
          user.owner.resource.name, user.owner.uid.value, user.owner.generation, user.config.display_name,
          user.config.description, user.updated_at, row.digest);
      for (const std::string& scope : user.config.scopes) run(grant_, user.user_id.value, scope);
      for (const std::string& tag : user.config.tags) run(tag_, user.user_id.value, tag);
      const plan::StoredVersion& version = version_of(row);
      run(version_, user.user_id.value, version.number, version.hash, version.issued_at,
          *version.delivered_at);
    }
    if (trail == Trail::Written) write_trail(rows);
    exec("DELETE FROM writer_open; COMMIT");
    return std::exchange(error_, "");
  }

  std::string outside(const std::string& sql) override {
    exec(sql.c_str());
    return std::exchange(error_, "");
  }

 private:
  void write_trail(std::span<FloorRow> rows) {
    sqlite3_step(head_);
    std::int64_t number = sqlite3_column_int64(head_, 0);
    std::string hash = reinterpret_cast<const char*>(sqlite3_column_text(head_, 1));
    sqlite3_reset(head_);
    for (FloorRow& row : rows) {
      ActivityRecord& entry = row.entry;
      entry.number = ++number;
      hash = chain_hash(hash, entry);
      run(entry_, entry.number, entry.at, entry.user_id, entry.cluster, entry.kind, entry.ns, entry.name,
          entry.actor, entry.cause, entry.action, entry.before, entry.after, entry.writer, hash);
    }
    run(raise_, number, hash);
  }

  void exec(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) error_ = sqlite3_errmsg(db_);
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) error_ = sqlite3_errmsg(db_);
    return statement;
  }
  static void bind(sqlite3_stmt* statement, int at, const std::string& text) {
    sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  static void bind(sqlite3_stmt* statement, int at, std::int64_t number) {
    sqlite3_bind_int64(statement, at, number);
  }
  static void bind(sqlite3_stmt* statement, int at, Instant instant) {
    sqlite3_bind_int64(statement, at, microseconds_of(instant));
  }
  static void bind(sqlite3_stmt* statement, int at, const Sha256& hash) {
    sqlite3_bind_blob(statement, at, hash.data(), static_cast<int>(hash.size()), SQLITE_STATIC);
  }
  template <class... Values>
  void run(sqlite3_stmt* statement, const Values&... values) {
    int at = 0;
    (bind(statement, ++at, values), ...);
    if (sqlite3_step(statement) != SQLITE_DONE) error_ = sqlite3_errmsg(db_);
    sqlite3_reset(statement);
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt *update_, *insert_, *grant_, *tag_, *version_, *entry_, *head_, *raise_;
  std::string error_;
};

// --- PostgreSQL ----------------------------------------------------------------------------------

class PostgresFloor final : public Floor {
 public:
  explicit PostgresFloor(const std::string& url)
      : connection_(std::move(*PgConnection::connect(*parse_postgres_url(url)))),
        shell_(PQconnectdb(url.c_str())) {
    // As the store's own sessions: plans by index, made once.
    run("SET plan_cache_mode = force_generic_plan");
    run("SET enable_seqscan = off");
    run("SET jit = off");
    run("SET ROLE neoid_controller");
  }
  ~PostgresFloor() override { PQfinish(shell_); }

  std::string update(std::span<FloorRow> rows) override {
    std::vector<std::string> ids, texts, digests;
    std::vector<std::int64_t> times;
    for (const FloorRow& row : rows) {
      ids.push_back(row.identity.user_id.value);
      texts.push_back(row.identity.config.description);
      digests.push_back(row.digest);
      times.push_back(microseconds_of(row.identity.updated_at));
    }
    run("BEGIN");
    run("UPDATE neoid.users u SET description = n.d, digest = n.h, updated_at = neoid.instant(n.t) "
        "FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS n (id, d, h, t) WHERE u.user_id = "
        "n.id",
        pg_array(ids), pg_array(texts), pg_array(digests), pg_array(times));
    write_trail(rows);
    run("COMMIT");
    return std::exchange(error_, "");
  }

  std::string create(std::span<FloorRow> rows, Trail trail) override {
    run("BEGIN");
    insert_users(rows);
    std::vector<std::string> grantees, scopes, tagged, tags, ids, hashes;
    std::vector<std::int64_t> numbers, issued, delivered;
    for (const FloorRow& row : rows) {
      for (const std::string& scope : row.identity.config.scopes) {
        grantees.push_back(row.identity.user_id.value);
        scopes.push_back(scope);
      }
      for (const std::string& tag : row.identity.config.tags) {
        tagged.push_back(row.identity.user_id.value);
        tags.push_back(tag);
      }
      const plan::StoredVersion& version = version_of(row);
      ids.push_back(row.identity.user_id.value);
      numbers.push_back(version.number);
      hashes.push_back(hex(version.hash));
      issued.push_back(microseconds_of(version.issued_at));
      delivered.push_back(microseconds_of(*version.delivered_at));
    }
    run("INSERT INTO neoid.grants (user_id, scope) SELECT * FROM unnest($1::uuid[], $2::text[])",
        pg_array(grantees), pg_array(scopes));
    run("INSERT INTO neoid.tags (user_id, tag) SELECT * FROM unnest($1::uuid[], $2::text[])",
        pg_array(tagged), pg_array(tags));
    run("INSERT INTO neoid.credential_versions (user_id, number, hash, state, issued_at, delivered_at) "
        "SELECT id, n, decode(h, 'hex'), 'delivered', neoid.instant(i), neoid.instant(d) "
        "FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) AS v (id, n, h, i, d)",
        pg_array(ids), pg_array(numbers), pg_array(hashes), pg_array(issued), pg_array(delivered));
    if (trail == Trail::Written) write_trail(rows);
    run("COMMIT");
    return std::exchange(error_, "");
  }

  std::string outside(const std::string& sql) override {
    PGresult* result = PQexec(shell_, sql.c_str());
    std::string error = PQresultErrorMessage(result);
    PQclear(result);
    return error;
  }

 private:
  void insert_users(std::span<FloorRow> rows) {
    std::vector<std::string> id, client, cluster, ns, name, uid, display, text, digest;
    std::vector<std::int64_t> generation, at;
    for (const FloorRow& row : rows) {
      const plan::StoredIdentity& user = row.identity;
      id.push_back(user.user_id.value);
      client.push_back(user.client_id.value);
      cluster.push_back(user.owner.cluster.value);
      ns.push_back(user.owner.resource.ns);
      name.push_back(user.owner.resource.name);
      uid.push_back(user.owner.uid.value);
      generation.push_back(user.owner.generation);
      display.push_back(user.config.display_name);
      text.push_back(user.config.description);
      at.push_back(microseconds_of(user.updated_at));
      digest.push_back(row.digest);
    }
    run("INSERT INTO neoid.users (user_id, kind, client_id, standing, cluster, namespace, name, uid, "
        "generation, "
        "display_name, description, active, updated_at, digest) SELECT id, 'custom', client, 'owned', "
        "cluster, ns, "
        "name, uid, generation, display, text, true, neoid.instant(at), digest FROM unnest($1::uuid[], "
        "$2::text[], "
        "$3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], "
        "$10::bigint[], "
        "$11::text[]) AS n (id, client, cluster, ns, name, uid, generation, display, text, at, digest)",
        pg_array(id), pg_array(client), pg_array(cluster), pg_array(ns), pg_array(name), pg_array(uid),
        pg_array(generation), pg_array(display), pg_array(text), pg_array(at), pg_array(digest));
  }

  void write_trail(std::span<FloorRow> rows) {
    const auto head = connection_->run("SELECT number, hash FROM neoid.activity_head FOR UPDATE");
    if (!head) {
      error_ = head.error().message;
      return;
    }
    auto last = (*head)[0][0].as<std::int64_t>();
    std::string chained = (*head)[0][1].c_str();
    std::vector<std::int64_t> number, at;
    std::vector<std::string> user, cluster, kind, ns, name, actor, cause, action, before, after, writer, hash;
    for (FloorRow& row : rows) {
      ActivityRecord& entry = row.entry;
      entry.number = ++last;
      chained = chain_hash(chained, entry);
      number.push_back(entry.number);
      at.push_back(microseconds_of(entry.at));
      user.push_back(entry.user_id);
      cluster.push_back(entry.cluster);
      kind.push_back(entry.kind);
      ns.push_back(entry.ns);
      name.push_back(entry.name);
      actor.push_back(entry.actor);
      cause.push_back(entry.cause);
      action.push_back(entry.action);
      before.push_back(entry.before);
      after.push_back(entry.after);
      writer.push_back(entry.writer);
      hash.push_back(chained);
    }
    run("INSERT INTO neoid.activity (number, at, user_id, cluster, kind, namespace, name, actor, cause, "
        "action, "
        "before, after, writer, hash) SELECT number, neoid.instant(at), u, c, k, ns, name, actor, cause, "
        "action, b, "
        "a, w, h FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], "
        "$7::text[], "
        "$8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[]) AS n "
        "(number, at, "
        "u, c, k, ns, name, actor, cause, action, b, a, w, h)",
        pg_array(number), pg_array(at), pg_array(user), pg_array(cluster), pg_array(kind), pg_array(ns),
        pg_array(name), pg_array(actor), pg_array(cause), pg_array(action), pg_array(before), pg_array(after),
        pg_array(writer), pg_array(hash));
    run("UPDATE neoid.activity_head SET number = $1::bigint, hash = $2::text", last, chained);
  }

  template <class... Values>
  void run(const char* sql, const Values&... values) {
    const auto done = connection_->run(sql, values...);
    if (!done) error_ = done.error().message;
  }

  std::unique_ptr<PgConnection> connection_;
  PGconn* shell_;
  std::string error_;
};

}  // namespace

std::unique_ptr<Floor> make_floor(Form form, const std::string& url) {
  if (form == Form::Sqlite) return std::make_unique<SqliteFloor>(url.substr(std::string("sqlite:").size()));
  return std::make_unique<PostgresFloor>(url);
}

}  // namespace neoid::store
