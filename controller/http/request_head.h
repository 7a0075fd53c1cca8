// The head of a request: strict parsing, and what frames its body. Pure.
//
// cpp-httplib's own parser decodes escapes in header values, takes ambiguous framing and has no cap on the number
// of fields; so the head is read here, and cpp-httplib is given one that holds the framing alone.
// Source: RFC 9112 sections 2 to 6.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "controller/http/server.h"

namespace neoid::http {

enum class Framing { None, Length, Chunked };

struct RequestHead {
  Request request;  // body and peer still empty
  Framing framing = Framing::None;
  std::size_t content_length = 0;
  bool close = false;  // the client wants, or its version implies, an end after the answer
  bool expects_continue = false;
  bool http_1_0 = false;
};

struct HeadError {
  int status = 400;
  std::string message;
};

// `head` ends with the empty line. Refuses what two parsers could read differently.
tl::expected<RequestHead, HeadError> parse_request_head(std::string_view head, const ServerLimits& limits);

}  // namespace neoid::http
