#include "controller/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "certificates.h"
#include "controller/http/server.h"
#include "fake_server.h"

namespace neoid::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

Response echo(const Request& request) {
  Response response{200, {{"Content-Type", "text/plain"}, {"X-Host", std::string(request.header("Host"))}}};
  response.body = request.method + " " + request.target + " " + request.body;
  return response;
}

std::unique_ptr<Client> client_of(const std::string& url, std::size_t connections = 16) {
  ClientOptions options{url};
  options.max_connections = connections;
  return std::move(*Client::create(std::move(options)));
}

std::string url_of(const Server& server) { return "http://127.0.0.1:" + std::to_string(server.port()); }

std::unique_ptr<Server> serve(Handler handler) { return std::move(*Server::listen({}, std::move(handler))); }

TEST(Client, sends_what_it_is_given_below_its_prefix) {
  const auto server = serve(echo);
  const auto client = client_of(url_of(*server) + "/prefix/");
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    const auto response = client->send({method, "/a%2Fb?c=%20", {{"Content-Type", "x/y"}}, "body"});
    ASSERT_TRUE(response.has_value()) << response.error().describe();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, method + " /prefix/a%2Fb?c=%20 body");
    EXPECT_EQ(response->headers.get("content-type"), "text/plain");
    EXPECT_EQ(response->headers.get("x-host"), "127.0.0.1:" + std::to_string(server->port()));
  }
}

TEST(Client, every_status_is_a_value) {
  const auto server = serve([](const Request& request) {
    return Response{std::stoi(request.path.substr(1)), {{"Location", "/elsewhere"}}, "text"};
  });
  const auto client = client_of(url_of(*server));
  for (int status : {200, 201, 301, 302, 401, 404, 409, 410, 422, 429, 500, 503}) {
    const auto response = client->send({"GET", "/" + std::to_string(status)});
    ASSERT_TRUE(response.has_value()) << status;
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, "text");
  }
}

TEST(Client, keeps_connections_alive) {
  FakeServer server([](int socket, int) {
    while (!FakeServer::read_request(socket).empty())
      FakeServer::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  });
  {
    const auto client = client_of(server.url());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(client->send({"POST", "/", {}, "b"}).has_value());
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, does_not_use_a_connection_again_that_the_server_will_close) {
  FakeServer server([](int socket, int) {
    FakeServer::read_request(socket);
    FakeServer::write(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
    FakeServer::read_request(socket);  // until the client hangs up
  });
  const auto client = client_of(server.url());
  EXPECT_TRUE(client->send({}).has_value());
  EXPECT_TRUE(client->send({}).has_value());
  EXPECT_EQ(server.connections(), 2);
}

TEST(Client, large_bodies_pass_both_ways) {
  const auto server = serve(echo);
  const auto client = client_of(url_of(*server));
  const std::string body(2 << 20, 'x');
  const auto response = client->send({"POST", "/", {}, body});
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body.size(), body.size() + 7);
}

TEST(Client, requests_that_cannot_be_written_are_invalid_and_not_sent) {
  const auto client = client_of("http://127.0.0.1:1");
  const ClientRequest cases[] = {{"GET", "/a b"},
                                 {"GET", "/a\r\nX: y"},
                                 {"GET", ""},
                                 {"G\nET", "/"},
                                 {"GET", "/", {{"X", "a\r\nY: z"}}},
                                 {"GET", "/", {{"X\n", "a"}}}};
  for (const ClientRequest& request : cases) {
    const auto response = client->send(request);
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().kind, ErrorKind::Invalid);
  }
  EXPECT_EQ(Client::create({"nonsense"}).error().kind, ErrorKind::Invalid);
}

// --- at most once ---

TEST(ClientAtMostOnce, a_refused_connection_is_unavailable) {
  int port = 0;
  { port = serve(echo)->port(); }
  const auto response = client_of("http://127.0.0.1:" + std::to_string(port))->send({"POST", "/", {}, "x"});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(response.error().describe(), HasSubstr("Connection refused"));
}

TEST(ClientAtMostOnce, a_request_that_got_no_answer_is_not_sent_again) {
  std::atomic<int> requests = 0;
  FakeServer server([&](int socket, int) {
    if (!FakeServer::read_request(socket).empty()) ++requests;
  });
  {
    const auto client = client_of(server.url());
    const auto response = client->send({"POST", "/", {}, "credential"});
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().kind, ErrorKind::Timeout);
    EXPECT_EQ(response.error().reason, kReasonConnectionLost);
  }
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientAtMostOnce, nor_one_on_a_kept_connection_that_dies_under_it) {
  std::atomic<int> creates = 0;
  FakeServer server([&](int socket, int) {
    for (std::string text; !(text = FakeServer::read_request(socket)).empty();) {
      if (text.find("POST") == 0 && ++creates > 0) return;
      FakeServer::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  const auto client = client_of(server.url());
  ASSERT_TRUE(client->send({"GET", "/"}).has_value());
  const auto response = client->send({"POST", "/", {}, "credential"});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Timeout);
  EXPECT_EQ(creates, 1);
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientAtMostOnce, a_kept_connection_that_was_closed_meanwhile_is_replaced_before_anything_is_written) {
  std::promise<void> closed;
  std::atomic<int> creates = 0;
  FakeServer server([&](int socket, int number) {
    if (FakeServer::read_request(socket).find("POST") == 0) ++creates;
    FakeServer::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ::shutdown(socket, SHUT_RDWR);
    if (number == 0) closed.set_value();
  });
  const auto client = client_of(server.url());
  ASSERT_TRUE(client->send({"GET", "/"}).has_value());
  closed.get_future().wait();
  EXPECT_TRUE(client->send({"POST", "/", {}, "credential"}).has_value());
  EXPECT_EQ(creates, 1);
  EXPECT_EQ(server.connections(), 2);
}

TEST(ClientAtMostOnce, the_same_with_tls_where_the_end_is_a_message_of_its_own) {
  const TestCertificates certificates;
  std::atomic<int> creates = 0;
  const Handler handler = [&](const Request& request) {
    creates += request.method == "POST";
    return echo(request);
  };
  auto server = std::move(*Server::listen({"127.0.0.1", 0, certificates.server_options()}, handler));
  const int port = server->port();
  const auto client = std::move(
      *Client::create({"https://127.0.0.1:" + std::to_string(port), certificates.client_options()}));
  ASSERT_TRUE(client->send({"GET", "/"}).has_value());
  server->stop(seconds(1));
  server = std::move(*Server::listen({"127.0.0.1", port, certificates.server_options()}, handler));
  const auto response = client->send({"POST", "/", {}, "credential"});
  EXPECT_TRUE(response.has_value()) << response.error().describe();
  EXPECT_EQ(creates, 1);
}

TEST(Client, half_an_answer_is_no_answer) {
  const std::string answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "HTTP/1.1 2",
  };
  for (const std::string& answer : answers) {
    FakeServer server([&](int socket, int) {
      FakeServer::read_request(socket);
      FakeServer::write(socket, answer);
    });
    const auto response = client_of(server.url())->send({"POST", "/", {}, "x"});
    ASSERT_FALSE(response.has_value()) << answer;
    EXPECT_EQ(response.error().kind, ErrorKind::Timeout) << answer;
    EXPECT_EQ(response.error().reason, kReasonConnectionLost) << answer;
  }
}

TEST(Client, what_is_not_http_is_invalid) {
  std::promise<void> done;
  auto wait = done.get_future().share();
  FakeServer server([wait](int socket, int) {
    FakeServer::read_request(socket);
    FakeServer::write(socket, "SSH-2.0-OpenSSH\r\n\r\n");
    wait.wait();
  });
  const auto response = client_of(server.url())->send({});
  done.set_value();
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Invalid);
}

TEST(Client, an_answer_beyond_the_limit_is_invalid) {
  const auto server = serve([](const Request&) { return Response{200, {}, std::string(1001, 'x')}; });
  ClientOptions options{url_of(*server)};
  options.max_body_bytes = 1000;
  const auto response = (*Client::create(std::move(options)))->send({});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Invalid);
}

TEST(Client, a_head_without_end_is_cut) {
  FakeServer server([](int socket, int) {
    FakeServer::read_request(socket);
    FakeServer::write(socket, "HTTP/1.1 200 OK\r\nX: ");
    const std::string piece(64 << 10, 'x');
    for (int i = 0; i < 64 && ::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL) > 0; ++i) {
    }
  });
  const auto response = client_of(server.url())->send({});
  ASSERT_FALSE(response.has_value());
}

// --- time ---

TEST(ClientTime, an_answer_that_does_not_come_in_time_is_a_timeout) {
  std::promise<void> release;
  auto released = release.get_future().share();
  const auto server = serve([released](const Request& request) {
    released.wait();
    return echo(request);
  });
  ClientRequest request{"POST", "/", {}, "x"};
  request.timeout = milliseconds(50);
  const auto response = client_of(url_of(*server))->send(request);
  release.set_value();
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Timeout);
  EXPECT_EQ(response.error().reason, kReasonDeadline);
}

TEST(ClientTime, waiting_for_a_connection_of_the_pool_counts_and_nothing_was_sent) {
  std::promise<void> entered;
  std::promise<void> release;
  auto released = release.get_future().share();
  std::atomic<int> handled = 0;
  const auto server = serve([&, released](const Request& request) {
    if (++handled == 1) entered.set_value();
    released.wait();
    return echo(request);
  });
  const auto client = client_of(url_of(*server), 1);
  std::jthread first([&] { EXPECT_TRUE(client->send({}).has_value()); });
  entered.get_future().wait();
  ClientRequest request;
  request.timeout = milliseconds(50);
  const auto response = client->send(request);
  release.set_value();
  first.join();
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(handled, 1);
  EXPECT_TRUE(client->send({}).has_value());
}

TEST(ClientTime, a_request_is_canceled_by_its_stop_token) {
  std::promise<void> entered;
  std::promise<void> release;
  auto released = release.get_future().share();
  const auto server = serve([&, released](const Request& request) {
    entered.set_value();
    released.wait();
    return echo(request);
  });
  const auto client = client_of(url_of(*server));
  std::stop_source stop;
  auto pending = std::async(std::launch::async, [&] { return client->send({}, stop.get_token()); });
  entered.get_future().wait();
  stop.request_stop();
  const auto response = pending.get();
  release.set_value();
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Timeout);
  EXPECT_EQ(response.error().reason, kReasonCanceled);
  const auto never_sent = client->send({}, stop.get_token());
  ASSERT_FALSE(never_sent.has_value());
  EXPECT_EQ(never_sent.error().kind, ErrorKind::Unavailable);
}

TEST(ClientTime, many_threads_share_the_pool) {
  const auto server = serve(echo);
  const auto client = client_of(url_of(*server), 4);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const std::string target = "/" + std::to_string(t) + "/" + std::to_string(i);
          const auto response = client->send({"POST", target, {}, "b"});
          if (response && response->body == "POST " + target + " b") ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 16 * 50);
}

// --- streams ---

Response events(const Request&) {
  Response response{200, {{"Content-Type", "application/json"}}};
  response.stream = [](Stream& stream) {
    for (int i = 0; stream.write("event " + std::to_string(i) + "\n"); ++i) {
      if (!stream.wait(milliseconds(1))) return;
    }
  };
  return response;
}

TEST(ClientStream, gives_the_chunks_as_they_come_until_it_is_told_to_end) {
  const auto server = serve(events);
  const auto client = client_of(url_of(*server));
  std::string all;
  const auto response = client->stream({}, [&](std::string_view chunk) {
    all += chunk;
    return all.find("event 5\n") == std::string::npos;
  });
  ASSERT_TRUE(response.has_value()) << response.error().describe();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
  EXPECT_THAT(all, HasSubstr("event 0\nevent 1\nevent 2\nevent 3\nevent 4\nevent 5\n"));
}

TEST(ClientStream, an_answer_that_is_no_success_is_collected) {
  const auto server = serve([](const Request&) { return Response{410, {}, "too old"}; });
  const auto response = client_of(url_of(*server))->stream({}, [](std::string_view) { return false; });
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 410);
  EXPECT_EQ(response->body, "too old");
}

TEST(ClientStream, ends_without_an_error_when_the_server_ends_it) {
  auto server = serve(events);
  const auto client = client_of(url_of(*server));
  std::promise<void> first;
  std::atomic<int> chunks = 0;
  std::jthread stopper([&] {
    first.get_future().wait();
    server->stop(seconds(5));
  });
  const auto response = client->stream({}, [&](std::string_view) {
    if (++chunks == 1) first.set_value();
    return true;
  });
  EXPECT_TRUE(response.has_value());
}

TEST(ClientStream, is_canceled_by_its_stop_token_also_with_tls) {
  const TestCertificates certificates;
  const auto handler = [](const Request&) {
    Response response;
    response.stream = [](Stream& stream) {
      stream.write("event\n");
      stream.wait(seconds(60));
    };
    return response;
  };
  const auto server = std::move(*Server::listen({"127.0.0.1", 0, certificates.server_options()}, handler));
  const auto client = std::move(*Client::create(
      {"https://127.0.0.1:" + std::to_string(server->port()), certificates.client_options()}));
  std::stop_source stop;
  std::promise<void> first;
  std::jthread stopper([&] {
    first.get_future().wait();
    stop.request_stop();
  });
  const auto begin = steady_clock::now();
  const auto response = client->stream(
      {},
      [&](std::string_view) {
        first.set_value();
        return true;
      },
      stop.get_token());
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().reason, kReasonCanceled);
  EXPECT_LT(steady_clock::now() - begin, seconds(5));
}

TEST(ClientStream, silence_that_lasts_too_long_is_a_timeout) {
  const auto server = serve([](const Request&) {
    Response response;
    response.stream = [](Stream& stream) { stream.wait(seconds(60)); };
    return response;
  });
  ClientRequest request;
  request.idle_timeout = milliseconds(50);
  const auto response = client_of(url_of(*server))->stream(request, [](std::string_view) { return true; });
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Timeout);
  EXPECT_EQ(response.error().reason, kReasonDeadline);
}

TEST(ClientStream, the_end_of_a_tls_client_is_seen_by_the_server) {
  const TestCertificates certificates;
  std::promise<bool> waited;
  const auto handler = [&](const Request&) {
    Response response;
    response.stream = [&](Stream& stream) {
      stream.write("event\n");
      waited.set_value(stream.wait(seconds(60)));
    };
    return response;
  };
  const auto server = std::move(*Server::listen({"127.0.0.1", 0, certificates.server_options()}, handler));
  const auto client = std::move(*Client::create(
      {"https://127.0.0.1:" + std::to_string(server->port()), certificates.client_options()}));
  EXPECT_TRUE(client->stream({}, [](std::string_view) { return false; }).has_value());
  auto result = waited.get_future();
  ASSERT_EQ(result.wait_for(seconds(5)), std::future_status::ready);
  EXPECT_FALSE(result.get());
}

}  // namespace
}  // namespace neoid::http
