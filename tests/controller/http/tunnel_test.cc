#include "controller/http/tunnel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <mutex>

#include "certificates.h"
#include "controller/http/client.h"
#include "controller/http/server.h"
#include "fake_server.h"
#include "raw_socket.h"

namespace neoid::http {
namespace {

using testing::HasSubstr;

// Copies bytes both ways until one side ends.
void pump(int a, int b) {
  char buffer[4096];
  for (;;) {
    pollfd ends[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
    if (::poll(ends, 2, 5000) <= 0) return;
    for (int i = 0; i < 2; ++i) {
      if (ends[i].revents == 0) continue;
      const ssize_t got = ::recv(i == 0 ? a : b, buffer, sizeof(buffer), 0);
      if (got <= 0) return;
      FakeServer::write(i == 0 ? b : a, std::string_view(buffer, static_cast<std::size_t>(got)));
    }
  }
}

int connect_to(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  return socket;
}

struct Proxied : testing::Test {
  TestCertificates certificates;
  std::unique_ptr<Server> origin;
  std::mutex mutex;
  std::string asked;

  void SetUp() override {
    ServerOptions options;
    options.tls = certificates.server_options();
    origin = std::move(*Server::listen(std::move(options), [](const Request& request) {
      return Response{200, {}, "hello " + request.path};
    }));
  }
  Result<ClientResponse> ask(const std::string& proxy_url) {
    ClientOptions options{"https://127.0.0.1:" + std::to_string(origin->port())};
    options.tls = certificates.client_options();
    options.proxy_url = proxy_url;
    const auto client = std::move(*Client::create(std::move(options)));
    return client->send({"GET", "/there"});
  }
};

TEST_F(Proxied, tls_goes_end_to_end_through_a_tunnel) {
  FakeServer proxy([&](int socket, int) {
    {
      const std::lock_guard lock(mutex);
      asked = FakeServer::read_request(socket);
    }
    FakeServer::write(socket, "HTTP/1.1 200 Connection established\r\n\r\n");
    const int out = connect_to(origin->port());
    pump(socket, out);
    ::close(out);
  });
  std::string url = proxy.url();
  url.insert(url.find("127"), "us%40er:pass@");
  const auto answer = ask(url);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, "hello /there");
  const std::lock_guard lock(mutex);
  EXPECT_THAT(asked, HasSubstr("CONNECT 127.0.0.1:" + std::to_string(origin->port()) + " HTTP/1.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("Proxy-Authorization: Basic dXNAZXI6cGFzcw==\r\n"));
}

TEST_F(Proxied, a_proxy_that_refuses_is_told_and_nothing_was_sent) {
  const FakeServer proxy([](int socket, int) {
    FakeServer::read_request(socket);
    FakeServer::write(socket, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  });
  const auto answer = ask(proxy.url());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(answer.error().describe(), HasSubstr("407 Proxy Authentication Required"));
}

TEST(Proxy, only_http_proxies_without_a_path_are_taken) {
  for (const char* url : {"https://proxy:3128", "socks5://proxy", "http://proxy/path", "proxy"})
    EXPECT_FALSE(parse_proxy(url)) << url;
  const auto plain = parse_proxy("http://proxy:3128");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->url.port, 3128);
  EXPECT_TRUE(plain->authorization.empty());
}

}  // namespace
}  // namespace neoid::http
