// The SQLite form's file: opened, checked, migrated, backed up, put back.
//
// Errors by kind: Unavailable (cannot be opened, read-only, full, damaged: the message names the way out),
// Invalid "NewerSchema", "OlderSchema", "ChangedMigration". Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "controller/store/identity_store.h"
#include "controller/store/migrations.h"
#include "controller/store/sqlite_connection.h"
#include "reconcile/base/result.h"

namespace neoid::store {

// Which file is under a path now: another one after a restore.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};
FileIdentity file_identity(const std::string& path);

// A handle on a checked file with the schema that this program knows.
Result<std::unique_ptr<SqliteConnection>> open_sqlite_file(const std::string& path, Migration migration);
Result<AppliedSteps> applied_sqlite_steps(SqliteConnection& connection);
Result<StoreKeys> read_sqlite_keys(SqliteConnection& connection);

Result<void> backup_sqlite_file(const std::string& path, const std::string& to);
Result<void> restore_sqlite_file(const std::string& path, const std::string& from);

}  // namespace neoid::store
