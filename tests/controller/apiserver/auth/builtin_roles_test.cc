#include "controller/apiserver/auth/builtin_roles.h"

#include <gmock/gmock.h>

#include "tests/controller/apiserver/auth/auth_support.h"

namespace neoid::auth {
namespace {

constexpr const char* kIdentity = "identity.neostella.com";

TEST(BuiltinRolesTest, GiveTheRightsThatTheyShould) {
  Cluster cluster = Cluster::with_builtins();
  cluster.bind("team", "v", "ClusterRole", "view", Json::array({subject("User", "viewer")}))
      .bind("team", "e", "ClusterRole", "edit", Json::array({subject("User", "editor")}))
      .bind("team", "a", "ClusterRole", "admin", Json::array({subject("User", "boss")}))
      .bind("team", "s", "ClusterRole", "edit", Json::array({subject("User", "quick")}));
  const Rbac rbac = cluster.rbac();
  const UserInfo viewer = user("viewer"), editor = user("editor"), boss = user("boss"), plain = user("plain");
  const UserInfo admin = user("mary", {"neoid:admins", "system:authenticated"});
  const UserInfo admin_here = user("quick", {"neoid:admins", "system:authenticated"});
  const UserInfo platform = user("pat", {"neoid:platform", "system:authenticated"});
  struct Case {
    const UserInfo* who;
    Attributes asked;
    bool allowed;
  };
  const Case cases[] = {
      {&viewer, on("list", kIdentity, "integrationusers", "team"), true},
      {&viewer, on("get", kIdentity, "integrationusers", "team", "x", "status"), true},
      {&viewer, on("create", kIdentity, "integrationusers", "team"), false},
      {&viewer, on("get", "", "secrets", "team", "x"), false},
      {&viewer, on("list", "", "configmaps", "team"), true},
      {&viewer, on("list", "", "configmaps", "other"), false},
      {&viewer, on("list", "rbac.authorization.k8s.io", "roles", "team"), false},
      {&editor, on("create", kIdentity, "integrationusers", "team"), true},
      {&editor, on("update", kIdentity, "integrationusers", "team", "x", "status"), false},
      {&editor, on("get", "", "secrets", "team", "x"), true},
      {&editor, on("list", "", "configmaps", "team"), true},
      {&editor, on("create", "rbac.authorization.k8s.io", "rolebindings", "team"), false},
      {&editor, on("list", kIdentity, "systemintegrationusers"), false},
      {&boss, on("create", "rbac.authorization.k8s.io", "rolebindings", "team"), true},
      {&boss, on("delete", kIdentity, "integrationusers", "team", "x"), true},
      {&boss, on("delete", "", "namespaces", "team", "team"), false},
      {&admin, on("create", kIdentity, "integrationusers", "team"), true},
      {&admin, on("list", kIdentity, "integrationusers"), true},
      {&admin, on("delete", kIdentity, "scopes", "", "documents.read"), true},
      {&admin, on("list", "", "namespaces"), true},
      {&admin, on("create", "", "namespaces"), true},
      {&admin, on("list", "", "events"), true},
      {&admin, on("get", "", "secrets", "team", "x"), false},
      {&admin, on("list", "", "secrets"), false},
      {&admin, on("get", kIdentity, "systemintegrationusers", "", "x"), false},
      {&admin, on("list", kIdentity, "systemintegrationusers"), false},
      {&admin, on("create", kIdentity, "systemintegrationusers"), false},
      {&admin, on("update", kIdentity, "integrationusers", "team", "x", "status"), false},
      {&admin, on("impersonate", "", "users", "", "admin"), false},
      {&admin_here, on("get", "", "secrets", "team", "x"), true},
      {&admin_here, on("get", "", "secrets", "kube-system", "x"), false},
      {&platform, on("create", kIdentity, "systemintegrationusers"), true},
      {&platform, on("list", "", "secrets"), false},
      {&plain, on_path("get", "/version"), true},
      {&plain, on_path("get", "/apis/apps/v1"), true},
      {&plain, on_path("get", "/metrics"), false},
      {&plain, on("create", "authorization.k8s.io", "selfsubjectaccessreviews"), true},
      {&plain, on("create", "authorization.k8s.io", "subjectaccessreviews"), false},
      {&plain, on("list", kIdentity, "scopes"), false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(rbac.authorize(*c.who, c.asked).allowed, c.allowed)
        << forbidden_message(*c.who, c.asked, "(or not)");
}

TEST(BuiltinRolesTest, NobodyButMastersAndPlatformSeesSystemUsers) {
  const Rbac rbac = Cluster::with_builtins().rbac();
  for (const Json& object : builtin_rbac_objects()) {
    if (object["kind"] != "ClusterRole") continue;
    const std::string name = object["metadata"]["name"];
    if (name == "cluster-admin" || name == "neoid:platform") continue;
    const auto rules = rbac.role_rules("ClusterRole", name, "");
    ASSERT_TRUE(rules);
    for (const PolicyRule& one : *rules)
      for (const char* verb :
           {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"})
        EXPECT_FALSE(allows(one, on(verb, kIdentity, "systemintegrationusers", "", "x")))
            << name << " " << verb;
  }
}

TEST(BuiltinRolesTest, AggregatedRolesCarryTheirGatheredRules) {
  const Rbac rbac = Cluster::with_builtins().rbac();
  for (const Json& object : builtin_rbac_objects()) {
    if (!object.contains("aggregationRule")) continue;
    EXPECT_FALSE(object["rules"].empty());
    EXPECT_EQ(object["rules"], rbac.aggregated_rules(object["metadata"]["name"].get<std::string>()));
  }
}

}  // namespace
}  // namespace neoid::auth
