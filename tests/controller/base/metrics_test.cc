#include "controller/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace neoid {
namespace {

using testing::HasSubstr;

TEST(Metrics, the_same_name_and_labels_are_the_same_metric) {
  MetricsRegistry registry;
  registry.counter("neoid_requests_total", "Requests.", {{"code", "200"}}).add();
  registry.counter("neoid_requests_total", "Requests.", {{"code", "200"}}).add(2);
  registry.counter("neoid_requests_total", "Requests.", {{"code", "500"}}).add();
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("# TYPE neoid_requests_total counter"));
  EXPECT_THAT(text, HasSubstr("neoid_requests_total{code=\"200\"} 3"));
  EXPECT_THAT(text, HasSubstr("neoid_requests_total{code=\"500\"} 1"));
}

TEST(Metrics, gauges_and_histograms_are_written_in_the_text_format) {
  MetricsRegistry registry;
  Gauge depth = registry.gauge("neoid_queue_depth", "Keys that wait.");
  depth.set(5);
  depth.add(-2);
  registry.histogram("neoid_write_seconds", "Writes.", latency_buckets()).observe(0.02);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("neoid_queue_depth 3"));
  EXPECT_THAT(text, HasSubstr("neoid_write_seconds_bucket{le=\"0.025\"} 1"));
  EXPECT_THAT(text, HasSubstr("neoid_write_seconds_bucket{le=\"0.01\"} 0"));
  EXPECT_THAT(text, HasSubstr("neoid_write_seconds_count 1"));
}

TEST(Metrics, label_values_are_escaped) {
  MetricsRegistry registry;
  registry.counter("neoid_x_total", "X.", {{"why", "a\"b\nc"}}).add();
  EXPECT_THAT(registry.text(), HasSubstr(R"(why="a\"b\nc")"));
}

TEST(Metrics, a_set_of_gauges_replaces_the_one_before) {
  MetricsRegistry registry;
  registry.set_gauges(metric::kCredentials,
                      {{{"IntegrationUser", "current"}, 3}, {{"IntegrationUser", "missing"}, 1}});
  registry.set_gauges(metric::kCredentials, {{{"IntegrationUser", "current"}, 4}});
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr(R"(neoid_credentials{kind="IntegrationUser",state="current"} 4)"));
  EXPECT_THAT(text, testing::Not(HasSubstr("missing")));
}

TEST(MetricTable, names_types_and_labels_follow_prometheus_and_are_unique) {
  std::set<std::string_view> names;
  for (const MetricInfo* info : all_metrics()) {
    const std::string name(info->name);
    EXPECT_TRUE(names.insert(info->name).second) << name << " is there twice";
    EXPECT_TRUE(std::regex_match(name, std::regex("neoid_[a-z]+(_[a-z]+)*"))) << name;
    EXPECT_EQ(info->type == MetricType::Counter, name.ends_with("_total")) << name;
    EXPECT_TRUE(info->type != MetricType::Histogram || name.ends_with("_seconds")) << name;
    EXPECT_TRUE(info->help.ends_with(".")) << name;
    for (const std::string& label : info->label_names()) {
      EXPECT_TRUE(std::regex_match(label, std::regex("[a-z]+"))) << name << " " << label;
      EXPECT_TRUE(label != "name" && label != "namespace" && label != "uid") << name << " names objects";
    }
  }
}

TEST(MetricTable, a_metric_of_the_table_takes_a_value_for_each_label) {
  MetricsRegistry registry;
  registry.counter(metric::kReconciles, {"Scope", "changed"}).add();
  EXPECT_THAT(registry.text(), HasSubstr(R"(neoid_reconcile_total{kind="Scope",result="changed"} 1)"));
  EXPECT_DEATH(registry.counter(metric::kReconciles, {"Scope"}), "");
}

TEST(MetricsDeathTest, one_name_is_one_type) {
  EXPECT_DEATH(
      {
        MetricsRegistry registry;
        registry.counter("neoid_x", "X.");
        registry.gauge("neoid_x", "X.");
      },
      "");
}

}  // namespace
}  // namespace neoid
