#include "controller/kube/status.h"

#include <gtest/gtest.h>

#include <string>

namespace neoid::kube {
namespace {

std::string status(int code, const std::string& reason, const std::string& details = "{}") {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"words of the server","reason":")" +
         reason + R"(","details":)" + details + R"(,"code":)" + std::to_string(code) + "}";
}

struct Case {
  const char* name;
  int status;
  std::string body;
  http::Headers headers;
  ErrorKind kind;
  const char* reason;
  int retry_after_seconds;
};

TEST(StatusError, every_answer_has_its_kind) {
  const std::string terminating =
      R"({"name":"n","causes":[{"reason":"NamespaceTerminating","message":"...","field":"metadata.namespace"}]})";
  const Case cases[] = {
      {"bad request", 400, status(400, "BadRequest"), {}, ErrorKind::Invalid, "BadRequest", 0},
      {"no token", 401, status(401, "Unauthorized"), {}, ErrorKind::Denied, "Unauthorized", 0},
      {"no right", 403, status(403, "Forbidden"), {}, ErrorKind::Denied, "Forbidden", 0},
      {"namespace goes",
       403,
       status(403, "Forbidden", terminating),
       {},
       ErrorKind::Denied,
       "NamespaceTerminating",
       0},
      {"absent", 404, status(404, "NotFound"), {}, ErrorKind::NotFound, "NotFound", 0},
      {"wrong verb", 405, status(405, "MethodNotAllowed"), {}, ErrorKind::Invalid, "MethodNotAllowed", 0},
      {"exists", 409, status(409, "AlreadyExists"), {}, ErrorKind::Conflict, "AlreadyExists", 0},
      {"stale", 409, status(409, "Conflict"), {}, ErrorKind::Conflict, "Conflict", 0},
      {"too old", 410, status(410, "Expired"), {}, ErrorKind::Conflict, "Expired", 0},
      {"gone", 410, status(410, "Gone"), {}, ErrorKind::Conflict, "Gone", 0},
      {"too large",
       413,
       status(413, "RequestEntityTooLarge"),
       {},
       ErrorKind::Invalid,
       "RequestEntityTooLarge",
       0},
      {"media type",
       415,
       status(415, "UnsupportedMediaType"),
       {},
       ErrorKind::Invalid,
       "UnsupportedMediaType",
       0},
      {"invalid", 422, status(422, "Invalid"), {}, ErrorKind::Invalid, "Invalid", 0},
      {"slow down",
       429,
       status(429, "TooManyRequests", R"({"retryAfterSeconds":2})"),
       {},
       ErrorKind::Unavailable,
       "TooManyRequests",
       2},
      {"slow down, header", 429, "Too many requests", {{"Retry-After", "7"}}, ErrorKind::Unavailable, "", 7},
      {"header that is a date",
       503,
       "",
       {{"Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"}},
       ErrorKind::Unavailable,
       "",
       0},
      {"internal", 500, status(500, "InternalError"), {}, ErrorKind::Internal, "InternalError", 0},
      {"server timeout",
       500,
       status(500, "ServerTimeout", R"({"retryAfterSeconds":1})"),
       {},
       ErrorKind::Timeout,
       "ServerTimeout",
       1},
      {"unavailable",
       503,
       status(503, "ServiceUnavailable"),
       {},
       ErrorKind::Unavailable,
       "ServiceUnavailable",
       0},
      {"timeout", 504, status(504, "Timeout"), {}, ErrorKind::Timeout, "Timeout", 0},
      {"a proxy's page", 502, "<html>Bad Gateway</html>", {}, ErrorKind::Timeout, "", 0},
      {"a redirect", 302, "", {}, ErrorKind::Internal, "", 0},
      {"half a status", 404, R"({"kind":"Status","mess)", {}, ErrorKind::NotFound, "", 0},
      {"a status of odd types",
       403,
       R"({"kind":"Status","message":5,"reason":{},"details":[],"code":"x"})",
       {},
       ErrorKind::Denied,
       "",
       0},
  };
  for (const Case& c : cases) {
    const Error error = error_from_answer({c.status, c.headers, c.body});
    EXPECT_EQ(error.kind, c.kind) << c.name;
    EXPECT_EQ(error.reason, c.reason) << c.name;
    EXPECT_EQ(error.retry_after, std::chrono::seconds(c.retry_after_seconds)) << c.name;
    EXPECT_FALSE(error.message.empty()) << c.name;
  }
}

TEST(StatusError, the_message_is_the_servers_and_pages_of_proxies_are_not_repeated) {
  EXPECT_EQ(error_from_answer({404, {}, status(404, "NotFound")}).message, "words of the server");
  EXPECT_EQ(error_from_answer({502, {}, "<html>secret</html>"}).message, "the API server answered HTTP 502");
}

}  // namespace
}  // namespace neoid::kube
