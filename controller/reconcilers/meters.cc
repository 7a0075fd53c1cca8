#include "controller/reconcilers/meters.h"

#include "controller/reconcilers/caches.h"
#include "reconcile/api/reasons.h"
#include "reconcile/meta/conditions.h"

namespace neoid::reconcilers {
namespace {

constexpr std::array kKinds = {api::Kind::IntegrationUser, api::Kind::SystemIntegrationUser,
                               api::Kind::Scope};
constexpr std::array kResults = {PassResult::Unchanged, PassResult::Changed, PassResult::Waiting,
                                 PassResult::Overtaken, PassResult::Failed};

std::string_view text(PassResult result) {
  switch (result) {
    case PassResult::Unchanged: return "unchanged";
    case PassResult::Changed: return "changed";
    case PassResult::Waiting: return "waiting";
    case PassResult::Overtaken: return "overtaken";
    case PassResult::Failed: return "failed";
  }
  return "";
}

std::size_t place(api::Kind kind) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == kind) return i;
  }
  return 0;
}

double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

std::string_view cause_of(const plan::Plan& plan, const api::UserResource& before) {
  if (before.spec.source == api::CredentialSource::Reference) return "reference";
  if (plan.rotates) return "rotation";
  if (plan.secret_was_missing) return "missing";
  return before.status.credentials.version == 0 ? "first" : "drift";
}

}  // namespace

Meters::Meters(MetricsRegistry& metrics)
    : metrics_(metrics),
      waited_(metrics.histogram(metric::kQueueWait)),
      worked_(metrics.histogram(metric::kQueueWork)),
      retries_(metrics.counter(metric::kQueueRetries)) {
  for (const api::Kind kind : kKinds) {
    batches_.push_back(metrics.histogram(metric::kReconcileSeconds, {api::to_string(kind)}));
    for (const PassResult result : kResults)
      passes_.push_back(metrics.counter(metric::kReconciles, {api::to_string(kind), text(result)}));
  }
}

void Meters::pass(api::Kind kind, PassResult result) {
  passes_[place(kind) * kResults.size() + static_cast<std::size_t>(result)].add();
}

void Meters::done(api::Kind kind, const plan::Plan& plan, const api::UserResource& before, Instant now) {
  const std::string_view name = api::to_string(kind);
  if (!plan.observes) {
    for (const std::string& field : plan.drift) {
      // "secret.KEY": the key's name is the resource's choice, and no label.
      const std::string_view label = field.starts_with("secret.") ? "secret" : std::string_view(field);
      metrics_.counter(metric::kDrift, {name, label}).add();
    }
  }
  if (plan.issues) metrics_.counter(metric::kIssued, {name, cause_of(plan, before)}).add();
  for (const auto& listed : before.status.credentials.versions) {
    if (listed.valid_until && *listed.valid_until <= now) metrics_.counter(metric::kRevoked, {name}).add();
  }
}

void Meters::event(std::string_view type, std::string_view reason) {
  metrics_.counter(metric::kEvents, {type, reason}).add();
}

void Meters::batch(api::Kind kind, std::chrono::nanoseconds took) {
  batches_[place(kind)].observe(seconds(took));
}

namespace {

constexpr auto kOverdue = std::chrono::minutes(5);

using Counts = std::map<std::vector<std::string>, double>;

void count_ready(const meta::Conditions& conditions, api::Kind kind, Counts& counts) {
  const meta::Condition* ready = meta::find_condition(conditions, api::condition::kReady);
  const std::string value = ready == nullptr                               ? "Unknown"
                            : ready->status == meta::ConditionStatus::True ? "True"
                                                                           : "False";
  ++counts[{std::string(api::to_string(kind)), value, ready == nullptr ? "" : ready->reason}];
}

void count_credentials(const CachedUser& user, Instant now, Counts& counts) {
  const std::string kind(api::to_string(user.key.kind));
  bool any = false;
  for (const api::AcceptedVersion& version : user.status.credentials.versions) {
    if (version.valid_until && *version.valid_until <= now) continue;
    any = true;
    ++counts[{kind, version.valid_until ? "overlapping" : "current"}];
  }
  if (!any && user.spec.management_policy == api::ManagementPolicy::Enforce) ++counts[{kind, "missing"}];
  const auto& due = user.status.credentials.next_rotation;
  if (due && *due + kOverdue < now) ++counts[{kind, "overdue"}];
}

}  // namespace

void sample_resources(const Caches& caches, MetricsRegistry& metrics, Instant now) {
  Counts resources;
  Counts credentials;
  for (const api::Kind kind : {api::Kind::IntegrationUser, api::Kind::SystemIntegrationUser}) {
    for (const char* state : {"current", "overlapping", "missing", "overdue"})
      credentials[{std::string(api::to_string(kind)), state}] = 0;
  }
  caches.each_user([&](const CachedUser& user) {
    count_ready(user.status.conditions, user.key.kind, resources);
    count_credentials(user, now, credentials);
  });
  caches.each_scope([&](const api::ScopeResource& scope) {
    count_ready(scope.status.conditions, api::Kind::Scope, resources);
  });
  metrics.set_gauges(metric::kResources, resources);
  metrics.set_gauges(metric::kCredentials, credentials);
}

runtime::QueueMeters Meters::queue() const {
  return {[waited = waited_](std::chrono::nanoseconds took) mutable { waited.observe(seconds(took)); },
          [worked = worked_](std::chrono::nanoseconds took) mutable { worked.observe(seconds(took)); },
          [retries = retries_]() mutable { retries.add(); }};
}

}  // namespace neoid::reconcilers
