#include "controller/apiserver/storage/database.h"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <system_error>

#include "controller/apiserver/storage/folder.h"
#include "reconcile/base/crypto.h"

namespace neoid::storage {
namespace {

constexpr int kApplicationId = 0x6e656f69;  // "neoi": `file` and people recognise it
// Revision 1 is "too old" from the first day, as on a server that has compacted: clients get to know it
// early.
constexpr Revision kFirstRevision = 1000;
constexpr Revision kRestoreGap = 1'000'000;

constexpr const char* kSchema = R"(
CREATE TABLE objects(
  id INTEGER PRIMARY KEY,
  resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  expires INTEGER,                -- microseconds since 1970; null: never
  digits_at INTEGER NOT NULL,     -- where metadata.resourceVersion's digits start in value
  checksum INTEGER NOT NULL,
  value TEXT NOT NULL);
CREATE UNIQUE INDEX objects_key ON objects(resource, namespace, name);
CREATE TABLE changes(resource TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
)";

std::int64_t checksum(const Record& record) {
  std::string text;
  text.reserve(record.bytes.size() + 128);
  for (const std::string* part : {&record.key.resource, &record.key.ns, &record.key.name}) {
    text += *part;
    text += '\0';
  }
  fmt::format_to(std::back_inserter(text), "{} {} {} ", record.revision, record.expires_us, record.digits_at);
  text += record.bytes;
  const Sha256 digest = sha256(text);
  std::int64_t value = 0;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

void bind(sqlite3_stmt* statement, int index, const std::string& text) {
  sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

std::string text_of(sqlite3_stmt* statement, int column) {
  const auto* data = sqlite3_column_text(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return data == nullptr ? std::string()
                         : std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
}

// Resets on every path: a statement that stays open holds the transaction open.
int run(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  sqlite3_reset(statement);
  return code;
}

bool is_damage(int code) { return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB; }

}  // namespace

Error Database::damaged(std::string_view what) const {
  return Error{
      ErrorKind::Invalid,
      fmt::format("{0} is damaged ({1}): move {0}, {0}-wal and {0}-shm away, copy a backup to {0}, and "
                  "start again",
                  file_.string(), what),
      "Damaged"};
}

Error Database::error(std::string_view doing, int code) const {
  if (is_damage(code)) return damaged(sqlite3_errmsg(db_.get()));
  return Error{ErrorKind::Unavailable,
               fmt::format("cannot {} {}: {}", doing, file_.string(), sqlite3_errstr(code)),
               "ServiceUnavailable"};
}

Result<void> Database::execute(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error("use", sqlite3_extended_errcode(db_.get())));
  return {};
}

Result<Database::Statement> Database::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    return fail(error("use", sqlite3_extended_errcode(db_.get())));
  return Statement(statement);
}

Result<std::int64_t> Database::number(const char* sql) {
  NEOID_TRY(Statement statement, prepare(sql));
  const int code = sqlite3_step(statement.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) return fail(error("read", code));
  return code == SQLITE_ROW ? sqlite3_column_int64(statement.get(), 0) : 0;
}

Result<Database> Database::connect(const std::filesystem::path& file) {
  Database database;
  database.file_ = file;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &db,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database.db_.reset(db);
  if (code != SQLITE_OK) return fail(database.error("open", code));
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, 5000);  // somebody looks into the file with a shell
  return database;
}

Result<Database> Database::open(const std::filesystem::path& file) {
  NEOID_TRY_VOID(touch_private(file));
  NEOID_TRY(Database database, connect(file));
  NEOID_TRY_VOID(
      database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-1024;"
                       "PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=16777216;"));
  NEOID_TRY_VOID(database.prepare_schema());
  NEOID_TRY_VOID(database.check_integrity());
  NEOID_TRY_VOID(database.prepare_statements());
  return database;
}

Result<void> Database::prepare_schema() {
  NEOID_TRY(const std::int64_t tables, number("SELECT count(*) FROM sqlite_schema"));
  if (tables == 0) {
    const std::string sql = fmt::format(
        "BEGIN IMMEDIATE; PRAGMA application_id={}; PRAGMA user_version={}; {}"
        "INSERT INTO meta VALUES('revision', {}), ('floor', {}); COMMIT;",
        kApplicationId, kFormat, kSchema, kFirstRevision, kFirstRevision);
    NEOID_TRY_VOID(execute(sql.c_str()));
    return sync_folder(file_.parent_path());
  }
  NEOID_TRY(const std::int64_t id, number("PRAGMA application_id"));
  NEOID_TRY(const std::int64_t version, number("PRAGMA user_version"));
  if (id != kApplicationId || version != kFormat)
    return fail(
        ErrorKind::Invalid,
        fmt::format("{} has format {}, this program needs format {}: use the program that made it, or "
                    "another folder",
                    file_.string(), id == kApplicationId ? std::to_string(version) : "unknown", kFormat),
        "WrongFormat");
  return {};
}

Result<void> Database::check_integrity() {
  NEOID_TRY(Statement statement, prepare("PRAGMA quick_check(1)"));
  const int code = sqlite3_step(statement.get());
  if (code != SQLITE_ROW) return fail(error("check", code));
  const std::string verdict = text_of(statement.get(), 0);
  if (verdict != "ok") return fail(damaged(verdict));
  return {};
}

Result<void> Database::prepare_statements() {
  NEOID_TRY(insert_,
            prepare("INSERT INTO objects(resource, namespace, name, revision, expires, digits_at, checksum, "
                    "value) VALUES(?5, ?6, ?7, ?1, ?2, ?3, ?4, ?8)"));
  NEOID_TRY(update_,
            prepare("UPDATE objects SET revision=?1, expires=?2, digits_at=?3, checksum=?4, value=?8 "
                    "WHERE id=?9"));
  NEOID_TRY(erase_, prepare("DELETE FROM objects WHERE id=?1"));
  NEOID_TRY(set_revision_, prepare("UPDATE meta SET value=?1 WHERE name='revision'"));
  NEOID_TRY(set_change_, prepare("INSERT INTO changes VALUES(?1, ?2) ON CONFLICT(resource) DO UPDATE SET "
                                 "revision=?2"));
  return {};
}

Result<Loaded> Database::load() {
  Loaded loaded;
  NEOID_TRY(loaded.revision, number("SELECT value FROM meta WHERE name='revision'"));
  NEOID_TRY(loaded.floor, number("SELECT value FROM meta WHERE name='floor'"));
  if (loaded.revision < kFirstRevision || loaded.floor < kFirstRevision || loaded.floor > loaded.revision)
    return fail(damaged("the revision counter is missing"));
  NEOID_TRY(Statement changes, prepare("SELECT resource, revision FROM changes"));
  int code = 0;
  while ((code = sqlite3_step(changes.get())) == SQLITE_ROW)
    loaded.changes.emplace_back(text_of(changes.get(), 0), sqlite3_column_int64(changes.get(), 1));
  if (code != SQLITE_DONE) return fail(error("read", code));
  NEOID_TRY_VOID(load_objects(loaded));
  return loaded;
}

Result<void> Database::load_objects(Loaded& loaded) {
  NEOID_TRY(Statement rows,
            prepare("SELECT id, resource, namespace, name, revision, expires, digits_at, checksum, "
                    "value FROM objects ORDER BY resource, namespace, name"));
  int code = 0;
  while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
    sqlite3_stmt* row = rows.get();
    auto record = std::make_shared<Record>();
    record->row = sqlite3_column_int64(row, 0);
    record->key = ObjectKey{text_of(row, 1), text_of(row, 2), text_of(row, 3)};
    record->revision = sqlite3_column_int64(row, 4);
    if (sqlite3_column_type(row, 5) != SQLITE_NULL) record->expires_us = sqlite3_column_int64(row, 5);
    record->digits_at = static_cast<std::size_t>(sqlite3_column_int64(row, 6));
    record->bytes = text_of(row, 8);
    if (checksum(*record) != sqlite3_column_int64(row, 7) || record->revision > loaded.revision)
      return fail(damaged(fmt::format("checksum of {} {}/{} in row {}", record->key.resource, record->key.ns,
                                      record->key.name, record->row)));
    loaded.objects.push_back(std::move(record));
  }
  if (code != SQLITE_DONE) return fail(error("read", code));
  return {};
}

Result<void> Database::apply(const Change& change) {
  const Record& record = *change.object;
  if (change.deleted) {
    sqlite3_bind_int64(erase_.get(), 1, change.previous->row);
    const int code = run(erase_.get());
    if (code != SQLITE_DONE) return fail(error("write", code));
    return {};
  }
  sqlite3_stmt* statement = change.previous ? update_.get() : insert_.get();
  sqlite3_clear_bindings(statement);
  sqlite3_bind_int64(statement, 1, record.revision);
  if (record.expires_us != kNever) sqlite3_bind_int64(statement, 2, record.expires_us);
  sqlite3_bind_int64(statement, 3, static_cast<std::int64_t>(record.digits_at));
  sqlite3_bind_int64(statement, 4, checksum(record));
  bind(statement, 8, record.bytes);
  if (change.previous) {
    sqlite3_bind_int64(statement, 9, change.previous->row);
  } else {
    bind(statement, 5, record.key.resource);
    bind(statement, 6, record.key.ns);
    bind(statement, 7, record.key.name);
  }
  const int code = run(statement);
  if (code != SQLITE_DONE) return fail(error("write", code));
  change.object->row = change.previous ? change.previous->row : sqlite3_last_insert_rowid(db_.get());
  return {};
}

Result<void> Database::apply_all(const std::vector<Change>& changes, Revision revision) {
  NEOID_TRY_VOID(execute("BEGIN IMMEDIATE"));
  std::map<std::string_view, Revision> last;
  for (const Change& change : changes) {
    NEOID_TRY_VOID(apply(change));
    last[change.object->key.resource] = change.object->revision;
  }
  for (const auto& [resource, changed] : last) {
    sqlite3_bind_text64(set_change_.get(), 1, resource.data(), resource.size(), SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_int64(set_change_.get(), 2, changed);
    if (const int code = run(set_change_.get()); code != SQLITE_DONE) return fail(error("write", code));
  }
  sqlite3_bind_int64(set_revision_.get(), 1, revision);
  if (const int code = run(set_revision_.get()); code != SQLITE_DONE) return fail(error("write", code));
  return execute("COMMIT");
}

Result<void> Database::commit(const std::vector<Change>& changes, Revision revision) {
  auto done = apply_all(changes, revision);
  // SQLite has rolled back by itself after some errors and not after others.
  if (!done && sqlite3_get_autocommit(db_.get()) == 0)
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (!done && done.error().kind == ErrorKind::Invalid) {
    // Damage that shows while we run is no fault of the request.
    Error error = done.error();
    error.kind = ErrorKind::Unavailable;
    error.reason = "ServiceUnavailable";
    return fail(std::move(error));
  }
  return done;
}

Result<void> Database::backup(const std::filesystem::path& file, const std::filesystem::path& target) {
  std::error_code code;
  if (std::filesystem::exists(target, code))
    return fail(ErrorKind::Conflict, fmt::format("{} exists: a backup does not overwrite", target.string()),
                "AlreadyExists");
  auto partial = target;
  partial += ".partial";
  std::filesystem::remove(partial, code);
  NEOID_TRY_VOID(touch_private(partial));  // an empty file is taken, and keeps its mode
  {
    NEOID_TRY(Database source, connect(file));
    NEOID_TRY(Statement copy, source.prepare("VACUUM INTO ?1"));
    const std::string name = partial.string();
    bind(copy.get(), 1, name);
    if (const int step = run(copy.get()); step != SQLITE_DONE) {
      Error error = source.error("copy", step);
      std::filesystem::remove(partial, code);
      return fail(std::move(error));
    }
  }
  {
    NEOID_TRY(Database made, connect(partial));
    const std::string sql = fmt::format(
        "PRAGMA synchronous=FULL; BEGIN IMMEDIATE; UPDATE meta SET value=value+{} WHERE name='revision';"
        "UPDATE meta SET value=(SELECT value FROM meta WHERE name='revision') WHERE name='floor'; COMMIT;",
        kRestoreGap);
    NEOID_TRY_VOID(made.execute(sql.c_str()));
  }
  std::filesystem::rename(partial, target, code);
  if (code)
    return fail(ErrorKind::Unavailable, fmt::format("cannot make {}: {}", target.string(), code.message()),
                "ServiceUnavailable");
  return sync_folder(target.has_parent_path() ? target.parent_path() : ".");
}

}  // namespace neoid::storage
