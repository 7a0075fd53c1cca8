// How fast the token service is, as clients of another process meet it: `neoid oauth` over SQLite.
//
//   bench_oauth [--clients N] [NEOID]     (100,000 clients; default: ../neoid beside the folder of this program)
//
// Tokens and introspections a second at 1, 8 and 32 kept-alive connections, plain and by TLS, next to bare ES256
// signatures in the same run; memory with all clients remembered; from a deactivation in the API of `neoid standalone`
// to the first refusal. Clients and server share the processors, so what a token costs is told in CPU time of the
// server, next to the CPU time of a bare signature: their ratio is what a core does of its floor.
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <latch>
#include <numeric>
#include <thread>

#include "controller/base/clock.h"
#include "controller/http/tls.h"
#include "controller/oauth/key_seal.h"
#include "controller/store/identity_store.h"
#include "reconcile/base/crypto.h"
#include "reconcile/credentials/client_secret.h"
#include "reconcile/value/yaml.h"
#include "tests/bench/lean_client.h"
#include "tests/controller/store/store_support.h"

namespace neoid {
namespace {

namespace fs = std::filesystem;
using bench::Child;
using bench::Connection;
using bench::seconds_since;
using bench::SteadyClock;

constexpr double kSeconds = 3;
constexpr int kRounds = 100;
constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kGrant = "grant_type=client_credentials";

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::cerr << "bench_oauth: " << result.error().describe() << '\n';
  std::exit(1);
}

void write(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

double thread_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// CPU seconds of one signature with a key and a context that are there already: the least that a token costs.
double sign_for_a_second() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
  NEOID_CHECK(EVP_PKEY_sign_init(context) == 1);
  Sha256 digest{};
  unsigned char signature[80];
  const double begin = thread_cpu_seconds();
  int count = 0;
  for (const auto start = SteadyClock::now(); seconds_since(start) < 1; ++count) {
    std::size_t size = sizeof signature;
    NEOID_CHECK(EVP_PKEY_sign(context, signature, &size, digest.data(), digest.size()) == 1);
    digest[0] = signature[size - 1];
  }
  const double spent = thread_cpu_seconds() - begin;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(key);
  return spent / count;
}

// On all processors at once, as they are when tokens are made: what shares a core's units shares its speed.
double bare_signature() {
  std::vector<double> costs(std::max(1U, std::thread::hardware_concurrency()));
  {
    std::vector<std::jthread> threads;
    for (double& cost : costs) threads.emplace_back([&cost] { cost = sign_for_a_second(); });
  }
  return std::accumulate(costs.begin(), costs.end(), 0.0) / static_cast<double>(costs.size());
}

Secret secret_of(int user) {
  credentials::RandomBytes random{};
  std::memcpy(random.data(), &user, sizeof user);
  random[31] = 1;
  return credentials::make_client_secret(random);
}

std::string basic(int user) {
  return "Authorization: Basic " +
         base64(store::put(user).client_id.value + ":" + std::string(secret_of(user).reveal())) + "\r\n";
}

struct Figures {
  double per_second = 0;
  double p50_ms = 0, p99_ms = 0;
  double cpu_seconds = 0;  // of the server, for one
};

class Bench {
 public:
  Bench(std::string program, int clients)
      : program_(std::move(program)), clients_(clients), context_(SSL_CTX_new(TLS_client_method())) {}
  ~Bench() { SSL_CTX_free(context_); }

  void run() {
    fill();
    prepare();
    measure_rates(false);
    measure_rates(true);
    measure_memory();
    measure_deactivation();
  }

 private:
  void fill() {
    const auto start = SteadyClock::now();
    const auto store = must(store::open_store(url(), store::Migration::Apply));
    const store::WriterTerm term = must(store->claim(store::kCluster, 1, "bench"));
    const std::vector<plan::StoredScope> scopes = {store::scope("contacts"), store::scope("documents"),
                                                   store::scope("token-introspection")};
    NEOID_CHECK(store->put_scopes(term, scopes, {}, "bench").has_value());
    const Instant now = SystemClock().now();
    for (int user = 0; user < clients_;) {
      std::vector<plan::IdentityChange> batch;
      for (; user < clients_ && batch.size() < 500; ++user) {
        plan::IssueVersion issue = store::issue(1, now);
        issue.hash = credentials::hash_client_secret(secret_of(user));
        batch.push_back(store::change_of(
            user, {store::put(user, user == 0 ? std::vector<std::string>{"token-introspection"}
                                              : std::vector<std::string>{"contacts", "documents"}),
                   issue, store::deliver(1)}));
      }
      for (const auto& result : must(store->commit(term, batch))) NEOID_CHECK(result.has_value());
    }
    fmt::print("{} clients in the store, in {:.0f} s\n", clients_, seconds_since(start));
    std::fflush(stdout);
  }

  std::string url() const { return "sqlite:" + (folder_.path / "identity.db").string(); }

  void prepare() {
    const Instant now = SystemClock().now();
    const auto ca = must(http::make_ca("bench", now - std::chrono::hours(1), now + std::chrono::hours(1)));
    const auto identity = must(http::make_certificate(ca, {"bench",
                                                           {},
                                                           {"localhost"},
                                                           {"127.0.0.1"},
                                                           http::Usage::Server,
                                                           now - std::chrono::hours(1),
                                                           now + std::chrono::hours(1)}));
    write(folder_.path / "kek", oauth::KeyEncryptionKeys::make().reveal());
    write(folder_.path / "ca.pem", ca.certificate_pem);
    write(folder_.path / "tls.crt", identity.certificate_pem);
    write(folder_.path / "tls.key", identity.key_pem.reveal());
    trust(folder_.path / "ca.pem");
  }
  void trust(const fs::path& ca) {
    NEOID_CHECK(SSL_CTX_load_verify_locations(context_, ca.c_str(), nullptr) == 1);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  }

  std::unique_ptr<Child> start(bool tls) {
    std::vector<std::string> arguments = {"oauth",
                                          "--store",
                                          url(),
                                          "--listen",
                                          "127.0.0.1:0",
                                          "--issuer",
                                          "https://id.example.com",
                                          "--key-encryption-key-file",
                                          (folder_.path / "kek").string()};
    if (tls)
      arguments.insert(arguments.end(), {"--tls-cert-file", (folder_.path / "tls.crt").string(),
                                         "--tls-key-file", (folder_.path / "tls.key").string()});
    auto child = std::make_unique<Child>(program_, std::move(arguments), "token service ready");
    port_ = static_cast<int>(std::stol(child->ready_line.at("port").is_string()
                                           ? child->ready_line.at("port").get<std::string>()
                                           : child->ready_line.at("port").dump()));
    return child;
  }

  // `work` on so many connections for some seconds. Connection i is that of client i + first.
  Figures rate(const Child& server, bool tls, int connections, int first, std::string_view path,
               const std::string& body) {
    std::atomic<bool> over{false};
    std::latch ready(connections + 1), measured(1);
    std::vector<std::vector<double>> latencies(static_cast<std::size_t>(connections));
    std::vector<std::thread> threads;
    for (int i = 0; i < connections; ++i)
      threads.emplace_back([&, i] {
        Connection connection(port_, tls ? context_ : nullptr, basic(first == 0 ? 0 : first + i));
        const std::string request = connection.request("POST", path, body, kForm);
        const auto once = [&] {
          connection.send_raw(request);
          connection.receive(200);
        };
        for (int warm = 0; warm < 20; ++warm) once();
        ready.arrive_and_wait();
        measured.wait();
        auto& mine = latencies[static_cast<std::size_t>(i)];
        while (!over) {
          const auto begin = SteadyClock::now();
          once();
          mine.push_back(seconds_since(begin));
        }
      });
    ready.arrive_and_wait();
    const double cpu = server.cpu_seconds();
    const auto begin = SteadyClock::now();
    measured.count_down();
    std::this_thread::sleep_for(std::chrono::duration<double>(kSeconds));
    over = true;
    for (std::thread& thread : threads) thread.join();
    const double took = seconds_since(begin);
    std::vector<double> all;
    for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end());
    const auto count = static_cast<double>(all.size());
    return {count / took, all[all.size() / 2] * 1e3, all[all.size() * 99 / 100] * 1e3,
            (server.cpu_seconds() - cpu) / count};
  }

  void measure_rates(bool tls) {
    const auto server = start(tls);
    fmt::print("\n{}\n{:>10} {:>12} {:>9} {:>9} {:>14} {:>17} {:>10}\n", tls ? "TLS" : "plain", "clients",
               "tokens/s", "p50 ms", "p99 ms", "CPU us/token", "us/bare signature", "of floor");
    for (const int connections : {1, 8, 32}) {
      const double before = bare_signature();
      const Figures tokens = rate(*server, tls, connections, 1, "/oauth2/token", kGrant);
      const double floor = (before + bare_signature()) / 2;
      fmt::print("{:>10} {:>12.0f} {:>9.2f} {:>9.2f} {:>14.1f} {:>17.1f} {:>9.0f}%\n", connections,
                 tokens.per_second, tokens.p50_ms, tokens.p99_ms, tokens.cpu_seconds * 1e6, floor * 1e6,
                 100 * floor / tokens.cpu_seconds);
      std::fflush(stdout);
    }
    std::string token;
    {
      Connection connection(port_, tls ? context_ : nullptr, basic(1));
      token = Json::parse(connection.ask(200, "POST", "/oauth2/token", kGrant, kForm)).at("access_token");
    }
    const Figures told = rate(*server, tls, 8, 0, "/oauth2/introspect", "token=" + token);
    fmt::print("{:>10} {:>12.0f} {:>9.2f} {:>9.2f} {:>14.1f}   introspections\n", 8, told.per_second,
               told.p50_ms, told.p99_ms, told.cpu_seconds * 1e6);
    std::fflush(stdout);
  }

  // Every client once: each is looked up in the store and remembered.
  void measure_memory() {
    const auto server = start(false);
    const auto before = server->memory();
    const auto begin = SteadyClock::now();
    std::atomic<int> next{1};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        Connection connection(port_, nullptr, "");
        for (int user = next++; user < clients_; user = next++) {
          const Secret secret = secret_of(user);
          connection.ask(200, "POST", "/oauth2/token",
                         fmt::format("{}&client_id={}&client_secret={}", kGrant,
                                     store::put(user).client_id.value, secret.reveal()),
                         kForm);
        }
      });
    for (std::thread& thread : threads) thread.join();
    const double took = seconds_since(begin);
    const auto after = server->memory();
    fmt::print("\nfirst tokens of {} clients: {:.0f} a second\n", clients_ - 1, (clients_ - 1) / took);
    fmt::print(
        "memory of the server: {:.1f} MB resident ({:.1f} MB its own) at the start, {:.1f} MB ({:.1f}) with "
        "{} "
        "clients remembered\n",
        before.first, before.second, after.first, after.second, clients_ - 1);
    std::fflush(stdout);
  }

  // From before the API is asked to deactivate until a token is refused for the first time; asked all the while.
  void measure_deactivation() {
    const fs::path data = folder_.path / "data";
    const Child server(
        program_,
        {"standalone", "--data", data.string(), "--listen", "127.0.0.1:0", "--oauth-listen", "127.0.0.1:0"},
        "ready");
    const std::string api_url = server.ready_line.value("api", "");
    const int api_port = std::stoi(api_url.substr(api_url.rfind(':') + 1));
    trust(data / "ca.pem");
    const std::string tokens = bench::read_file(data / "tokens.csv");
    Connection api(api_port, context_,
                   "Authorization: Bearer " + tokens.substr(0, tokens.find(',')) + "\r\n");
    for (const char* name : {"integrationusers", "scopes", "systemintegrationusers"})
      api.ask(201, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
              to_json(*parse_yaml(bench::read_file(fmt::format("{}/crd/{}.yaml", NEOID_SOURCE_DIR, name)))));
    const std::string group = R"("apiVersion":"identity.neostella.com/v1")";
    api.ask(201, "POST", "/apis/identity.neostella.com/v1/scopes",
            "{" + group +
                R"(,"kind":"Scope","metadata":{"name":"contacts"},"spec":{"displayName":"C","tool":"C"}})");
    const std::string users = "/apis/identity.neostella.com/v1/namespaces/default/integrationusers";
    api.ask(
        201, "POST", users,
        "{" + group +
            R"(,"kind":"IntegrationUser","metadata":{"name":"u"},"spec":{"displayName":"U","scopes":["contacts"]}})");
    const Json secret = await_secret(api);
    const auto value = [&](const char* key) {
      return *unbase64(secret.at("data").at(key).get<std::string>());
    };
    const std::string token_url = value("token_url");
    const std::string authority = token_url.substr(token_url.find("://") + 3);
    port_ = std::stoi(authority.substr(authority.find(':') + 1));
    Connection client(
        port_, context_,
        "Authorization: Basic " + base64(value("client_id") + ":" + value("client_secret")) + "\r\n");
    const auto status = [&] {
      client.send("POST", "/oauth2/token", kGrant, kForm);
      return client.receive().status;
    };
    std::vector<double> waits;
    double slowest = 0, its_answer = 0;
    for (int round = 0; round < kRounds; ++round) {
      const auto limit = SteadyClock::now();
      while (status() != 200) NEOID_CHECK(seconds_since(limit) < 60);
      const auto begin = SteadyClock::now();
      api.ask(200, "PATCH", users + "/u", R"({"spec":{"active":false}})", "application/merge-patch+json");
      const double answered = seconds_since(begin) * 1e3;
      int told = 200;
      while ((told = status()) == 200) NEOID_CHECK(seconds_since(begin) < 60);
      NEOID_CHECK(told == 401 || told == 429);  // 429: this client has been refused often by now
      waits.push_back(seconds_since(begin) * 1e3);
      if (waits.back() > slowest) {
        slowest = waits.back();
        its_answer = answered;
      }
      api.ask(200, "PATCH", users + "/u", R"({"spec":{"active":true}})", "application/merge-patch+json");
    }
    std::sort(waits.begin(), waits.end());
    const auto at = [&](int percent) {
      return waits[waits.size() * static_cast<std::size_t>(percent) / 100 - 1];
    };
    const auto slow = std::count_if(waits.begin(), waits.end(), [](double wait) { return wait > 100; });
    fmt::print(
        "\ndeactivation in the API to the first refusal, {} rounds: p50 {:.1f} ms, p90 {:.1f} ms, p99 {:.1f} "
        "ms, most "
        "{:.1f} ms (the API answered that one after {:.1f} ms); {} above 100 ms\n",
        kRounds, at(50), at(90), at(99), slowest, its_answer, slow);
  }
  static Json await_secret(Connection& api) {
    for (const auto begin = SteadyClock::now(); seconds_since(begin) < 20;) {
      api.send("GET", "/api/v1/namespaces/default/secrets/u-oauth");
      const auto answer = api.receive();
      if (answer.status == 200) return Json::parse(answer.body);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::cerr << "bench_oauth: no Secret was made\n";
    std::exit(1);
  }

  const std::string program_;
  const int clients_;
  SSL_CTX* const context_;
  int port_ = 0;
  const bench::ScratchFolder folder_;
};

}  // namespace
}  // namespace neoid

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const std::filesystem::path self = std::filesystem::canonical("/proc/self/exe");
  std::string program = (self.parent_path().parent_path() / "neoid").string();
  int clients = 100'000;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--clients" && i + 1 < argc)
      clients = std::max(64, std::atoi(argv[++i]));
    else
      program = argv[i];
  }
  neoid::Bench(program, clients).run();
  return 0;
}
