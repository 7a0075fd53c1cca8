// Every recorded rule: does it compile, in whose words does it not, and what does it say of each value.
#include <gtest/gtest.h>

#include <optional>

#include "reconcile/cel/rule.h"
#include "tests/reconcile/cel/golden_support.h"

namespace neoid::cel {
namespace {

struct Outcome {
  std::optional<Rule> rule;
  std::string refusal;
};

// As a server takes a rule in: compiled, and cheap enough.
Outcome take_in(const std::string& text, const DeclTypePtr& type) {
  if (text.find_first_not_of(" \t\n") == std::string::npos)
    return {std::nullopt, "Required value: rule is not specified"};
  const std::size_t end = text.find_last_not_of(" \t\n");
  if (text.substr(0, end).find('\n') != std::string::npos) {
    return {std::nullopt, "Required value: message must be specified if rule contains line breaks"};
  }
  auto compiled = compile(text, type);
  if (!compiled) return {std::nullopt, compiled.error().message};
  if (compiled->cost().max > kEstimatedRuleLimit) {
    return {std::nullopt,
            describe_cost_excess("estimated rule cost", compiled->cost().max, kEstimatedRuleLimit)};
  }
  return {std::move(*compiled), ""};
}

std::string trimmed(const std::string& text) {
  const std::size_t start = text.find_first_not_of(" \t\n");
  return start == std::string::npos ? "" : text.substr(start, text.find_last_not_of(" \t\n") - start + 1);
}

// The recorded message without "Invalid value: \"string\": ".
std::string detail(const std::string& message) {
  const std::size_t start = message.find("\": ");
  return start == std::string::npos ? message : message.substr(start + 3);
}

TEST(Golden, EveryRecordedRuleCompilesOrIsRefusedAsARealServerDoes) {
  std::size_t agree = 0;
  for (const Json& recorded : testing::golden()["cases"]) {
    const std::string text = recorded["rule"];
    SCOPED_TRACE(recorded["schema"].get<std::string>() + " | " + text);
    const DeclTypePtr type =
        testing::type_of_schema(testing::golden()["schemas"][recorded["schema"].get<std::string>()]);
    const Outcome outcome = take_in(text, type);
    EXPECT_EQ(outcome.rule.has_value(), recorded["compiles"].get<bool>()) << outcome.refusal;
    if (outcome.rule.has_value() != recorded["compiles"].get<bool>()) continue;
    if (!outcome.rule) {
      const std::string words = testing::digest(recorded["errors"][0]["message"]);
      EXPECT_EQ(testing::digest(outcome.refusal), words);
      if (testing::digest(outcome.refusal) != words) continue;
    }
    ++agree;
  }
  RecordProperty("rules_that_agree", static_cast<int>(agree));
  EXPECT_EQ(agree, testing::golden()["cases"].size());
}

TEST(Golden, TypeErrorsAreWordForWordTheSameWithSourceLineAndCaret) {
  for (const Json& recorded : testing::golden()["cases"]) {
    if (recorded["compiles"].get<bool>()) continue;
    const std::string message = recorded["errors"][0]["message"];
    const std::size_t start = message.find("}: compilation failed");
    if (start == std::string::npos || message.find("Syntax error") != std::string::npos) continue;
    const std::string text = recorded["rule"];
    SCOPED_TRACE(text);
    const auto compiled = compile(
        text, testing::type_of_schema(testing::golden()["schemas"][recorded["schema"].get<std::string>()]));
    ASSERT_FALSE(compiled.has_value());
    std::string wanted = message.substr(start + 3);
    for (std::size_t at = wanted.find("selfType"); at != std::string::npos;
         at = wanted.find("selfType", at + 8)) {
      wanted.erase(at + 8, wanted.find_first_not_of("0123456789", at + 8) - at - 8);
    }
    EXPECT_EQ(compiled.error().message, wanted);
  }
}

TEST(Golden, EveryRecordedValueGetsTheVerdictAndTheWordsOfARealServer) {
  int values = 0;
  int skipped = 0;
  for (const Json& recorded : testing::golden()["cases"]) {
    if (!recorded["compiles"].get<bool>()) continue;
    const std::string text = recorded["rule"];
    const DeclTypePtr type =
        testing::type_of_schema(testing::golden()["schemas"][recorded["schema"].get<std::string>()]);
    const Outcome outcome = take_in(text, type);
    if (!outcome.rule) continue;  // the test above complains
    for (const Json& value_case : recorded["values"]) {
      SCOPED_TRACE(text + " on " + value_case["value"].dump());
      ++values;
      Json value = value_case["value"];
      if (recorded["schema"] == "obj" && !value.contains("d")) value["d"] = "x";  // the default
      if (testing::breaks_schema(value_case)) {
        ++skipped;
        continue;
      }
      if (outcome.rule->uses_old_self()) {
        EXPECT_TRUE(value_case["valid"].get<bool>());  // not run when there is nothing before
        continue;
      }
      const Evaluation evaluation = outcome.rule->evaluate(value, nullptr);
      if (value_case["valid"].get<bool>()) {
        EXPECT_EQ(evaluation.verdict, Verdict::Passed) << evaluation.error;
        continue;
      }
      const std::string wanted = detail(value_case["errors"][0]["message"]);
      if (evaluation.verdict == Verdict::Failed) {
        EXPECT_EQ("failed rule: " + trimmed(text), wanted);
      } else {
        EXPECT_NE(evaluation.verdict, Verdict::Passed);
        EXPECT_EQ(describe_evaluation_error(evaluation, trimmed(text)), wanted);
      }
    }
  }
  RecordProperty("values", values);
  RecordProperty("values_that_break_their_schema", skipped);
  EXPECT_EQ(values, 779);
}

}  // namespace
}  // namespace neoid::cel
