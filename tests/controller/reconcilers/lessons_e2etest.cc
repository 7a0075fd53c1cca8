// Lessons that other operators paid for, each by its name (tests/lint counts them), and rules of DESIGN.md that take more
// than one step to show: over the embedded API and both stores.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "controller/reconcilers/cluster.h"
#include "reconcile/credentials/client_secret.h"
#include "reconcile/meta/conditions.h"
#include "tests/controller/reconcilers/controller_support.h"

namespace neoid::reconcilers {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class LessonsTest : public testing::TestWithParam<StoreForm> {
 protected:
  LessonsTest() : system(GetParam()) {}

  std::string reason(const std::string& name, const std::string& type) const {
    const auto live = system.user(name);
    if (!live) return "";
    const auto decoded = api::decode_user(api::Kind::IntegrationUser, *live);
    if (!decoded) return "";
    const auto* found = meta::find_condition(decoded->status.conditions, type);
    return found == nullptr ? "" : found->reason;
  }
  void rotate(const std::string& request) {
    system.merge("billing", {{"metadata", {{"annotations", {{"identity.neostella.com/rotate", request}}}}}});
    system.eventually("the request " + request + " is echoed", [&] {
      const auto status = system.user("billing")->at("status");
      return status.at("credentials").value("lastRotateRequest", "") == request;
    });
  }
  static Json foreign_secret(const std::string& value) {
    return {{"apiVersion", "v1"},
            {"kind", "Secret"},
            {"metadata", {{"namespace", "apps"}, {"name", "billing-oauth"}}},
            {"stringData", {{"client_secret", value}}}};
  }

  System system;
};

INSTANTIATE_TEST_SUITE_P(Stores, LessonsTest, testing::Values(StoreForm::Sqlite, StoreForm::Postgres),
                         [](const auto& store) {
                           return store.param == StoreForm::Sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(LessonsTest, APreviousSecretWorksUntilItsOverlapEndsAndItsKeyGoesThen) {
  system.start_controller();
  system.apply(make_user(
      "billing", {{"credentials",
                   {{"keys", {{"previousClientSecret", "previous"}}}, {"rotation", {{"overlap", "3s"}}}}}}));
  system.wait_ready("billing");
  const auto before = *system.secret("billing-oauth");
  rotate("one");
  const auto after = *system.secret("billing-oauth");
  EXPECT_EQ(System::value(after, "previous"), System::value(before, "client_secret"));
  EXPECT_TRUE(system.accepts(before).accepted);
  system.eventually("the one before has ended", [&] { return !system.accepts(before).accepted; });
  system.eventually("its key is gone",
                    [&] { return !system.secret("billing-oauth")->at("data").contains("previous"); });
  system.eventually("the end is told", [&] { return system.has_event("PreviousCredentialRevoked"); });
  EXPECT_TRUE(system.accepts(*system.secret("billing-oauth")).accepted);
  system.eventually("it is told", [&] { return system.has_event("CredentialsRotated"); });
}

TEST_P(LessonsTest, TwoResourcesThatNameOneSecretBothSaySoAndTheOwnerKeepsIt) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const auto before = *system.secret("billing-oauth");
  system.apply(make_user("second", {{"credentials", {{"secretName", "billing-oauth"}}}}));
  system.eventually("the second says so",
                    [&] { return reason("second", "CredentialsDelivered") == "SecretConflict"; });
  EXPECT_EQ(*system.secret("billing-oauth"), before);
  EXPECT_TRUE(system.is_ready("billing"));
}

TEST_P(LessonsTest, ASecretThatIsNotOursIsLeftAloneAndTheConflictEndsWhenItGoes) {
  system.apply(foreign_secret("theirs"));
  system.start_controller();
  system.apply(make_user("billing"));
  system.eventually("the conflict is told",
                    [&] { return reason("billing", "CredentialsDelivered") == "SecretConflict"; });
  ASSERT_TRUE(system.api().remove(secret_type(), {"apps", "billing-oauth"}));
  system.wait_ready("billing");
  EXPECT_TRUE(system.accepts(*system.secret("billing-oauth")).accepted);
}

TEST_P(LessonsTest, AReferencedSecretIsFollowedWhenItAppearsAndWhenItChanges) {
  system.start_controller();
  system.apply(make_user("billing", {{"credentials", {{"source", "Reference"}}}}));
  system.eventually("it waits",
                    [&] { return reason("billing", "CredentialsDelivered") == "WaitingForSecret"; });
  system.apply(foreign_secret(std::string(40, 'a')));
  system.wait_ready("billing");
  const std::string client = system.user("billing")->at("status").at("clientID");
  const auto accepted = [&](char letter) {
    const auto hash = credentials::hash_client_secret(Secret(std::string(40, letter)));
    return system.store().accepts(ClientId(client), hash).value().accepted;
  };
  EXPECT_TRUE(accepted('a'));
  const Json changed = {{"stringData", {{"client_secret", std::string(40, 'b')}}}};
  ASSERT_TRUE(system.api().patch(secret_type(), {"apps", "billing-oauth"}, kube::PatchType::Merge, changed));
  system.eventually("the new value is registered", [&] { return accepted('b'); });
  EXPECT_TRUE(accepted('a')) << "the one before was cut off";
}

TEST_P(LessonsTest, AnObservedUserIsNeverWritten) {
  system.start_controller();
  system.apply(make_user("billing", {{"managementPolicy", "Observe"}}));
  system.eventually("it says that there is none",
                    [&] { return reason("billing", "IdentitySynced") == "UserNotFound"; });
  EXPECT_FALSE(system.secret("billing-oauth"));
  const store::IdentityRef ref{{api::Kind::IntegrationUser, "apps", "billing"}, {}};
  const auto observed = system.store().observe(*Cluster(system.api()).identity(), {&ref, 1});
  ASSERT_TRUE(observed);
  EXPECT_FALSE(observed->identities[0].own);
}

TEST_P(LessonsTest, AReleasedUserIsAdoptedByItsNamespaceAndByNobodyElse) {
  system.start_controller();
  system.apply(make_user("billing", {{"deletionPolicy", "Deactivate"}}));
  system.wait_ready("billing");
  const std::string id = system.user("billing")->at("status").at("userID");
  system.apply(make_user("thief", {{"adopt", {{"userID", id}}}}));
  system.eventually("it is refused", [&] { return reason("thief", "IdentitySynced") == "OwnedByAnother"; });
  system.remove("thief");  // once the user is released, it would be as good an heir as any
  system.eventually("thief is gone", [&] { return !system.user("thief"); });
  system.remove("billing");
  system.eventually("billing is gone", [&] { return !system.user("billing"); });
  system.apply(make_user("heir", {{"adopt", {{"userID", id}}}}));
  system.wait_ready("heir");
  EXPECT_EQ(system.user("heir")->at("status").at("userID"), id);
  system.eventually("it is told", [&] { return system.has_event("Adopted"); });
}

TEST_P(LessonsTest, ScopesAreNeverWidenedWhenANamespaceLosesItsRight) {
  Json scope = make_scope("finance");
  scope["spec"]["allowedNamespaces"] = {{"from", "Selector"},
                                        {"selector", {{"matchLabels", {{"team", "money"}}}}}};
  system.apply(scope);
  system.start_controller();
  system.apply(make_user("billing", {{"scopes", {"finance"}}}));
  system.eventually("it is not allowed",
                    [&] { return reason("billing", "ScopesResolved") == "ScopeNotAllowed"; });
  const auto label = [&](const Json& value) {
    ASSERT_TRUE(system.api().patch(namespace_type(), {"", "apps"}, kube::PatchType::Merge,
                                   {{"metadata", {{"labels", {{"team", value}}}}}}));
  };
  label("money");
  system.wait_ready("billing");
  EXPECT_EQ(system.accepts(*system.secret("billing-oauth")).scopes, std::vector<std::string>{"finance"});
  label(nullptr);
  system.eventually("it is taken back",
                    [&] { return system.accepts(*system.secret("billing-oauth")).scopes.empty(); });
}

// The cache of Secrets stays empty, as after a watch that filters wrongly: what is there is read live.
TEST_P(LessonsTest, ACacheMissIsNotAnAbsence) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json secret = *system.secret("billing-oauth");
  system.stop_controller();
  std::atomic<int> lists{0};
  system.set_wire([&](const http::ClientRequest& request) -> std::optional<Result<http::ClientResponse>> {
    if (!request.target.starts_with("/api/v1/secrets?")) return std::nullopt;
    if (request.target.find("watch=") != std::string::npos)
      return fail(ErrorKind::Unavailable, "the test holds the watch");
    ++lists;
    return http::ClientResponse{
        200, {}, R"({"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]})"};
  });
  system.start_controller();
  system.merge("billing", {{"spec", {{"description", "changed"}}}});
  system.wait_ready("billing");
  EXPECT_GT(lists, 0);
  EXPECT_EQ(*system.secret("billing-oauth"), secret) << "it was taken for absent";
  EXPECT_EQ(system.ask("SELECT count(*) FROM neoid.credential_versions"), "1");
}

TEST_P(LessonsTest, AFailedWriteIsNeverFollowedByReady) {
  std::atomic<int> refused{0};
  system.set_wire([&](const http::ClientRequest& request) -> std::optional<Result<http::ClientResponse>> {
    if (request.method != "POST" || request.target.find("/secrets") == std::string::npos) return std::nullopt;
    ++refused;
    return http::ClientResponse{
        403, {}, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"not today"})"};
  });
  system.options.settings.create_deadline = 500ms;
  system.options.settings.clock_margin = 100ms;
  system.start_controller();
  system.apply(make_user("billing"));
  system.eventually("it is tried again", [&] {
    EXPECT_FALSE(system.is_ready("billing"));
    return refused > 2;
  });
  EXPECT_FALSE(system.secret("billing-oauth"));
  system.set_wire(nullptr);
  system.wait_ready("billing");
  EXPECT_TRUE(system.accepts(*system.secret("billing-oauth")).accepted);
}

TEST_P(LessonsTest, WhatTheStoreHoldsAndNeoidDidNotMakeStaysAlsoOfAnotherCluster) {
  const auto row = [](char digit, const std::string& more) {
    return "(" + std::string("'") + std::string(8, digit) +
           "-0000-4000-8000-000000000000', 'custom', 'client-" + digit + "', " + more + ")";
  };
  std::string table = system.users_table();
  system.outside("INSERT INTO " + table +
                 " (user_id, kind, client_id, standing, cluster, namespace, name, uid) VALUES " +
                 row('1', "'unowned', '', '', '', ''") + ", " +
                 row('2', "'owned', 'another-cluster', 'apps', 'billing', 'another-uid'"));
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  system.remove("billing");
  system.eventually("it is gone", [&] { return !system.user("billing"); });
  system.apply(make_user("other"));
  system.wait_ready("other");
  EXPECT_EQ(system.ask("SELECT count(*) FROM neoid.users WHERE client_id LIKE 'client-%'"), "2");
  EXPECT_EQ(system.ask("SELECT standing FROM neoid.users WHERE client_id = 'client-2'"), "owned");
}

TEST_P(LessonsTest, DeletesGoByRecordedOwnershipAndNotByTheNameInTheSpec) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json before = *system.secret("billing-oauth");
  system.apply(make_user("second", {{"credentials", {{"secretName", "billing-oauth"}}}}));
  system.eventually("the second says so",
                    [&] { return reason("second", "CredentialsDelivered") == "SecretConflict"; });
  system.remove("second");
  system.eventually("the second is gone", [&] { return !system.user("second"); });
  EXPECT_EQ(*system.secret("billing-oauth"), before);
  EXPECT_TRUE(system.accepts(before).accepted);
}

TEST_P(LessonsTest, LabelsAndAnnotationsThatOthersPutOnTheSecretStay) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json theirs = {
      {"metadata", {{"labels", {{"team", "money"}}}, {"annotations", {{"note", "theirs"}}}}}};
  ASSERT_TRUE(system.api().patch(secret_type(), {"apps", "billing-oauth"}, kube::PatchType::Merge, theirs));
  rotate("one");
  const auto metadata = system.secret("billing-oauth")->at("metadata");
  EXPECT_EQ(metadata.at("labels").at("team"), "money");
  EXPECT_EQ(metadata.at("annotations").at("note"), "theirs");
}

TEST_P(LessonsTest, ALabelOfOursThatWasTakenOffTheSecretIsPutBack) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json off = {{"metadata", {{"labels", {{"app.kubernetes.io/managed-by", nullptr}}}}}};
  ASSERT_TRUE(system.api().patch(secret_type(), {"apps", "billing-oauth"}, kube::PatchType::Merge, off));
  system.eventually("it is there again", [&] {
    const auto metadata = system.secret("billing-oauth")->at("metadata");
    return metadata.contains("labels") && metadata.at("labels").contains("app.kubernetes.io/managed-by");
  });
}

TEST_P(LessonsTest, WhatANewResourceMakesOfItsOwnEchoIsNothing) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const auto version = system.user("billing")->at("metadata").at("resourceVersion");
  system.apply(make_user("other"));
  system.wait_ready("other");
  EXPECT_EQ(system.user("billing")->at("metadata").at("resourceVersion"), version);
  // What others do is no echo, and is noticed at once.
  system.merge("billing", {{"spec", {{"description", "changed"}}}});
  system.wait_ready("billing");
  ASSERT_TRUE(system.api().remove(secret_type(), {"apps", "billing-oauth"}));
  system.eventually("the Secret is there again", [&] { return system.secret("billing-oauth").has_value(); });
}

TEST_P(LessonsTest, AFinalizerOfSomebodyElseStays) {
  Json user = make_user("billing");
  user["metadata"]["finalizers"] = {"example.com/theirs"};
  system.start_controller();
  system.apply(user);
  system.wait_ready("billing");
  const auto finalizers = system.user("billing")->at("metadata").at("finalizers");
  EXPECT_EQ(finalizers, Json({"example.com/theirs", "identity.neostella.com/finalizer"}));
}

TEST_P(LessonsTest, TheMetricsTellWhatIsThere) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  system.eventually("the caches have seen it", [&] {
    return system.metrics().find(
               R"(neoid_resources{kind="IntegrationUser",ready="True",reason="Reconciled"} 1)") !=
           std::string::npos;
  });
  const std::string text = system.metrics();
  EXPECT_THAT(text, HasSubstr(R"(neoid_credentials{kind="IntegrationUser",state="current"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(neoid_credentials_issued_total{cause="first",kind="IntegrationUser"} 1)"));
  EXPECT_THAT(text, HasSubstr("neoid_leader 1"));
  EXPECT_THAT(text, HasSubstr("neoid_ready 1"));
  EXPECT_THAT(text, HasSubstr("neoid_store_seconds_count{operation=\"commit\"}"));
  EXPECT_THAT(text, HasSubstr("neoid_watch_age_seconds{resource=\"secrets\"}"));
  EXPECT_THAT(text, HasSubstr("neoid_queue_wait_seconds_count"));
}

}  // namespace
}  // namespace neoid::reconcilers
