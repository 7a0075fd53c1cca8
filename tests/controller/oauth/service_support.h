// A token service over a fresh database, and what tests ask of it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controller/oauth/token_service.h"
#include "reconcile/credentials/client_secret.h"
#include "reconcile/value/json.h"
#include "tests/controller/store/store_support.h"

namespace neoid::oauth {

// A secret of neoid's making, the same for the same number.
inline Secret secret_of(int number) {
  credentials::RandomBytes random{};
  random[0] = static_cast<std::uint8_t>(number);
  random[31] = 1;
  return credentials::make_client_secret(random);
}

inline http::Request post(const std::string& path, const std::string& client, const Secret& secret,
                          const std::string& body) {
  http::Request request;
  request.method = "POST";
  request.path = path;
  request.peer.address = "192.0.2.1";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.add("Authorization", "Basic " + base64(client + ":" + std::string(secret.reveal())));
  request.body = body;
  return request;
}

// One database with its controller's store, and replicas of the token service on it.
class TokenServiceTest : public store::StoreTest {
 protected:
  static constexpr const char* kIssuer = "https://id.example.com";

  void SetUp() override {
    StoreTest::SetUp();
    if (HasFatalFailure()) return;
    const std::vector<plan::StoredScope> scopes = {store::scope("contacts"), store::scope("finance"),
                                                   store::scope("token-introspection")};
    ASSERT_TRUE(store_->put_scopes(term_, scopes, {}, "test"));
    kek_text_ = std::string(KeyEncryptionKeys::make().reveal());
    service_ = replica();
  }
  void TearDown() override { service_.reset(); }

  std::unique_ptr<TokenService> replica(TokenServiceOptions options = {}, const std::string& url = "") {
    options.grant.issuer = kIssuer;
    options.grant.audiences = {"urn:neostella:platform", "https://api.example.com"};
    options.grant.scope_lifetimes = {{"finance", std::chrono::minutes(2)}};
    options.store = database_->options();
    auto kek = KeyEncryptionKeys::parse(kek_text_);
    auto opened =
        TokenService::open(url.empty() ? database_->url() : url, std::move(*kek), options, clock_, metrics_);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().describe());
    if (!opened) return nullptr;
    (*opened)->start();
    return std::move(*opened);
  }

  static std::string client_of(int user) { return store::put(user).client_id.value; }
  // A user with these scopes and one delivered version, whose secret is secret_of(version).
  void make_user(int user, VersionNumber version, std::vector<std::string> scopes) {
    plan::IssueVersion issue = store::issue(version, now());
    issue.hash = credentials::hash_client_secret(secret_of(static_cast<int>(version)));
    must(store::change_of(user, {store::put(user, std::move(scopes)), issue, store::deliver(version)}));
  }
  void set_active(int user, bool active, std::vector<std::string> scopes, Generation generation) {
    plan::PutIdentity put = store::put(user, std::move(scopes));
    put.config.active = active;
    must(store::change_of(user, {put}, generation));
  }

  http::Response ask(TokenService& service, int user, int secret, const std::string& more = "") {
    return service.handle(
        post("/oauth2/token", client_of(user), secret_of(secret), "grant_type=client_credentials" + more));
  }
  std::string token(TokenService& service, int user, int secret, const std::string& more = "") {
    const http::Response answer = ask(service, user, secret, more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const Json json = Json::parse(answer.body, nullptr, false);
    return json.value("access_token", "");
  }
  Json introspect(TokenService& service, int caller, int secret, const std::string& token) {
    const http::Response answer =
        service.handle(post("/oauth2/introspect", client_of(caller), secret_of(secret), "token=" + token));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Json::parse(answer.body, nullptr, false);
  }
  // Within five seconds.
  bool comes(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (std::chrono::steady_clock::now() < deadline) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

  SystemClock clock_;
  MetricsRegistry metrics_;
  std::string kek_text_;
  std::unique_ptr<TokenService> service_;
};

}  // namespace neoid::oauth
