// The SQLite file: the only place of the embedded API that knows SQL. One thread at a time.
//
// Table `objects` has a row for each object, with a checksum over it; `meta` the format's numbers; `changes`
// the last revision of each resource, so that watches of quiet resources go on over a restart.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/apiserver/storage/record.h"
#include "reconcile/base/result.h"

namespace neoid::storage {

// What a transaction does to one object.
struct Change {
  std::shared_ptr<Record> object;  // of a deletion: the last state at the deletion's revision
  RecordPtr previous;              // null: a creation
  bool deleted = false;
};

struct Loaded {
  Revision revision = 0;  // of the last write
  Revision floor = 0;     // nothing is known about what was before
  std::vector<std::pair<std::string, Revision>> changes;
  std::vector<std::shared_ptr<Record>> objects;  // in the order of their keys
};

class Database {
 public:
  // Invalid: damaged, or of another format. Unavailable: cannot be read or written.
  static Result<Database> open(const std::filesystem::path& file);
  Result<Loaded> load();
  // All or nothing, and on disk when it returns. Sets the rows of created records. Unavailable: nothing was
  // done.
  Result<void> commit(const std::vector<Change>& changes, Revision revision);

  // Opens `file` on its own and copies it while others write; see ApiStorage::backup.
  static Result<void> backup(const std::filesystem::path& file, const std::filesystem::path& target);

 private:
  struct CloseDatabase {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct CloseStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, CloseStatement>;

  static Result<Database> connect(const std::filesystem::path& file);
  Result<void> prepare_schema();
  Result<void> prepare_statements();
  Result<void> check_integrity();
  Result<void> execute(const char* sql);
  Result<Statement> prepare(const char* sql);
  Result<std::int64_t> number(const char* sql);
  Result<void> load_objects(Loaded& loaded);
  Result<void> apply(const Change& change);
  Result<void> apply_all(const std::vector<Change>& changes, Revision revision);
  Error error(std::string_view doing, int code) const;
  Error damaged(std::string_view what) const;

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, CloseDatabase> db_;
  Statement insert_, update_, erase_, set_revision_, set_change_;
};

}  // namespace neoid::storage
