// WriteTransaction on SQLite: BEGIN IMMEDIATE, so that there is one writer in all processes.
//
// Not thread-safe; holds the store's write lock until it goes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/store/batch.h"
#include "controller/store/sqlite_connection.h"

namespace neoid::store {

// The identities of these users, with who touched those that were.
Result<LoadedUsers> load_sqlite_identities(SqliteConnection& connection, const std::set<UserId>& users);
// Fills touched_by in, where outside hands changed the row.
Result<void> fill_touched_by(SqliteConnection& connection, plan::StoredIdentity& identity);

class SqliteTransaction final : public WriteTransaction {
 public:
  // `term`: fenced. Denied "Fenced" when the epoch in the store is not the term's.
  static Result<std::unique_ptr<WriteTransaction>> begin(std::unique_lock<std::mutex> lock,
                                                         SqliteConnection& connection, Instant now,
                                                         const StoreOptions& options, const WriterTerm* term);
  ~SqliteTransaction() override;

  Instant now() const override { return now_; }
  Result<LoadedUsers> load(const std::set<UserId>& users) override;
  Result<void> ask(const BatchQuestions& questions, BatchFacts& facts) override;
  Result<std::vector<plan::StoredScope>> load_scopes() override;
  Result<std::vector<UserId>> holders_of(std::span<const std::string> scopes) override;
  Result<void> write(std::span<const RowChange> rows) override;
  Result<void> write_scopes(std::span<const ScopeChange> scopes) override;
  Result<void> append(std::vector<ActivityRecord> records) override;
  Result<void> commit() override;

 private:
  SqliteTransaction(std::unique_lock<std::mutex> lock, SqliteConnection& connection, Instant now,
                    const StoreOptions& options)
      : lock_(std::move(lock)), connection_(connection), now_(now), options_(options) {}

  Result<void> fence(const WriterTerm& term);
  Result<void> open_writer();
  Result<void> delete_user(const UserId& user);
  Result<void> write_user(const RowChange& row);
  Result<void> write_names(const char* remove, const char* add, const UserId& user,
                           const std::vector<std::string>& before, const std::vector<std::string>& after);
  Result<void> write_versions(const RowChange& row);
  Result<void> write_version(const UserId& user, const plan::StoredVersion* before,
                             const plan::StoredVersion& after);
  Result<void> remove_version(const UserId& user, VersionNumber number);
  // Gives the entries of outside hands their hashes; the last hash.
  Result<std::string> seal_pending();
  Result<void> fault(std::string_view point);

  std::unique_lock<std::mutex> lock_;
  SqliteConnection& connection_;
  Instant now_;
  const StoreOptions& options_;
  bool writer_open_ = false;
};

}  // namespace neoid::store
