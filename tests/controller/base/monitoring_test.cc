// The dashboard and the alert rules against the program: every metric that they name is one that it serves.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "controller/base/metric_table.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid {
namespace {

const std::string kFolder = NEOID_SOURCE_DIR "/manifests/monitoring/";

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// What /metrics may say: the table's names, and for a histogram what Prometheus makes of it.
std::set<std::string> served() {
  std::set<std::string> names;
  for (const MetricInfo* metric : all_metrics()) {
    const std::string name(metric->name);
    names.insert(name);
    if (metric->type != MetricType::Histogram) continue;
    for (const char* suffix : {"_bucket", "_sum", "_count"}) names.insert(name + suffix);
  }
  return names;
}

std::set<std::string> names_in(const std::string& expression) {
  std::set<std::string> names;
  const std::regex name("neoid_[a-z_]+");
  for (std::sregex_iterator at(expression.begin(), expression.end(), name), end; at != end; ++at)
    names.insert(at->str());
  return names;
}

void expect_served(const std::string& what, const std::string& expression) {
  static const std::set<std::string> kServed = served();
  const auto names = names_in(expression);
  EXPECT_FALSE(names.empty()) << what << ": " << expression;
  for (const std::string& name : names) EXPECT_TRUE(kServed.count(name)) << what << " names " << name;
}

TEST(Monitoring, the_dashboard_asks_for_metrics_that_there_are) {
  const Json dashboard = parse_json(read_file(kFolder + "dashboard.json")).value();
  int asked = 0;
  std::set<int> ids;
  for (const Json& panel : dashboard["panels"]) {
    EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second) << panel["title"];
    for (const Json& target : panel.value("targets", Json::array())) {
      expect_served(panel["title"].get<std::string>(), target["expr"].get<std::string>());
      ++asked;
    }
  }
  EXPECT_GT(asked, 25);
}

TEST(Monitoring, every_alert_asks_for_metrics_that_there_are_and_says_what_to_do) {
  const Json rules = parse_yaml(read_file(kFolder + "rules.yaml")).value();
  int alerts = 0;
  for (const Json& group : rules["spec"]["groups"]) {
    for (const Json& rule : group["rules"]) {
      const std::string name = rule["alert"];
      expect_served(name, rule["expr"].get<std::string>());
      EXPECT_TRUE(rule["annotations"]["summary"].is_string()) << name;
      EXPECT_GT(rule["annotations"]["runbook"].get<std::string>().size(), 30U) << name;
      const std::string severity = rule["labels"]["severity"];
      EXPECT_TRUE(severity == "critical" || severity == "warning") << name;
      ++alerts;
    }
  }
  EXPECT_GE(alerts, 15);
}

// Every metric is watched by somebody.
TEST(Monitoring, no_metric_is_left_out_of_the_dashboard) {
  const auto names = names_in(read_file(kFolder + "dashboard.json"));
  for (const MetricInfo* metric : all_metrics()) {
    const std::string name(metric->name);
    if (name == "neoid_leader_epoch") continue;  // told in an alert's text, for comparing two replicas
    EXPECT_TRUE(names.count(name) || names.count(name + "_bucket")) << name;
  }
}

}  // namespace
}  // namespace neoid
