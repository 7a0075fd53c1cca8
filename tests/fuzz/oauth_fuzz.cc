// Any bytes as a request to the token service, and as a token: the parsers end without a crash, refuse with words, and
// what they let through is what an encoder would write again.
//
// Input: the Authorization header, a line break, the form body. The first line also goes to the token's parser.
//   fuzz_oauth tests/fuzz/corpus/oauth
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "controller/oauth/jwt.h"
#include "controller/oauth/request.h"
#include "reconcile/base/check.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"

namespace neoid::oauth {
namespace {

constexpr std::size_t kMaxFuzzBytes = 40'000;  // above the limit of a body

http::Request request_of(std::string_view authorization, std::string_view body) {
  http::Request request;
  request.method = "POST";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  if (!authorization.empty()) request.headers.add("Authorization", std::string(authorization));
  request.body = body;
  return request;
}

std::string form_of(const TokenRequest& request) {
  std::string body =
      "grant_type=client_credentials&client_id=" + http::percent_encode(request.client.client_id.value) +
      "&client_secret=" + http::percent_encode(request.client.secret.reveal());
  std::string scopes;
  for (const std::string& scope : request.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  if (!scopes.empty()) body += "&scope=" + http::percent_encode(scopes);
  for (const std::string& resource : request.resources) body += "&resource=" + http::percent_encode(resource);
  return body;
}

// A refusal is JSON with a code and words, and repeats no byte of what was sent but the name of a scope or a resource.
void check_refusal(const OAuthError& error) {
  const http::Response response = error_response(error);
  NEOID_CHECK(response.status >= 400 && response.status < 600);
  const auto body = parse_json(response.body);
  NEOID_CHECK(body.has_value() && !(*body)["error_description"].get<std::string>().empty());
}

void fuzz_token_request(std::string_view authorization, std::string_view body) {
  const auto parsed = parse_token_request(request_of(authorization, body));
  if (!parsed) return check_refusal(parsed.error());
  NEOID_CHECK(!parsed->client.client_id.empty() && !parsed->client.secret.empty());
  for (const std::string& scope : parsed->scopes) NEOID_CHECK(is_scope_token(scope));
  for (const std::string& resource : parsed->resources) NEOID_CHECK(is_resource(resource));
  const std::string form = form_of(*parsed);
  if (form.size() > kMaxBody_bytes) return;  // escapes are longer than what they stand for
  const auto again = parse_token_request(request_of("", form));
  NEOID_CHECK(again.has_value());
  NEOID_CHECK(again->client.client_id == parsed->client.client_id);
  NEOID_CHECK(again->client.secret == parsed->client.secret);
  NEOID_CHECK(again->scopes == parsed->scopes);
  NEOID_CHECK(again->resources == parsed->resources);
}

void fuzz_about_token(std::string_view authorization, std::string_view body) {
  const auto parsed = parse_about_token(request_of(authorization, body));
  if (!parsed) return check_refusal(parsed.error());
  NEOID_CHECK(!parsed->client.client_id.empty() && !parsed->token.empty());
}

void fuzz_token(std::string_view text) {
  const auto parsed = parse_token(text);
  if (!parsed) return;
  NEOID_CHECK(text.starts_with(parsed->signed_part));
  NEOID_CHECK(!parsed->claims.jti.empty());
  // One value, one text: nothing but these bytes is this token.
  NEOID_CHECK(parsed->signed_part + "." + base64url(parsed->signature) == text);
  const auto claims = parse_json(claims_json(parsed->claims));
  NEOID_CHECK(claims.has_value());
  static const SigningKey key = *SigningKey::generate();
  NEOID_CHECK(!key.verify(parsed->signed_part, parsed->signature));
  // The same claims under our key are read back as they are.
  const auto token = key.sign(claims_json(parsed->claims));
  NEOID_CHECK(token.has_value());
  const auto own = parse_token(*token);
  NEOID_CHECK(own.has_value() && own->kid == key.kid());
  NEOID_CHECK(key.verify(own->signed_part, own->signature));
  NEOID_CHECK(claims_json(own->claims) == claims_json(parsed->claims));
}

void fuzz_oauth(std::string_view bytes) {
  if (bytes.size() > kMaxFuzzBytes) return;
  const std::string_view head = bytes.substr(0, bytes.find('\n'));
  const std::string_view body = bytes.substr(std::min(head.size() + 1, bytes.size()));
  fuzz_token_request(head, body);
  fuzz_about_token(head, body);
  fuzz_token(head);
}

}  // namespace
}  // namespace neoid::oauth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  neoid::oauth::fuzz_oauth({reinterpret_cast<const char*>(data), size});
  return 0;
}
