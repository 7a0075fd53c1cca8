// The token service over both stores: who gets a token, and how soon not any more.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/controller/oauth/service_support.h"

namespace neoid::oauth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using store::change_of;

INSTANTIATE_TEST_SUITE_P(Stores, TokenServiceTest, testing::ValuesIn(store::all_forms()), store::form_name);

TEST_P(TokenServiceTest, ATokenSaysWhatIsGranted) {
  make_user(1, 1, {"contacts", "finance"});
  const http::Response answer = ask(*service_, 1, 1, "&scope=contacts&resource=https://api.example.com");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.get("Cache-Control"), "no-store");
  const Json json = Json::parse(answer.body);
  EXPECT_EQ(json.at("scope"), "contacts");
  EXPECT_EQ(json.at("expires_in"), 600);
  const auto parsed = parse_token(json.at("access_token").get<std::string>());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->claims.issuer, kIssuer);
  EXPECT_EQ(parsed->claims.audience, std::vector<std::string>{"https://api.example.com"});
  EXPECT_EQ(parsed->claims.client_id.value, client_of(1));
  EXPECT_EQ(Json::parse(ask(*service_, 1, 1).body).at("expires_in"), 120) << "as long as its shortest scope";
  EXPECT_EQ(ask(*service_, 1, 1, "&scope=unknown").status, 400);
  EXPECT_EQ(Json::parse(ask(*service_, 1, 1, "&resource=urn:other").body).at("error"), "invalid_target");
  EXPECT_EQ(ask(*service_, 1, 2).status, 401);
  EXPECT_EQ(ask(*service_, 9, 1).status, 401);
}

TEST_P(TokenServiceTest, EffectsComeAtOnceThroughTheFeed) {
  make_user(1, 1, {"contacts", "finance"});
  make_user(2, 2, {"token-introspection"});
  const std::string held = token(*service_, 1, 1);
  EXPECT_EQ(introspect(*service_, 2, 2, held).at("active"), true);
  EXPECT_EQ(introspect(*service_, 2, 2, held + "x").at("active"), false);

  set_active(1, false, {"contacts", "finance"}, 2);
  EXPECT_TRUE(comes([&] { return ask(*service_, 1, 1).status == 401; }));
  EXPECT_EQ(introspect(*service_, 2, 2, held).at("active"), false);
  set_active(1, true, {"contacts", "finance"}, 3);
  EXPECT_EQ(ask(*service_, 1, 1).status, 200) << "a refusal is never remembered";
  EXPECT_EQ(introspect(*service_, 2, 2, held).at("active"), true);

  set_active(1, true, {"contacts"}, 4);
  EXPECT_TRUE(comes([&] { return ask(*service_, 1, 1, "&scope=finance").status == 400; }));
  EXPECT_EQ(introspect(*service_, 2, 2, held).at("active"), false) << "one of its scopes was removed";
  EXPECT_EQ(
      Json::parse(service_->handle(post("/oauth2/introspect", client_of(1), secret_of(1), "token=x")).body)
          .at("error"),
      "unauthorized_client");
}

TEST_P(TokenServiceTest, AnOverlapEndsWithNobodyAwake) {
  make_user(1, 1, {"contacts"});
  plan::IssueVersion issue = store::issue(2, now());
  issue.hash = credentials::hash_client_secret(secret_of(2));
  plan::DeliverVersion deliver = store::deliver(2);
  deliver.others.overlap = hours(1);
  must(change_of(1, {issue, deliver}));
  EXPECT_EQ(ask(*service_, 1, 1).status, 200);
  EXPECT_EQ(ask(*service_, 1, 2).status, 200);
  database_->advance(hours(2));
  EXPECT_TRUE(comes([&] { return ask(*service_, 1, 1).status == 401; }));
  EXPECT_EQ(ask(*service_, 1, 2).status, 200);
}

TEST_P(TokenServiceTest, ReplicasShareKeysAndRevocations) {
  make_user(1, 1, {"contacts"});
  make_user(2, 2, {"token-introspection"});
  const auto other = replica();
  ASSERT_TRUE(other);
  http::Request jwks;
  jwks.method = "GET";
  jwks.path = "/oauth2/jwks";
  EXPECT_EQ(service_->handle(jwks).body, other->handle(jwks).body);
  const std::string held = token(*service_, 1, 1);
  EXPECT_EQ(introspect(*other, 2, 2, held).at("active"), true);
  EXPECT_EQ(service_->handle(post("/oauth2/revoke", client_of(2), secret_of(2), "token=" + held)).status, 400)
      << "somebody else's";
  EXPECT_EQ(service_->handle(post("/oauth2/revoke", client_of(1), secret_of(1), "token=" + held)).status,
            200);
  EXPECT_EQ(introspect(*service_, 2, 2, held).at("active"), false);
  EXPECT_TRUE(comes([&] { return introspect(*other, 2, 2, held).at("active") == false; }));
}

TEST_P(TokenServiceTest, LastUseIsWritten) {
  make_user(1, 1, {"contacts"});
  ASSERT_EQ(ask(*service_, 1, 1).status, 200);
  EXPECT_FALSE(observed(store::custom_key("user-1"))->version(1)->last_used);
  ASSERT_TRUE(service_->flush_uses());
  EXPECT_TRUE(observed(store::custom_key("user-1"))->version(1)->last_used);
}

TEST_P(TokenServiceTest, AnotherKekIsToldAtTheStart) {
  auto kek = KeyEncryptionKeys::parse(KeyEncryptionKeys::make().reveal());
  TokenServiceOptions options;
  options.grant.issuer = kIssuer;
  options.grant.audiences = {"urn:a"};
  options.store = database_->options();
  const auto opened = TokenService::open(database_->url(), std::move(*kek), options, clock_, metrics_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "WrongKey");
}

// A token is issued if and only if the user is active, the version valid and the scopes granted: random states, against
// a model of three lines.
TEST_P(TokenServiceTest, ATokenIsIssuedIfAndOnlyIfAllThreeHold) {
  std::mt19937 random(20261128);
  const auto flip = [&] { return random() % 2 == 0; };
  make_user(1, 1, {"contacts"});
  bool active = true;
  std::vector<std::string> granted = {"contacts"};
  Generation generation = 1;
  for (int round = 0; round < 60; ++round) {
    if (flip()) {
      active = flip();
      granted.clear();
      if (flip()) granted.emplace_back("contacts");
      if (flip()) granted.emplace_back("finance");
      set_active(1, active, granted, ++generation);
    }
    const int secret = flip() ? 1 : 3;
    const std::string scope = flip() ? "contacts" : "finance";
    const bool model =
        active && secret == 1 && std::find(granted.begin(), granted.end(), scope) != granted.end();
    const auto issued = [&] { return ask(*service_, 1, secret, "&scope=" + scope).status == 200; };
    EXPECT_TRUE(comes([&] { return issued() == model; })) << "round " << round;
    EXPECT_EQ(issued(), model) << "round " << round;
  }
}

}  // namespace
}  // namespace neoid::oauth
