// How fast the controller brings resources to Ready, and how quiet it is afterwards.
//
//   bench_controller [--http] [--postgres] [--admitted] [--idle SECONDS] [RESOURCES...]     (default: 1000 10000, 60 s)
//
// The embedded API and the controller in one process, as in `neoid standalone`; with --http the API is a process of its
// own, reached over TLS; with --postgres the store is a private PostgreSQL server; with --admitted resources come with
// the finalizer, as the mutating webhook makes them. Resources are created first, then the controller is started. Beside
// it stands the floor: the same writes (finalizer, Secret, status, with the very bodies that the controller writes), sent
// by a bare loop over as many connections, with no read at all. Every measurement has processes of its own; one table,
// times in seconds.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>

#include "controller/apiserver/server.h"
#include "controller/base/clock.h"
#include "controller/base/log.h"
#include "controller/base/metrics.h"
#include "controller/cmd/local_transport.h"
#include "controller/kube/kubeconfig.h"
#include "controller/reconcilers/cluster.h"
#include "controller/reconcilers/controller.h"
#include "reconcile/api/embedded.h"
#include "reconcile/value/yaml.h"
#include "tests/support/postgres.h"

namespace neoid {
namespace {

using namespace std::chrono_literals;
using Clock_ = std::chrono::steady_clock;

constexpr int kConnections = 8;

struct Setting {
  bool http = false;
  bool postgres = false;
  bool admitted = false;
  int idle_seconds = 60;
};

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

// Counts what goes over the seam, and how many statuses were taken.
class CountingTransport final : public kube::Transport {
 public:
  explicit CountingTransport(std::shared_ptr<kube::Transport> inner) : inner_(std::move(inner)) {}
  Result<http::ClientResponse> send(const http::ClientRequest& request) override {
    const bool write = request.method != "GET";
    const bool quiet = request.target.find("/events") != std::string::npos ||
                       request.target.find("/leases") != std::string::npos;
    if (write && !quiet) ++writes;
    auto answer = inner_->send(request);
    const bool status = write && request.target.find("/integrationusers/") != std::string::npos &&
                        request.target.find("/status") != std::string::npos;
    if (status && answer && answer->status == 200 &&
        request.body.find("its credential works") != std::string::npos)
      ++ready;
    return answer;
  }
  Result<http::ClientResponse> stream(const http::ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_chunk,
                                      std::stop_token stop) override {
    return inner_->stream(request, on_chunk, stop);
  }
  std::atomic<int> writes{0};
  std::atomic<int> ready{0};

 private:
  std::shared_ptr<kube::Transport> inner_;
};

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "neoid-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

std::unique_ptr<apiserver::ApiServer> open_api(const std::filesystem::path& folder, SystemClock& clock,
                                               std::optional<http::TlsOptions> tls) {
  apiserver::ApiServerOptions options;
  options.data = folder / "api";
  options.tls = std::move(tls);
  options.token_file_text = "t,platform,platform,\"system:masters\"\n";
  for (const api::EmbeddedFile& file : api::embedded_crd())
    options.bootstrap.push_back(parse_yaml(file.text).value());
  options.bootstrap.push_back(
      {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "apps"}}}});
  return apiserver::ApiServer::open(std::move(options), clock).value();
}

// The API in a process of its own. Made before the process has threads.
class ApiProcess {
 public:
  explicit ApiProcess(const std::filesystem::path& folder) {
    const Instant now = SystemClock().now();
    const auto ca = http::make_ca("bench", now - 1h, now + 24h).value();
    ca_pem = ca.certificate_pem;
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      http::CertificateOptions certificate;
      certificate.common_name = "bench";
      certificate.ip_addresses = {"127.0.0.1"};
      certificate.not_before = now - 1h;
      certificate.not_after = now + 24h;
      SystemClock clock;
      const auto api =
          open_api(folder, clock, http::TlsOptions{http::make_certificate(ca, certificate).value(), ca_pem});
      if (!api->start()) ::_exit(1);
      const int taken = api->port();
      if (::write(ends[1], &taken, sizeof(taken)) != sizeof(taken)) ::_exit(1);
      for (;;) ::pause();  // until it is killed
    }
    if (::read(ends[0], &port, sizeof(port)) != sizeof(port)) std::abort();
  }
  ~ApiProcess() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  std::string ca_pem;
  int port = 0;

 private:
  pid_t child_ = 0;
};

struct Bench {
  const bool admitted;
  std::filesystem::path folder = make_folder();
  std::optional<ApiProcess> process;
  SystemClock clock;
  MetricsRegistry metrics;
  std::unique_ptr<apiserver::ApiServer> api;
  std::unique_ptr<store::IdentityStore> store;
  std::shared_ptr<CountingTransport> transport;
  std::unique_ptr<kube::Client> client;

  explicit Bench(const Setting& setting) : admitted(setting.admitted) {
    std::shared_ptr<kube::Transport> inner;
    if (setting.http) {
      process.emplace(folder);
      kube::Access access;
      access.server = fmt::format("https://127.0.0.1:{}", process->port);
      access.tls.ca_pem = process->ca_pem;
      access.tokens = kube::fixed_token(Secret(std::string("t")));
      inner = kube::connect(access).value();
    } else {
      api = open_api(folder, clock, std::nullopt);
      inner = std::make_shared<cmd::LocalTransport>(
          [this](const http::Request& request) { return api->handle(request); }, Secret(std::string("t")));
    }
    std::string url = "sqlite:" + (folder / "identity.db").string();
    if (setting.postgres) {
      auto* postgres = test::PostgresServer::get();
      url = postgres->url(postgres->create_database());
    }
    store = store::open_store(url, store::Migration::Apply).value();
    transport = std::make_shared<CountingTransport>(std::move(inner));
    client = std::make_unique<kube::Client>(transport);
  }
  ~Bench() {
    client.reset();
    transport.reset();
    store.reset();
    api.reset();
    process.reset();
    std::filesystem::remove_all(folder);
  }

  static std::string name(int number) { return fmt::format("user-{:06}", number); }
  Json user(int number) const {
    Json user = {{"apiVersion", api::kApiVersion},
                 {"kind", "IntegrationUser"},
                 {"metadata", {{"namespace", "apps"}, {"name", name(number)}}},
                 {"spec", {{"displayName", fmt::format("User {}", number)}, {"scopes", {"documents"}}}}};
    if (admitted) user["metadata"]["finalizers"] = Json::array({api::kFinalizer});
    return user;
  }

  static void side_by_side(int count, const std::function<void(int)>& work) {
    std::atomic<int> next{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < kConnections; ++i)
      threads.emplace_back([&] {
        for (int number = next++; number < count; number = next++) work(number);
      });
  }

  void fill(int count) const {
    const Json scope = {{"apiVersion", api::kApiVersion},
                        {"kind", "Scope"},
                        {"metadata", {{"name", "documents"}}},
                        {"spec", {{"displayName", "Documents"}, {"tool", "Documents"}}}};
    client->create(reconcilers::resource_type(api::Kind::Scope), "", scope).value();
    side_by_side(count, [&](int i) {
      client->create(reconcilers::resource_type(api::Kind::IntegrationUser), "apps", user(i)).value();
    });
  }

  std::vector<Json> users() const {
    std::vector<Json> all;
    std::string more;
    do {
      auto page = client
                      ->list(reconcilers::resource_type(api::Kind::IntegrationUser), {"apps", "", "", false},
                             500, more)
                      .value();
      std::move(page.items.begin(), page.items.end(), std::back_inserter(all));
      more = page.continue_token;
    } while (!more.empty());
    return all;
  }

  std::unique_ptr<reconcilers::Controller> start_controller() {
    reconcilers::ControllerOptions options;
    options.lease.name = {"kube-system", "neoid"};
    options.lease.holder = "bench";
    options.always_clean = true;
    options.connections = kConnections;
    auto controller = reconcilers::Controller::create(*client, *store, clock, metrics, options).value();
    controller->start();
    return controller;
  }
  void wait_ready(int count) const {
    while (transport->ready < count) std::this_thread::sleep_for(2ms);
  }
};

void replace_all(Json& tree, const std::string& from, const std::string& to) {
  if (tree.is_string()) {
    std::string text = tree;
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
    tree = text;
  } else if (tree.is_structured()) {
    for (Json& item : tree) replace_all(item, from, to);
  }
}

// What the controller writes for one resource: the floor's bodies have the same sizes.
struct Bodies {
  Json secret;
  Json status;
};

Bodies bodies_of_one(const Setting& setting) {
  Bench bench(setting);
  bench.fill(1);
  auto controller = bench.start_controller();
  bench.wait_ready(1);
  controller->stop();
  Json secret = bench.client->get(reconcilers::secret_type(), {"apps", Bench::name(0) + "-oauth"}).value();
  for (const char* gone : {"uid", "resourceVersion", "creationTimestamp", "managedFields"})
    secret["metadata"].erase(gone);
  return {std::move(secret), bench.users().front().at("status")};
}

struct Floor {
  double seconds = 0;
  double cpu = 0;
};

// The same writes without a controller: finalizer, Secret, status.
Floor measure_floor(const Setting& setting, int count, const Bodies& bodies) {
  Bench bench(setting);
  bench.fill(count);
  const std::vector<Json> users = bench.users();
  const reconcilers::Cluster cluster(*bench.client);
  const double cpu = cpu_seconds();
  const auto start = Clock_::now();
  Bench::side_by_side(count, [&](int i) {
    const Json& user = users[static_cast<std::size_t>(i)];
    const std::string name = user.at("metadata").at("name");
    const api::ResourceKey key{api::Kind::IntegrationUser, "apps", name};
    const Json object = setting.admitted ? user : cluster.set_finalizer(key, user, true).value();
    Json secret = bodies.secret;
    replace_all(secret, Bench::name(0), name);
    secret["metadata"]["ownerReferences"][0]["uid"] = user.at("metadata").at("uid");
    bench.client->create(reconcilers::secret_type(), "apps", secret).value();
    Json status = bodies.status;
    replace_all(status, Bench::name(0), name);
    cluster.put_status(key, object, std::move(status)).value();
  });
  return {seconds_since(start), cpu_seconds() - cpu};
}

struct Figures {
  double ready = 0;
  double writes_each = 0;
  double cpu = 0;
  double peak = 0;
  double restart = 0;
  int restart_writes = 0;
  double idle_cpu = 0;
  int idle_writes = 0;
  double latency_median_ms = 0;
  double latency_worst_ms = 0;
};

// From the write of a change until its status says that it is done, while all the others are changed too.
std::vector<double> latencies(const Bench& bench, int count) {
  const kube::ResourceType& type = reconcilers::resource_type(api::Kind::IntegrationUser);
  std::atomic<bool> done{false};
  std::atomic<int> changed{0};
  std::jthread busy([&] {
    for (int i = 1; !done; i = i + 1 < count ? i + 1 : 1) {
      const Json patch = {{"spec", {{"description", fmt::format("busy {}", changed++)}}}};
      (void)bench.client->patch(type, {"apps", Bench::name(i)}, kube::PatchType::Merge, patch);
    }
  });
  std::vector<double> took;
  for (int i = 0; i < 50; ++i) {
    const auto start = Clock_::now();
    const Json patch = {{"spec", {{"description", fmt::format("change {}", i)}}}};
    const Json made =
        bench.client->patch(type, {"apps", Bench::name(0)}, kube::PatchType::Merge, patch).value();
    const auto generation = made.at("metadata").at("generation").get<std::int64_t>();
    for (;;) {
      const Json now = bench.client->get(type, {"apps", Bench::name(0)}).value();
      if (now.at("status").value("observedGeneration", std::int64_t{-1}) >= generation) break;
      std::this_thread::sleep_for(1ms);
    }
    took.push_back(seconds_since(start) * 1000);
    std::this_thread::sleep_for(20ms);
  }
  done = true;
  std::sort(took.begin(), took.end());
  return took;
}

Figures measure_controller(const Setting& setting, int count) {
  Figures figures;
  Bench bench(setting);
  bench.fill(count);
  bench.transport->writes = 0;
  double cpu = cpu_seconds();
  const auto start = Clock_::now();
  auto controller = bench.start_controller();
  bench.wait_ready(count);
  figures.ready = seconds_since(start);
  figures.cpu = cpu_seconds() - cpu;
  figures.peak = peak_megabytes();
  while (!controller->idle()) std::this_thread::sleep_for(20ms);
  std::this_thread::sleep_for(3s);  // the scope's count of holders follows
  figures.writes_each = static_cast<double>(bench.transport->writes) / count;
  controller->stop();
  controller.reset();

  bench.transport->writes = 0;
  const auto again = Clock_::now();
  controller = bench.start_controller();
  while (!controller->leading() || !controller->unready().empty() || !controller->idle())
    std::this_thread::sleep_for(2ms);
  figures.restart = seconds_since(again);
  std::this_thread::sleep_for(3s);
  figures.restart_writes = bench.transport->writes;

  bench.transport->writes = 0;
  cpu = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(setting.idle_seconds));
  figures.idle_cpu = cpu_seconds() - cpu;
  figures.idle_writes = bench.transport->writes;

  const std::vector<double> took = latencies(bench, count);
  figures.latency_median_ms = took[took.size() / 2];
  figures.latency_worst_ms = took.back();
  controller->stop();
  return figures;
}

// Runs it in a process of its own and gives its plain result.
template <class T>
T apart(const std::function<T()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::cout.flush();
  const pid_t child = ::fork();
  if (child == 0) {
    const T result = work();
    ::_exit(::write(ends[1], &result, sizeof(result)) == sizeof(result) ? 0 : 1);
  }
  T result{};
  if (::read(ends[0], &result, sizeof(result)) != sizeof(result)) std::exit(1);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return result;
}

void measure(const Setting& setting, int count) {
  const Floor floor = apart<Floor>([&] { return measure_floor(setting, count, bodies_of_one(setting)); });
  const Figures figures = apart<Figures>([&] { return measure_controller(setting, count); });
  std::cout << fmt::format(
                   "{:>9} {:>8.2f} {:>8.2f} {:>6.2f} {:>7.2f} {:>8.2f} {:>8.2f} {:>8.1f} {:>9.2f} "
                   "{:>7} {:>7.2f} {:>7} {:>8.1f} {:>8.1f}\n",
                   count, figures.ready, floor.seconds, figures.ready / floor.seconds, figures.writes_each,
                   figures.cpu, floor.cpu, figures.peak, figures.restart, figures.restart_writes,
                   figures.idle_cpu, figures.idle_writes, figures.latency_median_ms, figures.latency_worst_ms)
            << std::flush;
}

}  // namespace
}  // namespace neoid

int main(int argc, char** argv) {
  neoid::log::configure({neoid::log::Level::Error});
  ::signal(SIGPIPE, SIG_IGN);
  neoid::Setting setting;
  std::vector<int> sizes;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--http") {
      setting.http = true;
    } else if (word == "--postgres") {
      setting.postgres = true;
    } else if (word == "--admitted") {
      setting.admitted = true;
    } else if (word == "--idle" && i + 1 < argc) {
      setting.idle_seconds = std::atoi(argv[++i]);
    } else if (const int size = std::atoi(argv[i]); size > 0) {
      sizes.push_back(size);
    } else {
      std::cerr
          << "usage: bench_controller [--http] [--postgres] [--admitted] [--idle SECONDS] [RESOURCES...]\n";
      return 2;
    }
  }
  if (sizes.empty()) sizes = {1000, 10000};
  std::cout << fmt::format("{} API, {} store, idle for {} s\n", setting.http ? "TLS" : "in-process",
                           setting.postgres ? "PostgreSQL" : "SQLite", setting.idle_seconds)
            << fmt::format(
                   "{:>9} {:>8} {:>8} {:>6} {:>7} {:>8} {:>8} {:>8} {:>9} {:>7} {:>7} {:>7} {:>8} {:>8}\n",
                   "resources", "ready s", "floor s", "ratio", "writes", "cpu s", "floor c", "peak MB",
                   "restart s", "writes", "idle c", "writes", "one ms", "worst");
  for (const int size : sizes) neoid::measure(setting, size);
}
