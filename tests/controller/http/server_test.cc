#include "controller/http/server.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "raw_socket.h"

namespace neoid::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Response mirror(const Request& request) {
  return {200, {{"Content-Type", "text/plain"}}, request.method + " " + request.target + " " + request.body};
}

std::unique_ptr<Server> serve_with(Handler handler, ServerLimits limits = {}) {
  auto server = Server::listen({"127.0.0.1", 0, std::nullopt, limits}, std::move(handler));
  EXPECT_TRUE(server.has_value());
  return std::move(*server);
}

// Sends `bytes`, which end with a request that closes, and gives all that came back.
std::string talk(const Server& server, std::string_view bytes) {
  RawSocket socket(server.port());
  socket.send(bytes);
  return socket.read_all();
}

TEST(Server, answers_with_the_body_and_its_length) {
  const auto server = serve_with(mirror);
  const std::string answer = talk(*server, "GET /a?b=c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("Date: "));
  EXPECT_THAT(answer, Not(HasSubstr("Keep-Alive")));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nGET /a?b=c "));
}

TEST(Server, every_method_may_have_a_body) {
  const auto server = serve_with(mirror);
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    const std::string answer = talk(
        *server, method + " / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody");
    EXPECT_THAT(answer, HasSubstr("\r\n\r\n" + method + " / body"));
  }
}

TEST(Server, bodies_that_it_does_not_understand_are_passed_as_they_are) {
  const auto server = serve_with(mirror);
  for (const std::string type : {"multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}) {
    const std::string answer =
        talk(*server, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: " + type +
                          "\r\nContent-Length: 7\r\n\r\na=%20&b");
    EXPECT_THAT(answer, HasSubstr("POST / a=%20&b"));
  }
}

TEST(Server, a_head_request_gets_the_length_without_the_body) {
  const auto server = serve_with(mirror);
  const std::string answer = talk(*server, "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Accept-Ranges")));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST(Server, chunks_are_put_together) {
  const auto server = serve_with(mirror);
  const std::string answer =
      talk(*server,
           "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("POST / abcde"));
}

TEST(Server, pipelined_requests_are_answered_in_order) {
  const auto server = serve_with(mirror);
  std::string bytes;
  for (int i = 0; i < 20; ++i) {
    bytes +=
        "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n" + char('a' + i);
  }
  bytes += "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  const std::string answer = talk(*server, bytes);
  std::size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    at = answer.find("POST /" + std::to_string(i) + " " + char('a' + i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_NE(answer.find("GET /last", at), std::string::npos);
}

TEST(Server, a_connection_serves_many_requests) {
  const auto server = serve_with(mirror);
  RawSocket socket(server->port());
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(socket.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n"));
    ASSERT_THAT(socket.read_until("GET /" + std::to_string(i) + " "), HasSubstr("200 OK")) << i;
  }
}

TEST(Server, a_body_over_the_limit_is_refused_however_it_is_framed) {
  ServerLimits limits;
  limits.body_bytes = 1000;
  std::atomic<int> handled = 0;
  const auto server = serve_with(
      [&](const Request& request) {
        ++handled;
        return mirror(request);
      },
      limits);
  const std::string length =
      talk(*server, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'));
  EXPECT_THAT(length, StartsWith("HTTP/1.1 413 "));
  std::string chunks = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_THAT(talk(*server, chunks + "0\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(handled, 0);
  const std::string fits =
      talk(*server, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" +
                        std::string(1000, 'x'));
  EXPECT_THAT(fits, StartsWith("HTTP/1.1 200 "));
}

TEST(Server, what_follows_a_refused_body_is_not_taken_for_a_request) {
  ServerLimits limits;
  limits.body_bytes = 10;
  std::atomic<int> handled = 0;
  const auto server = serve_with(
      [&](const Request& request) {
        ++handled;
        return mirror(request);
      },
      limits);
  const std::string inner = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string answer =
      talk(*server, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + inner + inner);
  EXPECT_THAT(answer, Not(HasSubstr("smuggled")));
  EXPECT_EQ(handled, 0);
}

TEST(Server, a_chunk_extension_without_end_is_cut) {
  ServerLimits limits;
  limits.body_bytes = 1000;
  const auto server = serve_with(mirror, limits);
  RawSocket socket(server->port());
  socket.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;");
  const std::string piece(64 << 10, 'x');
  for (int i = 0; i < 64 && socket.send(piece); ++i) {
  }
  EXPECT_THAT(socket.read_all(), StartsWith("HTTP/1.1 413 "));
}

TEST(Server, broken_chunks_are_refused) {
  const auto server = serve_with(mirror);
  const std::string answer =
      talk(*server, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
}

TEST(Server, a_head_over_the_limit_is_refused_before_it_is_whole) {
  const auto server = serve_with(mirror);
  RawSocket socket(server->port());
  socket.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  const std::string piece(16 << 10, 'x');
  for (int i = 0; i < 100 && socket.send(piece); ++i) {
  }
  EXPECT_THAT(socket.read_all(), StartsWith("HTTP/1.1 431 "));
}

TEST(Server, long_header_values_are_taken) {
  const auto server = serve_with([](const Request& request) {
    return Response{200, {}, std::to_string(request.header("Authorization").size())};
  });
  const std::string answer =
      talk(*server, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: " +
                        std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n20000"));
}

TEST(Server, a_head_that_trickles_in_is_cut_at_its_deadline) {
  ServerLimits limits;
  limits.head = milliseconds(50);
  const auto server = serve_with(mirror, limits);
  RawSocket socket(server->port());
  socket.send("GET / HTTP/1.1\r\n");
  EXPECT_THAT(socket.read_all(), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(socket.ended());
}

TEST(Server, a_body_that_does_not_come_is_cut_at_its_deadline) {
  ServerLimits limits;
  limits.body = milliseconds(50);
  const auto server = serve_with(mirror, limits);
  RawSocket socket(server->port());
  socket.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(socket.read_all(), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(socket.ended());
}

TEST(Server, connections_that_say_nothing_are_closed) {
  ServerLimits limits;
  limits.head = milliseconds(30);
  limits.idle = milliseconds(30);
  const auto server = serve_with(mirror, limits);
  RawSocket silent(server->port());
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_TRUE(silent.ended());
  RawSocket idle(server->port());
  idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(idle.read_all(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(idle.ended());
}

TEST(Server, connections_over_the_limit_are_closed_at_once) {
  ServerLimits limits;
  limits.connections = 2;
  const auto server = serve_with(mirror, limits);
  RawSocket first(server->port());
  RawSocket second(server->port());
  for (RawSocket* socket : {&first, &second}) {
    socket->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(socket->read_until("GET / "), HasSubstr("200 OK"));
  }
  RawSocket third(server->port());
  EXPECT_EQ(third.read_all(), "");
  EXPECT_TRUE(third.ended());
}

TEST(Server, range_and_accept_encoding_change_nothing) {
  const auto server = serve_with([](const Request&) {
    return Response{200, {{"Content-Type", "application/json"}}, std::string(2000, ' ')};
  });
  for (const std::string range : {"bytes=0-3", "nonsense"}) {
    const std::string answer = talk(
        *server, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept-Encoding: gzip, br\r\nRange: " +
                     range + "\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 2000\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Content-Encoding")));
  }
}

TEST(Server, says_continue_to_a_client_that_waits_for_it_and_413_to_one_that_wants_too_much) {
  const auto server = serve_with(mirror);
  RawSocket socket(server->port());
  socket.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("abc");
  EXPECT_THAT(socket.read_until("POST / abc"), StartsWith("HTTP/1.1 200 OK"));
  const std::string refused =
      talk(*server, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 413 "));
}

TEST(Server, a_handler_that_throws_is_a_500_without_its_text) {
  const auto server = serve_with([](const Request&) -> Response { throw std::runtime_error("private"); });
  const std::string answer = talk(*server, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, Not(HasSubstr("private")));
}

TEST(Server, no_header_value_of_a_handler_starts_a_line) {
  const auto server = serve_with([](const Request&) {
    return Response{
        200, {{"Content-Type", "text/plain\r\nX-Evil: 1"}, {"Warning", "299 - \"a\r\n\r\nbody\""}}, "x"};
  });
  const std::string answer = talk(*server, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Warning: 299 - \"a    body\"\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("\nX-Evil")));
}

TEST(Server, the_address_of_the_peer_is_the_sockets) {
  const auto server = serve_with([](const Request& request) {
    return Response{200, {}, request.peer.address};
  });
  const std::string answer =
      talk(*server, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nREMOTE_ADDR: 1.2.3.4\r\n\r\n");
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n127.0.0.1"));
}

TEST(Server, a_large_answer_arrives_whole) {
  const auto server = serve_with([](const Request&) {
    return Response{200, {}, std::string(20 << 20, 'x')};
  });
  const std::string answer = talk(*server, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 20U << 20);
}

TEST(Server, two_servers_do_not_share_a_port) {
  const auto server = serve_with(mirror);
  const auto second = Server::listen({"127.0.0.1", server->port()}, mirror);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
}

// --- streams ---

TEST(ServerStream, events_arrive_one_by_one_and_the_final_chunk_ends_them) {
  std::promise<void> go_on;
  auto wait = go_on.get_future().share();
  const auto server = serve_with([wait](const Request&) {
    Response response{200, {{"Content-Type", "application/json"}}};
    response.stream = [wait](Stream& stream) {
      stream.write("one\n");
      wait.wait();
      stream.write("");  // nothing, not the end
      stream.write("two\n");
    };
    return response;
  });
  RawSocket socket(server->port());
  socket.send("GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
  const std::string first = socket.read_until("one\n\r\n");
  EXPECT_THAT(first, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(first, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(first, Not(HasSubstr("Content-Encoding")));
  go_on.set_value();
  EXPECT_EQ(socket.read_until("0\r\n\r\n"), "4\r\ntwo\n\r\n0\r\n\r\n");
  socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");  // the connection is good for more
  EXPECT_THAT(socket.read_until("one\n"), StartsWith("HTTP/1.1 200 OK"));
}

TEST(ServerStream, the_head_is_sent_before_the_first_event) {
  const auto server = serve_with([](const Request&) {
    Response response;
    response.stream = [](Stream& stream) { stream.wait(seconds(60)); };
    return response;
  });
  RawSocket socket(server->port());
  socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(socket.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
}

TEST(ServerStream, ends_when_the_peer_goes_away) {
  std::promise<bool> waited;
  const auto server = serve_with([&](const Request&) {
    Response response;
    response.stream = [&](Stream& stream) { waited.set_value(stream.wait(seconds(60))); };
    return response;
  });
  RawSocket socket(server->port());
  socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  socket.read_until("\r\n\r\n");
  socket.close();
  auto result = waited.get_future();
  ASSERT_EQ(result.wait_for(seconds(5)), std::future_status::ready);
  EXPECT_FALSE(result.get());
}

TEST(ServerStream, ends_with_its_final_chunk_when_the_server_stops) {
  const auto server = serve_with([](const Request&) {
    Response response;
    response.stream = [](Stream& stream) {
      stream.write("event\n");
      stream.wait(seconds(60));
    };
    return response;
  });
  RawSocket socket(server->port());
  socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  socket.read_until("event\n\r\n");
  server->stop(seconds(5));
  EXPECT_EQ(socket.read_all(), "0\r\n\r\n");
  EXPECT_TRUE(socket.ended());
}

TEST(ServerStream, one_that_throws_ends_without_the_final_chunk) {
  const auto server = serve_with([](const Request&) {
    Response response;
    response.stream = [](Stream& stream) {
      stream.write("event\n");
      throw std::runtime_error("broken");
    };
    return response;
  });
  const std::string answer = talk(*server, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, testing::EndsWith("event\n\r\n"));
}

TEST(ServerStream, many_streams_leave_room_for_requests) {
  const auto server = serve_with([](const Request& request) {
    if (request.path == "/quick") return mirror(request);
    Response response;
    response.stream = [](Stream& stream) { stream.wait(seconds(60)); };
    return response;
  });
  std::vector<std::unique_ptr<RawSocket>> streams;
  for (int i = 0; i < 100; ++i) {
    streams.push_back(std::make_unique<RawSocket>(server->port()));
    streams.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(streams.back()->read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(talk(*server, "GET /quick HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
              HasSubstr("GET /quick"));
  const auto begin = steady_clock::now();
  server->stop(seconds(5));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(500));
}

// --- stopping ---

std::size_t threads_of_this_process() {
  std::size_t count = 0;
  DIR* directory = opendir("/proc/self/task");
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

TEST(ServerStop, two_hundred_idle_connections_hold_no_thread_and_do_not_hold_it_up) {
  const auto server = serve_with(mirror);
  std::vector<std::unique_ptr<RawSocket>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<RawSocket>(server->port()));
    idle.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_THAT(idle.back()->read_until("GET / "), HasSubstr("200 OK"));
  }
  EXPECT_LT(threads_of_this_process(), 60U);
  const auto begin = steady_clock::now();
  server->stop(seconds(5));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(500));
  for (const auto& socket : idle) {
    EXPECT_EQ(socket->read_all(), "");
    EXPECT_TRUE(socket->ended());
  }
}

TEST(ServerStop, lets_a_running_request_finish) {
  std::promise<void> entered;
  std::promise<void> release;
  auto released = release.get_future().share();
  const auto server = serve_with([&entered, released](const Request& request) {
    entered.set_value();
    released.wait();
    return mirror(request);
  });
  RawSocket socket(server->port());
  socket.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  entered.get_future().wait();
  std::jthread stopper([&] { server->stop(seconds(30)); });
  release.set_value();
  const std::string answer = socket.read_all();
  EXPECT_THAT(answer, HasSubstr("GET /slow"));
  EXPECT_TRUE(socket.ended());
}

TEST(ServerStop, cuts_a_half_sent_request_after_the_grace) {
  const auto server = serve_with(mirror);
  RawSocket socket(server->port());
  socket.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  const auto begin = steady_clock::now();
  server->stop(milliseconds(100));
  EXPECT_LT(steady_clock::now() - begin, seconds(2));
  socket.read_all();
  EXPECT_TRUE(socket.ended());
}

TEST(ServerStop, may_be_asked_twice) {
  const auto server = serve_with(mirror);
  server->stop(milliseconds(0));
  server->stop(milliseconds(0));
}

}  // namespace
}  // namespace neoid::http
