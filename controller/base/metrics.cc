#include "controller/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

#include "controller/base/mutex.h"
#include "reconcile/base/check.h"

namespace neoid {

void Counter::add(double amount) { counter_->Increment(amount); }
void Gauge::set(double value) { gauge_->Set(value); }
void Gauge::add(double amount) { gauge_->Increment(amount); }
void Histogram::observe(double value) { histogram_->Observe(value); }

struct MetricsRegistry::Families {
  // Merge: asking for a family again gives the one that exists.
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  mutable Mutex mutex;
  std::map<std::string, char> types NEOID_GUARDED_BY(mutex);
  std::map<std::string, std::vector<prometheus::Gauge*>> sets NEOID_GUARDED_BY(mutex);  // of set_gauges()

  void claim(const std::string& name, char type) {
    MutexLock lock(mutex);
    NEOID_CHECK(types.emplace(name, type).first->second == type);
  }
};

MetricsRegistry::MetricsRegistry() : families_(std::make_unique<Families>()) {}
MetricsRegistry::~MetricsRegistry() = default;

Counter MetricsRegistry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  families_->claim(name, 'c');
  return Counter(&prometheus::BuildCounter().Name(name).Help(help).Register(families_->registry).Add(labels));
}

Gauge MetricsRegistry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  families_->claim(name, 'g');
  return Gauge(&prometheus::BuildGauge().Name(name).Help(help).Register(families_->registry).Add(labels));
}

Histogram MetricsRegistry::histogram(const std::string& name, const std::string& help,
                                     const std::vector<double>& bounds, const Labels& labels) {
  families_->claim(name, 'h');
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(families_->registry);
  return Histogram(&family.Add(labels, bounds));
}

namespace {

template <class Values>
Labels labels_of(const MetricInfo& info, MetricType type, const Values& values) {
  NEOID_CHECK(info.type == type);
  const std::vector<std::string> names = info.label_names();
  NEOID_CHECK(names.size() == values.size());
  Labels labels;
  std::size_t next = 0;
  for (const auto& value : values) labels.emplace(names[next++], std::string(value));
  return labels;
}

}  // namespace

Counter MetricsRegistry::counter(const MetricInfo& info, std::initializer_list<std::string_view> values) {
  return counter(std::string(info.name), std::string(info.help),
                 labels_of(info, MetricType::Counter, values));
}

Gauge MetricsRegistry::gauge(const MetricInfo& info, std::initializer_list<std::string_view> values) {
  return gauge(std::string(info.name), std::string(info.help), labels_of(info, MetricType::Gauge, values));
}

Histogram MetricsRegistry::histogram(const MetricInfo& info, std::initializer_list<std::string_view> values) {
  return histogram(std::string(info.name), std::string(info.help), latency_buckets(),
                   labels_of(info, MetricType::Histogram, values));
}

void MetricsRegistry::set_gauges(const MetricInfo& info,
                                 const std::map<std::vector<std::string>, double>& values) {
  families_->claim(std::string(info.name), 'g');
  auto& family = prometheus::BuildGauge()
                     .Name(std::string(info.name))
                     .Help(std::string(info.help))
                     .Register(families_->registry);
  MutexLock lock(families_->mutex);
  auto& before = families_->sets[std::string(info.name)];
  std::vector<prometheus::Gauge*> fresh;
  for (const auto& [key, value] : values) {
    prometheus::Gauge& gauge = family.Add(labels_of(info, MetricType::Gauge, key));
    gauge.Set(value);
    fresh.push_back(&gauge);
  }
  for (prometheus::Gauge* old : before) {
    if (std::find(fresh.begin(), fresh.end(), old) == fresh.end()) family.Remove(old);
  }
  before = std::move(fresh);
}

std::string MetricsRegistry::text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

const std::vector<double>& latency_buckets() {
  static const std::vector<double> kBuckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                               0.25,  0.5,    1,     2.5,  5,     10};
  return kBuckets;
}

}  // namespace neoid
