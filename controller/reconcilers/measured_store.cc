#include "controller/reconcilers/measured_store.h"

#include <chrono>

namespace neoid::reconcilers {

template <class Call>
auto MeasuredStore::measured(std::string_view operation, const Call& call) {
  const auto start = std::chrono::steady_clock::now();
  auto result = call();
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  metrics_.histogram(metric::kStoreSeconds, {operation}).observe(took);
  if (!result) metrics_.counter(metric::kStoreFailures, {operation, to_string(result.error().kind)}).add();
  return result;
}

Result<void> MeasuredStore::ping() {
  return measured("ping", [&] { return below_.ping(); });
}

Result<store::WriterTerm> MeasuredStore::claim(const ClusterId& cluster, Epoch epoch,
                                               const std::string& holder) {
  return measured("claim", [&] { return below_.claim(cluster, epoch, holder); });
}

Result<store::Observation> MeasuredStore::observe(const ClusterId& cluster,
                                                  std::span<const store::IdentityRef> refs) {
  return measured("observe", [&] { return below_.observe(cluster, refs); });
}

Result<std::vector<Result<std::optional<plan::StoredIdentity>>>> MeasuredStore::commit(
    const store::WriterTerm& term, std::span<const plan::IdentityChange> changes) {
  return measured("commit", [&] { return below_.commit(term, changes); });
}

Result<std::vector<plan::StoredScope>> MeasuredStore::scopes() {
  return measured("scopes", [&] { return below_.scopes(); });
}

Result<void> MeasuredStore::put_scopes(const store::WriterTerm& term, std::span<const plan::StoredScope> put,
                                       std::span<const std::string> remove, const std::string& actor) {
  return measured("put_scopes", [&] { return below_.put_scopes(term, put, remove, actor); });
}

Result<store::IdentityStore::Holders> MeasuredStore::holders(const std::string& scope, int limit) {
  return measured("holders", [&] { return below_.holders(scope, limit); });
}

Result<std::vector<store::FeedEntry>> MeasuredStore::changes_after(const ClusterId& cluster,
                                                                   store::FeedPosition position, int limit) {
  return measured("changes", [&] { return below_.changes_after(cluster, position, limit); });
}

Result<void> MeasuredStore::sweep(const ClusterId& cluster,
                                  const std::function<bool(const SweepRow&)>& visit) {
  return measured("sweep", [&] { return below_.sweep(cluster, visit); });
}

}  // namespace neoid::reconcilers
