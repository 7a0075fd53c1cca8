// How fast the controller brings resources to Ready, and how quiet it is afterwards.
//
//   bench_controller [RESOURCES...]     (default: 1000 10000)
//
// The embedded API, SQLite and the controller in one process, as in `neoid standalone`. Resources are created first,
// then the controller is started. Beside it stands the floor: the same writes (a Secret and a status for each resource,
// three with the finalizer) sent by a bare loop over as many threads. One table; times in seconds.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include "controller/apiserver/server.h"
#include "controller/base/clock.h"
#include "controller/base/log.h"
#include "controller/base/metrics.h"
#include "controller/cmd/local_transport.h"
#include "controller/reconcilers/cluster.h"
#include "controller/reconcilers/controller.h"
#include "reconcile/api/embedded.h"
#include "reconcile/value/yaml.h"

namespace neoid {
namespace {

using namespace std::chrono_literals;
using Clock_ = std::chrono::steady_clock;

double seconds_since(Clock_::time_point start) {
  return std::chrono::duration<double>(Clock_::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto part = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return part(usage.ru_utime) + part(usage.ru_stime);
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// Counts what goes over the seam.
class CountingTransport final : public kube::Transport {
 public:
  explicit CountingTransport(std::shared_ptr<kube::Transport> inner) : inner_(std::move(inner)) {}
  Result<http::ClientResponse> send(const http::ClientRequest& request) override {
    const bool write = request.method != "GET";
    const bool quiet = request.target.find("/events") != std::string::npos ||
                       request.target.find("/leases") != std::string::npos;
    if (write && !quiet) ++writes;
    return inner_->send(request);
  }
  Result<http::ClientResponse> stream(const http::ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_chunk,
                                      std::stop_token stop) override {
    return inner_->stream(request, on_chunk, stop);
  }
  std::atomic<int> writes{0};

 private:
  std::shared_ptr<kube::Transport> inner_;
};

struct Bench {
  std::filesystem::path folder;
  SystemClock clock;
  MetricsRegistry metrics;
  std::unique_ptr<apiserver::ApiServer> api;
  std::unique_ptr<store::IdentityStore> store;
  std::shared_ptr<CountingTransport> transport;
  std::unique_ptr<kube::Client> client;

  Bench() {
    std::string name = (std::filesystem::temp_directory_path() / "neoid-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder = name;
    apiserver::ApiServerOptions options;
    options.data = folder / "api";
    options.token_file_text = "t,platform,platform,\"system:masters\"\n";
    for (const api::EmbeddedFile& file : api::embedded_crd())
      options.bootstrap.push_back(parse_yaml(file.text).value());
    options.bootstrap.push_back(
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "apps"}}}});
    api = apiserver::ApiServer::open(std::move(options), clock).value();
    store = store::open_store("sqlite:" + (folder / "identity.db").string(), store::Migration::Apply).value();
    transport = std::make_shared<CountingTransport>(std::make_shared<cmd::LocalTransport>(
        [this](const http::Request& request) { return api->handle(request); }, Secret(std::string("t"))));
    client = std::make_unique<kube::Client>(transport);
  }
  ~Bench() {
    client.reset();
    store.reset();
    api.reset();
    std::filesystem::remove_all(folder);
  }

  Json user(int number) const {
    return {{"apiVersion", api::kApiVersion},
            {"kind", "IntegrationUser"},
            {"metadata", {{"namespace", "apps"}, {"name", fmt::format("user-{:06}", number)}}},
            {"spec", {{"displayName", fmt::format("User {}", number)}, {"scopes", {"documents"}}}}};
  }

  void side_by_side(int count, const std::function<void(int)>& work) const {
    std::atomic<int> next{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        for (int number = next++; number < count; number = next++) work(number);
      });
  }

  int ready() const {
    int count = 0;
    std::string more;
    do {
      const auto page = client->list(reconcilers::resource_type(api::Kind::IntegrationUser),
                                     {"apps", "", "", false}, 1000, more);
      if (!page) return count;
      for (const Json& item : page->items) {
        const auto decoded = api::decode_user(api::Kind::IntegrationUser, item);
        if (decoded && meta::is_true(decoded->status.conditions, "Ready")) ++count;
      }
      more = page->continue_token;
    } while (!more.empty());
    return count;
  }
};

reconcilers::ControllerOptions controller_options() {
  reconcilers::ControllerOptions options;
  options.lease.name = {"kube-system", "neoid"};
  options.lease.holder = "bench";
  options.always_clean = true;
  return options;
}

// Seconds for the same writes without a controller: Secret, finalizer, status.
double floor_seconds(int count) {
  Bench bench;
  bench.side_by_side(count, [&](int i) {
    bench.client->create(reconcilers::resource_type(api::Kind::IntegrationUser), "apps", bench.user(i))
        .value();
  });
  const reconcilers::Cluster cluster(*bench.client);
  const auto start = Clock_::now();
  bench.side_by_side(count, [&](int i) {
    const api::ResourceKey key{api::Kind::IntegrationUser, "apps", fmt::format("user-{:06}", i)};
    Json object = **cluster.read(key);
    object = cluster.set_finalizer(key, object, true).value();
    const Json secret = {
        {"apiVersion", "v1"},
        {"kind", "Secret"},
        {"metadata", {{"namespace", "apps"}, {"name", key.name + "-oauth"}}},
        {"type", plan::kSecretType},
        {"stringData", {{"client_id", std::string(36, 'c')}, {"client_secret", std::string(55, 's')}}}};
    bench.client->create(reconcilers::secret_type(), "apps", secret).value();
    cluster.put_status(key, object, {{"observedGeneration", 1}, {"active", true}}).value();
  });
  return seconds_since(start);
}

void measure(int count) {
  const double floor = floor_seconds(count);
  Bench bench;
  const Json scope = {{"apiVersion", api::kApiVersion},
                      {"kind", "Scope"},
                      {"metadata", {{"name", "documents"}}},
                      {"spec", {{"displayName", "Documents"}, {"tool", "Documents"}}}};
  bench.client->create(reconcilers::resource_type(api::Kind::Scope), "", scope).value();
  bench.side_by_side(count, [&](int i) {
    bench.client->create(reconcilers::resource_type(api::Kind::IntegrationUser), "apps", bench.user(i))
        .value();
  });

  bench.transport->writes = 0;
  const double cpu = cpu_seconds();
  const auto start = Clock_::now();
  auto controller = reconcilers::Controller::create(*bench.client, *bench.store, bench.clock, bench.metrics,
                                                    controller_options())
                        .value();
  controller->start();
  while (bench.ready() < count) std::this_thread::sleep_for(20ms);
  const double took = seconds_since(start);
  const double spent = cpu_seconds() - cpu;
  std::this_thread::sleep_for(500ms);
  const double writes = static_cast<double>(bench.transport->writes) / count;
  controller->stop();
  controller.reset();

  bench.transport->writes = 0;
  const auto again = Clock_::now();
  auto second = reconcilers::Controller::create(*bench.client, *bench.store, bench.clock, bench.metrics,
                                                controller_options())
                    .value();
  second->start();
  while (!second->leading() || !second->unready().empty()) std::this_thread::sleep_for(5ms);
  const double restart = seconds_since(again);
  std::this_thread::sleep_for(2s);
  const int restart_writes = bench.transport->writes;
  second->stop();
  std::cout << fmt::format(
                   "{:>10} {:>10.2f} {:>10.2f} {:>8.2f} {:>12.2f} {:>10.2f} {:>10.1f} {:>10.2f} {:>14}\n",
                   count, took, floor, took / floor, writes, spent, peak_megabytes(), restart, restart_writes)
            << std::flush;
}

}  // namespace
}  // namespace neoid

int main(int argc, char** argv) {
  neoid::log::configure({neoid::log::Level::Error});
  std::cout << fmt::format("{:>10} {:>10} {:>10} {:>8} {:>12} {:>10} {:>10} {:>10} {:>14}\n", "resources",
                           "ready s", "floor s", "ratio", "writes each", "cpu s", "peak MB", "restart s",
                           "restart writes");
  std::vector<int> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::atoi(argv[i]));
  if (sizes.empty()) sizes = {1000, 10000};
  for (const int size : sizes) neoid::measure(size);
}
