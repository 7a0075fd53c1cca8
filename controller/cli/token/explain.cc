#include "controller/cli/token/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "controller/http/headers.h"
#include "controller/oauth/jwt.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/member.h"

namespace neoid::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxShown_bytes = 300;
constexpr Duration kClockTolerance = 30s;

// Of a date of RFC 7519: seconds since 1970, perhaps with a fraction.
std::optional<Instant> time_of(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds < 253402300800.0)) return std::nullopt;
  return Instant(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string list_of(const std::vector<std::string>& items) {
  return items.empty() ? "none" : printable(fmt::format("{}", fmt::join(items, " ")));
}

bool has(const std::vector<std::string>& items, const std::string& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

// A claim as it is shown: texts without their quotes.
std::string value_of(const Json& value) {
  return printable(value.is_string() ? value.get<std::string>() : to_json(value));
}

std::vector<std::string> audience_of(const Json& claims) {
  const auto found = claims.find("aud");
  std::vector<std::string> audience;
  if (found == claims.end()) return audience;
  for (const Json& one : found->is_array() ? *found : Json::array({*found}))
    if (one.is_string()) audience.push_back(one.get<std::string>());
  return audience;
}

struct Cause {
  std::string_view code;
  std::string_view what;
  std::string_view remedy;
};

// What a person makes of an error; {} is where the credential came from.
constexpr Cause kCauses[] = {
    {"invalid_client",
     "the service does not accept this client: its ID is unknown, its user is inactive, or its secret is "
     "wrong, revoked or has ended",
     "compare with `neoid status NAMESPACE/NAME`: is it active, is this secret the current version? A copy "
     "outside of "
     "the Secret is old after a rotation: read the Secret again"},
    {"invalid_scope", "a scope that was asked for is not granted, or none is granted at all",
     "ask without --scope to see what is granted; put the scope into spec.scopes, and see the condition "
     "ScopesResolved"},
    {"invalid_target", "no tokens are issued here for the resource that was asked for",
     "ask without --resource for the default one; the service lists the others in its --audience"},
    {"unauthorized_client", "the client may not use this grant",
     "it is the service's choice: ask whoever runs it"},
    {"unsupported_grant_type", "the service does not issue tokens for client credentials",
     "is --token-url that of the token service?"},
    {"invalid_request", "the service did not understand the request",
     "is --token-url that of the token service?"},
    {"temporarily_unavailable", "the service cannot answer now", "wait, then ask again"},
    {"server_error", "the service failed", "read its log"},
};

void explain_refusal(const AskedToken& asked, const TokenAnswer& answer, const Json& body,
                     Explanation& result) {
  const std::string code = text_at(body, "error");
  result.error = code.empty() ? fmt::format("status {}", answer.status) : printable(code);
  const std::string told = text_at(body, "error_description");
  if (!told.empty()) result.facts.emplace_back("told", printable(told));
  const std::string wait = answer.retry_after.empty()
                               ? ""
                               : fmt::format(" (Retry-After: {} seconds)", printable(answer.retry_after));
  if (answer.status == 429) {
    result.remarks.push_back({"too many attempts failed for this client from this address" + wait,
                              "find who still asks with an old secret (restart it, so that it reads its "
                              "Secret again), then wait"});
    return;
  }
  const auto* cause = std::find_if(std::begin(kCauses), std::end(kCauses),
                                   [&](const Cause& one) { return one.code == code; });
  if (cause != std::end(kCauses)) {
    result.remarks.push_back({std::string(cause->what) + wait, std::string(cause->remedy)});
    if (code == "invalid_client" && !asked.credential.empty())
      result.remarks.push_back({"the credential came from " + asked.credential, ""});
    return;
  }
  // A service that knows OAuth answers 404 at none of its endpoints, whatever its JSON says.
  if (code.empty() || answer.status == 404)
    result.remarks.push_back(
        {fmt::format("{} answers {} with {}, which is no answer of a token endpoint", asked.token_url,
                     answer.status,
                     answer.content_type.empty() ? "no content type" : printable(answer.content_type)),
         answer.status >= 500 ? "is there a proxy in between, and does the service run?"
                              : "is it the right URL? --issuer finds it by itself"});
  else
    result.remarks.push_back(
        {"the service answers with an error that this command does not know", "ask whoever runs it"});
}

void explain_times(const Json& body, Instant now, Explanation& result) {
  const auto issued = time_of(result.claims, "iat");
  result.expires_at = time_of(result.claims, "exp");
  const auto lifetime = body.find("expires_in");
  const bool told = lifetime != body.end() && lifetime->is_number_integer() &&
                    lifetime->get<std::int64_t>() >= 0 && lifetime->get<std::int64_t>() < 253402300800;
  if (!result.expires_at && told)
    result.expires_at = now + std::chrono::seconds(lifetime->get<std::int64_t>());
  if (issued) result.facts.emplace_back("issued", format_time(*issued));
  if (!result.expires_at) {
    result.facts.emplace_back("expires", "not said");
    return;
  }
  const Duration left = *result.expires_at - now;
  result.facts.emplace_back(
      "expires", fmt::format("{} ({})", format_time(*result.expires_at),
                             left < Duration(0) ? in_words(-left) + " ago" : "in " + in_words(left)));
  if (!issued) return;
  const Duration off = *issued - now;
  if (off > kClockTolerance || off < -kClockTolerance)
    result.remarks.push_back(
        {fmt::format("this machine's clock is {} {} the service's", in_words(off < Duration(0) ? -off : off),
                     off < Duration(0) ? "ahead of" : "behind"),
         "set it right (NTP): whoever verifies tokens by it refuses good ones or takes ended ones"});
}

void explain_claims(const AskedToken& asked, Explanation& result) {
  for (const char* name : {"alg", "typ", "kid"})
    if (result.header.contains(name)) result.facts.emplace_back(name, value_of(result.header[name]));
  static constexpr std::pair<const char*, const char*> kShown[] = {
      {"issuer", "iss"}, {"subject", "sub"}, {"client ID", "client_id"}};
  for (const auto& [label, name] : kShown)
    if (result.claims.contains(name)) result.facts.emplace_back(label, value_of(result.claims[name]));
  const auto audience = audience_of(result.claims);
  result.facts.emplace_back("audience", list_of(audience));
  static constexpr std::array<std::string_view, 8> kTold = {"iss",   "sub", "client_id", "aud",
                                                            "scope", "iat", "exp",       "nbf"};
  for (const auto& [name, value] : result.claims.items())
    if (std::find(kTold.begin(), kTold.end(), name) == kTold.end())
      result.facts.emplace_back(printable(name), value_of(value));

  const std::string issuer = text_at(result.claims, "iss");
  if (!asked.issuer.empty() && issuer != asked.issuer)
    result.remarks.push_back(
        {fmt::format(
             "the token's issuer is {}, and {} was expected: a resource server that compares them refuses it",
             printable(issuer), printable(asked.issuer)),
         "the controller's --issuer and the token service's --issuer must be one text"});
  for (const std::string& resource : asked.resources)
    if (!has(audience, resource))
      result.remarks.push_back({"the token is not for " + printable(resource) + ", which was asked for",
                                "ask whoever runs the service"});
}

void explain_scopes(const AskedToken& asked, const Json& body, Explanation& result) {
  // RFC 6749 section 5.1: left out where it is what was asked for.
  const auto told = body.find("scope");
  const std::string claimed = text_at(result.claims, "scope");
  if (told != body.end() && told->is_string())
    result.granted = words_of(told->get<std::string>());
  else if (!claimed.empty())
    result.granted = words_of(claimed);
  else
    result.granted = asked.scopes;
  result.facts.emplace_back("asked",
                            asked.scopes.empty() ? "everything that is granted" : list_of(asked.scopes));
  result.facts.emplace_back("granted", list_of(result.granted));
  for (const std::string& scope : asked.scopes)
    if (!has(result.granted, scope)) result.withheld.push_back(scope);
  if (!result.withheld.empty())
    result.remarks.push_back({"asked for and not granted: " + list_of(result.withheld),
                              "put it into spec.scopes, and see the condition ScopesResolved"});
  if (!result.claims.is_null()) {
    auto in_token = words_of(claimed), in_answer = result.granted;
    std::sort(in_token.begin(), in_token.end());
    std::sort(in_answer.begin(), in_answer.end());
    if (!claimed.empty() && in_token != in_answer)
      result.remarks.push_back(
          {"the token says other scopes than the answer around it: " + printable(claimed),
           "believe the token"});
  }
}

// Header and claims where the token is a JWT.
void take_apart(Explanation& result) {
  const std::string_view token = result.token.reveal();
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return;
  const auto header = oauth::unbase64url(token.substr(0, first));
  const auto payload = oauth::unbase64url(token.substr(first + 1, second - first - 1));
  if (!header || !payload) return;
  auto head = parse_json(*header, 64);
  auto body = parse_json(*payload, 64);
  if (!head || !body || !head->is_object() || !body->is_object()) return;
  result.header = std::move(*head);
  result.claims = std::move(*body);
}

}  // namespace

std::string in_words(Duration duration) {
  static constexpr std::pair<std::int64_t, const char*> kParts[] = {
      {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
  std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  std::string text;
  int shown = 0;
  for (const auto& [size, name] : kParts) {
    const std::int64_t count = seconds / size;
    seconds %= size;
    if (count == 0) continue;
    text += fmt::format("{}{} {}{}", text.empty() ? "" : " ", count, name, count == 1 ? "" : "s");
    if (++shown == 2) break;
  }
  return text.empty() ? "0 seconds" : text;
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kMaxShown_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  return text.size() > kMaxShown_bytes ? shown + "..." : shown;
}

Explanation explain_token(const AskedToken& asked, const TokenAnswer& answer, Instant now) {
  Explanation result;
  const auto parsed = parse_json(answer.body, 64);
  const Json body = parsed && parsed->is_object() ? *parsed : Json::object();
  std::string token = text_at(body, "access_token");
  if (answer.status != 200 || token.empty()) {
    cleanse(token);
    explain_refusal(asked, answer, body, result);
    return result;
  }
  result.token = Secret(std::move(token));
  const std::string type = text_at(body, "token_type");
  if (!http::equal_ignoring_case(type, "Bearer"))
    result.remarks.push_back(
        {"the token's type is '" + printable(type) + "', not Bearer", "ask whoever runs the service"});
  take_apart(result);
  if (result.claims.is_null())
    result.facts.emplace_back("token", "opaque (no JWT): only introspection says what is in it");
  else
    explain_claims(asked, result);
  explain_scopes(asked, body, result);
  explain_times(body, now, result);
  return result;
}

}  // namespace neoid::cli
