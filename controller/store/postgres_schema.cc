#include "controller/store/postgres_schema.h"

#include <fmt/format.h>

#include <utility>

#include "controller/base/random.h"
#include "controller/store/postgres_pool.h"
#include "reconcile/base/crypto.h"

namespace neoid::store {
namespace {

// "neoid" in ASCII: the second of two that start at once waits, and finds everything done.
constexpr const char* kLock = "SELECT pg_advisory_xact_lock(474281337188)";

Result<void> run_void(PgConnection& connection, const std::string& sql) {
  NEOID_TRY(const pqxx::result ignored, connection.run(sql));
  static_cast<void>(ignored);
  return {};
}

Result<void> check_encoding(PgConnection& connection) {
  NEOID_TRY(const pqxx::result rows, connection.run("SHOW server_encoding"));
  if (rows[0][0].as<std::string>() == "UTF8") return {};
  return fail(ErrorKind::Invalid, "the database's encoding must be UTF8", "Encoding");
}

Result<void> insert_keys(PgConnection& connection) {
  for (const char* name : {"sealing", "fingerprint"}) {
    const auto bytes = random_array<32>();
    const std::string text = hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    NEOID_TRY(const pqxx::result ignored,
              connection.run(
                  "INSERT INTO neoid.store_keys (name, value) VALUES ($1::text, decode($2::text, 'hex'))",
                  std::string(name), text));
    static_cast<void>(ignored);
  }
  return {};
}

// The roles belong to the server: made where this login may, and left to an administrator where not.
Result<void> make_roles(PgConnection& connection) {
  NEOID_TRY(const pqxx::result may,
            connection.run("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"));
  if (may.empty() || !may[0][0].as<bool>()) return {};
  return run_void(connection, std::string(embedded_file("roles.postgres.sql")));
}

// What the grants depend on: their text and which roles there are.
Result<std::string> access_state(PgConnection& connection) {
  NEOID_TRY(const pqxx::result roles,
            connection.run("SELECT coalesce(string_agg(rolname, ',' ORDER BY rolname), '') FROM pg_roles "
                           "WHERE rolname IN ('neoid_controller', 'neoid_platform', 'neoid_token', "
                           "'neoid_auditor', 'neoid_admin')"));
  return hex(sha256(std::string(embedded_file("access.postgres.sql")) + roles[0][0].as<std::string>()));
}

Result<void> bring_access_up_to_date(PgConnection& connection, bool migrated) {
  NEOID_TRY_VOID(make_roles(connection));
  NEOID_TRY(const std::string wanted, access_state(connection));
  NEOID_TRY(const pqxx::result rows, connection.run("SELECT state FROM neoid.access_state"));
  if (!migrated && !rows.empty() && rows[0][0].as<std::string>() == wanted) return {};
  NEOID_TRY_VOID(run_void(connection, std::string(embedded_file("access.postgres.sql"))));
  NEOID_TRY(const pqxx::result ignored,
            connection.run("INSERT INTO neoid.access_state (one, state) VALUES (true, $1::text) "
                           "ON CONFLICT (one) DO UPDATE SET state = excluded.state",
                           wanted));
  static_cast<void>(ignored);
  return {};
}

Result<void> migrate_locked(PgConnection& connection) {
  NEOID_TRY_VOID(run_void(connection, "SET LOCAL client_min_messages = warning"));
  NEOID_TRY_VOID(run_void(connection, kLock));
  NEOID_TRY_VOID(
      run_void(connection,
               "CREATE SCHEMA IF NOT EXISTS neoid; "
               "CREATE TABLE IF NOT EXISTS neoid.schema_migrations (number integer PRIMARY KEY, "
               "name text NOT NULL, checksum text NOT NULL, "
               "applied_at timestamptz NOT NULL DEFAULT now()); "
               "CREATE TABLE IF NOT EXISTS neoid.access_state (one boolean PRIMARY KEY CHECK (one), "
               "state text NOT NULL)"));
  NEOID_TRY(const AppliedSteps applied, applied_postgres_steps(connection));
  NEOID_TRY(const auto missing, missing_steps("postgres", applied));
  for (const SchemaStep& step : missing) {
    NEOID_TRY_VOID(run_void(connection, std::string(step.sql)));
    if (step.number == 1) NEOID_TRY_VOID(insert_keys(connection));
    NEOID_TRY(const pqxx::result ignored,
              connection.run("INSERT INTO neoid.schema_migrations (number, name, checksum) "
                             "VALUES ($1::integer, $2::text, $3::text)",
                             step.number, step.name, step.checksum));
    static_cast<void>(ignored);
  }
  return bring_access_up_to_date(connection, !missing.empty());
}

}  // namespace

Result<AppliedSteps> applied_postgres_steps(PgConnection& connection) {
  AppliedSteps applied;
  NEOID_TRY(const pqxx::result table,
            connection.run("SELECT to_regclass('neoid.schema_migrations') IS NULL"));
  if (table[0][0].as<bool>()) return applied;
  NEOID_TRY(const pqxx::result rows,
            connection.run("SELECT number, name, checksum FROM neoid.schema_migrations"));
  for (const auto& row : rows) {
    applied[row[0].as<int>()] = AppliedStep{row[1].as<std::string>(), row[2].as<std::string>()};
  }
  return applied;
}

Result<StoreKeys> read_postgres_keys(PgConnection& connection) {
  StoreKeys keys;
  NEOID_TRY(const pqxx::result may,
            connection.run("SELECT has_table_privilege('neoid.store_keys', 'SELECT')"));
  if (!may[0][0].as<bool>()) return keys;
  NEOID_TRY(const pqxx::result rows,
            connection.run("SELECT name, encode(value, 'hex') FROM neoid.store_keys"));
  for (const auto& row : rows) {
    Secret key(unhex(row[1].as<std::string>()).value_or(""));
    (row[0].as<std::string>() == "sealing" ? keys.sealing : keys.fingerprint) = std::move(key);
  }
  if (keys.sealing.empty() || keys.fingerprint.empty()) {
    return fail(ErrorKind::Unavailable, "the keys are missing in the store", "Damaged");
  }
  return keys;
}

namespace {

// Whether the schema is this login's to change: it owns it, or it is not there yet.
Result<bool> owns_schema(PgConnection& connection) {
  NEOID_TRY(
      const pqxx::result owner,
      connection.run("SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'neoid'"));
  return owner.empty() || owner[0][0].as<bool>();
}

}  // namespace

Result<void> prepare_postgres(PgConnection& connection, Migration migration) {
  NEOID_TRY_VOID(check_encoding(connection));
  NEOID_TRY(const bool owner, owns_schema(connection));
  if (!owner) NEOID_TRY_VOID(become_controller(connection));
  NEOID_TRY(const AppliedSteps applied, applied_postgres_steps(connection));
  NEOID_TRY(const auto missing, missing_steps("postgres", applied));
  if (migration == Migration::Refuse || !owner) {
    return refuse_missing(missing, applied.empty() ? 0 : applied.rbegin()->first);
  }
  NEOID_TRY_VOID(run_void(connection, "BEGIN"));
  auto migrated = migrate_locked(connection);
  if (migrated) return run_void(connection, "COMMIT");
  static_cast<void>(connection.run(std::string("ROLLBACK")));
  return fail(wrap("cannot bring the store's schema up to date", std::move(migrated).error()));
}

}  // namespace neoid::store
