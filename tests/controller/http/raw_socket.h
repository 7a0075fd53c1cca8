// RawSocket: sends bytes to a server on loopback as they are, and reads what comes back.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

namespace neoid::http {

class RawSocket {
 public:
  explicit RawSocket(int port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  ~RawSocket() { close(); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  bool connected() const { return connected_; }
  // False when the server has hung up.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // All until `text` has come, the connection ends or 5 s have passed.
  std::string read_until(std::string_view text) {
    while (received_.find(text) == std::string::npos && read_some()) {
    }
    const std::size_t end = received_.find(text);
    const std::size_t size = end == std::string::npos ? received_.size() : end + text.size();
    std::string result = received_.substr(0, size);
    received_.erase(0, size);
    return result;
  }
  // All until the connection ends (or 5 s have passed: then `ended` stays false).
  std::string read_all() {
    while (read_some()) {
    }
    return std::exchange(received_, {});
  }
  bool ended() const { return ended_; }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  bool read_some() {
    pollfd entry{descriptor_, POLLIN, 0};
    if (::poll(&entry, 1, 5000) != 1) return false;
    char buffer[4096];
    const ssize_t got = ::recv(descriptor_, buffer, sizeof(buffer), 0);
    ended_ = got <= 0;
    if (ended_) return false;
    received_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  int descriptor_;
  bool connected_ = false;
  bool ended_ = false;
  std::string received_;
};

}  // namespace neoid::http
