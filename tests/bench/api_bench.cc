// How fast the embedded API is, as clients of another process meet it: `neoid standalone --api-only` over TLS.
//
//   bench_api [NEOID]     (default: ../neoid beside the folder of this program; about a minute)
//
// Start-up to ready and memory (those of the whole `neoid standalone` too, with controller, store and token service), empty and with 10,000 objects; durable creates of Secrets, status patches and gets of
// IntegrationUsers a second at 1, 4, 16 and 32 connections; a list of 10,000 in pages and whole; fan-out to 100
// watches. Clients and server share the processors. Each client is a thread with one connection of its own.
#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "reconcile/base/check.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"
#include "tests/bench/lean_client.h"

namespace neoid {
namespace {

namespace fs = std::filesystem;
using bench::read_file;
using bench::ScratchFolder;
using bench::seconds_since;
using bench::SteadyClock;
using std::chrono::milliseconds;

// `neoid standalone`, asked as the user `platform`.
class Server {
 public:
  enum class Parts { ApiOnly, Whole };
  Server(const std::string& program, const fs::path& data, Parts parts = Parts::ApiOnly)
      : data_(data),
        child_(program, arguments(data, parts), "ready"),
        startup_seconds(child_.startup_seconds) {
    const std::string url = child_.ready_line.value("api", "");
    port_ = std::stoi(url.substr(url.rfind(':') + 1));
  }

  int port() const { return port_; }
  std::string token() const {
    const std::string text = read_file(data_ / "tokens.csv");
    return text.substr(0, text.find(','));
  }
  fs::path ca_file() const { return data_ / "ca.pem"; }
  std::pair<double, double> memory() const { return child_.memory(); }

 private:
  static std::vector<std::string> arguments(const fs::path& data, Parts parts) {
    std::vector<std::string> all = {"standalone", "--data", data.string(), "--listen", "127.0.0.1:0"};
    if (parts == Parts::ApiOnly) all.emplace_back("--api-only");
    return all;
  }

  const fs::path data_;
  const bench::Child child_;
  int port_ = 0;

 public:
  const double startup_seconds;
};

class Connection : public bench::Connection {
 public:
  Connection(const Server& server, SSL_CTX* context)
      : bench::Connection(server.port(), context,
                          fmt::format("Authorization: Bearer {}\r\n", server.token())) {}
};

class Bench {
 public:
  explicit Bench(std::string program)
      : program_(std::move(program)), context_(SSL_CTX_new(TLS_client_method())) {}
  ~Bench() { SSL_CTX_free(context_); }

  void run() {
    measure_start("empty");
    measure_start("empty", Server::Parts::Whole);
    {
      Server server(program_, folder_.path / "data");
      trust(server);
      std::this_thread::sleep_for(std::chrono::seconds(1));
      print_memory("idle, empty", server);
      install_kind(server);
      measure_rates(server);
      fill(server);
      measure_lists(server);
      measure_fan_out(server);
      print_memory("after all of this", server);
    }
    measure_start("with what was made");
    Server server(program_, folder_.path / "data");
    std::this_thread::sleep_for(std::chrono::seconds(1));
    print_memory("idle, with what was made", server);
    Server whole(program_, folder_.path / "whole", Server::Parts::Whole);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    print_memory("idle, empty, the whole of standalone", whole);
  }

 private:
  static constexpr const char* kSecrets = "/api/v1/namespaces/default/secrets";
  static constexpr const char* kUsers = "/apis/identity.neostella.com/v1/namespaces/default/integrationusers";
  static constexpr int kObjects = 10'000;

  void trust(const Server& server) {
    NEOID_CHECK(SSL_CTX_load_verify_locations(context_, server.ca_file().c_str(), nullptr) == 1);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  }

  void measure_start(std::string_view what, Server::Parts parts = Server::Parts::ApiOnly) {
    std::vector<double> took;
    const bool whole = parts == Server::Parts::Whole;
    for (int i = 0; i < 9; ++i) {
      // Each time a new folder, where an empty one is wanted.
      const fs::path data =
          what == "empty" ? folder_.path / fmt::format("empty-{}-{}", whole, i) : folder_.path / "data";
      took.push_back(Server(program_, data, parts).startup_seconds);
    }
    std::sort(took.begin(), took.end());
    fmt::print("start to ready, {}{}: {:.0f} ms (median of 9)\n", what,
               whole ? ", the whole of standalone" : "", took[took.size() / 2] * 1000);
    std::fflush(stdout);
  }

  static void print_memory(std::string_view what, const Server& server) {
    const auto [all, own] = server.memory();
    fmt::print("memory, {}: {:.1f} MB resident, {:.1f} MB of it its own\n", what, all, own);
    std::fflush(stdout);
  }

  // Calls `work` with numbers from 0 on, on so many connections, for two seconds; calls a second.
  double rate(const Server& server, int clients, const std::function<void(Connection&, int)>& work) {
    std::atomic<int> next{0};
    std::atomic<bool> over{false};
    std::latch ready(clients + 1);
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
      threads.emplace_back([&] {
        Connection connection(server, context_);
        ready.arrive_and_wait();
        while (!over) work(connection, next++);
      });
    ready.arrive_and_wait();
    const auto start = SteadyClock::now();
    std::this_thread::sleep_for(std::chrono::seconds(2));
    over = true;
    for (std::thread& thread : threads) thread.join();
    return next / seconds_since(start);
  }

  void install_kind(const Server& server) {
    Connection connection(server, context_);
    for (const char* name : {"integrationusers", "scopes", "systemintegrationusers"}) {
      const auto crd = parse_yaml(read_file(fmt::format("{}/crd/{}.yaml", NEOID_SOURCE_DIR, name)));
      NEOID_CHECK(crd.has_value());
      connection.ask(201, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", to_json(*crd));
    }
    for (int i = 0; i < 100; ++i)
      connection.ask(
          201, "POST", kUsers,
          fmt::format(R"({{"apiVersion":"identity.neostella.com/v1","kind":"IntegrationUser","metadata":)"
                      R"({{"name":"user-{}"}},"spec":{{"displayName":"User {}","scopes":["contacts"]}}}})",
                      i, i));
  }

  void measure_rates(const Server& server) {
    fmt::print("\n{:>8} {:>12} {:>15} {:>10}   a second, over TLS, creates durable\n", "clients", "creates",
               "status patches", "gets");
    for (const int clients : {1, 4, 16, 32}) {
      const double creates = rate(server, clients, [&](Connection& connection, int i) {
        connection.ask(201, "POST", kSecrets, secret(fmt::format("s-{}-{}", clients, i)));
      });
      const double patches = rate(server, clients, [&](Connection& connection, int i) {
        connection.ask(200, "PATCH", fmt::format("{}/user-{}/status", kUsers, i % 100),
                       fmt::format(R"({{"status":{{"scopeSummary":"{}-{}"}}}})", clients, i),
                       "application/merge-patch+json");
      });
      const double gets = rate(server, clients, [&](Connection& connection, int i) {
        connection.ask(200, "GET", fmt::format("{}/user-{}", kUsers, i % 100));
      });
      fmt::print("{:>8} {:>12.0f} {:>15.0f} {:>10.0f}\n", clients, creates, patches, gets);
      std::fflush(stdout);
    }
    Connection connection(server, context_);
    connection.ask(200, "DELETE", kSecrets);
    fmt::print("\n");
  }

  static std::string secret(const std::string& name) {
    return fmt::format(
        R"({{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"{}","labels":{{"app":"bench"}}}},)"
        R"("stringData":{{"client_id":"{}","client_secret":"{}"}}}})",
        name, std::string(36, 'i'), std::string(60, 's'));
  }

  void fill(const Server& server) {
    std::atomic<int> next{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i)
      threads.emplace_back([&] {
        Connection connection(server, context_);
        for (int at = next++; at < kObjects; at = next++)
          connection.ask(201, "POST", kSecrets, secret(fmt::format("s-{:05}", at)));
      });
    for (std::thread& thread : threads) thread.join();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    print_memory("with 10,000 Secrets", server);
  }

  void measure_lists(const Server& server) {
    Connection connection(server, context_);
    auto start = SteadyClock::now();
    const std::string whole = connection.ask(200, "GET", kSecrets);
    fmt::print("list of 10,000, whole: {:.0f} ms, {:.1f} MB\n", seconds_since(start) * 1000,
               static_cast<double>(whole.size()) / 1e6);
    start = SteadyClock::now();
    std::string next;
    int pages = 0;
    do {
      const std::string page = connection.ask(
          200, "GET", fmt::format("{}?limit=500{}", kSecrets, next.empty() ? "" : "&continue=" + next));
      // Found by text: what is measured is the server.
      const std::size_t at = page.find(R"("continue":")");
      next = at == std::string::npos ? "" : page.substr(at + 12, page.find('"', at + 12) - at - 12);
      ++pages;
    } while (!next.empty());
    fmt::print("list of 10,000, in {} pages: {:.0f} ms\n", pages, seconds_since(start) * 1000);
    std::fflush(stdout);
  }

  // From before a write is sent to when each of 100 watches has its event.
  void measure_fan_out(const Server& server) {
    constexpr int kWatches = 100;
    constexpr int kWrites = 200;
    std::latch open(kWatches + 1);
    std::vector<std::vector<double>> latencies(kWatches);
    std::vector<std::thread> threads;
    for (int i = 0; i < kWatches; ++i)
      threads.emplace_back([&, i] {
        Connection connection(server, context_);
        connection.send("GET",
                        "/api/v1/namespaces/default/configmaps?watch=1&fieldSelector=metadata.name%3Dfan");
        std::string text = connection.read_some();
        open.count_down();
        for (std::size_t seen = 0; static_cast<int>(seen) < kWrites;) {
          text += connection.read_some();
          const auto now = SteadyClock::now().time_since_epoch().count();
          std::size_t at = 0;
          while ((at = text.find(R"("sent":")")) != std::string::npos &&
                 text.find('"', at + 8) != std::string::npos) {
            latencies[static_cast<std::size_t>(i)].push_back(
                static_cast<double>(now - std::stoll(text.substr(at + 8))) / 1e6);
            text.erase(0, at + 8);
            ++seen;
          }
        }
      });
    open.arrive_and_wait();
    Connection connection(server, context_);
    for (int i = 0; i < kWrites; ++i) {
      const auto now = SteadyClock::now().time_since_epoch().count();
      const std::string data = fmt::format(R"("data":{{"sent":"{}"}})", now);
      if (i == 0) {
        connection.ask(201, "POST", "/api/v1/namespaces/default/configmaps",
                       fmt::format(R"({{"metadata":{{"name":"fan"}},{}}})", data));
      } else {
        connection.ask(200, "PATCH", "/api/v1/namespaces/default/configmaps/fan", "{" + data + "}",
                       "application/merge-patch+json");
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<double> all;
    for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end());
    fmt::print("fan-out to 100 watches: p50 {:.1f} ms, p99 {:.1f} ms, of {} events\n", all[all.size() / 2],
               all[all.size() * 99 / 100], all.size());
    std::fflush(stdout);
  }

  const std::string program_;
  SSL_CTX* const context_;
  const ScratchFolder folder_;
};

}  // namespace
}  // namespace neoid

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const std::filesystem::path self = std::filesystem::canonical("/proc/self/exe");
  neoid::Bench(argc > 1 ? argv[1] : (self.parent_path().parent_path() / "neoid").string()).run();
  return 0;
}
