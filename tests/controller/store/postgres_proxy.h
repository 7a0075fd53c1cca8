// Stands between a client and the PostgreSQL server, on a Unix socket, and cuts the line: at a chosen statement, or for a while.
#pragma once

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace neoid::store {

class PostgresProxy {
 public:
  enum class Cut { AfterTheServerDidIt, BeforeTheServerSawIt };

  // `url`: key='value' text with a Unix socket's folder as host.
  explicit PostgresProxy(const std::string& url) {
    std::string port = "5432";
    PQconninfoOption* options = PQconninfoParse(url.c_str(), nullptr);
    for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
      const std::string keyword = option->keyword;
      const std::string value = option->val == nullptr ? "" : option->val;
      if (value.empty()) continue;
      if (keyword == "port") port = value;
      if (keyword == "host") server_ = value;
      if (keyword != "port" && keyword != "host") rest_ += keyword + "='" + value + "' ";
    }
    PQconninfoFree(options);
    server_ += "/.s.PGSQL." + port;
    std::string folder = (std::filesystem::temp_directory_path() / "neoid-proxy-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(folder_ + "/.s.PGSQL.5432");
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    ::listen(listener_, 64);
    acceptor_ = std::jthread([this](std::stop_token stop) { accept_all(stop); });
  }
  ~PostgresProxy() {
    acceptor_.request_stop();
    acceptor_.join();
    relays_.clear();
    ::close(listener_);
    std::filesystem::remove_all(folder_);
  }

  std::string url() const { return rest_ + "host='" + folder_ + "' port='5432' sslmode='disable'"; }
  // Once, at the next message of a client with this text in it.
  void cut_at(const std::string& text, Cut cut) {
    const std::scoped_lock lock(mutex_);
    text_ = text;
    cut_ = cut;
  }
  void refuse_after_cut() { refuse_ = true; }
  // From now on every line is cut and none is opened, until it is up again.
  void down() { down_ = true; }
  void up() { down_ = false; }
  int cuts() const { return cuts_; }

 private:
  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    return address;
  }

  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waiting{listener_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      if (down_ || (refuse_ && cuts_ > 0)) {
        ::close(client);
        continue;
      }
      relays_.emplace_back([this, client](std::stop_token ended) { relay(client, ended); });
    }
  }

  void relay(int client, const std::stop_token& stop) {
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(server_);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    std::array<char, 65536> buffer;
    while (open && !down_ && !stop.stop_requested()) {
      std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
      if (::poll(ends.data(), ends.size(), 20) <= 0) continue;
      for (std::size_t from = 0; open && from < 2; ++from) {
        if (ends[from].revents == 0) continue;
        const ssize_t size = ::read(ends[from].fd, buffer.data(), buffer.size());
        if (size <= 0) {
          open = false;
          break;
        }
        const std::string_view data(buffer.data(), static_cast<std::size_t>(size));
        if (from == 0 && cuts_here(data)) {
          if (cut_ == Cut::AfterTheServerDidIt && ::write(server, data.data(), data.size()) > 0) {
            static_cast<void>(!::read(server, buffer.data(), buffer.size()));  // its answer: nobody gets it
          }
          ++cuts_;
          open = false;
          break;
        }
        open = ::write(ends[1 - from].fd, data.data(), data.size()) == size;
      }
    }
    ::close(client);
    ::close(server);
  }

  bool cuts_here(std::string_view data) {
    const std::scoped_lock lock(mutex_);
    if (text_.empty() || data.find(text_) == std::string_view::npos) return false;
    text_.clear();
    return true;
  }

  std::string server_;
  std::string rest_;
  std::string folder_;
  int listener_ = -1;
  std::mutex mutex_;  // guards text_ and cut_
  std::string text_;
  Cut cut_ = Cut::AfterTheServerDidIt;
  std::atomic<bool> refuse_{false}, down_{false};
  std::atomic<int> cuts_{0};
  std::vector<std::jthread> relays_;  // the acceptor's
  std::jthread acceptor_;
};

}  // namespace neoid::store
