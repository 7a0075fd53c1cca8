// IdentityStore on one SQLite file: the whole store of `neoid standalone`.
//
// One handle writes, a few read (WAL: they do not wait for each other), one watches. The session of a term is
// the open file: after a restore another file is under the path, and the next call opens that one.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/store/batch.h"
#include "controller/store/identity_store.h"
#include "controller/store/sqlite_connection.h"
#include "controller/store/sqlite_file.h"
#include "controller/store/sqlite_watch.h"

namespace neoid::store {

class SqliteStore final : public IdentityStore {
 public:
  static Result<std::unique_ptr<IdentityStore>> open(const std::string& path, StoreOptions options);

  const StoreKeys& keys() const override { return keys_; }
  std::string location() const override { return "sqlite:" + path_; }
  Result<SchemaStatus> schema_status() override;
  Result<void> ping() override;

  Result<WriterTerm> claim(const ClusterId& cluster, Epoch epoch, const std::string& holder) override;
  Result<Epoch> stored_epoch(const ClusterId& cluster) override;
  Result<std::vector<ClusterId>> clusters() override;
  bool session_lost(const WriterTerm& term, std::chrono::milliseconds most) override;

  Result<Observation> observe(const ClusterId& cluster, std::span<const IdentityRef> refs) override;
  Result<CommitResults> commit(const WriterTerm& term,
                               std::span<const plan::IdentityChange> changes) override;

  Result<std::vector<plan::StoredScope>> scopes() override;
  Result<void> put_scopes(const WriterTerm& term, std::span<const plan::StoredScope> put,
                          std::span<const std::string> remove, const std::string& actor) override;
  Result<Holders> holders(const std::string& scope, int limit) override;

  Result<FeedPosition> feed_end() override;
  Result<std::vector<FeedEntry>> changes_after(const ClusterId& cluster, FeedPosition position,
                                               int limit) override;
  void wait_for_change(std::chrono::milliseconds most, std::stop_token stop) override;

  Result<void> sweep(const ClusterId& cluster, const std::function<bool(const SweepRow&)>& visit) override;
  Result<Acceptance> accepts(const ClientId& client_id, const Sha256& hash) override;
  Result<void> record_use(std::span<const CredentialUse> uses) override;

  Result<void> release(const UserId& user, const std::string& to_namespace,
                       const std::string& actor) override;
  Result<std::vector<ActivityEntry>> activity(const ActivityFilter& filter) override;
  Result<std::optional<std::int64_t>> verify_activity() override;

 private:
  SqliteStore(std::string path, StoreOptions options)
      : path_(std::move(path)), options_(std::move(options)) {}

  // A reading handle, given back when it goes.
  class Reader;
  Result<Reader> reader();
  Instant now() const;
  Result<void> open_writer();  // with write_mutex_ held
  BeginTransaction begin(const WriterTerm* term);
  Result<std::unique_ptr<WriteTransaction>> begin_now(const WriterTerm* term);
  template <class T>
  T woken(T result);

  const std::string path_;
  const StoreOptions options_;
  std::string writer_id_;
  StoreKeys keys_;

  std::mutex write_mutex_;  // guards writer_ and the transaction on it
  std::unique_ptr<SqliteConnection> writer_;
  FileIdentity writer_file_;
  std::atomic<std::uint64_t> session_{0};

  std::mutex readers_mutex_;  // guards readers_ and readers_file_
  std::vector<std::unique_ptr<SqliteConnection>> readers_;
  FileIdentity readers_file_;

  std::unique_ptr<SqliteWatch> watch_;
};

}  // namespace neoid::store
