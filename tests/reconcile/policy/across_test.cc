// The table tests/golden/policy/across.json: resources in, violations out. Whoever else enforces these rules (admission)
// takes the same table: the last resource of a case is then the request, those before it are what there is.
#include "reconcile/policy/across.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "reconcile/policy/name_arena.h"
#include "reconcile/policy/similar.h"

namespace neoid::policy {
namespace {

std::string text_of(const Violation& violation) {
  return fmt::format("{} {} {} {} {}: {}{}", violation.at,
                     violation.severity == Severity::Error ? "error" : "warning", violation.rule,
                     violation.resource, violation.field, violation.message,
                     violation.help.empty() ? "" : " (" + violation.help + ")");
}

TEST(Across, TheTableHolds) {
  std::ifstream in(NEOID_SOURCE_DIR "/tests/golden/policy/across.json");
  const Json cases = Json::parse(in, nullptr, false);
  ASSERT_TRUE(cases.is_array());
  ASSERT_GE(cases.size(), 18U);
  for (const Json& one : cases) {
    Across across;
    FactRef number = 0;
    for (const Json& resource : one.at("resources")) {
      across.add(resource, [&](std::string_view) { return number; });
      ++number;
    }
    std::vector<std::string> got;
    for (const Violation& violation : across.judge()) got.push_back(text_of(violation));
    EXPECT_EQ(got, one.at("violations").get<std::vector<std::string>>()) << one.at("name");
  }
}

TEST(Across, OrderOfAddingDoesNotMatterPlacesDo) {
  const Json user = {{"apiVersion", "identity.neostella.com/v1"},
                     {"kind", "IntegrationUser"},
                     {"metadata", {{"name", "a"}, {"namespace", "apps"}}}};
  Across across;
  for (const FactRef at : {FactRef{7}, FactRef{3}, FactRef{5}})
    across.add(user, [&](std::string_view) { return at; });
  const auto violations = across.judge();
  ASSERT_EQ(violations.size(), 2U);
  EXPECT_EQ(violations[0].at, 5U);
  EXPECT_EQ(violations[1].at, 7U);
  EXPECT_EQ(violations[0].other, FactRef{3});
}

TEST(Across, SaysWhetherScopesWereLeftOut) {
  Across across;
  const auto here = [](std::string_view) { return FactRef{0}; };
  EXPECT_FALSE(across.scopes_unjudged());
  across.add({{"apiVersion", "identity.neostella.com/v1"},
              {"kind", "IntegrationUser"},
              {"metadata", {{"name", "a"}}},
              {"spec", {{"scopes", {"x"}}}}},
             here);
  EXPECT_TRUE(across.scopes_unjudged());
  across.add({{"apiVersion", "identity.neostella.com/v1"}, {"kind", "Scope"}, {"metadata", {{"name", "x"}}}},
             here);
  EXPECT_FALSE(across.scopes_unjudged());
}

TEST(Removal, OnlyASystemUserMustHaveBeenRetired) {
  Json object = {{"apiVersion", "identity.neostella.com/v1"},
                 {"kind", "SystemIntegrationUser"},
                 {"metadata", {{"name", "engine"}}}};
  const auto violation = judge_removal(object, 4);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->rule, rule::kNotRetired);
  EXPECT_EQ(violation->at, 4U);
  EXPECT_NE(violation->message.find("identity.neostella.com/retire: \"true\""), std::string::npos);
  object["metadata"]["annotations"]["identity.neostella.com/retire"] = "true";
  EXPECT_FALSE(judge_removal(object, 4));
  object = {{"apiVersion", "identity.neostella.com/v1"},
            {"kind", "IntegrationUser"},
            {"metadata", {{"name", "a"}}}};
  EXPECT_FALSE(judge_removal(object, 4));
  EXPECT_FALSE(judge_removal(Json(3), 4));
}

TEST(Similar, FindsTheTypingErrorAndNothingElse) {
  const std::vector<std::string> words = {"displayName", "description", "active", "scopes"};
  const struct {
    const char* word;
    std::optional<std::string> similar;
  } cases[] = {
      {"displayname", "displayName"},
      {"dispalyName", "displayName"},
      {"scope", "scopes"},
      {"actve", "active"},
      {"acitve", "active"},
      {"secretName", std::nullopt},
      {"", std::nullopt},
      {"x", std::nullopt},
      {"active", std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(most_similar(c.word, words), c.similar) << c.word;
  EXPECT_EQ(most_similar(std::string(10'000, 'a'), words), std::nullopt);
}

TEST(NameArena, KeepsTextsOverManyBlocks) {
  NameArena arena;
  std::vector<std::uint32_t> places;
  for (int i = 0; i < 30'000; ++i) places.push_back(arena.add(fmt::format("name-{}", i)));
  for (int i = 0; i < 30'000; ++i)
    ASSERT_EQ(arena.text(places[static_cast<std::size_t>(i)]), fmt::format("name-{}", i));
  EXPECT_EQ(arena.text(arena.add("")), "");
  EXPECT_EQ(arena.text(arena.add(std::string(100'000, 'x'))).size(), NameArena::kMaxBytes);
}

}  // namespace
}  // namespace neoid::policy
