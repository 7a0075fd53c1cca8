#include "controller/cli/cluster/overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>

#include "controller/cli/output.h"
#include "reconcile/api/reasons.h"

namespace neoid::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 1min;  // until something that is under way counts as stuck
constexpr Duration kOverdue = 5min;   // of a rotation

struct Remedy {
  std::string_view reason;
  std::string_view text;
};

// What a person does about a reason of the condition Ready.
constexpr Remedy kRemedies[] = {
    {api::reason::kScopeNotFound, "apply the Scope, or take it out of spec.scopes"},
    {api::reason::kScopeNotAllowed,
     "take the scope out of spec.scopes, or let its spec.allowedNamespaces select this namespace"},
    {api::reason::kSecretConflict, "remove the Secret that is in the place, or name another one"},
    {api::reason::kSecretTooWeak, "have its maker put at least 32 characters into the Secret"},
    {api::reason::kSecretHasEnded, "have its maker put a new value into the Secret"},
    {api::reason::kOwnedByAnother, "adopt another user, or delete the resource that owns it"},
    {api::reason::kNotReleased, "have the platform run `neoid release USER-ID --to NAMESPACE`"},
    {api::reason::kUserNotFound, "correct spec.adopt.userID in a new resource"},
    {api::reason::kWaitingForSecret, "have the Secret's maker create it"},
    {api::reason::kStoreUnavailable, "see to the identity store; nothing is lost meanwhile"},
    {api::reason::kApiUnavailable, "see to the Kubernetes API; nothing is lost meanwhile"},
    {api::reason::kDriftFound,
     "look at the condition DriftFree; spec.managementPolicy: Enforce puts it back"},
    {api::reason::kInternalError, "read the controller's log; this is a bug of neoid"},
};

std::string remedy_of(const std::string& reason) {
  for (const Remedy& remedy : kRemedies)
    if (remedy.reason == reason) return std::string(remedy.text);
  return "read `kubectl describe` of it";
}

bool is_reported(const api::UserResource& user) { return user.status.observed_generation == user.generation; }

void judge_lease(const Facts& facts, std::vector<Finding>& findings) {
  if (!facts.lease_readable) return;
  const auto stopped = [&](std::string what) {
    findings.push_back(
        {Level::Error, "the controller", std::move(what),
         "start it: kubectl -n neoid-system rollout status deployment/neoid; until then nothing is "
         "reconciled, and credentials go on working"});
  };
  if (!facts.lease)
    return stopped("has no Lease: it never ran against this cluster, or keeps its Lease elsewhere");
  if (facts.lease->holder.empty())
    return stopped("runs nowhere: nobody holds the Lease " + facts.lease->name);
  if (facts.lease->renewed && facts.now - *facts.lease->renewed > 2 * facts.lease->duration)
    stopped(fmt::format("has been silent for {}: {} holds the Lease {} and does not renew it",
                        age(*facts.lease->renewed, facts.now), facts.lease->holder, facts.lease->name));
}

void judge_cluster(const Facts& facts, std::vector<Finding>& findings) {
  for (const api::Kind kind : facts.absent_kinds)
    findings.push_back({Level::Error, fmt::format("the kind {}", api::to_string(kind)),
                        "its CustomResourceDefinition is not there", "kubectl apply -f crd/"});
  judge_lease(facts, findings);
  for (const WebhookFacts& hook : facts.webhooks) {
    if (hook.has_bundle) continue;
    findings.push_back({Level::Error, "the webhook " + hook.name,
                        "has no caBundle, so the API cannot call it: system users cannot be changed",
                        "start the controller with --webhook-listen, which puts it in"});
  }
  const auto systems = std::count_if(facts.users.begin(), facts.users.end(), [](const auto& user) {
    return user.key.kind == api::Kind::SystemIntegrationUser;
  });
  if (systems == 0) return;
  for (const Exposure& exposure : facts.exposures)
    findings.push_back(
        {Level::Warning, "ClusterRoleBinding " + exposure.binding,
         fmt::format("lets {} read every Secret, those of {} system user{} too (ClusterRole {})",
                     fmt::join(exposure.subjects, ", "), systems, systems == 1 ? "" : "s", exposure.role),
         "bind the role by RoleBindings in the namespaces that need it"});
}

void judge_store(const Facts& facts, std::vector<Finding>& findings) {
  if (!facts.store) return;
  for (const Orphan& orphan : facts.store->orphans) {
    if (!orphan.active) continue;  // deactivated is what a deletion policy may ask for
    findings.push_back(
        {Level::Warning, orphan.resource.text(),
         orphan.kind_is_gone
             ? fmt::format("its kind is gone, its identity {} goes on working", orphan.user_id.value)
             : fmt::format("the resource is gone, its identity {} goes on working", orphan.user_id.value),
         "apply the resource again, which takes the identity up; or apply it with deletionPolicy Delete, and "
         "delete "
         "it"});
  }
}

}  // namespace

std::vector<Finding> judge_user(const api::UserResource& user, const Facts& facts) {
  std::vector<Finding> findings;
  const auto say = [&](Level level, std::string what, std::string remedy) {
    findings.push_back({level, user.key.text(), std::move(what), std::move(remedy)});
  };
  const meta::Condition* ready = meta::find_condition(user.status.conditions, api::condition::kReady);
  const std::string why = ready == nullptr ? std::string() : ready->message;
  if (user.deleted_at) {
    if (facts.now - *user.deleted_at > kPatience)
      say(Level::Error,
          fmt::format("has been going away for {}: {}", age(*user.deleted_at, facts.now),
                      why.empty() ? "nobody has reported why" : why),
          "let the store be reachable; `neoid uninstall --keep` lets everything go without it");
    return findings;
  }
  if (user.paused) {
    say(Level::Warning, "is paused: nothing of it is reconciled",
        fmt::format("kubectl annotate it with {}- when that is no longer wanted", api::annotation::kPaused));
    return findings;
  }
  const bool settling = user.created_at && facts.now - *user.created_at < kPatience;
  if (!is_reported(user) || ready == nullptr) {
    if (!settling)
      say(Level::Error,
          ready == nullptr ? "nobody has reconciled it yet" : "its last change has not been reconciled",
          "see to the controller");
    return findings;
  }
  if (ready->status != meta::ConditionStatus::True) {
    const bool stalled = meta::is_true(user.status.conditions, api::condition::kStalled);
    if (stalled || facts.now - ready->last_transition_time > kPatience)
      say(Level::Error, fmt::format("is not ready ({}): {}", ready->reason, why), remedy_of(ready->reason));
  }
  if (!user.deactivated.empty())
    say(Level::Warning, "is deactivated by hand: " + user.deactivated,
        fmt::format("`neoid reactivate {}/{}` when the reason is gone", user.key.ns, user.key.name));
  else if (user.spec.active && !user.status.active && ready->status == meta::ConditionStatus::True)
    say(Level::Warning, "is held inactive in the store, though spec.active is true",
        fmt::format("`neoid reactivate {}/{}` lifts the hold", user.key.ns, user.key.name));
  const auto& credentials = user.status.credentials;
  if (credentials.next_rotation && facts.now - *credentials.next_rotation > kOverdue)
    say(Level::Error, fmt::format("its rotation is {} late", age(*credentials.next_rotation, facts.now)),
        "see to the controller");
  const meta::Condition* scopes =
      meta::find_condition(user.status.conditions, api::condition::kScopesResolved);
  if (scopes != nullptr && scopes->reason == api::reason::kScopeDeprecated)
    say(Level::Warning, scopes->message, "ask for the replacement");
  if (!facts.store) return findings;
  const auto versions = facts.store->accepted.find(user.key);
  if (versions == facts.store->accepted.end()) return findings;
  const auto current = std::find_if(versions->second.begin(), versions->second.end(),
                                    [](const StoreVersion& version) { return version.current; });
  if (current == versions->second.end()) return findings;
  for (const StoreVersion& version : versions->second) {
    // Used since there is a newer one: somebody still has the old value.
    if (version.current || !version.last_used || *version.last_used <= current->issued_at) continue;
    say(Level::Warning,
        fmt::format("version {}, which ends {}, was used {} ago: its reader has not taken up the new Secret",
                    version.number, version.valid_until ? format_time(*version.valid_until) : "never",
                    age(*version.last_used, facts.now)),
        "restart the integration, or have it read the Secret again");
  }
  return findings;
}

std::vector<Finding> judge(const Facts& facts) {
  std::vector<Finding> findings;
  judge_cluster(facts, findings);
  for (const api::UserResource& user : facts.users) {
    auto of_user = judge_user(user, facts);
    findings.insert(findings.end(), of_user.begin(), of_user.end());
  }
  judge_store(facts, findings);
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.level, a.subject) < std::tie(b.level, b.subject);
  });
  return findings;
}

}  // namespace neoid::cli
