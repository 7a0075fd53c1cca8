// Every metric of neoid, in one table: name, type, help, labels and what each label may say. docs, the dashboard and the
// alert rules are held to it by tests; a metric that is not here does not exist.
//
// Names follow Prometheus (https://prometheus.io/docs/practices/naming/): neoid_ in front, base units, _total for
// counters. Labels have few values: never the name of an object, never anything a client chose.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace neoid {

enum class MetricType { Counter, Gauge, Histogram };

struct MetricInfo {
  std::string_view name;
  MetricType type = MetricType::Counter;
  std::string_view help;
  std::array<std::string_view, 3> labels = {};  // empty ones at the end

  std::vector<std::string> label_names() const;
};

namespace metric {

// --- the work queue -------------------------------------------------------------------------------
inline constexpr MetricInfo kQueueDepth{"neoid_queue_depth",
                                        MetricType::Gauge,
                                        "Keys that are ready and wait for a worker.",
                                        {"priority"}};  // urgent, resync
inline constexpr MetricInfo kQueueScheduled{
    "neoid_queue_scheduled", MetricType::Gauge,
    "Keys that wait for their time: retries, rotations, ends of overlaps."};
inline constexpr MetricInfo kQueueRetries{"neoid_queue_retries_total", MetricType::Counter,
                                          "Keys that were put back after a failed pass."};
inline constexpr MetricInfo kQueueWait{"neoid_queue_wait_seconds", MetricType::Histogram,
                                       "From when a key was ready until a worker took it."};
inline constexpr MetricInfo kQueueWork{"neoid_queue_work_seconds", MetricType::Histogram,
                                       "From when a worker took a key until it gave it back."};

// --- reconciling ----------------------------------------------------------------------------------
inline constexpr MetricInfo kReconciles{
    "neoid_reconcile_total",
    MetricType::Counter,
    "Passes over a resource, by what came of them.",
    // IntegrationUser, SystemIntegrationUser, Scope; unchanged, changed, waiting, overtaken, failed
    {"kind", "result"}};
inline constexpr MetricInfo kReconcileSeconds{
    "neoid_reconcile_seconds", MetricType::Histogram, "How long a batch of passes took.", {"kind"}};
inline constexpr MetricInfo kDrift{"neoid_drift_corrected_total",
                                   MetricType::Counter,
                                   "Fields that outside hands changed and that were put back.",
                                   // active, description, displayName, scopes, tags, ownership, secret
                                   {"kind", "field"}};
inline constexpr MetricInfo kIssued{"neoid_credentials_issued_total",
                                    MetricType::Counter,
                                    "Client secrets that were made, by why.",
                                    {"kind", "cause"}};  // first, rotation, missing, drift, reference
inline constexpr MetricInfo kRevoked{"neoid_credentials_ended_total",
                                     MetricType::Counter,
                                     "Client secrets of an overlap that has ended.",
                                     {"kind"}};
inline constexpr MetricInfo kCredentials{
    "neoid_credentials",
    MetricType::Gauge,
    "Client secrets by state, as the resources' status tells.",
    // current, overlapping, missing (a user without any), overdue (its rotation is more than five minutes late)
    {"kind", "state"}};
inline constexpr MetricInfo kResources{
    "neoid_resources",
    MetricType::Gauge,
    "Resources by their condition Ready and its reason; Unknown where there is none yet.",
    {"kind", "ready", "reason"}};
inline constexpr MetricInfo kEvents{
    "neoid_events_total", MetricType::Counter, "Kubernetes events that were told.", {"type", "reason"}};
inline constexpr MetricInfo kSweepSeconds{"neoid_sweep_seconds", MetricType::Histogram,
                                          "How long a comparison of everything took."};
inline constexpr MetricInfo kLastSweep{"neoid_last_sweep_timestamp_seconds", MetricType::Gauge,
                                       "When the last comparison of everything ended, in Unix time."};

// --- watches and caches ---------------------------------------------------------------------------
// resource: namespaces, scopes, secrets, integrationusers, systemintegrationusers, referencedsecrets
inline constexpr MetricInfo kWatchAge{"neoid_watch_age_seconds",
                                      MetricType::Gauge,
                                      "Since the last list, event or bookmark of a watch.",
                                      {"resource"}};
inline constexpr MetricInfo kWatchFailures{"neoid_watch_failures_total",
                                           MetricType::Counter,
                                           "Lists and watches that failed and were started again.",
                                           {"resource"}};
inline constexpr MetricInfo kWatchLists{"neoid_watch_lists_total",
                                        MetricType::Counter,
                                        "Whole lists that were read, the first one included.",
                                        {"resource"}};
inline constexpr MetricInfo kCachedObjects{
    "neoid_cached_objects", MetricType::Gauge, "Objects that the caches hold.", {"resource"}};

// --- API and store --------------------------------------------------------------------------------
inline constexpr MetricInfo kApiSeconds{
    "neoid_api_request_seconds",
    MetricType::Histogram,
    "How long a request to the Kubernetes API took, watches apart.",
    {"verb", "resource"}};  // get, list, create, update, patch, delete; the plural
inline constexpr MetricInfo kApiRequests{
    "neoid_api_requests_total",
    MetricType::Counter,
    "Requests to the Kubernetes API, by what was answered.",
    {"verb", "resource", "code"}};  // code: the HTTP status; "none" without an answer
inline constexpr MetricInfo kStoreSeconds{
    "neoid_store_seconds",
    MetricType::Histogram,
    "How long a call of the identity store took.",
    {"operation"}};  // observe, commit, put_scopes, holders, scopes, changes, sweep, ping
inline constexpr MetricInfo kStoreFailures{"neoid_store_failures_total",
                                           MetricType::Counter,
                                           "Calls of the identity store that failed.",
                                           {"operation", "error"}};  // error: Unavailable, Denied, ...
inline constexpr MetricInfo kStoreUp{"neoid_store_up", MetricType::Gauge,
                                     "1 while the identity store answers."};

// --- leadership and program -----------------------------------------------------------------------
inline constexpr MetricInfo kLeader{"neoid_leader", MetricType::Gauge, "1 while this replica may write."};
inline constexpr MetricInfo kLeaderEpoch{"neoid_leader_epoch", MetricType::Gauge,
                                         "The epoch of this replica's term; 0 while it has none."};
inline constexpr MetricInfo kLeaderTerms{"neoid_leader_terms_total", MetricType::Counter,
                                         "Terms that this replica began."};
inline constexpr MetricInfo kReady{"neoid_ready", MetricType::Gauge, "1 while /readyz answers 200."};

// --- admission ------------------------------------------------------------------------------------
// webhook: validate, mutate; result: allowed, refused, malformed
inline constexpr MetricInfo kAdmissionRequests{"neoid_admission_requests_total",
                                               MetricType::Counter,
                                               "Requests to the admission webhooks, by what was answered.",
                                               {"webhook", "result"}};
inline constexpr MetricInfo kAdmissionSeconds{"neoid_admission_seconds",
                                              MetricType::Histogram,
                                              "How long an answer of an admission webhook took.",
                                              {"webhook"}};
inline constexpr MetricInfo kWebhookCertificateExpiry{
    "neoid_webhook_certificate_expiry_timestamp_seconds", MetricType::Gauge,
    "When the certificate of the admission webhook ends, in Unix time."};

// --- token service --------------------------------------------------------------------------------
// endpoint: token, introspection, revocation; outcome: ok, an error of RFC 6749, temporarily_unavailable, server_error,
// too_many_attempts
inline constexpr MetricInfo kOAuthRequests{"neoid_oauth_requests_total",
                                           MetricType::Counter,
                                           "Requests to the token service, by what was answered.",
                                           {"endpoint", "outcome"}};
inline constexpr MetricInfo kOAuthSeconds{"neoid_oauth_request_seconds",
                                          MetricType::Histogram,
                                          "How long an answer of the token service took.",
                                          {"endpoint"}};
inline constexpr MetricInfo kOAuthClients{"neoid_oauth_cached_clients", MetricType::Gauge,
                                          "Clients that the token service remembers."};

}  // namespace metric

// All of them, in the order above.
std::span<const MetricInfo* const> all_metrics();

}  // namespace neoid
