#include "controller/store/sqlite_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "controller/base/random.h"
#include "controller/store/identity_row.h"

namespace neoid::store {
namespace {

// Beyond this the whole-file check would hold a start up for seconds.
constexpr off_t kCheckedAtOpen_bytes = off_t{256} << 20;

tl::unexpected<Error> file_error(const std::string& what, const std::string& path) {
  const int code = errno;
  return fail(ErrorKind::Unavailable, what + " " + path + ": " + std::strerror(code), "File");
}

// The file holds hashes and keys: for its owner only, also before SQLite has written a byte.
Result<void> make_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return file_error("cannot open", path);
  ::close(file);
  return {};
}

Result<void> check_file(SqliteConnection& connection) {
  struct stat status {};
  if (::stat(connection.path().c_str(), &status) != 0 || status.st_size > kCheckedAtOpen_bytes) return {};
  NEOID_TRY(const std::string verdict, connection.pragma("PRAGMA quick_check(1)"));
  if (verdict == "ok") return {};
  return fail(sqlite_error(SQLITE_CORRUPT, verdict, connection.path()));
}

Result<void> insert_keys(SqliteConnection& connection) {
  for (const char* name : {"sealing", "fingerprint"}) {
    const auto bytes = random_array<32>();
    NEOID_TRY(SqliteCursor insert, connection.prepare("INSERT INTO store_keys (name, value) VALUES (?, ?)"));
    insert.bind(std::string_view(name));
    insert.bind_blob(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    NEOID_TRY_VOID(insert.run());
  }
  return {};
}

Result<void> apply_step(SqliteConnection& connection, const SchemaStep& step) {
  NEOID_TRY_VOID(connection.execute(std::string(step.sql).c_str()));
  if (step.number == 1) NEOID_TRY_VOID(insert_keys(connection));
  NEOID_TRY(SqliteCursor insert,
            connection.prepare("INSERT INTO schema_migrations (number, name, checksum, applied_at) "
                               "VALUES (?, ?, ?, CAST(strftime('%s', 'now') AS INTEGER) * 1000000)"));
  insert.bind(static_cast<std::int64_t>(step.number)).bind(step.name).bind(step.checksum);
  return insert.run();
}

// BEGIN IMMEDIATE is the lock: the second of two that start at once finds everything done.
Result<void> migrate_locked(SqliteConnection& connection) {
  NEOID_TRY_VOID(
      connection.execute("CREATE TABLE IF NOT EXISTS schema_migrations ("
                         "number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
                         "applied_at INTEGER NOT NULL)"));
  NEOID_TRY(const AppliedSteps applied, applied_sqlite_steps(connection));
  NEOID_TRY(const auto missing, missing_steps("sqlite", applied));
  for (const SchemaStep& step : missing) NEOID_TRY_VOID(apply_step(connection, step));
  return {};
}

Result<void> migrate(SqliteConnection& connection) {
  NEOID_TRY_VOID(connection.execute("BEGIN IMMEDIATE"));
  auto migrated = migrate_locked(connection);
  if (migrated) migrated = connection.execute("COMMIT");
  if (!migrated && connection.in_transaction()) static_cast<void>(connection.execute("ROLLBACK"));
  return migrated;
}

}  // namespace

FileIdentity file_identity(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return FileIdentity{static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
}

Result<AppliedSteps> applied_sqlite_steps(SqliteConnection& connection) {
  AppliedSteps applied;
  NEOID_TRY(const std::string table,
            connection.pragma(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"));
  if (table.empty()) return applied;
  NEOID_TRY(SqliteCursor rows, connection.prepare("SELECT number, name, checksum FROM schema_migrations"));
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return applied;
    applied[static_cast<int>(rows.integer(0))] = AppliedStep{rows.text(1), rows.text(2)};
  }
}

Result<StoreKeys> read_sqlite_keys(SqliteConnection& connection) {
  StoreKeys keys;
  NEOID_TRY(SqliteCursor rows, connection.prepare("SELECT name, value FROM store_keys"));
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) break;
    (rows.text(0) == "sealing" ? keys.sealing : keys.fingerprint) = Secret(rows.blob(1));
  }
  if (keys.sealing.empty() || keys.fingerprint.empty()) {
    return fail(ErrorKind::Unavailable, "the keys are missing in " + connection.path(), "Damaged");
  }
  return keys;
}

Result<std::unique_ptr<SqliteConnection>> open_sqlite_file(const std::string& path, Migration migration) {
  const bool apply = migration == Migration::Apply;
  if (apply) {
    NEOID_TRY_VOID(make_file(path));
  } else if (::access(path.c_str(), F_OK) != 0) {
    return fail(ErrorKind::Unavailable, "there is no store at " + path + ": run `neoid store migrate`",
                "NoStore");
  }
  NEOID_TRY(auto connection, SqliteConnection::open(path, SqliteAccess::ReadWrite));
  NEOID_TRY_VOID(check_file(*connection));
  NEOID_TRY(const AppliedSteps applied, applied_sqlite_steps(*connection));
  NEOID_TRY(const auto missing, missing_steps("sqlite", applied));
  if (!missing.empty() && !apply) {
    NEOID_TRY_VOID(refuse_missing(missing, applied.empty() ? 0 : applied.rbegin()->first));
  }
  NEOID_TRY(const std::string mode, connection->pragma("PRAGMA journal_mode = WAL"));
  if (mode != "wal") return fail(sqlite_error(SQLITE_READONLY, "no write-ahead log", path));
  if (!missing.empty()) NEOID_TRY_VOID(migrate(*connection));
  return connection;
}

Result<void> backup_sqlite_file(const std::string& path, const std::string& to) {
  if (::access(to.c_str(), F_OK) == 0) {
    return fail(ErrorKind::Invalid, to + " is there already");
  }
  NEOID_TRY(auto connection, SqliteConnection::open(path, SqliteAccess::ReadWrite));
  NEOID_TRY_VOID(make_file(to));
  // VACUUM INTO takes an empty file, and keeps its mode.
  NEOID_TRY(SqliteCursor vacuum, connection->prepare("VACUUM INTO ?"));
  vacuum.bind(to);
  auto done = vacuum.run();
  if (!done) ::unlink(to.c_str());
  return done;
}

namespace {

// A checked copy of the backup beside the place, which no term of an earlier writer fits.
Result<void> prepare_restored(const std::string& from, const std::string& temporary) {
  NEOID_TRY_VOID(backup_sqlite_file(from, temporary));
  NEOID_TRY(auto connection, SqliteConnection::open(temporary, SqliteAccess::ReadWrite));
  NEOID_TRY(const std::string verdict, connection->pragma("PRAGMA integrity_check(1)"));
  if (verdict != "ok") return fail(sqlite_error(SQLITE_CORRUPT, verdict, from));
  NEOID_TRY(const AppliedSteps applied, applied_sqlite_steps(*connection));
  if (applied.empty()) return fail(ErrorKind::Invalid, from + " is not a store of neoid");
  NEOID_TRY(const auto missing, missing_steps("sqlite", applied));
  static_cast<void>(missing);
  NEOID_TRY_VOID(connection->execute("UPDATE epochs SET holder = ''"));
  return {};
}

Result<void> sync_path(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return file_error("cannot open", path);
  const int code = ::fsync(file);
  ::close(file);
  return code == 0 ? Result<void>() : Result<void>(file_error("cannot write", path));
}

}  // namespace

Result<void> restore_sqlite_file(const std::string& path, const std::string& from) {
  const std::string temporary = path + ".restoring";
  ::unlink(temporary.c_str());
  if (auto prepared = prepare_restored(from, temporary); !prepared) {
    ::unlink(temporary.c_str());
    return prepared;
  }
  NEOID_TRY_VOID(sync_path(temporary));
  const std::string kept = path + ".before-restore";
  for (const char* ending : {"", "-wal", "-shm"}) {
    if (std::rename((path + ending).c_str(), (kept + ending).c_str()) != 0 && errno != ENOENT) {
      return file_error("cannot move", path + ending);
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return file_error("cannot move", temporary);
  const auto slash = path.rfind('/');
  return sync_path(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

}  // namespace neoid::store
