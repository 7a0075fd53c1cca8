// The metrics of reconciling, as handles that are asked for once. Thread-safe.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/metrics.h"
#include "controller/runtime/work_queue.h"
#include "reconcile/plan/plan.h"

namespace neoid::reconcilers {

enum class PassResult { Unchanged, Changed, Waiting, Overtaken, Failed };

class Meters {
 public:
  explicit Meters(MetricsRegistry& metrics);

  void pass(api::Kind kind, PassResult result);
  // What a pass that did not fail has done.
  void done(api::Kind kind, const plan::Plan& plan, const api::UserResource& before, Instant now);
  void event(std::string_view type, std::string_view reason);
  void batch(api::Kind kind, std::chrono::nanoseconds took);
  runtime::QueueMeters queue() const;

  MetricsRegistry& registry() const { return metrics_; }

 private:
  MetricsRegistry& metrics_;
  std::vector<Counter> passes_;  // by kind, then result
  std::vector<Histogram> batches_;
  Histogram waited_;
  Histogram worked_;
  Counter retries_;
};

class Caches;
// Resources by readiness and credentials by state, out of the caches.
void sample_resources(const Caches& caches, MetricsRegistry& metrics, Instant now);

}  // namespace neoid::reconcilers
