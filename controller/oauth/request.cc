#include "controller/oauth/request.h"

#include <algorithm>
#include <utility>

#include "reconcile/base/crypto.h"

namespace neoid::oauth {
namespace {

// One decoded form value; texts of secrets are moved out of it, never copied.
struct Parameter {
  std::string name;
  std::string value;
};
using Parameters = std::vector<Parameter>;

void wipe(Parameters& parameters) {
  for (Parameter& one : parameters) cleanse(one.value);
}

// Wiped when it goes: one of the values may be a secret or a token.
struct Form {
  Parameters parameters;

  Form() = default;
  Form(Form&&) = default;
  Form& operator=(Form&&) = default;
  ~Form() { wipe(parameters); }

  bool has(std::string_view name) const {
    return std::any_of(parameters.begin(), parameters.end(),
                       [&](const Parameter& one) { return one.name == name; });
  }
  std::string take(std::string_view name) {
    for (Parameter& one : parameters) {
      if (one.name == name) return std::exchange(one.value, {});
    }
    return {};
  }
};

// application/x-www-form-urlencoded; nothing: a broken escape, or bytes that are no text.
std::optional<std::string> form_decode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  auto decoded = http::percent_decode(spaced);
  cleanse(spaced);
  if (decoded && decoded->find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

Outcome<Form> parse_form(std::string_view body) {
  if (body.size() > kMaxBody_bytes) return refuse(ErrorCode::InvalidRequest, "the body is too long");
  Form form;
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(piece.size() + 1, body.size()));
    if (piece.empty()) continue;
    const std::size_t equals = piece.find('=');
    auto name = form_decode(piece.substr(0, equals));
    auto value =
        form_decode(equals == std::string_view::npos ? std::string_view() : piece.substr(equals + 1));
    if (!name || !value)
      return refuse(ErrorCode::InvalidRequest, "the body is not application/x-www-form-urlencoded");
    if (value->empty()) continue;  // RFC 6749 section 3.2: as if it were omitted
    if (*name != "resource" && form.has(*name))
      return refuse(ErrorCode::InvalidRequest, "a parameter is there more than once");
    if (form.parameters.size() == kMaxParameters)
      return refuse(ErrorCode::InvalidRequest, "there are too many parameters");
    form.parameters.push_back({std::move(*name), std::move(*value)});
  }
  return form;
}

// The media type without its parameters.
bool is_form(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return http::equal_ignoring_case(type, "application/x-www-form-urlencoded");
}

Outcome<Form> read_form(const http::Request& request) {
  if (!is_form(request.header("Content-Type")))
    return refuse(ErrorCode::InvalidRequest, "the Content-Type must be application/x-www-form-urlencoded");
  // RFC 6749 section 2.3.1: never in the request URI, which is logged everywhere.
  if (!request.query.empty())
    return refuse(ErrorCode::InvalidRequest, "parameters belong into the body, not into the URI");
  return parse_form(request.body);
}

tl::unexpected<OAuthError> no_client(const char* why) { return refuse(ErrorCode::InvalidClient, why); }

Outcome<ClientCredential> parse_basic(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (!http::equal_ignoring_case(authorization.substr(0, space), "Basic"))
    return no_client("the Authorization header is not of the scheme Basic");
  std::string_view encoded =
      space == std::string_view::npos ? std::string_view() : authorization.substr(space + 1);
  while (encoded.starts_with(' ')) encoded.remove_prefix(1);
  auto pair = unbase64(encoded);
  if (!pair) return no_client("the Authorization header is not valid base64");
  const std::size_t colon = pair->find(':');
  std::optional<std::string> id;
  std::optional<std::string> secret;
  if (colon != std::string::npos) {
    id = form_decode(std::string_view(*pair).substr(0, colon));
    secret = form_decode(std::string_view(*pair).substr(colon + 1));
  }
  cleanse(*pair);
  if (!id || !secret || id->empty() || secret->empty())
    return no_client("the Authorization header is not client_id:client_secret, each percent-encoded");
  return ClientCredential{ClientId(std::move(*id)), Secret(std::move(*secret))};
}

Outcome<ClientCredential> read_client(const http::Request& request, Form& form) {
  const auto headers = request.headers.all("Authorization");
  std::string id = form.take("client_id");
  Secret secret(form.take("client_secret"));
  if (form.has("client_assertion") || form.has("client_assertion_type"))
    return no_client("client assertions are not supported: use client_secret_basic or client_secret_post");
  if (headers.empty()) {
    if (id.empty() || secret.empty()) return no_client("client_id and client_secret are needed");
    return ClientCredential{ClientId(std::move(id)), std::move(secret)};
  }
  if (headers.size() > 1 || !secret.empty())
    return refuse(ErrorCode::InvalidRequest, "the client authenticates more than once");
  auto client = parse_basic(headers.front());
  if (client && !id.empty() && id != client->client_id.value)
    return refuse(ErrorCode::InvalidRequest, "client_id is another one than in the Authorization header");
  return client;
}

Outcome<std::vector<std::string>> split_scopes(const std::string& text) {
  std::vector<std::string> scopes;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    if (end > start) {
      scopes.push_back(text.substr(start, end - start));
      if (!is_scope_token(scopes.back()))
        return refuse(ErrorCode::InvalidScope, "scope holds a character that RFC 6749 does not allow");
    }
    start = end + 1;
  }
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  return scopes;
}

}  // namespace

bool is_scope_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

bool is_resource(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto in_scheme = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  const std::string_view scheme = text.substr(0, colon);
  return letter(text.front()) && std::all_of(scheme.begin(), scheme.end(), in_scheme) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '#' && c != '"' && c != '\\'; });
}

Outcome<TokenRequest> parse_token_request(const http::Request& request) {
  auto form = read_form(request);
  if (!form) return tl::unexpected(form.error());
  const std::string grant_type = form->take("grant_type");
  auto client = read_client(request, *form);
  if (!client) return tl::unexpected(client.error());
  if (grant_type.empty()) return refuse(ErrorCode::InvalidRequest, "grant_type is missing");
  if (grant_type != "client_credentials")
    return refuse(ErrorCode::UnsupportedGrantType, "grant_type must be client_credentials");
  auto scopes = split_scopes(form->take("scope"));
  if (!scopes) return tl::unexpected(scopes.error());
  TokenRequest parsed{std::move(*client), std::move(*scopes), {}};
  for (Parameter& one : form->parameters) {
    if (one.name != "resource") continue;
    if (!is_resource(one.value))
      return refuse(ErrorCode::InvalidTarget, "resource must be an absolute URI without a fragment");
    if (std::find(parsed.resources.begin(), parsed.resources.end(), one.value) == parsed.resources.end())
      parsed.resources.push_back(std::move(one.value));
  }
  return parsed;
}

Outcome<AboutToken> parse_about_token(const http::Request& request) {
  auto form = read_form(request);
  if (!form) return tl::unexpected(form.error());
  auto client = read_client(request, *form);
  if (!client) return tl::unexpected(client.error());
  Secret token(form->take("token"));  // token_type_hint is a hint: there is one type
  if (token.empty()) return refuse(ErrorCode::InvalidRequest, "token is missing");
  return AboutToken{std::move(*client), std::move(token)};
}

}  // namespace neoid::oauth
