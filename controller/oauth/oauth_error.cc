#include "controller/oauth/oauth_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reconcile/value/json.h"

namespace neoid::oauth {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidRequest: return "invalid_request";
    case ErrorCode::InvalidClient: return "invalid_client";
    case ErrorCode::InvalidScope: return "invalid_scope";
    case ErrorCode::InvalidTarget: return "invalid_target";
    case ErrorCode::UnauthorizedClient: return "unauthorized_client";
    case ErrorCode::UnsupportedGrantType: return "unsupported_grant_type";
    case ErrorCode::TooManyAttempts:
    case ErrorCode::TemporarilyUnavailable: return "temporarily_unavailable";
    case ErrorCode::ServerError: return "server_error";
  }
  return "server_error";
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidRequest:
    case ErrorCode::InvalidScope:
    case ErrorCode::InvalidTarget:
    case ErrorCode::UnauthorizedClient:
    case ErrorCode::UnsupportedGrantType: return 400;
    case ErrorCode::InvalidClient: return 401;
    case ErrorCode::TooManyAttempts: return 429;
    case ErrorCode::TemporarilyUnavailable: return 503;
    case ErrorCode::ServerError: return 500;
  }
  return 500;
}

std::string json_quote(std::string_view text) {
  // Nearly every text is made of these alone.
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (plain) {
    std::string quoted;
    quoted.reserve(text.size() + 2);
    quoted += '"';
    quoted += text;
    quoted += '"';
    return quoted;
  }
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json;charset=UTF-8"},
                      {"Cache-Control", "no-store"},
                      {"Pragma", "no-cache"}};
  response.body = std::move(body);
  return response;
}

http::Response error_response(const OAuthError& error) {
  http::Response response =
      json_response(status_of(error.code), fmt::format(R"({{"error":"{}","error_description":{}}})",
                                                       to_string(error.code), json_quote(error.description)));
  if (error.code == ErrorCode::InvalidClient)
    response.headers.add("WWW-Authenticate", "Basic realm=\"neoid\", charset=\"UTF-8\"");
  if (error.code == ErrorCode::TooManyAttempts || error.code == ErrorCode::TemporarilyUnavailable)
    response.headers.add("Retry-After", fmt::format("{}", error.retry_after.count()));
  return response;
}

}  // namespace neoid::oauth
