// What people do with a cluster around their resources: namespaces and CRDs go away, finalizers are dropped, owners go
// before their own, the program is stopped in the middle. Over the embedded API and both stores; tests/crash has the
// same with kubectl and with a program that dies on the way.
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "controller/reconcilers/cluster.h"
#include "reconcile/meta/conditions.h"
#include "tests/controller/reconcilers/controller_support.h"

namespace neoid::reconcilers {
namespace {

using namespace std::chrono_literals;

const kube::ResourceType kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions", false};
const kube::ResourceType kLeases{"coordination.k8s.io", "v1", "leases", true};

class HandsTest : public testing::TestWithParam<StoreForm> {
 protected:
  HandsTest() : system(GetParam()) {}

  bool is_gone(const kube::ResourceType& type, const kube::ObjectName& name) const {
    const auto found = system.api().get(type, name);
    return !found && found.error().kind == ErrorKind::NotFound;
  }
  System system;
};

INSTANTIATE_TEST_SUITE_P(Stores, HandsTest, testing::Values(StoreForm::Sqlite, StoreForm::Postgres),
                         [](const auto& store) {
                           return store.param == StoreForm::Sqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(HandsTest, ANamespaceThatGoesTakesItsUsersAlongAndEndsTheirCredentials) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json secret = *system.secret("billing-oauth");
  ASSERT_TRUE(system.api().remove(namespace_type(), {"", "apps"}));
  system.eventually("the namespace is gone", [&] { return is_gone(namespace_type(), {"", "apps"}); });
  EXPECT_FALSE(system.accepts(secret).accepted);
  EXPECT_EQ(system.ask("SELECT count(*) FROM neoid.users"), "0");
}

TEST_P(HandsTest, AUserInANamespaceThatIsGoingGetsNoSecretAndHoldsNothingUp) {
  Json user = make_user("billing");
  user["metadata"]["finalizers"] = {"example.com/waits"};
  system.apply(user);
  ASSERT_TRUE(system.api().remove(namespace_type(), {"", "apps"}));
  system.start_controller();
  system.apply(make_scope("documents"));
  system.eventually("the controller works", [&] {
    const auto scope = system.api().get(resource_type(api::Kind::Scope), {"", "documents"});
    return scope && scope->contains("status");
  });
  EXPECT_FALSE(system.secret("billing-oauth"));
  system.merge("billing", {{"metadata", {{"finalizers", nullptr}}}});
  system.eventually("the namespace is gone", [&] { return is_gone(namespace_type(), {"", "apps"}); });
}

TEST_P(HandsTest, ADefinitionThatIsDeletedRevokesNothingAndTheIdentityIsTakenUpWhenItComesBack) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json secret = *system.secret("billing-oauth");
  const kube::ObjectName name{"", "integrationusers.identity.neostella.com"};
  const Json definition = system.api().get(kDefinitions, name).value();
  ASSERT_TRUE(system.api().remove(kDefinitions, name));
  system.eventually("the definition is gone", [&] { return is_gone(kDefinitions, name); });
  EXPECT_TRUE(system.accepts(secret).accepted) << "it was revoked with the CRD";
  EXPECT_EQ(system.ask("SELECT standing FROM neoid.users"), "released");
  const Json again = {{"apiVersion", definition.at("apiVersion")},
                      {"kind", definition.at("kind")},
                      {"metadata", {{"name", name.name}}},
                      {"spec", definition.at("spec")}};
  ASSERT_TRUE(system.api().create(kDefinitions, "", again));
  system.eventually("users can be made again", [&] {
    return system.api()
        .create(resource_type(api::Kind::IntegrationUser), "apps", make_user("billing"))
        .has_value();
  });
  system.wait_ready("billing");
  EXPECT_EQ(system.user("billing")->at("status").at("clientID"), System::value(secret, "client_id"));
  EXPECT_TRUE(system.accepts(*system.secret("billing-oauth")).accepted);
}

TEST_P(HandsTest, AResourceThatWasReplacedWithoutItsFinalizerGetsItBackAndKeepsItsCredential) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json secret = *system.secret("billing-oauth");
  Json replaced = make_user("billing", {{"description", "replaced"}});
  replaced["metadata"]["resourceVersion"] = resource_version_of(*system.user("billing"));
  const kube::ResourceType type = resource_type(api::Kind::IntegrationUser);
  ASSERT_TRUE(system.api().update(type, {"apps", "billing"}, replaced));
  system.wait_ready("billing");
  EXPECT_EQ(system.user("billing")->at("metadata").at("finalizers"),
            Json({"identity.neostella.com/finalizer"}));
  EXPECT_EQ(system.secret("billing-oauth")->at("data"), secret.at("data"));
  system.remove("billing");
  system.eventually("it is gone", [&] { return !system.user("billing"); });
  EXPECT_FALSE(system.accepts(secret).accepted);
}

TEST_P(HandsTest, DeletionWithOrphanAndForegroundPropagationLeavesNothingBehind) {
  system.start_controller();
  for (const char* propagation : {"Orphan", "Foreground", "Background"}) {
    system.apply(make_user("billing"));
    system.wait_ready("billing");
    const Json secret = *system.secret("billing-oauth");
    kube::DeleteOptions options;
    options.propagation_policy = propagation;
    ASSERT_TRUE(system.api().remove(resource_type(api::Kind::IntegrationUser), {"apps", "billing"}, options));
    system.eventually(std::string("it is gone: ") + propagation, [&] { return !system.user("billing"); });
    EXPECT_FALSE(system.secret("billing-oauth")) << propagation;
    EXPECT_FALSE(system.accepts(secret).accepted) << propagation;
  }
}

TEST_P(HandsTest, ADeletionThatCannotReachTheStoreWaitsSaysWhyAndFinishesWhenItCan) {
  system.start_controller();
  system.apply(make_user("billing"));
  system.wait_ready("billing");
  const Json secret = *system.secret("billing-oauth");
  system.cut_store();
  system.remove("billing");
  system.eventually("it says why it waits", [&] {
    return system.user("billing")->at("status").dump().find("\"StoreUnavailable\"") != std::string::npos;
  });
  EXPECT_TRUE(system.secret("billing-oauth"));
  system.mend_store();
  system.eventually("it is gone", [&] { return !system.user("billing"); });
  EXPECT_FALSE(system.accepts(secret).accepted);
}

TEST_P(HandsTest, ADeprecatedScopeIsToldByItsHoldersAndByItself) {
  Json scope = make_scope("documents");
  scope["spec"]["deprecated"] = {{"replacement", "files"}};
  system.apply(scope);
  system.start_controller();
  system.apply(make_user("billing", {{"scopes", {"documents"}}}));
  system.wait_ready("billing");
  const auto has_reason = [](const Json& object) {
    return object.value("status", Json::object()).dump().find("\"ScopeDeprecated\"") != std::string::npos;
  };
  EXPECT_TRUE(has_reason(*system.user("billing")));
  EXPECT_EQ(system.user("billing")->at("status").at("grantedScopes"), Json({"documents"}));
  system.eventually("the scope says that it is in use", [&] {
    return has_reason(system.api().get(resource_type(api::Kind::Scope), {"", "documents"}).value());
  });
}

TEST_P(HandsTest, AStopFinishesWhatIsInFlightWithinItsGraceAndReleasesTheLease) {
  std::promise<void> sent, let_go;
  std::atomic<bool> first = true;
  std::shared_future<void> gate = let_go.get_future().share();
  system.set_wire([&](const http::ClientRequest& request) -> std::optional<Result<http::ClientResponse>> {
    if (request.method == "POST" && request.target.find("/secrets") != std::string::npos &&
        first.exchange(false)) {
      sent.set_value();
      gate.wait_for(10s);
    }
    return std::nullopt;
  });
  system.options.settings.create_deadline = 5s;
  system.start_controller();
  system.apply(make_user("billing"));
  ASSERT_EQ(sent.get_future().wait_for(10s), std::future_status::ready);
  const auto started = std::chrono::steady_clock::now();
  auto stopped = std::async(std::launch::async, [&] { system.stop_controller(); });
  let_go.set_value();
  stopped.get();
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
  const auto secret = system.secret("billing-oauth");
  ASSERT_TRUE(secret);
  EXPECT_TRUE(system.accepts(*secret).accepted);
  EXPECT_EQ(system.ask("SELECT state FROM neoid.credential_versions"), "delivered");
  const Json lease = system.api().get(kLeases, {"kube-system", "neoid"}).value();
  EXPECT_EQ(lease.at("spec").value("holderIdentity", ""), "");
  EXPECT_EQ(lease.at("metadata").at("annotations").value("identity.neostella.com/released-clean", ""),
            "true");
}

TEST_P(HandsTest, AnUnansweredCreateMakesTheHandOverUncleanUntilItCannotLandAnyMore) {
  system.options.settings.create_deadline = 300ms;
  system.options.settings.clock_margin = 300ms;
  const auto wait = system.options.settings.create_wait();
  std::atomic<int> lost{0};
  system.set_wire([&](const http::ClientRequest& request) -> std::optional<Result<http::ClientResponse>> {
    if (request.method != "POST" || request.target.find("/secrets") == std::string::npos ||
        lost.exchange(1) != 0)
      return std::nullopt;
    return fail(ErrorKind::Timeout, "the test lost the answer");
  });
  const auto released_clean = [&] {
    system.stop_controller();
    const Json lease = system.api().get(kLeases, {"kube-system", "neoid"}).value();
    return lease.at("metadata").at("annotations").contains("identity.neostella.com/released-clean");
  };
  system.start_controller();
  system.apply(make_user("billing"));
  system.eventually("a create is lost", [&] { return lost == 1; });
  EXPECT_FALSE(released_clean());
  // Once more, and now it is waited for until nothing can be under way.
  lost = 0;
  system.start_controller();
  system.eventually("a create is lost", [&] { return lost == 1; });
  system.wait_ready("billing");
  const auto then = std::chrono::steady_clock::now();
  system.eventually("it cannot land any more",
                    [&] { return std::chrono::steady_clock::now() - then > wait; });
  EXPECT_TRUE(released_clean());
}

}  // namespace
}  // namespace neoid::reconcilers
