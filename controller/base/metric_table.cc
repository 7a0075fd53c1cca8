#include "controller/base/metric_table.h"

namespace neoid {

std::vector<std::string> MetricInfo::label_names() const {
  std::vector<std::string> names;
  for (const std::string_view label : labels) {
    if (!label.empty()) names.emplace_back(label);
  }
  return names;
}

std::span<const MetricInfo* const> all_metrics() {
  using namespace metric;
  static constexpr std::array kAll = {&kQueueDepth,
                                      &kQueueScheduled,
                                      &kQueueRetries,
                                      &kQueueWait,
                                      &kQueueWork,
                                      &kReconciles,
                                      &kReconcileSeconds,
                                      &kDrift,
                                      &kIssued,
                                      &kRevoked,
                                      &kCredentials,
                                      &kResources,
                                      &kEvents,
                                      &kSweepSeconds,
                                      &kLastSweep,
                                      &kWatchAge,
                                      &kWatchFailures,
                                      &kWatchLists,
                                      &kCachedObjects,
                                      &kApiSeconds,
                                      &kApiRequests,
                                      &kStoreSeconds,
                                      &kStoreFailures,
                                      &kStoreUp,
                                      &kLeader,
                                      &kLeaderEpoch,
                                      &kLeaderTerms,
                                      &kReady,
                                      &kAdmissionRequests,
                                      &kAdmissionSeconds,
                                      &kWebhookCertificateExpiry,
                                      &kOAuthRequests,
                                      &kOAuthSeconds,
                                      &kOAuthClients};
  return kAll;
}

}  // namespace neoid
