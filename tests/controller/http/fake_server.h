// FakeServer: takes connections on loopback and does with each what a script says: a server that misbehaves.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace neoid::http {

class FakeServer {
 public:
  // `script` gets a connected socket and its number (0, 1 ...); the socket is closed when it returns.
  explicit FakeServer(std::function<void(int socket, int number)> script)
      : listener_(::socket(AF_INET, SOCK_STREAM, 0)), script_(std::move(script)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ::listen(listener_, 16);
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

  // Reads one request (head and a body of Content-Length) and gives its text; "" at the end of the connection.
  static std::string read_request(int socket) {
    std::string text;
    char byte = 0;
    while (text.find("\r\n\r\n") == std::string::npos) {
      if (::recv(socket, &byte, 1, 0) != 1) return "";
      text += byte;
    }
    const std::size_t at = text.find("Content-Length: ");
    std::size_t left = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
    for (; left > 0 && ::recv(socket, &byte, 1, 0) == 1; --left) text += byte;
    return text;
  }
  static void write(int socket, std::string_view bytes) {
    ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

 private:
  void run() {
    for (int number = 0;; ++number) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      connections_ = number + 1;
      script_(socket, number);
      ::close(socket);
    }
  }

  int listener_;
  int port_ = 0;
  std::function<void(int, int)> script_;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace neoid::http
