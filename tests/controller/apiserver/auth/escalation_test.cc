#include "controller/apiserver/auth/escalation.h"

#include <gmock/gmock.h>

#include "tests/controller/apiserver/auth/auth_support.h"

namespace neoid::auth {
namespace {

constexpr const char* kRbac = "rbac.authorization.k8s.io";

class EscalationTest : public testing::Test {
 protected:
  EscalationTest() {
    cluster_ = Cluster::with_builtins();
    cluster_.bind("team", "admins", "ClusterRole", "admin", Json::array({subject("User", "boss")}))
        .role("", "escalator",
              Json::array({rule({"escalate"}, {kRbac}, {"roles"}, {"x"}),
                           rule({"bind"}, {kRbac}, {"clusterroles"}, {"cluster-admin"})}))
        .bind("team", "escalators", "ClusterRole", "escalator", Json::array({subject("User", "esc")}));
  }
  static Json role(Json rules, const std::string& ns = "team") {
    return {{"kind", ns.empty() ? "ClusterRole" : "Role"},
            {"metadata", Cluster::metadata(ns, "x", Json::object())},
            {"rules", std::move(rules)}};
  }
  static Json binding(const std::string& kind, const std::string& name, const std::string& ns = "team") {
    return {{"kind", ns.empty() ? "ClusterRoleBinding" : "RoleBinding"},
            {"metadata", Cluster::metadata(ns, "b", Json::object())},
            {"roleRef", {{"kind", kind}, {"name", name}}},
            {"subjects", Json::array({subject("User", "friend")})}};
  }
  Cluster cluster_;
  const UserInfo boss_ = user("boss", {"team", "system:authenticated"});
  const UserInfo root_ = user("root", {"system:masters"});
};

TEST_F(EscalationTest, WhatOneHasOneMayGrant) {
  const Rbac rbac = cluster_.rbac();
  EXPECT_TRUE(check_role_write(
      rbac, boss_, role(Json::array({rule({"get", "list"}, {""}, {"secrets"}, {"a"})})), nullptr));
  EXPECT_TRUE(check_binding_write(rbac, boss_, binding("ClusterRole", "edit"), nullptr));
  EXPECT_TRUE(check_binding_write(rbac, boss_, binding("ClusterRole", "admin"), nullptr));
}

TEST_F(EscalationTest, WhatOneLacksOneMayNotGrant) {
  const auto refused = check_role_write(
      cluster_.rbac(), boss_,
      role(Json::array({rule({"get", "delete"}, {""}, {"nodes"}), rule({"get"}, {""}, {"secrets"}),
                        rule({"watch", "get"}, {"apps"}, {"things", "daemons"}, {"n"})})),
      nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Denied);
  EXPECT_EQ(refused.error().reason, "Forbidden");
  EXPECT_EQ(
      refused.error().message,
      "roles.rbac.authorization.k8s.io \"x\" is forbidden: user \"boss\" (groups=[\"team\" "
      "\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n"
      "{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"get\" \"delete\"]}\n"
      "{APIGroups:[\"apps\"], Resources:[\"daemons\"], ResourceNames:[\"n\"], Verbs:[\"watch\" \"get\"]}\n"
      "{APIGroups:[\"apps\"], Resources:[\"things\"], ResourceNames:[\"n\"], Verbs:[\"watch\" \"get\"]}");
}

TEST_F(EscalationTest, RightsInANamespaceAreNoneInTheCluster) {
  EXPECT_FALSE(check_role_write(cluster_.rbac(), boss_,
                                role(Json::array({rule({"get"}, {""}, {"secrets"})}), ""), nullptr));
  const auto refused =
      check_binding_write(cluster_.rbac(), boss_, binding("ClusterRole", "cluster-admin"), nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().message,
      "rolebindings.rbac.authorization.k8s.io \"b\" is forbidden: user \"boss\" (groups=[\"team\" "
      "\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n"
      "{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}\n{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}");
}

TEST_F(EscalationTest, MastersMayGrantEverythingAlsoWhatDoesNotExistYet) {
  const Rbac rbac = cluster_.rbac();
  EXPECT_TRUE(check_role_write(rbac, root_, role(Json::array({rule({"*"}, {"*"}, {"*"})}), ""), nullptr));
  EXPECT_TRUE(check_binding_write(rbac, root_, binding("ClusterRole", "to-come", ""), nullptr));
}

TEST_F(EscalationTest, ABindingToAMissingRoleIsNotFoundForOthers) {
  const auto refused = check_binding_write(cluster_.rbac(), boss_, binding("Role", "gone"), nullptr);
  EXPECT_EQ(refused.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(refused.error().message, "roles.rbac.authorization.k8s.io \"gone\" not found");
}

TEST_F(EscalationTest, TheVerbsEscalateAndBindOpenTheDoor) {
  const Rbac rbac = cluster_.rbac();
  const UserInfo escalator = user("esc");
  const Json wanted = role(Json::array({rule({"*"}, {"*"}, {"*"})}));
  const Json before = role(Json::array());
  EXPECT_TRUE(check_role_write(rbac, escalator, wanted, &before));
  EXPECT_FALSE(check_role_write(rbac, escalator, wanted, nullptr)) << "a creation has no name to match";
  EXPECT_TRUE(check_binding_write(rbac, escalator, binding("ClusterRole", "cluster-admin"), nullptr));
  EXPECT_FALSE(check_binding_write(rbac, escalator, binding("ClusterRole", "admin"), nullptr));
}

TEST_F(EscalationTest, AnUpdateThatOnlyLetsGoNeedsNoRights) {
  const Json before = role(Json::array({rule({"*"}, {"*"}, {"*"})}));
  Json after = before;
  after["metadata"]["finalizers"] = Json::array({"x"});
  EXPECT_TRUE(check_role_write(cluster_.rbac(), boss_, after, &before));
  after["metadata"]["labels"]["x"] = "y";
  EXPECT_FALSE(check_role_write(cluster_.rbac(), boss_, after, &before));
}

TEST_F(EscalationTest, OnlyWhoHasEverythingMayAggregate) {
  cluster_.bind("", "all-views", "ClusterRole", "view", Json::array({subject("User", "boss")}))
      .bind("", "all", "ClusterRole", "cluster-admin", Json::array({subject("User", "chief")}));
  Json aggregated = role(Json::array(), "");
  aggregated["aggregationRule"] = {{"clusterRoleSelectors", Json::array()}};
  const auto refused = check_role_write(cluster_.rbac(), boss_, aggregated, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "clusterroles.rbac.authorization.k8s.io \"x\" is forbidden: must have cluster-admin privileges "
            "to use the "
            "aggregationRule");
  EXPECT_TRUE(check_role_write(cluster_.rbac(), user("chief"), aggregated, nullptr));
}

TEST(ImpersonationTest, HeadersAreReadInAnyCase) {
  const auto none = read_impersonation({{"Accept", "x"}});
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  const auto some = read_impersonation({{"impersonate-USER", "jane"},
                                        {"Impersonate-Group", "a"},
                                        {"Impersonate-Group", "b"},
                                        {"Impersonate-Uid", "u"},
                                        {"Impersonate-Extra-Acme.com%2fProject", "p"}});
  ASSERT_TRUE(some && *some);
  EXPECT_EQ((*some)->user, "jane");
  EXPECT_THAT((*some)->groups, testing::ElementsAre("a", "b"));
  EXPECT_EQ((*some)->uid, "u");
  EXPECT_EQ((*some)->extra.at("acme.com/project"), std::vector<std::string>{"p"});
  const auto wrong = read_impersonation({{"Impersonate-Group", "g"}});
  EXPECT_EQ(wrong.error().kind, ErrorKind::Internal);
  EXPECT_EQ(wrong.error().message, "requested [{Group  g    }] without impersonating a user");
}

TEST(ImpersonationTest, EachPartNeedsItsOwnRight) {
  Cluster cluster;
  cluster
      .role("", "as-jane",
            Json::array({rule({"impersonate"}, {""}, {"users"}, {"jane"}),
                         rule({"impersonate"}, {""}, {"groups"}, {"devs"})}))
      .bind("", "b", "ClusterRole", "as-jane", Json::array({subject("User", "ci")}));
  const Rbac rbac = cluster.rbac();
  struct Case {
    Impersonation wanted;
    const char* refusal;  // empty: allowed
  };
  const std::string cannot = "is forbidden: User \"ci\" cannot impersonate resource ";
  const Case cases[] = {
      {{"jane", {}, "", {}}, ""},
      {{"jane", {"devs"}, "", {}}, ""},
      {{"joe", {}, "", {}},
       "users \"joe\" is forbidden: User \"ci\" cannot impersonate resource \"users\" in API group "
       "\"\" at the cluster scope"},
      {{"jane", {"system:masters"}, "", {}},
       "groups \"system:masters\" is forbidden: User \"ci\" cannot impersonate resource \"groups\" in API "
       "group \"\" at "
       "the cluster scope"},
      {{"jane", {}, "", {{"team", {"red"}}}},
       "userextras.authentication.k8s.io \"red\" is forbidden: User \"ci\" cannot impersonate resource "
       "\"userextras/team\" in API group \"authentication.k8s.io\" at the cluster scope"},
      {{"system:serviceaccount:ns:bot", {}, "", {}},
       "serviceaccounts \"bot\" is forbidden: User \"ci\" cannot impersonate resource \"serviceaccounts\" in "
       "API group "
       "\"\" in the namespace \"ns\""},
  };
  for (const Case& c : cases) {
    const auto result = impersonate(rbac, user("ci"), c.wanted);
    EXPECT_EQ(result ? "" : result.error().message, c.refusal);
  }
}

TEST(ImpersonationTest, TheGroupsAreThoseOfARealServer) {
  const Rbac rbac{RbacObjects{}};
  const UserInfo root = user("root", {"system:masters"});
  const auto groups = [&](const Impersonation& wanted) { return impersonate(rbac, root, wanted)->groups; };
  using testing::ElementsAre;
  EXPECT_THAT(groups({"jane", {}, "", {}}), ElementsAre("system:authenticated"));
  EXPECT_THAT(groups({"jane", {"devs"}, "", {}}), ElementsAre("devs", "system:authenticated"));
  EXPECT_THAT(groups({"jane", {"system:unauthenticated"}, "", {}}), ElementsAre("system:unauthenticated"));
  EXPECT_THAT(groups({"system:anonymous", {}, "", {}}), ElementsAre("system:unauthenticated"));
  EXPECT_THAT(groups({"system:serviceaccount:ns:bot", {}, "", {}}),
              ElementsAre("system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"));
}

}  // namespace
}  // namespace neoid::auth
