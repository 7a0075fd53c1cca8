#include "controller/cmd/standalone.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "controller/admission/judge.h"
#include "controller/apiserver/server.h"
#include "controller/base/file.h"
#include "controller/base/log.h"
#include "controller/base/random.h"
#include "controller/cli/output.h"
#include "controller/cmd/around.h"
#include "controller/cmd/data_folder.h"
#include "controller/cmd/health.h"
#include "controller/cmd/in_process_admission.h"
#include "controller/cmd/local_transport.h"
#include "controller/cmd/signals.h"
#include "controller/cmd/standalone_oauth.h"
#include "controller/kube/kubeconfig.h"
#include "controller/kube/measured_transport.h"
#include "controller/manifests/sync.h"

namespace neoid::cmd {
namespace {

std::shared_ptr<const admission::Judge> make_judge(const LateCaches& caches) {
  admission::JudgeOptions options;
  options.platform = {{}, {"system:masters", std::string(auth::kPlatformGroup)}};
  options.own_users = {"system:neoid-controller"};
  options.around = [&caches](const policy::AdmissionFacts& facts) { return caches.around(facts); };
  return std::make_shared<const admission::Judge>(std::move(options));
}

// --- the parts, in the order in which they start -----------------------------------------------

Result<std::unique_ptr<apiserver::ApiServer>> open_api(const StandaloneOptions& options,
                                                       const DataFolder& folder,
                                                       const Secret& manifests_token,
                                                       const LateCaches& caches, Clock& clock) {
  NEOID_TRY(const HostPort where, parse_host_port(options.listen));
  apiserver::ApiServerOptions api;
  api.data = folder.path / "api";
  api.host = where.host;
  api.port = where.port;
  api.token_file_text = folder.token_file_text + std::string(manifests_token.reveal()) +
                        ",system:neoid-manifests,system:neoid-manifests,\"system:masters\"\n";
  if (!options.token_auth_file.empty()) {
    auto text = read_file(options.token_auth_file);
    if (!text) return fail(wrap("--token-auth-file", text.error()));
    api.token_file_text += *text;
    cleanse(*text);
  }
  NEOID_TRY(http::Identity identity, make_server_identity(folder, where.host, clock.now()));
  api.tls = http::TlsOptions{std::move(identity), folder.ca.certificate_pem};
  // Alone, the API is guarded by what is deployed on it, as in a cluster.
  if (!options.api_only) api.admission = in_process_admission(make_judge(caches));
  return apiserver::ApiServer::open(std::move(api), clock);
}

std::string server_url(const std::string& listen, int port) {
  auto where = parse_host_port(listen);
  std::string host = where ? where->host : "127.0.0.1";
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("https://{}:{}", host, port);
}

Result<void> write_kubeconfig_file(const DataFolder& folder, const std::string& url) {
  const std::string text = kube::kubeconfig_text(
      "neoid", url, folder.ca.certificate_pem,
      {{.name = "admin", .token = folder.admin_token}, {.name = "platform", .token = folder.platform_token}});
  return kube::write_kubeconfig((folder.path / "kubeconfig").string(), text);
}

Result<void> run(StandaloneOptions& options) {
  if (options.api_only && !options.store_url.empty())
    return fail(ErrorKind::Invalid, "--api-only opens no store: leave --store away");
  SystemClock clock;
  MetricsRegistry metrics;
  NEOID_TRY(const DataFolder folder, open_data_folder(options.data, clock.now()));
  const Secret manifests_token(random_uuid());  // of this process alone
  LateCaches late_caches;
  NEOID_TRY(const std::unique_ptr<apiserver::ApiServer> api,
            open_api(options, folder, manifests_token, late_caches, clock));
  const std::string store_url =
      options.store_url.empty() ? "sqlite:" + (folder.path / "identity.db").string() : options.store_url;
  const http::Handler handler = [&api](const http::Request& request) { return api->handle(request); };
  const kube::Client client(
      kube::measured(std::make_shared<LocalTransport>(handler, folder.controller_token), metrics));
  // Only the API: a controller of somebody else's is to come (tests of the chart).
  std::unique_ptr<store::IdentityStore> store;
  std::unique_ptr<reconcilers::Controller> controller;
  StandaloneOAuth oauth;
  if (!options.api_only) {
    NEOID_TRY(store, store::open_store(store_url, store::Migration::Apply));
    NEOID_TRY(oauth, open_standalone_oauth(options, folder, store_url, clock, metrics));
    options.controller.always_clean = true;  // no create outlives the process that serves it
    NEOID_TRY(controller,
              reconcilers::Controller::create(client, *store, clock, metrics, options.controller));
  }
  std::unique_ptr<LateCaches::Loan> loan;
  if (controller) loan.reset(new LateCaches::Loan(late_caches.lend(controller->caches())));
  if (auto started = api->start(); !started)
    return fail(wrap("--listen " + options.listen + " cannot be used", std::move(started).error()));
  const std::string url = server_url(options.listen, api->port());
  NEOID_TRY_VOID(write_kubeconfig_file(folder, url));
  std::unique_ptr<http::Server> health;
  if (!options.health_address.empty()) {
    NEOID_TRY(health,
              serve_health(options.health_address, metrics,
                           {[&] { return controller ? controller->unready() : std::vector<std::string>(); },
                            [&] {
                              if (controller) controller->sample();
                              if (oauth.service) oauth.service->sample();
                            }}));
  }
  if (oauth.service) oauth.service->start();
  if (controller) controller->start();
  const kube::Client manifests_client(std::make_shared<LocalTransport>(handler, manifests_token));
  std::optional<manifests::FolderSync> sync;
  if (!options.manifests.empty()) {
    manifests::FolderSyncOptions wanted;
    wanted.folder = options.manifests;
    wanted.prune_after = options.prune_after;
    sync.emplace(manifests_client, clock, std::move(wanted));
    sync->start();
  }
  log::info("ready", {{"api", url},
                      {"tokenURL", options.controller.settings.token_url},
                      {"kubeconfig", (folder.path / "kubeconfig").string()},
                      {"store", store ? store->location() : "none"}});
  wait_for_stop_signal();
  log::info("stopping");
  sync.reset();
  if (controller) controller->stop();
  if (oauth.server) oauth.server->stop(std::chrono::seconds(2));
  if (oauth.service) oauth.service->stop();
  api->stop();
  return {};
}

}  // namespace

int run_standalone(StandaloneOptions options) {
  hold_stop_signals();
  if (auto result = run(options); !result) return cli::report(std::cerr, result.error());
  return cli::kDone;
}

}  // namespace neoid::cmd
