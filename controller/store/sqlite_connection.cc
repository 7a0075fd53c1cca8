#include "controller/store/sqlite_connection.h"

#include <utility>

#include "reconcile/base/check.h"

namespace neoid::store {
namespace {

constexpr int kBusyMilliseconds = 5000;

Error error_of(sqlite3* handle, const std::string& path) {
  return sqlite_error(sqlite3_extended_errcode(handle), sqlite3_errmsg(handle), path);
}

Error constraint_error(const std::string& what) {
  if (what.find("system users hold still") != std::string::npos) {
    return Error{ErrorKind::Denied, what, "SystemUser"};
  }
  if (what.find("another user's") != std::string::npos) {
    return Error{ErrorKind::Conflict, what, "ClientIdTaken"};
  }
  if (what.find("UNIQUE constraint failed") != std::string::npos) {
    return Error{ErrorKind::Conflict, what, "AlreadyThere"};
  }
  return Error{ErrorKind::Invalid, what, ""};
}

}  // namespace

Error sqlite_error(int code, const std::string& what, const std::string& path) {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT: return constraint_error(what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error{ErrorKind::Unavailable,
                   path + " is damaged or not a database; put a backup in its place: neoid store restore",
                   "Damaged"};
    case SQLITE_FULL: return Error{ErrorKind::Unavailable, "the disk under " + path + " is full", "DiskFull"};
    case SQLITE_READONLY: return Error{ErrorKind::Unavailable, path + " is read-only", "ReadOnly"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Error{ErrorKind::Unavailable, path + " is locked by another process", "Busy"};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Error{ErrorKind::Unavailable, "cannot open " + path + ": " + what, "CannotOpen"};
    case SQLITE_IOERR: return Error{ErrorKind::Unavailable, "cannot access " + path + ": " + what, "Disk"};
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH: return Error{ErrorKind::Invalid, what, ""};
    default: return Error{ErrorKind::Internal, "sqlite: " + what, ""};
  }
}

SqliteCursor::SqliteCursor(SqliteCursor&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      handle_(other.handle_),
      path_(other.path_),
      bound_(other.bound_) {}

SqliteCursor::~SqliteCursor() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

SqliteCursor& SqliteCursor::bind(std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();
  NEOID_CHECK(sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) !=
              SQLITE_RANGE);
  return *this;
}

SqliteCursor& SqliteCursor::bind(std::int64_t number) {
  NEOID_CHECK(sqlite3_bind_int64(statement_, ++bound_, number) == SQLITE_OK);
  return *this;
}

SqliteCursor& SqliteCursor::bind_blob(std::string_view bytes) {
  NEOID_CHECK(sqlite3_bind_blob64(statement_, ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT) !=
              SQLITE_RANGE);
  return *this;
}

SqliteCursor& SqliteCursor::bind_null() {
  NEOID_CHECK(sqlite3_bind_null(statement_, ++bound_) == SQLITE_OK);
  return *this;
}

Result<bool> SqliteCursor::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(error_of(handle_, *path_));
}

Result<void> SqliteCursor::run() {
  NEOID_TRY(const bool row, next());
  static_cast<void>(row);
  sqlite3_reset(statement_);
  bound_ = 0;
  return {};
}

bool SqliteCursor::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t SqliteCursor::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string SqliteCursor::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string SqliteCursor::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path,
                                                                 SqliteAccess access) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(path));
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (access) {
    case SqliteAccess::ReadOnly: flags |= SQLITE_OPEN_READONLY; break;
    case SqliteAccess::ReadWrite: flags |= SQLITE_OPEN_READWRITE; break;
    case SqliteAccess::ReadWriteCreate: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
  }
  const int code = sqlite3_open_v2(path.c_str(), &connection->handle_, flags, nullptr);
  if (code != SQLITE_OK) return fail(sqlite_error(code, sqlite3_errstr(code), path));
  sqlite3_busy_timeout(connection->handle_, kBusyMilliseconds);
  NEOID_TRY_VOID(connection->execute(
      "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;"));
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

Result<SqliteCursor> SqliteConnection::prepare(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return fail(error_of(handle_, path_));
  }
  return SqliteCursor(statement, handle_, &path_);
}

Result<void> SqliteConnection::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fail(error_of(handle_, path_));
  }
  return {};
}

Result<std::string> SqliteConnection::pragma(const char* sql) {
  NEOID_TRY(SqliteCursor cursor, prepare(sql));
  NEOID_TRY(const bool row, cursor.next());
  return row ? cursor.text(0) : std::string();
}

}  // namespace neoid::store
