// An IdentityStore that measures the one below it. Thread-safe, as that one is.
#pragma once

#include "controller/base/metrics.h"
#include "controller/store/identity_store.h"

namespace neoid::reconcilers {

class MeasuredStore final : public store::IdentityStore {
 public:
  // Borrows both for its life.
  MeasuredStore(store::IdentityStore& below, MetricsRegistry& metrics) : below_(below), metrics_(metrics) {}

  const store::StoreKeys& keys() const override { return below_.keys(); }
  std::string location() const override { return below_.location(); }
  Result<store::SchemaStatus> schema_status() override { return below_.schema_status(); }
  Result<void> ping() override;
  Result<store::WriterTerm> claim(const ClusterId& cluster, Epoch epoch, const std::string& holder) override;
  Result<Epoch> stored_epoch(const ClusterId& cluster) override { return below_.stored_epoch(cluster); }
  Result<std::vector<ClusterId>> clusters() override { return below_.clusters(); }
  bool session_lost(const store::WriterTerm& term, std::chrono::milliseconds most) override {
    return below_.session_lost(term, most);
  }
  Result<store::Observation> observe(const ClusterId& cluster,
                                     std::span<const store::IdentityRef> refs) override;
  Result<std::vector<Result<std::optional<plan::StoredIdentity>>>> commit(
      const store::WriterTerm& term, std::span<const plan::IdentityChange> changes) override;
  Result<std::vector<plan::StoredScope>> scopes() override;
  Result<void> put_scopes(const store::WriterTerm& term, std::span<const plan::StoredScope> put,
                          std::span<const std::string> remove, const std::string& actor) override;
  Result<Holders> holders(const std::string& scope, int limit) override;
  Result<store::FeedPosition> feed_end() override { return below_.feed_end(); }
  Result<std::vector<store::FeedEntry>> changes_after(const ClusterId& cluster, store::FeedPosition position,
                                                      int limit) override;
  void wait_for_change(std::chrono::milliseconds most, std::stop_token stop) override {
    below_.wait_for_change(most, std::move(stop));
  }
  Result<void> sweep(const ClusterId& cluster, const std::function<bool(const SweepRow&)>& visit) override;
  Result<store::Acceptance> accepts(const ClientId& client_id, const Sha256& hash) override {
    return below_.accepts(client_id, hash);
  }
  Result<void> record_use(std::span<const store::CredentialUse> uses) override {
    return below_.record_use(uses);
  }
  Result<void> release(const UserId& user, const std::string& to_namespace,
                       const std::string& actor) override {
    return below_.release(user, to_namespace, actor);
  }
  Result<std::vector<store::ActivityEntry>> activity(const store::ActivityFilter& filter) override {
    return below_.activity(filter);
  }
  Result<std::optional<std::int64_t>> verify_activity() override { return below_.verify_activity(); }

 private:
  template <class Call>
  auto measured(std::string_view operation, const Call& call);

  store::IdentityStore& below_;
  MetricsRegistry& metrics_;
};

}  // namespace neoid::reconcilers
