// What reaches the token service at once, what it does while the store is away, what it refuses guessers, and what it
// never tells a log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

#include "controller/base/log.h"
#include "tests/controller/oauth/service_support.h"
#include "tests/controller/store/postgres_proxy.h"

namespace neoid::oauth {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using store::change_of;
using testing::HasSubstr;
using testing::Not;

class TokenServiceEffects : public TokenServiceTest {
 protected:
  bool refused(int user, int secret) { return ask(*service_, user, secret).status == 401; }
  bool active(const std::string& held) { return introspect(*service_, 2, 2, held).at("active") == true; }
};
INSTANTIATE_TEST_SUITE_P(Stores, TokenServiceEffects, testing::ValuesIn(store::all_forms()),
                         store::form_name);

TEST_P(TokenServiceEffects, DeletionHoldRevocationAndARemovedScopeReachTokensThatAreOut) {
  make_user(2, 2, {"token-introspection"});
  struct Row {
    const char* what;
    std::vector<plan::Operation> operations;
  };
  const Row table[] = {{"deleted", {plan::DeleteIdentity{}}},
                       {"held", {plan::PlaceHold{"leaked"}}},
                       {"left behind", {plan::LeaveBehind{}}},
                       {"every version revoked", {plan::RevokeAll{}}}};
  int user = 10;
  for (const Row& row : table) {
    ++user;
    make_user(user, user, {"contacts"});
    const std::string held = token(*service_, user, user);
    EXPECT_TRUE(active(held)) << row.what;
    ASSERT_TRUE(commit(change_of(user, row.operations))) << row.what;
    EXPECT_TRUE(comes([&] { return refused(user, user); })) << row.what;
    EXPECT_FALSE(active(held)) << row.what;
  }
  ++user;
  make_user(user, user, {"contacts", "finance"});
  const std::string held = token(*service_, user, user);
  const std::vector<std::string> gone = {"contacts"};
  ASSERT_TRUE(store_->put_scopes(term_, {}, gone, "test"));
  EXPECT_TRUE(comes([&] { return ask(*service_, user, user, "&scope=contacts").status == 400; }));
  EXPECT_FALSE(active(held)) << "a scope of it is not in the catalogue any more";
  EXPECT_EQ(ask(*service_, user, user, "&scope=finance").status, 200);
}

TEST_P(TokenServiceEffects, ATokenOfAnEndedVersionEndsWithIt) {
  make_user(1, 1, {"contacts"});
  make_user(2, 2, {"token-introspection"});
  const std::string of_the_first = token(*service_, 1, 1);
  plan::IssueVersion issue = store::issue(3, now());
  issue.hash = credentials::hash_client_secret(secret_of(3));
  plan::DeliverVersion deliver = store::deliver(3);
  deliver.others.overlap = minutes(5);
  must(change_of(1, {issue, deliver}));
  const std::string of_the_second = token(*service_, 1, 3);
  EXPECT_TRUE(active(of_the_first));
  database_->advance(minutes(6));  // the token itself would live for ten
  EXPECT_TRUE(comes([&] { return !active(of_the_first); }));
  EXPECT_TRUE(active(of_the_second));
}

TEST_P(TokenServiceEffects, AudienceAndLifetimeAreAsConfigured) {
  make_user(1, 1, {"contacts", "finance"});
  TokenServiceOptions options;
  options.grant.token_lifetime = minutes(1);
  const auto other = replica(options);
  ASSERT_TRUE(other);
  EXPECT_EQ(parse_token(token(*service_, 1, 1))->claims.audience,
            std::vector<std::string>{"urn:neostella:platform"})
      << "the first is the default";
  EXPECT_EQ(
      parse_token(token(*service_, 1, 1, "&resource=https://api.example.com&resource=urn:neostella:platform"))
          ->claims.audience.size(),
      2U);
  const auto lifetime = [&](TokenService& service, const char* scope) {
    const AccessClaims claims = parse_token(token(service, 1, 1, std::string("&scope=") + scope))->claims;
    return claims.expires_at - claims.issued_at;
  };
  EXPECT_EQ(lifetime(*service_, "contacts"), minutes(10));
  EXPECT_EQ(lifetime(*service_, "finance"), minutes(2));
  EXPECT_EQ(lifetime(*other, "contacts"), minutes(1));
  EXPECT_EQ(lifetime(*other, "finance"), minutes(1)) << "a scope only shortens";
}

TEST_P(TokenServiceEffects, KeysAreRotatedWithoutATokenThatNobodyCanVerify) {
  make_user(1, 1, {"contacts"});
  make_user(2, 2, {"token-introspection"});
  service_.reset();
  TokenServiceOptions options;
  options.keys.rotate_every = minutes(20);
  options.keys.publish_ahead = minutes(5);
  service_ = replica(options);
  ASSERT_TRUE(service_);
  const auto published = [&] {
    http::Request jwks;
    jwks.method = "GET";
    jwks.path = "/oauth2/jwks";
    std::vector<std::string> kids;
    const Json set = Json::parse(service_->handle(jwks).body);
    for (const Json& key : set.at("keys")) kids.push_back(key.at("kid"));
    return kids;
  };
  const auto signer = [&] { return parse_token(token(*service_, 1, 1))->kid; };
  const std::string first = signer();
  EXPECT_EQ(published(), std::vector<std::string>{first});
  database_->advance(minutes(16));
  EXPECT_TRUE(comes([&] { return published().size() == 2; })) << "ahead of its use";
  EXPECT_EQ(signer(), first);
  const std::string held = token(*service_, 1, 1);
  database_->advance(minutes(6));
  EXPECT_TRUE(comes([&] { return signer() != first; }));
  EXPECT_TRUE(active(held)) << "the key before is still published";
  EXPECT_THAT(published(), testing::Contains(first));
  database_->advance(minutes(12));
  EXPECT_TRUE(comes([&] {
    const auto kids = published();
    return std::find(kids.begin(), kids.end(), first) == kids.end();
  })) << "its last token has expired";
  EXPECT_TRUE(comes([&] { return !active(held); }));
}

TEST_P(TokenServiceEffects, GuessersAreHeldBackAndNobodyElse) {
  make_user(1, 1, {"contacts"});
  http::Response last;
  for (int i = 0; i < 20 && last.status != 429; ++i) last = ask(*service_, 1, 9);
  EXPECT_EQ(last.status, 429);
  EXPECT_GE(std::stoi(std::string(last.headers.get("Retry-After"))), 1);
  EXPECT_EQ(ask(*service_, 1, 1).status, 200) << "who has the right secret is no guesser";
  const http::Response mistyped = service_->handle(
      post("/oauth2/token", client_of(7), Secret("neoid_mistyped"), "grant_type=client_credentials"));
  EXPECT_EQ(mistyped.status, 401);
  EXPECT_THAT(mistyped.body, HasSubstr("typing error"));
  EXPECT_TRUE(mistyped.headers.find("WWW-Authenticate"));
}

// A person who exchanges client ID and secret must not read the secret in a log.
TEST_P(TokenServiceEffects, NoLogAndNoMetricHoldsASecretATokenOrAnUnknownClientId) {
  std::mutex mutex;
  std::string lines;
  log::Options options;
  options.level = log::Level::Debug;
  options.format = log::Format::Json;
  options.sink = [&](std::string_view line) {
    const std::scoped_lock lock(mutex);
    lines += line;
  };
  log::configure(options);
  make_user(1, 1, {"contacts"});
  make_user(2, 2, {"token-introspection"});
  const std::string held = token(*service_, 1, 1);
  introspect(*service_, 2, 2, held);
  ask(*service_, 1, 2);
  ask(*service_, 1, 1, "&scope=finance");
  const std::string exchanged(secret_of(1).reveal());
  service_->handle(post("/oauth2/token", exchanged, Secret(client_of(1)), "grant_type=client_credentials"));
  service_->handle(post("/oauth2/introspect", client_of(2), secret_of(2), "token=" + exchanged));
  service_->handle(post("/oauth2/revoke", client_of(1), secret_of(1), "token=" + held));
  service_->handle(post("/" + exchanged, client_of(1), secret_of(1), "token=" + held));
  service_.reset();
  log::configure({});
  EXPECT_THAT(lines, HasSubstr("client refused"));
  for (const std::string& text : {lines, metrics_.text()})
    for (const std::string& word :
         {exchanged, std::string(secret_of(2).reveal()), held, held.substr(held.rfind('.') + 1)})
      EXPECT_THAT(text, Not(HasSubstr(word)));
}

// The network between the service and its database, through a proxy that cuts it.
class TokenServiceAway : public TokenServiceTest {};
INSTANTIATE_TEST_SUITE_P(Stores, TokenServiceAway, testing::Values(store::Form::Postgres), store::form_name);

TEST_P(TokenServiceAway, AStoreThatIsAwayIsTold503AndItRecoversByItself) {
  make_user(1, 1, {"contacts"});
  make_user(2, 2, {"token-introspection"});
  store::PostgresProxy proxy(database_->url());
  TokenServiceOptions options;
  options.max_staleness = milliseconds(600);
  const auto service = replica(options, proxy.url());
  ASSERT_TRUE(service);
  const std::string held = token(*service, 1, 1);
  EXPECT_EQ(introspect(*service, 2, 2, held).at("active"), true);

  proxy.down();
  EXPECT_TRUE(comes([&] { return ask(*service, 1, 1).status == 503; }));
  const http::Response away = ask(*service, 1, 1);
  EXPECT_EQ(Json::parse(away.body).at("error"), "temporarily_unavailable");
  EXPECT_GE(std::stoi(std::string(away.headers.get("Retry-After"))), 1);
  EXPECT_EQ(away.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(service->handle(post("/oauth2/introspect", client_of(2), secret_of(2), "token=" + held)).status,
            503)
      << "neither active nor inactive is known";
  EXPECT_EQ(service->handle(post("/oauth2/revoke", client_of(1), secret_of(1), "token=" + held)).status, 503)
      << "the client is to ask again";
  EXPECT_FALSE(service->unready().empty());
  http::Request jwks;
  jwks.method = "GET";
  jwks.path = "/oauth2/jwks";
  EXPECT_EQ(service->handle(jwks).status, 200) << "who verifies by keys alone goes on";
  set_active(1, false, {"contacts"}, 2);

  proxy.up();
  EXPECT_TRUE(comes([&] { return service->unready().empty(); }));
  EXPECT_EQ(ask(*service, 1, 1).status, 401) << "what happened meanwhile is known from the first answer on";
  EXPECT_EQ(introspect(*service, 2, 2, held).at("active"), false);
}

}  // namespace
}  // namespace neoid::oauth
