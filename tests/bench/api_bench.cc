// How fast the embedded API is, as clients of another process meet it: `neoid standalone --api-only` over TLS.
//
//   bench_api [NEOID]     (default: ../neoid beside the folder of this program; about a minute)
//
// Start-up to ready and memory (those of the whole `neoid standalone` too, with controller, store and token service), empty and with 10,000 objects; durable creates of Secrets, status patches and gets of
// IntegrationUsers a second at 1, 4, 16 and 32 connections; a list of 10,000 in pages and whole; fan-out to 100
// watches. Clients and server share the processors. Each client is a thread with one connection of its own.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <latch>
#include <thread>
#include <vector>

#include "reconcile/base/check.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

struct ScratchFolder {
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "neoid-bench-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~ScratchFolder() { fs::remove_all(path); }
  fs::path path;
};

// --- the server, in a process of its own --------------------------------------------------------

class Server {
 public:
  enum class Parts { ApiOnly, Whole };
  Server(const std::string& program, const fs::path& data, Parts parts = Parts::ApiOnly) : data_(data) {
    const auto start = SteadyClock::now();
    int pipe[2];
    NEOID_CHECK(::pipe2(pipe, O_CLOEXEC) == 0);
    process_ = ::fork();
    NEOID_CHECK(process_ >= 0);
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // not left behind, whatever becomes of us
      ::dup2(pipe[1], 2);
      ::execl(program.c_str(), program.c_str(), "standalone", "--data", data.c_str(), "--listen",
              "127.0.0.1:0", "--log-format", "json", parts == Parts::ApiOnly ? "--api-only" : nullptr,
              nullptr);
      ::_exit(127);
    }
    ::close(pipe[1]);
    FILE* log = ::fdopen(pipe[0], "r");
    char line[4096];
    while (std::fgets(line, sizeof line, log) != nullptr) {
      const auto entry = parse_json(line);
      if (!entry || entry->value("message", "") != "ready") continue;
      const std::string url = entry->value("api", "");
      port_ = std::stoi(url.substr(url.rfind(':') + 1));
      break;
    }
    startup_seconds = seconds_since(start);
    if (port_ == 0) {
      std::cerr << "bench_api: " << program << " did not start\n";
      std::exit(1);
    }
    drain_ = std::thread([log] {
      char rest[4096];
      while (std::fgets(rest, sizeof rest, log) != nullptr) {
      }
      std::fclose(log);
    });
  }
  ~Server() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    drain_.join();
  }

  int port() const { return port_; }
  std::string token() const {  // of the user `platform`
    const std::string text = read_file(data_ / "tokens.csv");
    return text.substr(0, text.find(','));
  }
  fs::path ca_file() const { return data_ / "ca.pem"; }
  // Resident memory in MB: all, and what is the process's own (not the program's file and libraries).
  std::pair<double, double> memory() const {
    std::ifstream file(fmt::format("/proc/{}/status", process_));
    double all = 0;
    double own = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("VmRSS:")) all = std::stod(line.substr(6)) / 1024;
      if (line.starts_with("RssAnon:")) own = std::stod(line.substr(8)) / 1024;
    }
    return {all, own};
  }
  double startup_seconds = 0;

 private:
  const fs::path data_;
  pid_t process_ = 0;
  int port_ = 0;
  std::thread drain_;
};

// --- a client as lean as can be: what is measured is the server ---------------------------------

class Connection {
 public:
  Connection(const Server& server, SSL_CTX* context) : token_(server.token()) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    NEOID_CHECK(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket_);
    NEOID_CHECK(SSL_connect(ssl_) == 1);
  }
  ~Connection() {
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::string_view method, std::string_view path, std::string_view body = {},
            std::string_view type = "application/json") {
    const std::string request = fmt::format(
        "{} {} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\nContent-Type: {}\r\nContent-Length: "
        "{}\r\n\r\n{}",
        method, path, token_, type, body.size(), body);
    NEOID_CHECK(SSL_write(ssl_, request.data(), static_cast<int>(request.size())) > 0);
  }
  // The body of the answer, which has a length.
  std::string receive(int expected) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) more();
    if (std::stoi(buffer_.substr(9, 3)) != expected) {
      std::cerr << "bench_api: " << expected << " was expected: " << buffer_ << '\n';
      std::_Exit(1);  // other threads wait for this one
    }
    const std::size_t at = buffer_.find("Content-Length: ");
    NEOID_CHECK(at < end);
    const std::size_t length = std::stoul(buffer_.substr(at + 16));
    while (buffer_.size() < end + 4 + length) more();
    std::string body = buffer_.substr(end + 4, length);
    buffer_.erase(0, end + 4 + length);
    return body;
  }
  std::string ask(int expected, std::string_view method, std::string_view path, std::string_view body = {},
                  std::string_view type = "application/json") {
    send(method, path, body, type);
    return receive(expected);
  }
  // Whatever has come of a stream.
  std::string read_some() {
    more();
    return std::exchange(buffer_, {});
  }

 private:
  void more() {
    char bytes[65536];
    const int got = SSL_read(ssl_, bytes, sizeof bytes);
    NEOID_CHECK(got > 0);
    buffer_.append(bytes, static_cast<std::size_t>(got));
  }
  const std::string token_;
  int socket_ = -1;
  SSL* ssl_ = nullptr;
  std::string buffer_;
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
