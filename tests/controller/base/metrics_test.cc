#include "controller/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
