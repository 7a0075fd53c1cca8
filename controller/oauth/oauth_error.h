// What the endpoints refuse with: the error of an RFC, its status, and the answer that tells it.
//
// RFC 6749 section 5.2, RFC 7009 section 2.2.1, RFC 8707 section 2 (invalid_target), RFC 6585 section 4 (429).
// A description is constant text or names what was asked for; never a secret, a token or a hash. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "controller/http/server.h"

namespace neoid::oauth {

enum class ErrorCode {
  InvalidRequest,
  InvalidClient,  // 401 with WWW-Authenticate
  InvalidScope,
  InvalidTarget,
  UnauthorizedClient,
  UnsupportedGrantType,
  TooManyAttempts,         // 429 with Retry-After
  TemporarilyUnavailable,  // 503 with Retry-After
  ServerError,             // 500
};

struct OAuthError {
  ErrorCode code = ErrorCode::InvalidRequest;
  std::string description;
  std::chrono::seconds retry_after{1};  // of the two that have Retry-After
};

std::string_view to_string(ErrorCode code);  // "invalid_client"
int status_of(ErrorCode code);

// JSON that no cache keeps.
http::Response json_response(int status, std::string body);
http::Response error_response(const OAuthError& error);

// A JSON string with its quotes.
std::string json_quote(std::string_view text);

}  // namespace neoid::oauth
