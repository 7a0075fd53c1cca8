#include "reconcile/api/scope.h"

#include <gtest/gtest.h>

#include "reconcile/api/embedded.h"

namespace neoid::api {
namespace {

using Labels = std::map<std::string, std::string>;

Json minimal() {
  return {{"metadata", {{"name", "documents.read"}, {"uid", "u"}, {"generation", 2}}},
          {"spec", {{"displayName", "Documents"}, {"tool", "Documents"}}}};
}

TEST(DecodeScope, EveryField) {
  Json object = minimal();
  object["spec"]["description"] = "Reads.";
  object["spec"]["permissions"] = Json::parse(R"([{"resource": "documents", "actions": ["read"]}])");
  object["spec"]["deprecated"] = {{"replacement", "files"}};
  object["metadata"]["finalizers"] = {"identity.neostella.com/finalizer"};
  object["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z";
  object["status"] = {{"observedGeneration", 2}, {"users", 5}};
  const auto scope = decode_scope(object);
  ASSERT_TRUE(scope) << scope.error().message;
  EXPECT_EQ(scope->key, (ResourceKey{Kind::Scope, "", "documents.read"}));
  EXPECT_EQ(scope->spec.display_name, "Documents");
  EXPECT_EQ(scope->spec.description, "Reads.");
  EXPECT_EQ(scope->spec.tool, "Documents");
  EXPECT_EQ(scope->spec.permissions, object["spec"]["permissions"]);
  EXPECT_TRUE(scope->spec.deprecated);
  EXPECT_EQ(scope->spec.replacement, "files");
  EXPECT_TRUE(scope->has_finalizer);
  EXPECT_TRUE(scope->deleted_at);
  EXPECT_EQ(scope->status.users, 5);
}

TEST(DecodeScope, WhatIsLeftOutHasItsDefault) {
  const auto scope = decode_scope(minimal());
  ASSERT_TRUE(scope);
  EXPECT_FALSE(scope->spec.deprecated);
  EXPECT_EQ(scope->spec.permissions, Json::array());
  EXPECT_TRUE(scope->spec.allowed_namespaces.all());
  EXPECT_EQ(scope->status.observed_generation, -1);
  Json deprecated = minimal();
  deprecated["spec"]["deprecated"] = Json::object();
  EXPECT_TRUE(decode_scope(deprecated)->spec.deprecated) << "without a replacement too";
}

TEST(DecodeScope, AllowedNamespacesAreNeverWidenedByAMistake) {
  const Labels finance = {{"team", "finance"}};
  const Labels other = {{"team", "other"}};
  const struct {
    const char* when;
    const char* allowed;
    bool to_finance, to_other;
  } cases[] = {
      {"left out", "null", true, true},
      {"from All", R"({"from": "All"})", true, true},
      {"from All does not look at a selector",
       R"({"from": "All", "selector": {"matchLabels": {"team": "finance"}}})", true, true},
      {"a selector", R"({"from": "Selector", "selector": {"matchLabels": {"team": "finance"}}})", true,
       false},
      {"an expression",
       R"({"from": "Selector", "selector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["finance"]}]}})",
       false, true},
      {"an empty selector selects every namespace", R"({"from": "Selector", "selector": {}})", true, true},
      {"without its selector", R"({"from": "Selector"})", false, false},
      {"a selector of null", R"({"from": "Selector", "selector": null})", false, false},
      {"a selector that cannot be read",
       R"({"from": "Selector", "selector": {"matchExpressions": [{"key": "team", "operator": "Sometimes"}]}})",
       false, false},
  };
  for (const auto& one : cases) {
    Json object = minimal();
    object["spec"]["allowedNamespaces"] = Json::parse(one.allowed);
    const auto scope = decode_scope(object);
    ASSERT_TRUE(scope) << one.when;
    EXPECT_EQ(scope->spec.allowed_namespaces.allows(finance), one.to_finance) << one.when;
    EXPECT_EQ(scope->spec.allowed_namespaces.allows(other), one.to_other) << one.when;
  }
}

TEST(DecodeScope, AMemberOfAWrongTypeIsNamed) {
  const struct {
    const char* pointer;
    const char* message;
  } cases[] = {
      {"/spec/tool", "spec.tool is not a string"},
      {"/spec/allowedNamespaces", "spec.allowedNamespaces is not an object"},
      {"/spec/deprecated/replacement", "spec.deprecated.replacement is not a string"},
      {"/metadata/name", "metadata.name is not a string"},
      {"/status/conditions", "conditions are not a list"},
  };
  for (const auto& one : cases) {
    Json object = minimal();
    object[Json::json_pointer(one.pointer)] = 3;
    const auto scope = decode_scope(object);
    ASSERT_FALSE(scope) << one.pointer;
    EXPECT_EQ(scope.error().message, one.message);
  }
}

TEST(EncodeStatus, OfAScopeReadsBackAsTheSame) {
  ScopeStatus status;
  status.observed_generation = 3;
  status.users = 12;
  status.conditions = {
      {"Ready", meta::ConditionStatus::True, "Reconciled", "Fine.", 3, *parse_time("2026-01-02T03:04:05Z")}};
  Json object = minimal();
  object["status"] = encode_status(status);
  const auto scope = decode_scope(object);
  ASSERT_TRUE(scope);
  EXPECT_EQ(encode_status(scope->status), object["status"]);
  EXPECT_EQ(scope->status.users, 12);
}

TEST(ResourceKey, HasOneTextAndOneOrder) {
  EXPECT_EQ((ResourceKey{Kind::IntegrationUser, "apps", "billing"}).text(), "IntegrationUser apps/billing");
  EXPECT_EQ((ResourceKey{Kind::Scope, "", "documents"}).text(), "Scope documents");
  for (const Kind kind : {Kind::IntegrationUser, Kind::SystemIntegrationUser, Kind::Scope}) {
    EXPECT_EQ(parse_kind(to_string(kind)), kind);
    EXPECT_EQ(plural(kind).back(), 's');
  }
  EXPECT_EQ(parse_kind("integrationuser"), std::nullopt);
  EXPECT_LT((ResourceKey{Kind::IntegrationUser, "a", "z"}), (ResourceKey{Kind::IntegrationUser, "b", "a"}));
  const std::hash<ResourceKey> hash;
  EXPECT_NE(hash({Kind::IntegrationUser, "a", "b"}), hash({Kind::IntegrationUser, "b", "a"}));
}

TEST(Embedded, TheContractIsCompiledIn) {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_crd()) {
    names.emplace_back(file.name);
    EXPECT_NE(file.text.find("kind: CustomResourceDefinition"), std::string_view::npos) << file.name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"integrationusers.yaml", "scopes.yaml",
                                             "systemintegrationusers.yaml"}));
}

}  // namespace
}  // namespace neoid::api
