// The pure parts of the token service, as tables: what a client may send, the life of keys, what is remembered.
#include <gtest/gtest.h>

#include <random>

#include "controller/oauth/client_cache.h"
#include "controller/oauth/endpoints.h"
#include "controller/oauth/jwt.h"
#include "controller/oauth/key_ring.h"
#include "controller/oauth/key_seal.h"
#include "controller/oauth/rate_limiter.h"
#include "controller/oauth/request.h"

namespace neoid::oauth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

http::Request post(const std::string& body, const std::string& authorization = "") {
  http::Request request;
  request.method = "POST";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  if (!authorization.empty()) request.headers.add("Authorization", authorization);
  request.body = body;
  return request;
}
std::string basic(const std::string& pair) { return "Basic " + base64(pair); }

struct Sent {
  const char* what;
  std::string body;
  std::string authorization;
  const char* error;  // nullptr: parsed
};

TEST(TokenRequests, AreParsedAsTheRfcSays) {
  const std::string grant = "grant_type=client_credentials";
  const Sent table[] = {
      {"Basic", grant, basic("id:secret"), nullptr},
      {"the scheme in other letters", grant, "bAsIc " + base64("id:secret"), nullptr},
      {"in the body", grant + "&client_id=id&client_secret=secret", "", nullptr},
      {"Basic and the same client_id", grant + "&client_id=id", basic("id:secret"), nullptr},
      {"an empty parameter is none", grant + "&scope=", basic("id:secret"), nullptr},
      {"two methods at once", grant + "&client_secret=secret", basic("id:secret"), "invalid_request"},
      {"two clients", grant + "&client_id=other", basic("id:secret"), "invalid_request"},
      {"a parameter twice", grant + "&scope=a&scope=b", basic("id:secret"), "invalid_request"},
      {"no client", grant, "", "invalid_client"},
      {"no secret", grant + "&client_id=id", "", "invalid_client"},
      {"another scheme", grant, "Bearer abc", "invalid_client"},
      {"no base64", grant, "Basic ???", "invalid_client"},
      {"no colon", grant, basic("id"), "invalid_client"},
      {"a broken escape in Basic", grant, basic("id:%zz"), "invalid_client"},
      {"no grant type", "scope=a", basic("id:secret"), "invalid_request"},
      {"another grant type", "grant_type=password", basic("id:secret"), "unsupported_grant_type"},
      {"a scope that is none", grant + "&scope=a%22b", basic("id:secret"), "invalid_scope"},
      {"a broken escape", grant + "&scope=%4", basic("id:secret"), "invalid_request"},
      {"a zero byte", grant + "&scope=a%00", basic("id:secret"), "invalid_request"},
      {"a relative resource", grant + "&resource=/api", basic("id:secret"), "invalid_target"},
      {"a resource with a fragment", grant + "&resource=https://a/%23b", basic("id:secret"),
       "invalid_target"},
      {"two resources", grant + "&resource=https://a&resource=https://b", basic("id:secret"), nullptr},
      {"too long", grant + "&x=" + std::string(kMaxBody_bytes, 'a'), basic("id:secret"), "invalid_request"},
  };
  for (const Sent& sent : table) {
    const auto parsed = parse_token_request(post(sent.body, sent.authorization));
    if (sent.error == nullptr) {
      ASSERT_TRUE(parsed) << sent.what << ": " << parsed.error().description;
      EXPECT_EQ(parsed->client.client_id.value, "id") << sent.what;
      EXPECT_EQ(parsed->client.secret.reveal(), "secret") << sent.what;
    } else {
      ASSERT_FALSE(parsed) << sent.what;
      EXPECT_EQ(to_string(parsed.error().code), sent.error) << sent.what;
    }
  }
}

TEST(TokenRequests, BasicPartsArePercentDecodedAndScopesSorted) {
  const auto parsed =
      parse_token_request(post("grant_type=client_credentials&scope=b+a%20b", basic("my%3Aid:p%25+x")));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->client.client_id.value, "my:id");
  EXPECT_EQ(parsed->client.secret.reveal(), "p% x");
  EXPECT_EQ(parsed->scopes, (std::vector<std::string>{"a", "b"}));
}

TEST(TokenRequests, NeitherAnotherTypeNorTheUriCarriesParameters) {
  http::Request json = post("grant_type=client_credentials", basic("id:secret"));
  json.headers.set("Content-Type", "application/json");
  EXPECT_FALSE(parse_token_request(json));
  http::Request in_uri = post("grant_type=client_credentials", basic("id:secret"));
  in_uri.query.emplace_back("client_secret", "secret");
  EXPECT_FALSE(parse_token_request(in_uri));
}

// A fixed number of mutated requests: whatever comes, the parser answers, and what it lets through is well formed.
TEST(TokenRequests, NoBytesMislead) {
  const std::string alphabet = "grant_type=client_credentials&scope=a%20b+&resource=https://x%zz\0\xff\"\\:;";
  std::mt19937 random(7);
  int parsed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string body = "grant_type=client_credentials&scope=a+b&resource=https://x";
    std::string authorization = basic("id:secret");
    for (auto changes = random() % 4; changes > 0; --changes) {
      std::string& text = random() % 4 == 0 ? authorization : body;
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    }
    const auto request = parse_token_request(post(body, authorization));
    if (!request) {
      EXPECT_FALSE(request.error().description.empty());
      continue;
    }
    ++parsed;
    EXPECT_FALSE(request->client.client_id.empty());
    EXPECT_FALSE(request->client.secret.empty());
    for (const std::string& scope : request->scopes) EXPECT_TRUE(is_scope_token(scope));
    for (const std::string& resource : request->resources) EXPECT_TRUE(is_resource(resource));
  }
  EXPECT_GT(parsed, 1000);
}

TEST(Errors, HaveTheStatusAndTheHeadersOfTheRfc) {
  const struct {
    ErrorCode code;
    int status;
    const char* header;
  } table[] = {{ErrorCode::InvalidRequest, 400, nullptr},
               {ErrorCode::InvalidScope, 400, nullptr},
               {ErrorCode::InvalidTarget, 400, nullptr},
               {ErrorCode::UnsupportedGrantType, 400, nullptr},
               {ErrorCode::UnauthorizedClient, 400, nullptr},
               {ErrorCode::InvalidClient, 401, "WWW-Authenticate"},
               {ErrorCode::TooManyAttempts, 429, "Retry-After"},
               {ErrorCode::TemporarilyUnavailable, 503, "Retry-After"},
               {ErrorCode::ServerError, 500, nullptr}};
  for (const auto& row : table) {
    const http::Response response = error_response({row.code, "why \"so\""});
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_NE(response.body.find(std::string(to_string(row.code))), std::string::npos);
    EXPECT_NE(response.body.find(R"(why \"so\")"), std::string::npos);
    if (row.header != nullptr) {
      EXPECT_TRUE(response.headers.find(row.header)) << row.header;
    }
  }
}

AccessClaims some_claims() {
  AccessClaims claims;
  claims.issuer = "https://id.example.com";
  claims.subject = UserId("u");
  claims.client_id = ClientId("c \"quoted\"");
  claims.audience = {"https://api.example.com"};
  claims.scopes = {"a", "b"};
  claims.issued_at = Instant(seconds(1'700'000'000));
  claims.expires_at = claims.issued_at + minutes(10);
  claims.jti = "j";
  claims.credential_version = 7;
  return claims;
}

TEST(Tokens, AreReadBackAndAnyChangedByteIsNoticed) {
  const auto key = SigningKey::generate();
  ASSERT_TRUE(key);
  const auto token = key->sign(claims_json(some_claims()));
  ASSERT_TRUE(token);
  const auto parsed = parse_token(*token);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->kid, key->kid());
  EXPECT_EQ(parsed->signature.size(), 64U);
  EXPECT_TRUE(key->verify(parsed->signed_part, parsed->signature));
  EXPECT_EQ(claims_json(parsed->claims), claims_json(some_claims()));
  for (std::size_t i = 0; i < token->size(); ++i) {
    std::string altered = *token;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    const auto again = parse_token(altered);
    EXPECT_FALSE(again && key->verify(again->signed_part, again->signature)) << "byte " << i;
  }
  EXPECT_FALSE(SigningKey::generate()->verify(parsed->signed_part, parsed->signature));
}

TEST(SealedKeys, AreOpenedWithTheirKekAloneAndOnlyUnderTheirName) {
  const auto kek = KeyEncryptionKeys::parse(KeyEncryptionKeys::make().reveal());
  const auto other = KeyEncryptionKeys::parse(KeyEncryptionKeys::make().reveal());
  const auto key = SigningKey::generate();
  ASSERT_TRUE(kek && other && key);
  const auto sealed = kek->seal(*key, Instant(seconds(5)));
  ASSERT_TRUE(sealed);
  const auto opened = kek->open(*sealed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->kid(), key->kid());
  EXPECT_EQ(other->open(*sealed).error().reason, "WrongKey");
  store::SealedKey altered = *sealed;
  altered.created_at += seconds(1);
  EXPECT_FALSE(kek->open(altered));
  altered = *sealed;
  altered.sealed[20] = static_cast<char>(altered.sealed[20] ^ 1);
  EXPECT_FALSE(kek->open(altered));
  EXPECT_FALSE(KeyEncryptionKeys::parse("abc"));
  EXPECT_FALSE(KeyEncryptionKeys::parse("# nothing\n"));
}

TEST(KeyRing, PublishesBeforeUseAndKeepsUntilTheLastTokenHasExpired) {
  const KeySettings settings{minutes(15), hours(24), minutes(10)};
  const Instant t0{hours(1000)};
  EXPECT_TRUE(decide_keys({}, settings, t0).make);
  std::vector<KeyAge> keys = {{"a", t0}};
  EXPECT_EQ(decide_keys(keys, settings, t0).signing, 0U) << "the first one signs at once";
  EXPECT_FALSE(decide_keys(keys, settings, t0 + hours(23)).make);
  const Instant made = t0 + hours(24) - minutes(15);
  EXPECT_TRUE(decide_keys(keys, settings, made).make);
  keys.push_back({"b", made});
  EXPECT_EQ(decide_keys(keys, settings, made).signing, 0U);
  EXPECT_FALSE(decide_keys(keys, settings, made).make);
  const Instant taken = t0 + hours(24);
  EXPECT_EQ(decide_keys(keys, settings, taken).signing, 1U);
  EXPECT_TRUE(decide_keys(keys, settings, taken + minutes(10)).remove.empty());
  EXPECT_EQ(decide_keys(keys, settings, taken + minutes(10) + kKeyMargin).remove,
            std::vector<std::string>{"a"});
}

store::ClientLookUp look_up(store::FeedPosition position, const std::string& scope = "a") {
  return {
      Instant(), position,
      store::TokenClient{UserId("00000000-0000-4000-8000-000000000001"), true, {scope}, {{1, {}, {}, {}}}}};
}
store::TokenChange user_change(store::FeedPosition position) {
  return {position, UserId("00000000-0000-4000-8000-000000000001"), ""};
}

TEST(ClientCache, KeepsNothingThatAChangeHasMadeUntrue) {
  ClientCache cache(10);
  const ClientId id("c");
  cache.put(id, look_up(7), cache.generation());
  ASSERT_TRUE(cache.find(id));
  EXPECT_EQ(cache.find(id)->user_id, look_up(7).client->user_id);
  const std::vector<store::TokenChange> changes = {user_change(8)};
  cache.apply(changes);
  EXPECT_FALSE(cache.find(id));
  cache.put(id, look_up(7), cache.generation());  // was under way while 8 was committed and read
  EXPECT_FALSE(cache.find(id));
  cache.put(id, look_up(8), cache.generation());
  EXPECT_TRUE(cache.find(id));
  const std::vector<store::TokenChange> scope = {{9, std::nullopt, "a"}};
  cache.apply(scope);
  EXPECT_FALSE(cache.find(id)) << "its scope was changed";
  const std::uint64_t before = cache.generation();
  cache.restart(3);
  cache.put(id, look_up(100), before);
  EXPECT_FALSE(cache.find(id)) << "of the database before the restore";
}

TEST(ClientCache, HoldsNoMoreThanItMay) {
  ClientCache cache(3);
  for (int i = 10; i < 30; ++i) {
    auto found = look_up(1);
    found.client->user_id = UserId("00000000-0000-4000-8000-0000000000" + std::to_string(i));
    cache.put(ClientId(std::to_string(i)), found, cache.generation());
  }
  EXPECT_EQ(cache.size(), 3U);
}

TEST(RateLimiter, CountsFailuresByClientAndAddressAndForgivesThem) {
  RateLimiter limiter({3, 1, 100, 10}, 64);
  const SteadyTime now{hours(1)};
  EXPECT_EQ(limiter.blocked("c", "1.2.3.4", now), seconds(0));
  for (int i = 0; i < 3; ++i) limiter.failed("c", "1.2.3.4", now);
  EXPECT_EQ(limiter.blocked("c", "1.2.3.4", now), seconds(1));
  EXPECT_EQ(limiter.blocked("c", "1.2.3.5", now), seconds(0)) << "another address";
  EXPECT_EQ(limiter.blocked("d", "1.2.3.4", now), seconds(0)) << "another client";
  EXPECT_EQ(limiter.blocked("c", "1.2.3.4", now + seconds(1)), seconds(0));
}

TEST(RateLimiter, OneHostOfIpv6IsOneHostWhateverItCallsItself) {
  RateLimiter limiter({3, 1, 100, 10}, 64);
  const SteadyTime now{hours(1)};
  for (const char* address : {"2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::"})
    limiter.failed("c", address, now);
  EXPECT_EQ(limiter.blocked("c", "2001:db8:0:1:1:2:3:4", now), seconds(1));
  EXPECT_EQ(limiter.blocked("c", "2001:db8:0:2::1", now), seconds(0)) << "another network";
  for (const char* address : {"::ffff:192.0.2.1", "::ffff:192.0.2.2", "::ffff:192.0.2.3"})
    limiter.failed("d", address, now);
  EXPECT_EQ(limiter.blocked("d", "::ffff:192.0.2.4", now), seconds(0)) << "IPv4 in the clothes of IPv6";
}

TEST(Endpoints, ComeFromTheIssuer) {
  const auto endpoints = endpoints_of("https://id.example.com/tenant");
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(endpoints->origin + endpoints->token, "https://id.example.com/tenant/oauth2/token");
  EXPECT_EQ(endpoints->metadata, "/.well-known/oauth-authorization-server/tenant");
  for (const char* wrong : {"https://id.example.com/", "id.example.com", "https://id.example.com?x", ""})
    EXPECT_FALSE(endpoints_of(wrong)) << wrong;
}

}  // namespace
}  // namespace neoid::oauth
