// What a token endpoint may answer, and what a person is told about it.
#include "controller/cli/token/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "controller/cli/token/fetch.h"
#include "reconcile/base/crypto.h"

namespace neoid::cli {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const Instant kNow{seconds(1'800'000'000)};

std::string jwt(const Json& claims) {
  return base64url(R"({"alg":"ES256","typ":"at+jwt","kid":"k"})") + "." + base64url(claims.dump()) + "." +
         base64url("s");
}
Json claims() {
  return {{"iss", "https://id"},  {"sub", "u"},     {"client_id", "c"},
          {"aud", "https://api"}, {"scope", "a b"}, {"iat", 1'800'000'000},
          {"exp", 1'800'000'598}, {"jti", "j"},     {"credential_version", 7}};
}
TokenAnswer issued(const Json& claims, const Json& more = Json::object()) {
  Json body = {
      {"access_token", jwt(claims)}, {"token_type", "Bearer"}, {"expires_in", 598}, {"scope", "a b"}};
  body.update(more);
  return {200, "application/json", "", body.dump()};
}
AskedToken asked() {
  return {
      "the Secret apps/billing", "https://id/oauth2/token", ClientId(std::string("c")), {}, {}, "https://id"};
}

std::string fact(const Explanation& explained, const std::string& label) {
  for (const auto& [name, text] : explained.facts)
    if (name == label) return text;
  return "no " + label;
}
std::string remarks(const Explanation& explained) {
  std::string text;
  for (const Remark& remark : explained.remarks) text += remark.what + " -> " + remark.remedy + "\n";
  return text;
}

TEST(ExplainToken, SaysWhatAGoodTokenIsAndRemarksNothing) {
  const Explanation explained = explain_token(asked(), issued(claims()), kNow);
  EXPECT_TRUE(explained.issued());
  EXPECT_EQ(explained.token.reveal(), jwt(claims()));
  EXPECT_EQ(fact(explained, "alg"), "ES256");
  EXPECT_EQ(fact(explained, "client ID"), "c");
  EXPECT_EQ(fact(explained, "audience"), "https://api");
  EXPECT_EQ(fact(explained, "credential_version"), "7");
  EXPECT_EQ(fact(explained, "asked"), "everything that is granted");
  EXPECT_EQ(fact(explained, "granted"), "a b");
  EXPECT_EQ(fact(explained, "expires"), "2027-01-15T08:09:58Z (in 9 minutes 58 seconds)");
  EXPECT_EQ(remarks(explained), "");
}

TEST(ExplainToken, RemarksWhatAResourceServerWouldStumbleOver) {
  struct Row {
    const char* what;
    AskedToken asked;
    TokenAnswer answer;
    Instant now;
    const char* remark;
  };
  AskedToken more = asked();
  more.scopes = {"a", "c"};
  AskedToken other = asked();
  other.issuer = "https://other";
  AskedToken elsewhere = asked();
  elsewhere.resources = {"https://elsewhere"};
  const Row table[] = {
      {"less than was asked for", more, issued(claims()), kNow, "not granted: c"},
      {"another issuer", other, issued(claims()), kNow,
       "issuer is https://id, and https://other was expected"},
      {"another audience", elsewhere, issued(claims()), kNow, "not for https://elsewhere"},
      {"a clock ahead", asked(), issued(claims()), kNow + minutes(5), "clock is 5 minutes ahead of"},
      {"a clock behind", asked(), issued(claims()), kNow - minutes(2), "clock is 2 minutes behind"},
      {"another type", asked(), issued(claims(), {{"token_type", "mac"}}), kNow, "type is 'mac'"},
      {"two stories", asked(), issued(claims(), {{"scope", "a"}}), kNow, "other scopes than the answer"},
  };
  for (const Row& row : table)
    EXPECT_THAT(remarks(explain_token(row.asked, row.answer, row.now)), HasSubstr(row.remark)) << row.what;
}

TEST(ExplainToken, AnOpaqueTokenIsATokenToo) {
  const Explanation explained = explain_token(
      asked(),
      {200, "application/json", "", R"({"access_token":"abc","token_type":"bearer","expires_in":60})"}, kNow);
  EXPECT_TRUE(explained.issued());
  EXPECT_THAT(fact(explained, "token"), HasSubstr("opaque"));
  EXPECT_THAT(fact(explained, "expires"), HasSubstr("in 1 minute"));
}

TEST(ExplainToken, AnEndedTokenHasEnded) {
  const Explanation explained = explain_token(asked(), issued(claims()), kNow + hours(1));
  EXPECT_THAT(fact(explained, "expires"), HasSubstr("50 minutes 2 seconds ago"));
}

TEST(ExplainToken, EveryErrorHasItsCauseAndARemedy) {
  struct Row {
    int status;
    const char* body;
    const char* error;
    const char* remark;
  };
  const Row table[] = {
      {401, R"({"error":"invalid_client"})", "invalid_client", "neoid status"},
      {401, R"({"error":"invalid_client"})", "invalid_client", "came from the Secret apps/billing"},
      {400, R"({"error":"invalid_scope"})", "invalid_scope", "spec.scopes"},
      {400, R"({"error":"invalid_target"})", "invalid_target", "--audience"},
      {400, R"({"error":"unsupported_grant_type"})", "unsupported_grant_type", "--token-url"},
      {429, R"({"error":"temporarily_unavailable"})", "temporarily_unavailable", "Retry-After: 7 seconds"},
      {503, R"({"error":"temporarily_unavailable"})", "temporarily_unavailable", "wait"},
      {400, R"({"error":"strange"})", "strange", "does not know"},
      {404, "<html>", "status 404", "is it the right URL"},
      {404, R"({"error":"not_found"})", "not_found", "is it the right URL"},
      {502, "", "status 502", "proxy"},
      {200, "{}", "status 200", "no answer of a token endpoint"},
      {200, R"({"access_token":5})", "status 200", "no answer of a token endpoint"},
      {302, "[]", "status 302", "no answer of a token endpoint"},
  };
  for (const Row& row : table) {
    const Explanation explained = explain_token(asked(), {row.status, "text/html", "7", row.body}, kNow);
    EXPECT_FALSE(explained.issued()) << row.body;
    EXPECT_EQ(explained.error, row.error) << row.body;
    EXPECT_THAT(remarks(explained), HasSubstr(row.remark)) << row.body;
  }
}

TEST(ExplainToken, NothingThatATerminalObeysIsShown) {
  Json hostile = claims();
  hostile["iss"] = "\x1b[2Jgone";
  hostile["\x1b[31mred"] = "\x07";
  const Explanation explained = explain_token(asked(), issued(hostile, {{"scope", "a\nb\x1b"}}), kNow);
  const Explanation refused = explain_token(
      asked(), {400, "a\x1b", "\x1b", R"({"error":"\u001b[2J","error_description":"\u001b]0;x\u0007"})"},
      kNow);
  for (const Explanation* one : {&explained, &refused}) {
    std::string all = one->error + remarks(*one);
    for (const auto& [label, text] : one->facts) all += label + text;
    EXPECT_TRUE(std::all_of(all.begin(), all.end(), [](char c) {
      return (c >= ' ' && c <= '~') || c == '\n';
    })) << all;
  }
}

TEST(InWords, AreTheTwoLargestParts) {
  EXPECT_EQ(in_words(seconds(0)), "0 seconds");
  EXPECT_EQ(in_words(seconds(1)), "1 second");
  EXPECT_EQ(in_words(minutes(10)), "10 minutes");
  EXPECT_EQ(in_words(hours(25) + seconds(5)), "1 day 1 hour");
}

TEST(SecretContents, AreReadUnderTheNamesThatTheResourceChose) {
  Json secret = {{"data",
                  {{"client_id", base64("c")},
                   {"client_secret", base64("s")},
                   {"ID", base64("d")},
                   {"issuer", base64("https://id")},
                   {"KEY", "%%"}}}};
  Json copy = secret;
  auto contents = read_contents(copy, "apps/billing", Json::object());
  ASSERT_TRUE(contents) << contents.error().describe();
  EXPECT_EQ(contents->client_id.value, "c");
  EXPECT_EQ(contents->client_secret.reveal(), "s");
  EXPECT_EQ(contents->issuer, "https://id");
  EXPECT_EQ(copy.dump().find(base64("s")), std::string::npos) << "the plaintext is taken out";
  copy = secret;
  EXPECT_EQ(read_contents(copy, "apps/billing", {{"clientID", "ID"}})->client_id.value, "d");
  copy = secret;
  EXPECT_THAT(read_contents(copy, "apps/billing", {{"clientSecret", "none"}}).error().describe(),
              HasSubstr("under the keys client_id and none"));
  copy = secret;
  EXPECT_THAT(read_contents(copy, "apps/billing", {{"clientSecret", "KEY"}}).error().describe(),
              HasSubstr("is not base64"));
}

TEST(FetchToken, AWrongCallIsToldBeforeAnythingIsSent) {
  struct Row {
    TokenOptions options;
    const char* told;
  };
  TokenOptions nobody, half, both, scope, resource;
  half.client_id = "c";
  both.secret = "apps/billing";
  both.client_id = "c";
  both.client_secret_file = "f";
  scope.secret = resource.secret = "apps/billing";
  scope.scopes = {"a\"b"};
  resource.resources = {"/relative"};
  const Row table[] = {{nobody, "--secret NAMESPACE/NAME"},
                       {half, "belong together"},
                       {both, "--secret NAMESPACE/NAME"},
                       {scope, "not the name of a scope"},
                       {resource, "no absolute URI"}};
  for (const Row& row : table) {
    std::ostringstream out, err;
    EXPECT_EQ(fetch_token({}, row.options, kNow, {out, err}), kWrongCall);
    EXPECT_THAT(err.str(), HasSubstr(row.told));
    EXPECT_EQ(out.str(), "");
  }
}

}  // namespace
}  // namespace neoid::cli
