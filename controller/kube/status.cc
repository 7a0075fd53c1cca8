#include "controller/kube/status.h"

#include <charconv>
#include <string>
#include <string_view>

#include "reconcile/value/json_text.h"
#include "reconcile/value/member.h"

namespace neoid::kube {
namespace {

ErrorKind kind_of(int code, std::string_view reason) {
  if (reason == "ServerTimeout" || reason == "Timeout") return ErrorKind::Timeout;
  switch (code) {
    case 401: return ErrorKind::Denied;
    case 403: return ErrorKind::Denied;
    case 404: return ErrorKind::NotFound;
    case 408: return ErrorKind::Timeout;
    case 409: return ErrorKind::Conflict;
    case 410: return ErrorKind::Conflict;
    case 429: return ErrorKind::Unavailable;
    case 502: return ErrorKind::Timeout;
    case 503: return ErrorKind::Unavailable;
    case 504: return ErrorKind::Timeout;
    default: break;
  }
  return code >= 400 && code < 500 ? ErrorKind::Invalid : ErrorKind::Internal;
}

// Seconds. Dates are not understood; Kubernetes sends none.
std::chrono::milliseconds seconds_of(std::string_view text) {
  int seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return std::chrono::seconds(whole && seconds > 0 ? seconds : 0);
}

Error from_status(const Json& status, int code) {
  const Json details = member_at(status, "details");
  Error error{ErrorKind::Internal, text_at(status, "message"), text_at(status, "reason")};
  error.kind = kind_of(code, error.reason);
  if (error.message.empty()) error.message = "the API server answered " + std::to_string(code);
  const Json causes = member_at(details, "causes");
  if (code == 403 && causes.is_array() && !causes.empty()) {
    const std::string cause = text_at(causes.front(), "reason");
    if (!cause.empty()) error.reason = cause;
  }
  const Json seconds = member_at(details, "retryAfterSeconds");
  if (seconds.is_number_integer() && seconds > 0)
    error.retry_after = std::chrono::seconds(seconds.get<int>());
  return error;
}

}  // namespace

Error error_from_answer(const http::ClientResponse& answer) {
  const auto parsed = parse_json(answer.body);
  Error error;
  if (parsed && text_at(*parsed, "kind") == "Status") {
    error = from_status(*parsed, answer.status);
  } else {
    error.kind = kind_of(answer.status, "");
    error.message = "the API server answered HTTP " + std::to_string(answer.status);
  }
  const auto header = seconds_of(answer.headers.get("Retry-After"));
  if (header.count() > 0) error.retry_after = header;
  return error;
}

Error error_from_status(const Json& status) {
  const Json code = member_at(status, "code");
  return from_status(status, code.is_number_integer() ? code.get<int>() : 500);
}

}  // namespace neoid::kube
