// Metrics: counters, gauges and histograms in a registry, and Prometheus' text format of them.
//
// Thread-safe. main owns one Registry and passes it on; the handles are small values that are valid as long
// as the registry is. What there is stands in metric_table.h.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/metric_table.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace neoid {

class Counter {
 public:
  void add(double amount = 1);  // never negative

 private:
  friend class MetricsRegistry;
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  void set(double value);
  void add(double amount);

 private:
  friend class MetricsRegistry;
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  void observe(double value);

 private:
  friend class MetricsRegistry;
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  prometheus::Histogram* histogram_;
};

using Labels = std::map<std::string, std::string>;

class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  // The same name and labels give the same metric. Asking takes a lock: keep the handle. CHECKs that a name
  // is not used for two types of metric.
  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // `bounds`: upper bounds of the buckets, ascending; used when the name is new.
  Histogram histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                      const Labels& labels = {});

  // Of the table: a value for each of its labels, in order. CHECKs their number and the type.
  Counter counter(const MetricInfo& info, std::initializer_list<std::string_view> values = {});
  Gauge gauge(const MetricInfo& info, std::initializer_list<std::string_view> values = {});
  Histogram histogram(const MetricInfo& info, std::initializer_list<std::string_view> values = {});
  // Label values -> value, in place of all that this gauge had before; what is not in it any more is gone.
  void set_gauges(const MetricInfo& info, const std::map<std::vector<std::string>, double>& values);

  // Served as "text/plain; version=0.0.4; charset=utf-8".
  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

// 1 ms to 10 s, for latencies in seconds.
const std::vector<double>& latency_buckets();

}  // namespace neoid
