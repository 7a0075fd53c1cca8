#include "controller/cmd/cluster_controller.h"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/backoff.h"
#include "controller/base/crash_point.h"
#include "controller/base/log.h"
#include "controller/base/mutex.h"
#include "controller/base/random.h"
#include "controller/cli/output.h"
#include "controller/cmd/health.h"
#include "controller/cmd/signals.h"
#include "controller/kube/measured_transport.h"

namespace neoid::cmd {
namespace {

store::StoreOptions store_options(bool migrate) {
  store::StoreOptions options;
  options.migration = migrate ? store::Migration::Apply : store::Migration::Refuse;
  if (crash_points_armed()) {
    options.fault = [](std::string_view point) -> Result<void> {
      crash_point("transaction-" + std::string(point));
      return {};
    };
  }
  return options;
}

struct Parts {
  std::unique_ptr<reconcilers::Controller> controller;
  std::unique_ptr<RunningWebhook> webhook;

  std::vector<std::string> unready() const {
    std::vector<std::string> reasons = controller->unready();
    if (webhook && !webhook->server->problem().empty()) reasons.push_back(webhook->server->problem());
    return reasons;
  }
};

// What the health server asks: the parts, or before there are any why not. Thread-safe.
class Start {
 public:
  void wait_because(std::string reason) {
    MutexLock lock(mutex_);
    reason_ = std::move(reason);
  }
  void done(const Parts& parts) { parts_ = &parts; }
  // Of main's thread alone.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  std::vector<std::string> unready() const {
    if (const Parts* parts = parts_) return parts->unready();
    MutexLock lock(mutex_);
    return {reason_};
  }
  void sample() const {
    if (const Parts* parts = parts_) parts->controller->sample();
  }

 private:
  bool stopped_ = false;
  std::atomic<const Parts*> parts_{nullptr};
  mutable Mutex mutex_;
  std::string reason_ NEOID_GUARDED_BY(mutex_) = "starting";
};

// An API server that is not up yet, or has not granted us anything yet, will; one that has never heard of namespaces
// is not one.
bool may_get_better(const Error& error) {
  return error.kind != ErrorKind::NotFound && error.kind != ErrorKind::Invalid;
}

// Tries again, with backoff, what the API does not do for now. The last error: a stop signal came (start.stopped()), or
// it cannot get better.
template <class Make>
auto once_the_api_answers(Start& start, const Make& make) {
  for (int failures = 0;; ++failures) {
    auto made = make();
    if (made || !may_get_better(made.error())) return made;
    const Duration delay = std::max<Duration>(
        jitter(backoff(failures, std::chrono::milliseconds(200), std::chrono::seconds(30)), 0.2),
        made.error().retry_after);
    log::warn("waiting for the Kubernetes API", {{"error", made.error().describe()}});
    start.wait_because(made.error().describe());
    if (stop_signal_within(delay)) {
      start.stop();
      return made;
    }
  }
}

}  // namespace

int run_cluster_controller(const ClusterControllerOptions& options) {
  hold_stop_signals();
  SystemClock clock;
  MetricsRegistry metrics;
  auto store = store::open_store(options.store_url, store_options(options.migrate));
  if (!store) return cli::report(std::cerr, store.error());
  auto transport = kube::connect(options.connection);
  if (!transport) return cli::report(std::cerr, transport.error());
  const kube::Client client(kube::measured(*transport, metrics));
  Start start;
  Parts parts;
  std::unique_ptr<http::Server> health;  // asks the parts, so it goes before them
  if (!options.health_address.empty()) {
    auto served = serve_health(options.health_address, metrics,
                               {[&] { return start.unready(); }, [&] { start.sample(); }});
    if (!served) return cli::report(std::cerr, wrap("--health-listen", served.error()));
    health = std::move(*served);
  }
  auto controller = once_the_api_answers(start, [&]() -> Result<std::unique_ptr<reconcilers::Controller>> {
    auto made = reconcilers::Controller::create(client, **store, clock, metrics, options.controller);
    if (!made) return fail(wrap("the Kubernetes API cannot be used", std::move(made).error()));
    return made;
  });
  if (!controller) return start.stopped() ? cli::kDone : cli::report(std::cerr, controller.error());
  parts.controller = std::move(*controller);
  auto webhook = once_the_api_answers(start, [&]() -> Result<std::unique_ptr<RunningWebhook>> {
    auto made = start_webhook(options.webhook, client, parts.controller->caches(), clock, metrics);
    if (!made) return fail(wrap("--webhook-listen", std::move(made).error()));
    return made;
  });
  if (!webhook) return start.stopped() ? cli::kDone : cli::report(std::cerr, webhook.error());
  parts.webhook = std::move(*webhook);
  start.done(parts);
  parts.controller->start();
  log::info("controller started",
            {{"store", (*store)->location()}, {"holder", options.controller.lease.holder}});
  wait_for_stop_signal();
  log::info("stopping");
  health.reset();
  parts.webhook.reset();
  parts.controller->stop();
  return cli::kDone;
}

}  // namespace neoid::cmd
