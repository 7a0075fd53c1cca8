// The rules of DESIGN.md by their names, those that controller_e2etest.cc and lessons_e2etest.cc do not have already;
// tests/lint counts that each has one. Over the embedded API and both stores.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "controller/base/log.h"
#include "controller/reconcilers/cluster.h"
#include "tests/controller/reconcilers/controller_support.h"

namespace neoid::reconcilers {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

constexpr const char* kCurrent =
    "SELECT count(*) FROM neoid.credential_versions WHERE state = 'delivered' AND valid_until IS NULL";

class RulesTest : public testing::TestWithParam<StoreForm> {
 protected:
  RulesTest() : system(GetParam()) {}

  std::string value() const {
    const auto secret = system.secret("billing-oauth");
    return secret ? System::value(*secret, "client_secret") : "";
  }
  void ask_for_rotation(const std::string& request) {
    system.merge("billing", {{"metadata", {{"annotations", {{"identity.neostella.com/rotate", request}}}}}});
  }
  void rotate(const std::string& request) {
    ask_for_rotation(request);
    system.eventually(request + " is echoed", [&] {
      return system.user("billing")->at("status").at("credentials").value("lastRotateRequest", "") == request;
    });
  }
  std::string all(const kube::ResourceType& type) const {
    std::string text;
    const auto page = system.api().list(type, {});
    EXPECT_TRUE(page);
    for (const Json& item : page->items) text += item.dump() + "\n";
    return text;
  }
  // Of everything but the Lease.
  std::string resource_versions() const {
    std::string text;
    for (const auto& type : {resource_type(api::Kind::IntegrationUser), resource_type(api::Kind::Scope),
                             secret_type(), kube::ResourceType{"", "v1", "events", true}}) {
      const auto page = system.api().list(type, {});
      EXPECT_TRUE(page);
      for (const Json& item : page->items)
        text += resource_version_of(item) + " " + item.at("metadata").value("name", "") + "\n";
    }
    return text;
  }
  int sweeps() const {
    const std::string text = system.metrics();
    const auto at = text.find("\nneoid_sweep_seconds_count ");
    return at == std::string::npos ? 0 : std::stoi(text.substr(text.find(' ', at)));
  }
  void wait_for_sweeps(int count) const {
    const int before = sweeps();
    system.eventually("everything is compared", [&] { return sweeps() >= before + count; });
  }

  System system;
};

INSTANTIATE_TEST_SUITE_P(Stores, RulesTest, testing::Values(StoreForm::Sqlite, StoreForm::Postgres),
                         [](const auto& store) {
                           return store.param == StoreForm::Sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(RulesTest, OneIdentityPerResourceByOneReplicaAfterAnotherWhateverStatusSays) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json secret = *system.secret("billing-oauth");
  for (const char* replica : {"second", "third"}) {
    system.stop_controller();
    system.options.lease.holder = replica;
    Json user = *system.user("billing");
    user["status"] = {{"observedGeneration", -1}};
    kube::WriteOptions status;
    status.subresource = "status";
    ASSERT_TRUE(
        system.api().update(resource_type(api::Kind::IntegrationUser), {"apps", "billing"}, user, status));
    system.start_controller();
    system.wait_ready("billing");
  }
  EXPECT_EQ(system.secret("billing-oauth")->at("data"), secret.at("data"));
  EXPECT_EQ(system.user("billing")->at("status").at("clientID"), System::value(secret, "client_id"));
  EXPECT_EQ(system.ask("SELECT count(*) FROM neoid.users"), "1");
  EXPECT_EQ(system.ask(kCurrent), "1");
}

TEST_P(RulesTest, ADeliveredCredentialWorksFromTheMomentThatTheSecretHoldsIt) {
  system.start_controller();
  system.apply(make_user("billing"));
  std::vector<Json> seen;
  for (const char* request : {"first", "second", "third"}) {
    const std::string before = value();
    system.eventually("another value is there", [&] { return value() != before; });
    seen.push_back(*system.secret("billing-oauth"));
    EXPECT_TRUE(system.accepts(seen.back()).accepted) << "the moment that it was seen";
    ask_for_rotation(request);
  }
  for (const Json& secret : seen) EXPECT_TRUE(system.accepts(secret).accepted) << "within its overlap";
}

TEST_P(RulesTest, PlaintextLivesInTheSecretAlone) {
  std::string log;
  Mutex mutex;
  log::configure({log::Level::Debug, log::Format::Json, [&](std::string_view line) {
                    MutexLock lock(mutex);
                    log += line;
                  }});
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const std::string first = value();
  rotate("one");
  ASSERT_TRUE(system.api().patch(secret_type(), {"apps", "billing-oauth"}, kube::PatchType::Merge,
                                 {{"stringData", {{"client_secret", "mallory-" + std::string(40, 'm')}}}}));
  system.eventually("drift is put back", [&] { return value().starts_with("neoid_"); });
  system.wait_ready("billing");
  system.eventually("it is told", [&] { return system.has_event("CredentialsRotated"); });
  system.stop_controller();
  log::configure({});
  const std::map<std::string, std::string> texts = {
      {"the store", system.stored_text()},
      {"the resources", all(resource_type(api::Kind::IntegrationUser))},
      {"the events", all({"", "v1", "events", true})},
      {"the metrics", system.metrics()},
      {"the log", log}};
  for (const auto& [where, text] : texts) {
    EXPECT_FALSE(text.empty()) << where;
    for (const std::string& secret : {first, value(), std::string(40, 'm')})
      EXPECT_THAT(text, Not(HasSubstr(secret))) << where;
  }
}

TEST_P(RulesTest, RotationOverlapsAndTheOverlapEndsOnTimeAlsoWhenNobodyIsRunning) {
  system.start_controller();
  system.apply(make_user("billing", {{"credentials", {{"rotation", {{"overlap", "1h"}}}}}}));
  system.wait_ready("billing");
  const Json before = *system.secret("billing-oauth");
  rotate("one");
  system.stop_controller();
  system.move_database_clock(59min);
  EXPECT_TRUE(system.accepts(before).accepted) << "it ended early";
  system.move_database_clock(2min);
  EXPECT_EQ(system.accepts(before).reason, "Expired");
  EXPECT_TRUE(system.accepts(*system.secret("billing-oauth")).accepted);
}

TEST_P(RulesTest, RotationByIntervalComesWhenTheDatabasesClockSaysSoAndOnce) {
  system.start_controller();
  system.apply(make_user("billing", {{"credentials", {{"rotation", {{"interval", "2h"}}}}}}));
  system.wait_ready("billing");
  const std::string first = value();
  system.move_database_clock(1h);
  wait_for_sweeps(2);
  EXPECT_EQ(value(), first) << "it is not due yet";
  system.move_database_clock(61min);
  system.eventually("it is rotated", [&] { return value() != first; });
  const std::string second = value();
  system.wait_ready("billing");
  wait_for_sweeps(2);
  EXPECT_EQ(value(), second) << "it was rotated again";
}

TEST_P(RulesTest, RotationDoesNotFollowAClockOfTheControllerThatJumps) {
  system.start_controller();
  system.apply(make_user("billing", {{"credentials", {{"rotation", {{"interval", "2h"}}}}}}));
  system.wait_ready("billing");
  const std::string first = value();
  for (const auto by : {5h, -10h, 24h * 400}) {
    system.clock.move(by);
    wait_for_sweeps(2);
    EXPECT_EQ(value(), first) << "moved by " << by.count() << " hours";
  }
  rotate("one");
  EXPECT_TRUE(system.accepts(*system.secret("billing-oauth")).accepted);
}

TEST_P(RulesTest, SystemUsersHoldStillAndWhatWasDoneAllTheSameIsUndoneAndTold) {
  system.start_controller();
  system.apply(make_system_user("engine"));
  const auto name = [&] { return system.ask("SELECT display_name FROM neoid.users WHERE name = 'engine'"); };
  system.eventually("it has a credential", [&] { return system.secret("engine-oauth").has_value(); });
  const std::string tamper = "UPDATE " + system.users_table() + " SET display_name = 'Mallory'";
  system.outside_is_refused(tamper);
  EXPECT_EQ(name(), "System user engine");
  // Whoever owns the tables takes the guard away first.
  system.outside(GetParam() == StoreForm::Postgres
                     ? "ALTER TABLE neoid.users DISABLE TRIGGER users_update_guard; " + tamper
                     : "DROP TRIGGER users_update_guard; " + tamper);
  system.eventually("it is put back", [&] { return name() == "System user engine"; });
  system.eventually("it is told", [&] { return system.has_event("SystemUserTampered"); });
  const auto events = system.api().list({"", "v1", "events", true}, {});
  ASSERT_TRUE(events);
  for (const Json& event : events->items) {
    if (event.value("reason", "") != "SystemUserTampered") continue;
    EXPECT_EQ(event.at("metadata").at("namespace"), "kube-system") << "every viewer reads the others";
    EXPECT_THAT(event.value("message", ""), HasSubstr("displayName"));
  }
}

TEST_P(RulesTest, DriftIsRepairedInMillisecondsNotAtTheNextResync) {
  system.options.sweep_interval = 1h;
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  auto quickest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 3; ++i) {
    system.outside("UPDATE " + system.users_table() + " SET display_name = 'Mallory'");
    const auto started = std::chrono::steady_clock::now();
    system.eventually("it is put back",
                      [&] { return system.ask("SELECT display_name FROM neoid.users") == "User billing"; });
    quickest = std::min(quickest, std::chrono::steady_clock::now() - started);
    system.wait_ready("billing");
  }
  EXPECT_LT(quickest, 500ms);
}

TEST_P(RulesTest, QuietWhenNothingChanges) {
  system.options.sweep_interval = 100ms;
  system.start_controller();
  system.apply(make_scope("documents"));
  system.apply(make_user("billing", {{"scopes", {"documents"}}}));
  system.wait_ready("billing");
  system.eventually("all of it is told", [&] { return system.has_event("CredentialsIssued"); });
  system.eventually("the scope knows its holder", [&] {
    const auto scope = system.api().get(resource_type(api::Kind::Scope), {"", "documents"});
    return scope && scope->at("status").value("users", 0) == 1;
  });
  wait_for_sweeps(1);
  const std::string versions = resource_versions();
  const auto position = system.store().feed_end().value();
  wait_for_sweeps(5);
  EXPECT_EQ(resource_versions(), versions);
  EXPECT_EQ(system.store().feed_end().value(), position);
}

TEST_P(RulesTest, EveryChangeIsInTheAuditTrail) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  system.merge("billing", {{"spec", {{"description", "changed"}}}});
  system.wait_ready("billing");
  rotate("one");
  system.outside("UPDATE " + system.users_table() + " SET description = 'Mallory'");
  system.eventually("drift is put back",
                    [&] { return system.ask("SELECT description FROM neoid.users") == "changed"; });
  system.merge("billing", {{"spec", {{"active", false}}}});
  system.wait_ready("billing");
  system.remove("billing");
  system.eventually("it is gone", [&] { return !system.user("billing"); });
  const auto trail = system.store().activity({});
  ASSERT_TRUE(trail);
  std::vector<std::string> actions;
  bool mallory = false;
  for (const store::ActivityEntry& entry : *trail) {
    actions.push_back(entry.action);
    EXPECT_FALSE(entry.actor.empty()) << entry.action;
    EXPECT_FALSE(entry.before.empty() && entry.after.empty()) << entry.action;
    mallory |= entry.after.find("Mallory") != std::string::npos;
  }
  EXPECT_THAT(actions, IsSupersetOf({"IdentityCreated", "IdentityUpdated", "CredentialIssued",
                                     "CredentialDelivered", "IdentityDeactivated", "IdentityDeleted"}));
  EXPECT_TRUE(mallory) << "what was done behind our back is missing";
  EXPECT_EQ(system.store().verify_activity().value(), std::nullopt);
}

TEST_P(RulesTest, ARestoredStoreHealsAndNoCredentialIsMadeAnew) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  system.stop_controller();
  system.take_snapshot();
  system.start_controller();
  rotate("one");
  system.apply(make_user("younger"));
  system.wait_ready("younger");
  system.stop_controller();
  const Json billing = *system.secret("billing-oauth");
  const Json younger = *system.secret("younger-oauth");
  system.restore_snapshot();
  EXPECT_FALSE(system.accepts(billing).accepted) << "the restore brought nothing back";
  system.start_controller();
  for (const Json* secret : {&billing, &younger}) {
    system.eventually("it works again", [&] { return system.accepts(*secret).accepted; });
    const std::string name = secret->at("metadata").at("name");
    EXPECT_EQ(system.secret(name)->at("data"), secret->at("data"));
  }
  system.wait_ready("billing");
  system.wait_ready("younger");
  EXPECT_EQ(System::value(*system.secret("billing-oauth"), "client_secret"),
            System::value(billing, "client_secret"));
}

TEST_P(RulesTest, OnlyOneWriterALateTransactionOfADeposedLeaderDoesNotCommit) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const ClusterId cluster = *Cluster(system.api()).identity();
  const auto other = store::open_store(system.store_url(), store::Migration::Refuse);
  ASSERT_TRUE(other);
  const auto term = (*other)->claim(cluster, *(*other)->stored_epoch(cluster) + 5, "somebody else");
  ASSERT_TRUE(term) << term.error().describe();
  // Found out at the first transaction: the Lease is ours still, so a higher epoch is claimed.
  system.merge("billing", {{"spec", {{"description", "changed"}}}});
  system.eventually("the leader claims the store again",
                    [&] { return *(*other)->stored_epoch(cluster) > term->epoch; });
  system.wait_ready("billing");
  const store::IdentityRef ref{{api::Kind::IntegrationUser, "apps", "billing"}, {}};
  const auto observed = (*other)->observe(cluster, {&ref, 1});
  ASSERT_TRUE(observed && observed->identities[0].own);
  const plan::StoredIdentity& own = *observed->identities[0].own;
  const plan::IdentityChange late{own.user_id, own.owner, "unknown", "late", {plan::LeaveBehind{}}};
  const auto result = (*other)->commit(*term, {&late, 1});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, "Fenced");
  EXPECT_TRUE(system.accepts(*system.secret("billing-oauth")).accepted);
}

}  // namespace
}  // namespace neoid::reconcilers
