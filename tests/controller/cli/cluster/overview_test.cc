// What `neoid status` makes of what it read: a table of sentences.
#include "controller/cli/cluster/overview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "reconcile/api/reasons.h"

namespace neoid::cli {
namespace {

using namespace std::chrono_literals;
using meta::ConditionStatus;

const Instant kNow = parse_time("2026-03-01T12:00:00Z").value();

api::UserResource sound() {
  api::UserResource user;
  user.key = {api::Kind::IntegrationUser, "apps", "billing"};
  user.generation = user.status.observed_generation = 3;
  user.created_at = kNow - 24h;
  user.status.active = true;
  user.status.conditions = {
      {std::string(api::condition::kReady), ConditionStatus::True, "Reconciled", "Fine.", 3, kNow - 24h}};
  return user;
}

Facts facts_of(api::UserResource user) {
  Facts facts;
  facts.now = kNow;
  facts.lease = LeaseFacts{"neoid-system/neoid", "pod-1", kNow - 2s, 15s};
  facts.users = {std::move(user)};
  return facts;
}

void not_ready(api::UserResource& user, const std::string& reason, const std::string& message, Duration ago,
               bool stalled) {
  user.status.conditions = {
      {std::string(api::condition::kReady), ConditionStatus::False, reason, message, 3, kNow - ago}};
  if (stalled)
    user.status.conditions.push_back(
        {std::string(api::condition::kStalled), ConditionStatus::True, reason, message, 3, kNow - ago});
}

struct Case {
  const char* name;
  std::function<void(Facts&, api::UserResource&)> break_it;
  std::vector<std::string> wanted;  // "error SUBJECT: WHAT"
};

TEST(Overview, SaysWhatIsWrong) {
  const Case cases[] = {
      {"a sound system", [](Facts&, api::UserResource&) {}, {}},
      {"something stalled is told at once",
       [](Facts&, api::UserResource& user) { not_ready(user, "ScopeNotFound", "No Scope x.", 1s, true); },
       {"error IntegrationUser apps/billing: is not ready (ScopeNotFound): No Scope x."}},
      {"what is under way has a minute",
       [](Facts&, api::UserResource& user) { not_ready(user, "WaitingForCreate", "Waits.", 30s, false); },
       {}},
      {"and then it is told",
       [](Facts&, api::UserResource& user) { not_ready(user, "StoreUnavailable", "No store.", 2min, false); },
       {"error IntegrationUser apps/billing: is not ready (StoreUnavailable): No store."}},
      {"a change that nobody took up",
       [](Facts&, api::UserResource& user) { user.generation = 4; },
       {"error IntegrationUser apps/billing: its last change has not been reconciled"}},
      {"a new resource has a minute",
       [](Facts&, api::UserResource& user) {
         user.status = {};
         user.created_at = kNow - 10s;
       },
       {}},
      {"a deletion that hangs",
       [](Facts&, api::UserResource& user) {
         user.deleted_at = kNow - 10min;
         not_ready(user, "StoreUnavailable", "No store.", 10min, false);
       },
       {"error IntegrationUser apps/billing: has been going away for 10m: No store."}},
      {"paused is a warning and hides the rest",
       [](Facts&, api::UserResource& user) {
         user.paused = true;
         user.generation = 9;
       },
       {"warning IntegrationUser apps/billing: is paused: nothing of it is reconciled"}},
      {"a hold with its reason",
       [](Facts&, api::UserResource& user) {
         user.deactivated = "leaked";
         user.status.active = false;
       },
       {"warning IntegrationUser apps/billing: is deactivated by hand: leaked"}},
      {"a hold whose annotation was dropped",
       [](Facts&, api::UserResource& user) { user.status.active = false; },
       {"warning IntegrationUser apps/billing: is held inactive in the store, though spec.active is true"}},
      {"inactive as declared is no finding",
       [](Facts&, api::UserResource& user) { user.spec.active = user.status.active = false; },
       {}},
      {"a rotation that is late",
       [](Facts&, api::UserResource& user) { user.status.credentials.next_rotation = kNow - 1h; },
       {"error IntegrationUser apps/billing: its rotation is 1h late"}},
      {"no controller",
       [](Facts& facts, api::UserResource&) { facts.lease->holder.clear(); },
       {"error the controller: runs nowhere: nobody holds the Lease neoid-system/neoid"}},
      {"a controller that fell silent",
       [](Facts& facts, api::UserResource&) { facts.lease->renewed = kNow - 5min; },
       {"error the controller: has been silent for 5m: pod-1 holds the Lease neoid-system/neoid and does not "
        "renew "
        "it"}},
      {"a Lease that may not be read says nothing",
       [](Facts& facts, api::UserResource&) {
         facts.lease.reset();
         facts.lease_readable = false;
       },
       {}},
      {"a kind that is not there",
       [](Facts& facts, api::UserResource&) { facts.absent_kinds = {api::Kind::Scope}; },
       {"error the kind Scope: its CustomResourceDefinition is not there"}},
      {"a webhook that cannot be called",
       [](Facts& facts, api::UserResource&) {
         facts.webhooks = {{"system.identity.neostella.com", false}};
       },
       {"error the webhook system.identity.neostella.com: has no caBundle, so the API cannot call it: system "
        "users "
        "cannot be changed"}},
      {"cluster-wide readers matter where there are system users",
       [](Facts& facts, api::UserResource&) {
         facts.exposures = {{"all", "edit", {"User alice"}}};
       },
       {}},
      {"and then they are told",
       [](Facts& facts, api::UserResource& user) {
         facts.exposures = {{"all", "edit", {"User alice", "Group devs"}}};
         user.key = {api::Kind::SystemIntegrationUser, "", "engine"};
       },
       {"warning ClusterRoleBinding all: lets User alice, Group devs read every Secret, those of 1 system "
        "user too "
        "(ClusterRole edit)"}},
      {"an old version that is still used since the rotation",
       [](Facts& facts, api::UserResource& user) {
         facts.store = StoreFacts{};
         facts.store->accepted[user.key] = {{7, false, kNow - 48h, kNow + 1h, kNow - 1min},
                                            {8, true, kNow - 1h, std::nullopt, std::nullopt}};
       },
       {"warning IntegrationUser apps/billing: version 7, which ends 2026-03-01T13:00:00Z, was used 1m ago: "
        "its "
        "reader has not taken up the new Secret"}},
      {"one that was used before it only is not",
       [](Facts& facts, api::UserResource& user) {
         facts.store = StoreFacts{};
         facts.store->accepted[user.key] = {{7, false, kNow - 48h, kNow + 1h, kNow - 2h},
                                            {8, true, kNow - 1h, std::nullopt, std::nullopt}};
       },
       {}},
      {"identities whose resource is gone, the active ones",
       [](Facts& facts, api::UserResource&) {
         facts.store = StoreFacts{};
         facts.store->orphans = {{{api::Kind::IntegrationUser, "apps", "old"}, UserId("u-1"), true, false},
                                 {{api::Kind::IntegrationUser, "apps", "left"}, UserId("u-2"), false, false}};
       },
       {"warning IntegrationUser apps/old: the resource is gone, its identity u-1 goes on working"}},
  };
  for (const Case& one : cases) {
    api::UserResource user = sound();
    Facts facts = facts_of(user);
    one.break_it(facts, user);
    facts.users = {user};
    std::vector<std::string> got;
    for (const Finding& finding : judge(facts)) {
      got.push_back((finding.level == Level::Error ? "error " : "warning ") + finding.subject + ": " +
                    finding.what);
      EXPECT_FALSE(finding.remedy.empty()) << one.name;
    }
    EXPECT_EQ(got, one.wanted) << one.name;
  }
}

TEST(Overview, PutsErrorsFirst) {
  Facts facts = facts_of(sound());
  facts.users.push_back(sound());
  facts.users[0].paused = true;
  facts.users[0].key.name = "a";
  facts.users[1].key.name = "b";
  facts.users[1].generation = 8;
  const auto findings = judge(facts);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].subject, "IntegrationUser apps/b");
  EXPECT_EQ(findings[1].subject, "IntegrationUser apps/a");
}

}  // namespace
}  // namespace neoid::cli
