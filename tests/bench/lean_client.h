// What benchmarks of a server need: neoid in a process of its own, and a client as lean as can be, so that what is
// measured is the server.
#pragma once

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

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "reconcile/base/check.h"
#include "reconcile/value/json_text.h"

namespace neoid::bench {

using SteadyClock = std::chrono::steady_clock;

inline double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

struct ScratchFolder {
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "neoid-bench-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

// neoid with these arguments, from the line of its log that says `ready` until this object goes.
class Child {
 public:
  Child(const std::string& program, std::vector<std::string> arguments, std::string_view ready) {
    const auto start = SteadyClock::now();
    arguments.insert(arguments.begin(), program);
    arguments.insert(arguments.end(), {"--log-format", "json"});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    int pipe[2];
    NEOID_CHECK(::pipe2(pipe, O_CLOEXEC) == 0);
    process_ = ::fork();
    NEOID_CHECK(process_ >= 0);
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // not left behind, whatever becomes of us
      ::dup2(pipe[1], 2);
      ::execv(program.c_str(), argv.data());
      ::_exit(127);
    }
    ::close(pipe[1]);
    FILE* log = ::fdopen(pipe[0], "r");
    char line[4096];
    while (ready_line.is_null() && std::fgets(line, sizeof line, log) != nullptr) {
      const auto entry = parse_json(line);
      if (entry && entry->is_object() && entry->value("message", "") == ready) ready_line = *entry;
    }
    startup_seconds = seconds_since(start);
    if (ready_line.is_null()) {
      std::cerr << "bench: " << program << " did not start: " << line << '\n';
      std::exit(1);
    }
    drain_ = std::thread([log] {
      char rest[4096];
      while (std::fgets(rest, sizeof rest, log) != nullptr) {
      }
      std::fclose(log);
    });
  }
  ~Child() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    drain_.join();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

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
  // Of the processors, by the process and its threads.
  double cpu_seconds() const {
    std::string text = read_file(fmt::format("/proc/{}/stat", process_));
    text.erase(0, text.rfind(')') + 2);  // from field 3 on; utime and stime are 14 and 15
    for (int field = 3; field < 14; ++field) text.erase(0, text.find(' ') + 1);
    std::size_t end = 0;
    const double user = std::stod(text, &end);
    return (user + std::stod(text.substr(end))) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  pid_t process() const { return process_; }

  Json ready_line;
  double startup_seconds = 0;

 private:
  pid_t process_ = 0;
  std::thread drain_;
};

// A kept-alive connection to loopback, plain or by TLS. One thread.
class Connection {
 public:
  // Plain where `context` is null. `headers` go with every request: "Name: value\r\n".
  Connection(int port, SSL_CTX* context, std::string headers) : headers_(std::move(headers)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    NEOID_CHECK(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (context == nullptr) return;
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket_);
    NEOID_CHECK(SSL_connect(ssl_) == 1);
  }
  ~Connection() {
    if (ssl_ != nullptr) SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::string_view method, std::string_view path, std::string_view body = {},
            std::string_view type = "application/json") {
    send_raw(request(method, path, body, type));
  }
  std::string request(std::string_view method, std::string_view path, std::string_view body,
                      std::string_view type) const {
    return fmt::format("{} {} HTTP/1.1\r\nHost: bench\r\n{}Content-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                       method, path, headers_, type, body.size(), body);
  }
  void send_raw(std::string_view bytes) {
    const auto sent = ssl_ == nullptr ? ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                      : SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    NEOID_CHECK(sent == static_cast<ssize_t>(bytes.size()));
  }
  struct Answer {
    int status = 0;
    std::string body;
  };
  // An answer that has a length.
  Answer receive() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) more();
    const std::size_t at = buffer_.find("Content-Length: ");
    NEOID_CHECK(at < end);
    const std::size_t length = std::stoul(buffer_.substr(at + 16, 20));
    while (buffer_.size() < end + 4 + length) more();
    Answer answer{std::stoi(buffer_.substr(9, 3)), buffer_.substr(end + 4, length)};
    buffer_.erase(0, end + 4 + length);
    return answer;
  }
  std::string receive(int expected) {
    Answer answer = receive();
    if (answer.status != expected) {
      std::cerr << "bench: " << expected << " was expected: " << answer.status << ' ' << answer.body << '\n';
      std::_Exit(1);  // other threads wait for this one
    }
    return std::move(answer.body);
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
    const auto got =
        ssl_ == nullptr ? ::recv(socket_, bytes, sizeof bytes, 0) : SSL_read(ssl_, bytes, sizeof bytes);
    NEOID_CHECK(got > 0);
    buffer_.append(bytes, static_cast<std::size_t>(got));
  }
  const std::string headers_;
  int socket_ = -1;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

}  // namespace neoid::bench
