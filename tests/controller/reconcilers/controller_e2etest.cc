// The controller against the embedded API over TLS and both stores: each rule of DESIGN.md that shows from outside.
#include <gtest/gtest.h>

#include "tests/controller/reconcilers/controller_support.h"

namespace neoid::reconcilers {
namespace {

class ControllerTest : public testing::TestWithParam<StoreForm> {
 protected:
  ControllerTest() : system(GetParam()) {}
  System system;
};

INSTANTIATE_TEST_SUITE_P(Stores, ControllerTest, testing::Values(StoreForm::Sqlite, StoreForm::Postgres),
                         [](const auto& store) {
                           return store.param == StoreForm::Sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(ControllerTest, ANewUserBecomesReadyWithACredentialThatWorks) {
  system.start_controller();
  system.apply(make_scope("documents"));
  system.apply(make_user("billing", {{"scopes", {"documents"}}}));
  system.wait_ready("billing");
  const auto secret = system.secret("billing-oauth");
  ASSERT_TRUE(secret);
  const auto answer = system.accepts(*secret);
  EXPECT_TRUE(answer.accepted) << answer.reason;
  EXPECT_EQ(answer.scopes, std::vector<std::string>{"documents"});
  EXPECT_EQ(System::value(*secret, "scopes"), "documents");
  EXPECT_EQ(System::value(*secret, "issuer"), "https://issuer.example");
  EXPECT_EQ(secret->at("type"), "identity.neostella.com/oauth-client");
  system.eventually("it is told", [&] { return system.has_event("IdentityCreated"); });
  system.eventually("it is told", [&] { return system.has_event("CredentialsIssued"); });
}

TEST_P(ControllerTest, ResourcesMadeBeforeTheControllerStartsAreTakenUp) {
  system.apply(make_scope("documents"));
  for (int i = 0; i < 20; ++i)
    system.apply(make_user("user-" + std::to_string(i), {{"scopes", {"documents"}}}));
  system.start_controller();
  for (int i = 0; i < 20; ++i) system.wait_ready("user-" + std::to_string(i));
}

TEST_P(ControllerTest, ARestartWritesNothing) {
  system.start_controller();
  system.apply(make_scope("documents"));
  system.apply(make_user("billing", {{"scopes", {"documents"}}}));
  system.wait_ready("billing");
  system.eventually("the scope knows its holder", [&] {
    const auto scope = system.api().get(resource_type(api::Kind::Scope), {"", "documents"});
    return scope && scope->at("status").value("users", 0) == 1;
  });
  system.stop_controller();
  const auto user = system.user("billing");
  const auto secret = system.secret("billing-oauth");
  const auto position = system.store().feed_end();
  system.start_controller();
  // A second user that becomes ready shows that the controller is through with the first one.
  system.apply(make_user("other"));
  system.wait_ready("other");
  EXPECT_EQ(system.user("billing")->at("metadata").at("resourceVersion"),
            user->at("metadata").at("resourceVersion"));
  EXPECT_EQ(system.secret("billing-oauth")->at("metadata").at("resourceVersion"),
            secret->at("metadata").at("resourceVersion"));
  const auto entries = system.store().changes_after(ClusterId(), *position, 100);
  ASSERT_TRUE(entries);
  for (const auto& entry : *entries) {
    EXPECT_FALSE(entry.resource && entry.resource->name == "billing") << entry.action;
  }
}

TEST_P(ControllerTest, DeactivatedMeansNowAndReactivationBringsTheSameCredentialBack) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const auto secret = *system.secret("billing-oauth");
  system.merge("billing", {{"spec", {{"active", false}}}});
  system.eventually("the store refuses it", [&] { return system.accepts(secret).reason == "Inactive"; });
  system.merge("billing", {{"spec", {{"active", true}}}});
  system.eventually("the store accepts it again", [&] { return system.accepts(secret).accepted; });
  EXPECT_EQ(System::value(*system.secret("billing-oauth"), "client_secret"),
            System::value(secret, "client_secret"));
}

TEST_P(ControllerTest, AnEmergencyDeactivationOutlivesItsAnnotation) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const auto secret = *system.secret("billing-oauth");
  const auto annotate = [&](const char* name, const Json& value) {
    system.merge("billing",
                 {{"metadata", {{"annotations", {{std::string("identity.neostella.com/") + name, value}}}}}});
  };
  annotate("deactivated", "leaked on a wiki");
  system.eventually("the store refuses it", [&] { return !system.accepts(secret).accepted; });
  annotate("deactivated", nullptr);
  system.merge("billing", {{"spec", {{"description", "touched"}}}});
  system.wait_ready("billing");
  EXPECT_FALSE(system.accepts(secret).accepted) << "dropping the annotation switched it on again";
  annotate("reactivate", format_time(SystemClock().now() + std::chrono::hours(1)));
  system.eventually("the store accepts it again", [&] { return system.accepts(secret).accepted; });
}

TEST_P(ControllerTest, DriftInTheStoreIsPutBackAndTold) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const std::string id = system.user("billing")->at("status").at("userID");
  system.outside("UPDATE " + system.users_table() + " SET display_name = 'Mallory' WHERE user_id = '" + id +
                 "'");
  system.eventually("the event tells of it", [&] { return system.has_event("DriftCorrected"); });
  const store::IdentityRef ref{{api::Kind::IntegrationUser, "apps", "billing"}, {}};
  const auto cluster = Cluster(system.api()).identity();
  const auto observed = system.store().observe(*cluster, {&ref, 1});
  ASSERT_TRUE(observed && observed->identities[0].own);
  EXPECT_EQ(observed->identities[0].own->config.display_name, "User billing");
}

TEST_P(ControllerTest, ASecretThatIsDeletedByHandComesBackUnderTheSameClientId) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const auto before = *system.secret("billing-oauth");
  ASSERT_TRUE(system.api().remove(secret_type(), {"apps", "billing-oauth"}));
  system.eventually("a new Secret is there", [&] { return system.secret("billing-oauth").has_value(); });
  const auto after = *system.secret("billing-oauth");
  EXPECT_EQ(System::value(after, "client_id"), System::value(before, "client_id"));
  EXPECT_NE(System::value(after, "client_secret"), System::value(before, "client_secret"));
  system.eventually("it works", [&] { return system.accepts(after).accepted; });
}

TEST_P(ControllerTest, AValueThatIsEditedByHandIsReplaced) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json edit = {{"stringData", {{"client_secret", "not-a-secret-of-ours-but-long-enough-for-one"}}}};
  ASSERT_TRUE(system.api().patch(secret_type(), {"apps", "billing-oauth"}, kube::PatchType::Merge, edit));
  system.eventually("a value of ours is in place", [&] {
    const auto secret = system.secret("billing-oauth");
    return secret && System::value(*secret, "client_secret").starts_with("neoid_") &&
           system.accepts(*secret).accepted;
  });
}

TEST_P(ControllerTest, ARotationByHandKeepsTheOldOneForTheOverlap) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const auto before = *system.secret("billing-oauth");
  system.merge("billing",
               {{"metadata", {{"annotations", {{"identity.neostella.com/rotate", "now-please"}}}}}});
  system.eventually("the request is echoed", [&] {
    const auto status = system.user("billing")->at("status");
    return status.at("credentials").value("lastRotateRequest", "") == "now-please";
  });
  const auto after = *system.secret("billing-oauth");
  EXPECT_NE(System::value(after, "client_secret"), System::value(before, "client_secret"));
  EXPECT_TRUE(system.accepts(after).accepted);
  EXPECT_TRUE(system.accepts(before).accepted) << "the version before was cut off";
}

TEST_P(ControllerTest, NobodyElsesSecretIsTouched) {
  const Json foreign = {{"apiVersion", "v1"},
                        {"kind", "Secret"},
                        {"metadata", {{"namespace", "apps"}, {"name", "billing-oauth"}}},
                        {"stringData", {{"client_secret", "theirs"}}}};
  system.apply(foreign);
  const auto before = *system.secret("billing-oauth");
  system.start_controller();
  system.apply(make_user("billing"));
  system.eventually("the conflict is told", [&] { return system.has_event("SecretConflict"); });
  EXPECT_EQ(*system.secret("billing-oauth"), before);
  system.remove("billing");
  system.eventually("the resource is gone", [&] { return !system.user("billing"); });
  EXPECT_EQ(*system.secret("billing-oauth"), before);
}

TEST_P(ControllerTest, AnUnknownScopeGrantsNothingUntilItExists) {
  system.start_controller();
  system.apply(make_user("billing", {{"scopes", {"documents"}}}));
  system.eventually("it is reported", [&] { return system.has_event("ScopeNotFound"); });
  system.apply(make_scope("documents"));
  system.wait_ready("billing");
  EXPECT_EQ(system.user("billing")->at("status").at("grantedScopes"), Json({"documents"}));
}

TEST_P(ControllerTest, AScopeThatIsHeldWaitsForItsHolders) {
  system.start_controller();
  system.apply(make_scope("documents"));
  system.apply(make_user("billing", {{"scopes", {"documents"}}}));
  system.wait_ready("billing");
  const kube::ResourceType scopes = resource_type(api::Kind::Scope);
  ASSERT_TRUE(system.api().remove(scopes, {"", "documents"}));
  system.eventually("the condition names the holder", [&] {
    const auto scope = system.api().get(scopes, {"", "documents"});
    return scope && scope->dump().find("apps/billing") != std::string::npos;
  });
  system.merge("billing", {{"spec", {{"scopes", Json::array()}}}});
  system.eventually("the scope is gone", [&] {
    const auto scope = system.api().get(scopes, {"", "documents"});
    return !scope && scope.error().kind == ErrorKind::NotFound;
  });
}

TEST_P(ControllerTest, DeletionFinishesWithTheCredentialRevokedAndTheSecretGone) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const auto secret = *system.secret("billing-oauth");
  system.remove("billing");
  system.eventually("the resource is gone", [&] { return !system.user("billing"); });
  EXPECT_FALSE(system.accepts(secret).accepted);
  EXPECT_FALSE(system.secret("billing-oauth"));
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  EXPECT_NE(System::value(*system.secret("billing-oauth"), "client_id"), System::value(secret, "client_id"));
}

TEST_P(ControllerTest, AUserThatWasLeftBehindInactiveIsResumedByItsName) {
  system.start_controller();
  system.apply(make_user("billing", {{"deletionPolicy", "Deactivate"}}));
  system.wait_ready("billing");
  const auto secret = *system.secret("billing-oauth");
  system.remove("billing");
  system.eventually("the resource is gone", [&] { return !system.user("billing"); });
  EXPECT_FALSE(system.accepts(secret).accepted);
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  EXPECT_EQ(System::value(*system.secret("billing-oauth"), "client_id"), System::value(secret, "client_id"));
}

TEST_P(ControllerTest, AResourceWhoseFinalizerWasTakenAwayLeavesNoLiveCredential) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const auto secret = *system.secret("billing-oauth");
  system.stop_controller();
  system.merge("billing", {{"metadata", {{"finalizers", nullptr}}}});
  system.remove("billing");
  system.start_controller();
  system.eventually("the sweep revoked it", [&] { return !system.accepts(secret).accepted; });
}

TEST_P(ControllerTest, ASystemUserIsMadeAnewWithTheSameCredentialWhenItIsForcedAway) {
  system.start_controller();
  const kube::ResourceType type = resource_type(api::Kind::SystemIntegrationUser);
  const Json object = {
      {"apiVersion", api::kApiVersion},
      {"kind", "SystemIntegrationUser"},
      {"metadata", {{"name", "engine"}}},
      {"spec",
       {{"displayName", "Engine"},
        {"credentials", {{"secretRef", {{"namespace", "apps"}, {"name", "engine-oauth"}}}}}}}};
  system.apply(object);
  const auto status = [&](const char* field) {
    const auto live = system.api().get(type, {"", "engine"});
    return live && live->contains("status") ? live->at("status").value(field, "") : std::string();
  };
  system.eventually("it has a credential", [&] {
    const auto secret = system.secret("engine-oauth");
    return secret && system.accepts(*secret).accepted && !status("userID").empty();
  });
  const auto secret = *system.secret("engine-oauth");
  const std::string user_id = status("userID");
  ASSERT_TRUE(system.api().remove(type, {"", "engine"}));
  system.eventually("it is there again as the same user", [&] { return status("userID") == user_id; });
  EXPECT_EQ(System::value(*system.secret("engine-oauth"), "client_secret"),
            System::value(secret, "client_secret"));
  EXPECT_TRUE(system.accepts(secret).accepted);
}

TEST_P(ControllerTest, ASecretThatSomebodyElseMakesIsRegisteredAndNeverWritten) {
  system.apply({{"apiVersion", "v1"},
                {"kind", "Secret"},
                {"metadata", {{"namespace", "apps"}, {"name", "billing-oauth"}}},
                {"stringData", {{"client_secret", std::string(40, 'q')}, {"client_id", "their-client"}}}});
  const auto before = *system.secret("billing-oauth");
  system.start_controller();
  system.apply(make_user("billing", {{"credentials", {{"source", "Reference"}}}}));
  system.wait_ready("billing");
  EXPECT_TRUE(system.accepts(before).accepted);
  EXPECT_EQ(*system.secret("billing-oauth"), before);
}

TEST_P(ControllerTest, APausedResourceIsLeftAlone) {
  system.start_controller();
  Json user = make_user("billing");
  user["metadata"]["annotations"]["identity.neostella.com/paused"] = "true";
  system.apply(user);
  system.eventually("the condition says so", [&] {
    const auto live = system.user("billing");
    return live && live->dump().find("\"Paused\"") != std::string::npos;
  });
  EXPECT_FALSE(system.secret("billing-oauth"));
  system.merge("billing", {{"metadata", {{"annotations", {{"identity.neostella.com/paused", nullptr}}}}}});
  system.wait_ready("billing");
}

}  // namespace
}  // namespace neoid::reconcilers
