#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "controller/store/identity_store.h"
#include "controller/store/postgres_store.h"
#include "controller/store/sqlite_file.h"
#include "controller/store/sqlite_store.h"

namespace neoid::store {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

bool is_postgres(const std::string& url) {
  return url.starts_with("postgres://") || url.starts_with("postgresql://") ||
         url.find("host=") != std::string::npos;
}

Result<std::string> sqlite_path(const std::string& url) {
  if (!url.starts_with(kSqlite)) {
    return fail(ErrorKind::Invalid,
                "only an SQLite store (sqlite:PATH) is backed up here; PostgreSQL has pg_dump");
  }
  std::string path = url.substr(kSqlite.size());
  if (path.starts_with("//")) path.erase(0, 2);
  if (path.empty()) return fail(ErrorKind::Invalid, "the store URL names no file: sqlite:PATH");
  return path;
}

}  // namespace

Result<std::unique_ptr<IdentityStore>> open_store(const std::string& url, StoreOptions options) {
  if (url.starts_with(kSqlite)) {
    NEOID_TRY(std::string path, sqlite_path(url));
    return SqliteStore::open(path, std::move(options));
  }
  if (is_postgres(url)) return PostgresStore::open(url, std::move(options));
  return fail(ErrorKind::Invalid, "a store URL is sqlite:PATH, postgres://..., or a libpq text with host=");
}

Result<std::unique_ptr<IdentityStore>> open_store(const std::string& url, Migration migration) {
  StoreOptions options;
  options.migration = migration;
  return open_store(url, std::move(options));
}

Result<void> backup_store(const std::string& url, const std::string& to) {
  NEOID_TRY(const std::string path, sqlite_path(url));
  return backup_sqlite_file(path, to);
}

Result<void> restore_store(const std::string& url, const std::string& from) {
  NEOID_TRY(const std::string path, sqlite_path(url));
  return restore_sqlite_file(path, from);
}

}  // namespace neoid::store
