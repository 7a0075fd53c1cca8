// IdentityStore on PostgreSQL 15 or later.
//
// One connection is dedicated to fenced transactions: the right to write ends with its session, so it is made
// by claim() alone and never again behind a caller's back. Reads go over a pool; one more connection listens.
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
#include "controller/store/postgres_connection.h"
#include "controller/store/postgres_listen.h"
#include "controller/store/postgres_pool.h"

namespace neoid::store {

class PostgresStore final : public IdentityStore {
 public:
  static Result<std::unique_ptr<IdentityStore>> open(const std::string& url, StoreOptions options);

  const StoreKeys& keys() const override { return keys_; }
  std::string location() const override { return target_.location; }
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
  PostgresStore(PgTarget target, StoreOptions options)
      : target_(target), options_(std::move(options)), pool_(target), listener_(target) {}

  Result<std::unique_ptr<WriteTransaction>> begin_fenced(const WriterTerm& term);
  Result<std::unique_ptr<WriteTransaction>> begin_unfenced();
  // With fenced_mutex_ held, as the next one: on a session that is there, or on a new one.
  Result<bool> raise_epoch(const ClusterId& cluster, Epoch epoch, const std::string& holder);
  // Whether the session of the fenced connection is still there.
  bool fenced_alive();
  Result<bool> was_committed(std::int64_t number, const std::string& hash);

  const PgTarget target_;
  const StoreOptions options_;
  std::string writer_id_;
  StoreKeys keys_;

  std::mutex fenced_mutex_;  // guards fenced_ and the transaction on it
  std::shared_ptr<PgConnection> fenced_;
  std::atomic<std::uint64_t> session_{0};

  PgPool pool_;
  PgListener listener_;
};

}  // namespace neoid::store
