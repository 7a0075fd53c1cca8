// One SQLite handle and its prepared statements, with errors as values.
//
// Not thread-safe: whoever owns it serialises. Rows are read through a Cursor, which resets its statement
// when it goes; a statement has at most one Cursor at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reconcile/base/result.h"
#include "reconcile/base/time.h"

namespace neoid::store {

// The kind and the words for what SQLite said. `path` is told in the ways out.
Error sqlite_error(int code, const std::string& what, const std::string& path);

class SqliteCursor {
 public:
  SqliteCursor(sqlite3_stmt* statement, sqlite3* handle, const std::string* path)
      : statement_(statement), handle_(handle), path_(path) {}
  SqliteCursor(SqliteCursor&& other) noexcept;
  SqliteCursor& operator=(SqliteCursor&&) = delete;
  ~SqliteCursor();

  SqliteCursor& bind(std::string_view text);
  SqliteCursor& bind(std::int64_t number);
  SqliteCursor& bind(bool flag) { return bind(static_cast<std::int64_t>(flag)); }
  SqliteCursor& bind(Instant instant) { return bind(instant.time_since_epoch().count()); }
  SqliteCursor& bind_blob(std::string_view bytes);
  SqliteCursor& bind_null();
  template <class T>
  SqliteCursor& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }

  Result<bool> next();  // false: no further row
  Result<void> run();   // for what returns no rows

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::string blob(int column) const;

 private:
  sqlite3_stmt* statement_;
  sqlite3* handle_;
  const std::string* path_;
  int bound_ = 0;
};

enum class SqliteAccess { ReadWrite, ReadWriteCreate, ReadOnly };

class SqliteConnection {
 public:
  static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path, SqliteAccess access);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // `sql` must be a literal: it is the key of the cache.
  Result<SqliteCursor> prepare(const char* sql);
  Result<void> execute(const char* sql);  // any number of statements, without parameters
  Result<std::string> pragma(const char* sql);

  int changes() const { return sqlite3_changes(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() { return handle_; }
  const std::string& path() const { return path_; }

 private:
  explicit SqliteConnection(std::string path) : path_(std::move(path)) {}

  std::string path_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace neoid::store
