// 383 rules with 779 values, as a real API server judged them: whether the rule is one, and what it says to each
// value, word for word.
#include <gtest/gtest.h>

#include <regex>

#include "recordings_support.h"

namespace neoid::schema {
namespace {

Json crd_with_rule(Json node, const std::string& rule) {
  node["x-kubernetes-validations"] = Json::array({{{"rule", rule}}});
  Json crd = Json::parse(R"({
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "probes.cel.example.com"},
    "spec": {"group": "cel.example.com", "scope": "Cluster",
      "names": {"plural": "probes", "singular": "probe", "kind": "Probe", "listKind": "ProbeList"},
      "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
        "type": "object", "properties": {"spec": {"type": "object", "properties": {}}}}}}]}})");
  crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["v"] =
      std::move(node);
  return crd;
}

// What of a compiler's words is compared: the first error of a type check; of a syntax error or a cost that it is one.
std::string digest(std::string message) {
  const std::string begin = "Invalid value: apiextensions.ValidationRule{";
  if (message.starts_with(begin))
    for (const char* kind : {"}: compilation failed", "}: program instantiation failed", "}: cel expression"})
      if (const std::size_t at = message.find(kind); at != std::string::npos) {
        message = message.substr(at + 3);
        break;
      }
  if (message.find("Syntax error") != std::string::npos) return "syntax error";
  if (message.find("cost") != std::string::npos) return "cost";
  static const std::regex self_type("selfType[0-9]+");
  return std::regex_replace(message.substr(0, message.find('\n')), self_type, "selfType");
}

struct Tally {
  int rules = 0, values = 0, wrong_rules = 0, wrong_values = 0;
};

void check_values(const Crd& crd, const Json& test, Tally& tally) {
  for (const Json& one : test.at("values")) {
    ++tally.values;
    const Json object = {{"apiVersion", "cel.example.com/v1"},
                         {"kind", "Probe"},
                         {"metadata", {{"name", "x"}}},
                         {"spec", {{"v", one.at("value")}}}};
    const testing::Written written = testing::write(crd.versions[0].schema, object);
    std::vector<std::string> want;
    for (const Json& error : one.value("errors", Json::array()))
      want.push_back(error["field"].get<std::string>() + " | " + error["reason"].get<std::string>() + " | " +
                     error["message"].get<std::string>());
    std::sort(want.begin(), want.end());
    const std::vector<std::string> got = testing::cause_texts(written.errors);
    if (got == want) continue;
    ++tally.wrong_values;
    ADD_FAILURE() << test["schema"] << "  " << test["rule"] << "\n  value " << one["value"] << "\n  want "
                  << ::testing::PrintToString(want) << "\n  got  " << ::testing::PrintToString(got);
  }
}

TEST(RecordedRules, AreJudgedAsARealServerDoes) {
  const Json data = testing::read_json_file("tests/golden/cel/cases.json");
  Tally tally;
  for (const Json& test : data.at("cases")) {
    ++tally.rules;
    const auto crd =
        load_crd(crd_with_rule(data["schemas"][test["schema"].get<std::string>()], test["rule"]));
    const bool compiles = test["compiles"].get<bool>();
    if (crd.has_value() != compiles) {
      ++tally.wrong_rules;
      ADD_FAILURE() << test["schema"] << "  " << test["rule"] << "\n  "
                    << (crd ? "compiles, but should not: " + test["errors"][0]["message"].get<std::string>()
                            : "should compile: " + crd.error()[0].message());
    } else if (crd) {
      check_values(*crd, test, tally);
    } else if (digest(test["errors"][0]["message"]) != digest(crd.error()[0].message())) {
      ++tally.wrong_rules;
      ADD_FAILURE() << test["schema"] << "  " << test["rule"] << "\n  want "
                    << digest(test["errors"][0]["message"]) << "\n  got  "
                    << digest(crd.error()[0].message());
    }
  }
  RecordProperty("rules", tally.rules);
  RecordProperty("values", tally.values);
  EXPECT_GE(tally.rules, 383);
  EXPECT_GE(tally.values, 779);
}

}  // namespace
}  // namespace neoid::schema
