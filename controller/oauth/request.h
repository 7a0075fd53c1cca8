// What a client sends to the token, introspection and revocation endpoints, parsed strictly. Pure.
//
// Form bodies (RFC 6749 appendix B), client authentication (section 2.3.1: Basic with percent-encoded parts, or
// both in the body, never two at once), parameters at most once (section 3.2), empty ones as if absent, none in
// the URI. A parsed request says nothing about whether the client may.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/server.h"
#include "controller/oauth/oauth_error.h"
#include "reconcile/base/ids.h"
#include "reconcile/base/secret.h"

namespace neoid::oauth {

inline constexpr std::size_t kMaxBody_bytes = 32 << 10;
inline constexpr std::size_t kMaxParameters = 64;

template <class T>
using Outcome = tl::expected<T, OAuthError>;
inline tl::unexpected<OAuthError> refuse(ErrorCode code, std::string description) {
  return tl::unexpected<OAuthError>(OAuthError{code, std::move(description)});
}

struct ClientCredential {
  ClientId client_id;
  Secret secret;
};

struct TokenRequest {
  ClientCredential client;
  std::vector<std::string> scopes;     // asked for, sorted, no duplicates; empty: the parameter is absent
  std::vector<std::string> resources;  // RFC 8707; in order, no duplicates
};

// Introspection (RFC 7662) and revocation (RFC 7009).
struct AboutToken {
  ClientCredential client;
  Secret token;
};

Outcome<TokenRequest> parse_token_request(const http::Request& request);
Outcome<AboutToken> parse_about_token(const http::Request& request);

// scope-token of RFC 6749 section 3.3: printable ASCII but for space, quote and backslash.
bool is_scope_token(std::string_view text);
// An absolute URI without fragment (RFC 8707 section 2).
bool is_resource(std::string_view text);

}  // namespace neoid::oauth
