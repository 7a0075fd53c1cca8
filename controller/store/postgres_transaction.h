// WriteTransaction on PostgreSQL: read committed, the epoch's row locked first, the head row of the activity
// last.
//
// It acts as neoid_controller, and as neoid_platform while it writes rows of system users.
// Not thread-safe; holds the lock of its connection until it goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "controller/store/batch.h"
#include "controller/store/postgres_connection.h"

namespace neoid::store {

// Identities of a result with the columns of postgres_sql.h; touched_by is filled in.
Result<std::vector<LoadedIdentity>> decode_postgres_identities(PgConnection& connection,
                                                               const pqxx::result& rows);

// Whether the entry with this number and this hash is in the activity: asked when the answer to a COMMIT was
// lost. Timeout when nobody can tell.
using CommitLookup = std::function<Result<bool>(std::int64_t number, const std::string& hash)>;

class PostgresTransaction final : public WriteTransaction {
 public:
  struct Setting {
    const StoreOptions& options;
    CommitLookup was_committed;
  };
  // `lock`: of the connection, kept. `term`: fenced; Denied "Fenced" when the epoch in the store is not the
  // term's.
  static Result<std::unique_ptr<WriteTransaction>> begin(std::unique_lock<std::mutex> lock,
                                                         std::shared_ptr<PgConnection> connection,
                                                         Setting setting, const WriterTerm* term);
  ~PostgresTransaction() override;

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
  PostgresTransaction(std::unique_lock<std::mutex> lock, std::shared_ptr<PgConnection> connection,
                      Setting setting)
      : lock_(std::move(lock)), connection_(std::move(connection)), setting_(std::move(setting)) {}

  // Rows of one kind of user.
  Result<void> write_rows(std::span<const RowChange* const> rows);
  Result<void> delete_users(std::span<const RowChange* const> rows);
  Result<void> write_users(std::span<const RowChange* const> rows);
  Result<void> write_names(std::span<const RowChange* const> rows);
  Result<void> write_versions(std::span<const RowChange* const> rows);
  // False: the head is another one, and nothing was written.
  Result<bool> append_behind(const ActivityHead& head, std::vector<ActivityRecord>& records);
  Result<void> fault(std::string_view point);

  std::unique_lock<std::mutex> lock_;
  std::shared_ptr<PgConnection> connection_;
  Setting setting_;
  Instant now_;
  bool open_ = false;
  ActivityHead last_;  // as the entries that were appended leave it
};

}  // namespace neoid::store
