#include "controller/apiserver/auth/rbac.h"

#include <gmock/gmock.h>

#include "tests/controller/apiserver/auth/auth_support.h"

namespace neoid::auth {
namespace {

TEST(RuleTest, MatchesVerbsGroupsResourcesNamesAndUrls) {
  const PolicyRule pods{{"get"}, {""}, {"pods"}, {}, {}};
  const PolicyRule any{{"*"}, {"*"}, {"*"}, {}, {}};
  const PolicyRule status{{"get"}, {"*"}, {"*/status"}, {}, {}};
  const PolicyRule log{{"get"}, {""}, {"pods/log"}, {}, {}};
  const PolicyRule named{{"get", "update"}, {""}, {"pods"}, {"a", "b"}, {}};
  const PolicyRule urls{{"get"}, {}, {}, {}, {"/healthz", "/api/*"}};
  const PolicyRule all_urls{{"*"}, {}, {}, {}, {"*"}};
  struct Case {
    const char* why;
    const PolicyRule* rule;
    Attributes asked;
    bool allowed;
  };
  const Case cases[] = {
      {"what it says", &pods, on("get", "", "pods", "ns", "x"), true},
      {"another verb", &pods, on("list", "", "pods"), false},
      {"another group", &pods, on("get", "apps", "pods"), false},
      {"another resource", &pods, on("get", "", "secrets"), false},
      {"a resource does not give its subresources", &pods, on("get", "", "pods", "", "x", "log"), false},
      {"the subresource itself", &log, on("get", "", "pods", "", "x", "log"), true},
      {"a subresource does not give the resource", &log, on("get", "", "pods"), false},
      {"* is everything, subresources too", &any, on("delete", "apps", "things", "n", "x", "scale"), true},
      {"* of resources is no path", &any, on_path("get", "/healthz"), false},
      {"*/status of any resource", &status, on("get", "apps", "deployments", "", "x", "status"), true},
      {"*/status is not */scale", &status, on("get", "apps", "deployments", "", "x", "scale"), false},
      {"a name that is listed", &named, on("update", "", "pods", "ns", "b"), true},
      {"a name that is not", &named, on("update", "", "pods", "ns", "c"), false},
      {"no name at all: a list or a creation", &named, on("get", "", "pods", "ns"), false},
      {"a path", &urls, on_path("get", "/healthz"), true},
      {"a path below it", &urls, on_path("get", "/healthz/x"), false},
      {"a trailing star", &urls, on_path("get", "/api/v1"), true},
      {"a trailing star needs its slash", &urls, on_path("get", "/api"), false},
      {"another method", &urls, on_path("post", "/healthz"), false},
      {"every path", &all_urls, on_path("delete", "/x"), true},
      {"paths are no resources", &all_urls, on("get", "", "pods"), false},
  };
  for (const Case& c : cases) EXPECT_EQ(allows(*c.rule, c.asked), c.allowed) << c.why;
}

class RbacTest : public testing::Test {
 protected:
  RbacTest() {
    cluster_.role("", "reader", Json::array({rule({"get", "list"}, {""}, {"secrets"})}))
        .role("a", "writer", Json::array({rule({"create"}, {""}, {"secrets"})}))
        .bind("", "everywhere", "ClusterRole", "reader", Json::array({subject("Group", "readers")}))
        .bind("a", "here", "ClusterRole", "reader",
              Json::array({subject("User", "ann"), subject("User", "eve")}))
        .bind("a", "robots", "Role", "writer",
              Json::array({subject("ServiceAccount", "bot"), subject("ServiceAccount", "bot", "b")}))
        .bind("a", "dangling", "Role", "gone", Json::array({subject("User", "dan")}))
        .bind("", "dangling", "ClusterRole", "gone", Json::array({subject("User", "dan")}));
  }
  Decision ask(const UserInfo& who, const Attributes& what) { return cluster_.rbac().authorize(who, what); }
  Cluster cluster_;
};

TEST_F(RbacTest, AClusterRoleBindingHoldsEverywhere) {
  const UserInfo reader = user("rita", {"readers"});
  EXPECT_TRUE(ask(reader, on("list", "", "secrets")).allowed);
  EXPECT_TRUE(ask(reader, on("list", "", "secrets", "z")).allowed);
  EXPECT_EQ(ask(reader, on("get", "", "secrets", "z", "x")).reason,
            R"(RBAC: allowed by ClusterRoleBinding "everywhere" of ClusterRole "reader" to Group "readers")");
}

TEST_F(RbacTest, ARoleBindingHoldsInItsNamespaceOnly) {
  EXPECT_TRUE(ask(user("ann"), on("list", "", "secrets", "a")).allowed);
  EXPECT_FALSE(ask(user("ann"), on("list", "", "secrets", "b")).allowed);
  EXPECT_FALSE(ask(user("ann"), on("list", "", "secrets")).allowed) << "all namespaces are more than one";
  EXPECT_EQ(ask(user("eve"), on("list", "", "secrets", "a")).reason,
            R"(RBAC: allowed by RoleBinding "here/a" of ClusterRole "reader" to User "eve")");
}

TEST_F(RbacTest, AServiceAccountWithoutANamespaceIsOfTheBindings) {
  EXPECT_EQ(ask(user("system:serviceaccount:a:bot"), on("create", "", "secrets", "a")).reason,
            R"(RBAC: allowed by RoleBinding "robots/a" of Role "writer" to ServiceAccount "bot/a")");
  EXPECT_EQ(ask(user("system:serviceaccount:b:bot"), on("create", "", "secrets", "a")).reason,
            R"(RBAC: allowed by RoleBinding "robots/a" of Role "writer" to ServiceAccount "bot/b")");
  EXPECT_FALSE(ask(user("system:serviceaccount:c:bot"), on("create", "", "secrets", "a")).allowed);
  EXPECT_FALSE(ask(user("bot"), on("create", "", "secrets", "a")).allowed);
}

TEST_F(RbacTest, MastersMayDoEverythingWithoutAReason) {
  const Decision decision = ask(user("root", {"system:masters"}), on("delete", "x", "y", "z"));
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(decision.reason, "");
}

TEST_F(RbacTest, ABindingToARoleThatIsGoneIsToldInTheRefusal) {
  const Decision decision = ask(user("dan"), on("get", "", "pods", "a"));
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.reason, R"(RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, )"
                             R"(role.rbac.authorization.k8s.io "gone" not found])");
  EXPECT_EQ(
      forbidden_message(user("dan"), on("get", "", "pods"), ask(user("dan"), on("get", "", "pods")).reason),
      R"(pods is forbidden: User "dan" cannot get resource "pods" in API group "" at the cluster scope: )"
      R"(RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found)");
}

TEST_F(RbacTest, RulesOfAUserAreThoseOfAllHisBindings) {
  const UserInfo both = user("ann", {"readers"});
  EXPECT_EQ(cluster_.rbac().rules_for(both, "a").rules.size(), 2U);
  EXPECT_EQ(cluster_.rbac().rules_for(both, "").rules.size(), 1U);
  const auto dangling = rules_review_status(cluster_.rbac().rules_for(user("dan"), "b"));
  EXPECT_EQ(dangling["evaluationError"], R"(clusterrole.rbac.authorization.k8s.io "gone" not found)");
  EXPECT_EQ(dangling["resourceRules"], Json::array());
  EXPECT_EQ(dangling["incomplete"], false);
}

TEST_F(RbacTest, ASnapshotIsReplacedAsAWhole) {
  Authorizer authorizer(std::make_shared<const Rbac>(RbacObjects{}));
  const UserInfo reader = user("rita", {"readers"});
  const auto refused = authorizer.check(reader, on("list", "", "secrets", "z"));
  EXPECT_EQ(refused.error().kind, ErrorKind::Denied);
  EXPECT_EQ(refused.error().reason, "Forbidden");
  EXPECT_EQ(
      refused.error().message,
      R"(secrets is forbidden: User "rita" cannot list resource "secrets" in API group "" in the namespace "z")");
  authorizer.replace(std::make_shared<const Rbac>(cluster_.objects()));
  EXPECT_TRUE(authorizer.check(reader, on("list", "", "secrets", "z")));
}

TEST(RbacOddObjectsTest, ObjectsWithMissingOrWrongMembersGrantNothingAndDoNoHarm) {
  Cluster cluster;
  cluster.add({{"kind", "ClusterRole"}})
      .add({{"kind", "ClusterRole"}, {"metadata", 1}, {"rules", "all"}})
      .add(
          {{"kind", "ClusterRole"}, {"metadata", {{"name", "x"}}}, {"rules", {1, nullptr, {{"verbs", "*"}}}}})
      .add({{"kind", "ClusterRole"},
            {"metadata", {{"name", "y"}}},
            {"aggregationRule", {{"clusterRoleSelectors", 1}}}})
      .add({{"kind", "RoleBinding"}, {"roleRef", 5}, {"subjects", nullptr}})
      .add({{"kind", "ClusterRoleBinding"}, {"roleRef", {{"name", 1}}}, {"subjects", {1, nullptr}}});
  EXPECT_FALSE(cluster.rbac().authorize(user("a"), on("get", "", "x")).allowed);
}

TEST(AggregationTest, GathersWhatTheSelectorsFindAlsoOverSeveralSteps) {
  const auto aggregated = [](const std::string& name, Json selector, Json labels = Json::object()) {
    return Json{{"kind", "ClusterRole"},
                {"metadata", Cluster::metadata("", name, std::move(labels))},
                {"aggregationRule", {{"clusterRoleSelectors", Json::array({std::move(selector)})}}},
                {"rules", Json::array({rule({"stale"}, {""}, {"stale"})})}};
  };
  const Json read = rule({"get"}, {""}, {"a"});
  const Json write = rule({"update"}, {""}, {"a"});
  const Json other = rule({"get"}, {""}, {"b"});
  Cluster cluster;
  cluster.add(aggregated("top", {{"matchLabels", {{"to-top", "true"}}}}))
      .add(aggregated("middle", {{"matchLabels", {{"to-middle", "true"}}}}, {{"to-top", "true"}}))
      .role("", "readers", Json::array({read, other}), {{"to-middle", "true"}})
      .role("", "writers", Json::array({write, read}), {{"to-top", "true"}})
      .role("", "unrelated", Json::array({rule({"*"}, {"*"}, {"*"})}), {{"to-top", "false"}});
  const Rbac rbac = cluster.rbac();
  EXPECT_EQ(rbac.aggregated_rules("top"), Json::array({read, other, write})) << "each once, stale ones not";
  EXPECT_EQ(rbac.aggregated_rules("middle"), Json::array({read, other}));
  EXPECT_TRUE(rbac.aggregated_rules("readers").is_null());
  EXPECT_TRUE(rbac.aggregated_rules("nobody").is_null());
}

TEST(AggregationTest, ACircleEnds) {
  Cluster cluster;
  for (const auto& [name, other] : {std::pair("a", "b"), std::pair("b", "a")})
    cluster.add({{"kind", "ClusterRole"},
                 {"metadata", Cluster::metadata("", name, {{"me", name}})},
                 {"aggregationRule",
                  {{"clusterRoleSelectors", Json::array({{{"matchLabels", {{"me", other}}}},
                                                         {{"matchLabels", {{"leaf", name}}}}})}}}});
  cluster.role("", "one", Json::array({rule({"get"}, {""}, {"one"})}), {{"leaf", "a"}})
      .role("", "two", Json::array({rule({"get"}, {""}, {"two"})}), {{"leaf", "b"}});
  EXPECT_EQ(cluster.rbac().aggregated_rules("a").size(), 2U);
  EXPECT_EQ(cluster.rbac().aggregated_rules("b").size(), 2U);
}

TEST(AggregationTest, SelectorsKnowExpressions) {
  const Json labels = {{"tier", "front"}};
  const auto finds = [&](const char* op, Json values) {
    Cluster cluster;
    cluster.role("", "leaf", Json::array({rule({"get"}, {""}, {"x"})}), labels)
        .add({{"kind", "ClusterRole"},
              {"metadata", Cluster::metadata("", "top", Json::object())},
              {"aggregationRule",
               {{"clusterRoleSelectors",
                 Json::array(
                     {{{"matchExpressions",
                        Json::array({{{"key", "tier"}, {"operator", op}, {"values", values}}})}}})}}}});
    return !cluster.rbac().aggregated_rules("top").empty();
  };
  EXPECT_TRUE(finds("In", {"front", "back"}));
  EXPECT_FALSE(finds("In", {"back"}));
  EXPECT_TRUE(finds("NotIn", {"back"}));
  EXPECT_FALSE(finds("NotIn", {"front"}));
  EXPECT_TRUE(finds("Exists", Json::array()));
  EXPECT_FALSE(finds("DoesNotExist", Json::array()));
  EXPECT_FALSE(finds("Resembles", {"front"})) << "an unknown operator finds nothing";
}

}  // namespace
}  // namespace neoid::auth
