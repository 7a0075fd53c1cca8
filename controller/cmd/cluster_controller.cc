#include "controller/cmd/cluster_controller.h"

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/crash_point.h"
#include "controller/base/log.h"
#include "controller/cli/output.h"
#include "controller/cmd/health.h"
#include "controller/cmd/signals.h"
#include "controller/cmd/startup.h"
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

}  // namespace

int run_cluster_controller(const ClusterControllerOptions& options) {
  hold_stop_signals();
  SystemClock clock;
  MetricsRegistry metrics;
  Startup startup(clock, kStartupPatience, stop_signal_within);
  std::unique_ptr<http::Server> health;
  if (!options.health_address.empty()) {
    auto served = serve_health(options.health_address, metrics,
                               {[&] { return startup.unready(); }, [&] { startup.sample(); }});
    if (!served) return cli::report(std::cerr, wrap("--health-listen", served.error()));
    health = std::move(*served);
  }
  const auto give_up = [&](const Error& error) {
    return startup.stopped() ? cli::kDone : cli::report(std::cerr, error);
  };
  auto store = startup.wait_for<std::unique_ptr<store::IdentityStore>>(
      "the store", [&] { return store::open_store(options.store_url, store_options(options.migrate)); });
  if (!store) return give_up(store.error());
  auto transport = kube::connect(options.connection);
  if (!transport) return cli::report(std::cerr, transport.error());
  const kube::Client client(kube::measured(*transport, metrics));
  auto controller = startup.wait_for<std::unique_ptr<reconcilers::Controller>>("the Kubernetes API", [&] {
    return reconcilers::Controller::create(client, **store, clock, metrics, options.controller);
  });
  if (!controller) return give_up(wrap("the Kubernetes API cannot be used", controller.error()));
  auto webhook = startup.wait_for<std::unique_ptr<RunningWebhook>>("the webhook", [&] {
    return start_webhook(options.webhook, client, (*controller)->caches(), clock, metrics);
  });
  if (!webhook) return give_up(wrap("--webhook-listen", webhook.error()));
  const auto unready = [&] {
    std::vector<std::string> reasons = (*controller)->unready();
    if (*webhook && !(*webhook)->server->problem().empty()) reasons.push_back((*webhook)->server->problem());
    return reasons;
  };
  startup.done({unready, [&] { (*controller)->sample(); }});
  (*controller)->start();
  log::info("controller started",
            {{"store", (*store)->location()}, {"holder", options.controller.lease.holder}});
  wait_for_stop_signal();
  log::info("stopping");
  health.reset();
  webhook->reset();
  (*controller)->stop();
  return cli::kDone;
}

}  // namespace neoid::cmd
