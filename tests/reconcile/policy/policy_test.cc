#include <gtest/gtest.h>

#include "reconcile/policy/admission.h"
#include "reconcile/policy/scopes.h"

namespace neoid::policy {
namespace {

using Names = std::vector<std::string>;

api::AllowedNamespaces selecting(const Json& selector) { return api::AllowedNamespaces(selector); }

Catalogue catalogue() {
  Catalogue catalogue;
  catalogue["documents"] = {};
  catalogue["contacts"] = {true, "people", {}};
  catalogue["finance"] = {false, "", selecting({{"matchLabels", {{"finance", "yes"}}}})};
  catalogue["broken"] = {false, "",
                         selecting({{"matchExpressions", {{{"key", "a"}, {"operator", "Sometimes"}}}}})};
  return catalogue;
}

TEST(Scopes, GrantsWhatIsDeclaredKnownAndAllowed) {
  const auto got = resolve_scopes({"finance", "documents", "contacts", "nope", "documents"}, catalogue(),
                                  {{"finance", "yes"}}, Reach::Namespace);
  EXPECT_EQ(got.granted, (Names{"contacts", "documents", "finance"}));
  EXPECT_EQ(got.unknown, Names{"nope"});
  EXPECT_EQ(got.deprecated, Names{"contacts"});
  EXPECT_TRUE(got.not_allowed.empty());
}

TEST(Scopes, AnotherNamespaceIsNotAllowedButThePlatformIs) {
  EXPECT_EQ(resolve_scopes({"finance"}, catalogue(), {}, Reach::Namespace).not_allowed, Names{"finance"});
  EXPECT_EQ(resolve_scopes({"finance"}, catalogue(), {}, Reach::Platform).granted, Names{"finance"});
}

TEST(Scopes, AMistakeInASelectorAllowsNobody) {
  EXPECT_EQ(resolve_scopes({"broken"}, catalogue(), {{"a", "b"}}, Reach::Namespace).not_allowed,
            Names{"broken"});
}

class AdmissionTest : public testing::Test {
 protected:
  Json plain = {{"metadata", {{"name", "engine"}}}, {"spec", {{"displayName", "Engine"}}}};
  Json retired = {
      {"metadata", {{"name", "engine"}, {"annotations", {{"identity.neostella.com/retire", "true"}}}}}};
  PlatformIdentities platform{{"root"}, {"system:masters"}};

  AdmissionFacts facts(AdmissionOperation operation, const std::string& user, Names groups) {
    AdmissionFacts facts;
    facts.operation = operation;
    facts.kind = api::Kind::SystemIntegrationUser;
    facts.name = "engine";
    facts.user = user;
    facts.groups = std::move(groups);
    facts.object = operation == AdmissionOperation::Delete ? nullptr : &plain;
    facts.old_object = operation == AdmissionOperation::Create ? nullptr : &plain;
    return facts;
  }
};

TEST_F(AdmissionTest, OnlyThePlatformTouchesSystemUsers) {
  using enum AdmissionOperation;
  for (const auto operation : {Create, Update, Delete}) {
    EXPECT_FALSE(judge_admission(facts(operation, "eve", {"neoid:admins"}), platform).allowed);
  }
  EXPECT_TRUE(judge_admission(facts(Create, "root", {}), platform).allowed);
  EXPECT_TRUE(judge_admission(facts(Update, "x", {"system:masters"}), platform).allowed);
}

TEST_F(AdmissionTest, ASystemUserIsDeletedOnlyWhenRetired) {
  auto request = facts(AdmissionOperation::Delete, "root", {});
  EXPECT_FALSE(judge_admission(request, platform).allowed);
  request.old_object = &retired;
  EXPECT_TRUE(judge_admission(request, platform).allowed);
}

TEST_F(AdmissionTest, TheRequesterIsWrittenDownOnlyForAChange) {
  auto request = facts(AdmissionOperation::Create, "alice", {});
  const auto created = with_requester(request);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->at("metadata").at("annotations").at("identity.neostella.com/requested-by"), "alice");

  // A no-op stays one; a name that somebody claims for himself is put back.
  request = facts(AdmissionOperation::Update, "bob", {});
  request.object = &*created;
  request.old_object = &*created;
  EXPECT_FALSE(with_requester(request));
  Json claimed = *created;
  claimed["metadata"]["annotations"]["identity.neostella.com/requested-by"] = "somebody else";
  request.object = &claimed;
  const auto corrected = with_requester(request);
  ASSERT_TRUE(corrected);
  EXPECT_EQ(corrected->at("metadata").at("annotations").at("identity.neostella.com/requested-by"), "alice");

  Json changed = *created;
  changed["spec"]["displayName"] = "New";
  request.object = &changed;
  EXPECT_EQ(
      with_requester(request)->at("metadata").at("annotations").at("identity.neostella.com/requested-by"),
      "bob");
}

}  // namespace
}  // namespace neoid::policy
