#include "controller/kube/client.h"

#include <gtest/gtest.h>

#include <atomic>

#include "controller/http/server.h"
#include "controller/kube/kubeconfig.h"
#include "scripted_transport.h"
#include "tests/controller/http/fake_server.h"

namespace neoid::kube {
namespace {

const ResourceType kSecrets{"", "v1", "secrets", true};

struct Scripted : testing::Test {
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  Client client{transport};
};

TEST_F(Scripted, a_list_gives_one_page_and_the_way_to_the_next) {
  transport->answer(
      200,
      R"({"metadata":{"resourceVersion":"9","continue":"more"},"items":[{"metadata":{"name":"a"}},{}]})");
  const auto page = client.list(kSecrets, {}, 2);
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->items.size(), 2U);
  EXPECT_EQ(page->items[0]["metadata"]["name"], "a");
  EXPECT_EQ(page->resource_version, "9");
  EXPECT_EQ(page->continue_token, "more");
  transport->answer(200, R"({"metadata":{"resourceVersion":"10"},"items":null})");
  const auto last = client.list(kSecrets, {}, 2, page->continue_token);
  ASSERT_TRUE(last.has_value());
  EXPECT_TRUE(last->items.empty());
  EXPECT_EQ(last->continue_token, "");
  EXPECT_EQ(transport->requests.back().target, "/api/v1/secrets?limit=2&continue=more");
}

TEST_F(Scripted, answers_that_make_no_sense_are_internal_errors) {
  for (const char* body : {"", "nonsense", "[]", "5", R"({"half":)"}) {
    transport->answer(200, body);
    const auto object = client.get(kSecrets, {"a", "b"});
    ASSERT_FALSE(object.has_value()) << body;
    EXPECT_EQ(object.error().kind, ErrorKind::Internal) << body;
  }
  transport->answer(200, R"({"items":5})");
  EXPECT_EQ(client.list(kSecrets, {}).error().kind, ErrorKind::Internal);
}

// A create is sent at most once, whatever comes back.
TEST_F(Scripted, no_answer_makes_it_send_a_second_request) {
  const Error lost{ErrorKind::Timeout, "lost", "ConnectionLost"};
  const Error refused{ErrorKind::Unavailable, "refused"};
  for (const Error& error : {lost, refused}) {
    transport->answer(error);
    const auto created = client.create(kSecrets, "a", {{"kind", "Secret"}});
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().kind, error.kind);
  }
  const std::pair<int, ErrorKind> answers[] = {{409, ErrorKind::Conflict},    {429, ErrorKind::Unavailable},
                                               {500, ErrorKind::Internal},    {502, ErrorKind::Timeout},
                                               {503, ErrorKind::Unavailable}, {504, ErrorKind::Timeout},
                                               {401, ErrorKind::Denied},      {307, ErrorKind::Internal}};
  for (const auto& [status, kind] : answers) {
    transport->answer(status, "", {{"Retry-After", "1"}, {"Location", "/elsewhere"}});
    const auto created = client.create(kSecrets, "a", {{"kind", "Secret"}});
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().kind, kind) << status;
  }
  EXPECT_EQ(transport->requests.size(), 2 + std::size(answers));
}

TEST_F(Scripted, a_deletion_of_what_is_gone_is_not_found) {
  transport->answer(200, R"({"kind":"Status","status":"Success"})");
  EXPECT_TRUE(client.remove(kSecrets, {"a", "b"}).has_value());
  transport->answer(404, R"({"kind":"Status","reason":"NotFound","message":"no","code":404})");
  EXPECT_EQ(client.remove(kSecrets, {"a", "b"}).error().kind, ErrorKind::NotFound);
}

TEST_F(Scripted, a_watch_gives_events_until_the_server_ends_it) {
  transport->pieces({R"({"type":"ADDED","object":{"a":1}})", "\n",
                     R"({"type":"BOOKMARK","object":{"a":2}})"
                     "\n"});
  transport->answer(200, "");
  int events = 0;
  const auto watched = client.watch(kSecrets, {}, "5", std::chrono::seconds(60), std::chrono::minutes(2),
                                    [&](WatchEvent) { return ++events > 0; }, {});
  EXPECT_TRUE(watched.has_value());
  EXPECT_EQ(events, 2);
  EXPECT_EQ(transport->requests.back().idle_timeout, std::chrono::minutes(2));
}

TEST_F(Scripted, a_watch_that_is_too_old_says_so_in_both_ways) {
  const auto watch = [&] {
    return client.watch(kSecrets, {}, "5", {}, {}, [](WatchEvent) { return true; }, {});
  };
  transport->answer(410, R"({"kind":"Status","reason":"Expired","message":"too old","code":410})");
  auto watched = watch();
  ASSERT_FALSE(watched.has_value());
  EXPECT_EQ(watched.error().reason, "Expired");
  transport->pieces(
      {R"({"type":"ERROR","object":{"kind":"Status","reason":"Expired","message":"too old","code":410}})"
       "\n"});
  watched = watch();
  ASSERT_FALSE(watched.has_value());
  EXPECT_EQ(watched.error().kind, ErrorKind::Conflict);
  EXPECT_EQ(watched.error().reason, "Expired");
}

TEST(HttpTransport, says_who_we_are_and_asks_for_a_new_token_after_401) {
  struct Source final : TokenSource {
    Result<Secret> token() override { return Secret("token-" + std::to_string(rejected)); }
    void reject() override { ++rejected; }
    int rejected = 0;
  };
  std::atomic<int> requests = 0;
  const auto server = std::move(*http::Server::listen({}, [&](const http::Request& request) {
    ++requests;
    EXPECT_EQ(request.header("Impersonate-User"), "bob");
    const bool known = request.header("Authorization") == "Bearer token-1";
    return http::Response{known ? 200 : 401, {{"Content-Type", "application/json"}}, "{}"};
  }));
  Access access;
  access.server = "http://127.0.0.1:" + std::to_string(server->port());
  access.headers.add("Impersonate-User", "bob");
  access.tokens = std::make_shared<Source>();
  const Client client(*connect(access));
  const auto denied = client.get(kSecrets, {"a", "b"});
  ASSERT_FALSE(denied.has_value());
  EXPECT_EQ(denied.error().kind, ErrorKind::Denied);
  EXPECT_EQ(requests, 1);
  EXPECT_TRUE(client.get(kSecrets, {"a", "b"}).has_value());
  EXPECT_EQ(requests, 2);
}

// A Secret that was created, but whose answer was lost, must not be sent again by anybody: see docs/credential-protocol.md.
TEST(HttpTransport, a_create_whose_answer_was_cut_off_is_sent_once) {
  std::atomic<int> creates = 0;
  const http::FakeServer server([&](int socket, int) {
    if (http::FakeServer::read_request(socket).starts_with("POST ")) ++creates;
  });
  Access access;
  access.server = server.url();
  const Client client(*connect(access));
  WriteOptions options;
  options.timeout = std::chrono::seconds(5);
  const auto made = client.create(kSecrets, "apps", {{"metadata", {{"name", "a"}}}}, options);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().kind, ErrorKind::Timeout) << made.error().describe();
  EXPECT_EQ(creates, 1);
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace neoid::kube
