#include "controller/http/request_head.h"

#include <algorithm>
#include <charconv>

namespace neoid::http {
namespace {

using Parsed = tl::expected<void, HeadError>;

constexpr std::size_t kMaxTarget = 8000;  // RFC 9112 section 3: at least that
constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

tl::unexpected<HeadError> refuse(int status, std::string message) {
  return tl::unexpected<HeadError>(HeadError{status, std::move(message)});
}

bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Whether a comma-separated list has the word.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (equal_ignoring_case(trim(list.substr(0, end)), word)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// Cuts the first line off `text`; its end must be CRLF.
tl::expected<std::string_view, HeadError> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r') {
    return refuse(400, "a line does not end with CRLF");
  }
  const std::string_view line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

// The path of "http://host/path", as a proxy would send it.
std::string_view strip_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.substr(0, scheme.size()) != scheme) continue;
    const std::size_t slash = target.find('/', scheme.size());
    return slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target;
}

Parsed parse_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "broken request line");
  const std::string_view method = line.substr(0, first);
  const std::string_view version = line.substr(last + 1);
  std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(method)) return refuse(400, "broken method");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(version.substr(0, 5) == "HTTP/" ? 505 : 400, "HTTP/1.1 is spoken here");
  }
  if (std::find(std::begin(kMethods), std::end(kMethods), method) == std::end(kMethods)) {
    return refuse(501, "unknown method");
  }
  if (target.size() > kMaxTarget) return refuse(414, "the request target is too long");
  const bool visible = std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  target = strip_authority(target);
  const bool known_form =
      !target.empty() && (target.front() == '/' || (target == "*" && method == "OPTIONS"));
  if (!visible || !known_form || target.find('#') != std::string_view::npos) {
    return refuse(400, "broken request target");
  }
  head.http_1_0 = version == "HTTP/1.0";
  head.request.method = method;
  head.request.target = target;
  const std::size_t question = target.find('?');
  head.request.path = target.substr(0, question);
  if (question != std::string_view::npos) head.request.query = parse_query(target.substr(question + 1));
  return {};
}

Parsed parse_field(std::string_view line, Headers& headers) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return refuse(400, "broken header field");  // also folded lines, and white space before the colon
  }
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_field_value(value)) return refuse(400, "control characters in a header field");
  headers.add(std::string(line.substr(0, colon)), std::string(value));
  return {};
}

Parsed parse_framing(RequestHead& head) {
  const Headers& headers = head.request.headers;
  const auto lengths = headers.all("Content-Length");
  const auto codings = headers.all("Transfer-Encoding");
  if (!lengths.empty() && !codings.empty()) return refuse(400, "both Content-Length and Transfer-Encoding");
  if (lengths.size() > 1) return refuse(400, "more than one Content-Length");
  if (!codings.empty()) {
    if (head.http_1_0) return refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (codings.size() > 1 || !equal_ignoring_case(codings[0], "chunked")) {
      return refuse(501, "the only known transfer coding is chunked");
    }
    head.framing = Framing::Chunked;
    return {};
  }
  if (lengths.empty()) return {};
  const std::string_view text = lengths[0];
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return refuse(400, "Content-Length is not a number");
  const auto read = std::from_chars(text.data(), text.data() + text.size(), head.content_length);
  if (read.ec != std::errc()) return refuse(413, "the body is too large");
  head.framing = Framing::Length;
  return {};
}

Parsed parse_connection(RequestHead& head) {
  const Headers& headers = head.request.headers;
  const std::size_t hosts = headers.all("Host").size();
  if (hosts > 1 || (hosts == 0 && !head.http_1_0)) return refuse(400, "exactly one Host is needed");
  head.close = head.http_1_0;
  for (const std::string_view value : headers.all("Connection"))
    head.close = head.close || lists(value, "close");
  if (const auto expect = headers.find("Expect"); expect && !head.http_1_0) {
    if (!equal_ignoring_case(*expect, "100-continue")) return refuse(417, "unknown expectation");
    head.expects_continue = true;
  }
  const std::string_view coding = headers.get("Content-Encoding");
  if (!coding.empty() && !equal_ignoring_case(coding, "identity")) {
    return refuse(415, "bodies with a content coding are not taken");
  }
  return {};
}

}  // namespace

tl::expected<RequestHead, HeadError> parse_request_head(std::string_view text, const ServerLimits& limits) {
  RequestHead head;
  const auto request_line = take_line(text);
  if (!request_line) return tl::unexpected<HeadError>(request_line.error());
  if (const Parsed parsed = parse_request_line(*request_line, head); !parsed) {
    return tl::unexpected<HeadError>(parsed.error());
  }
  for (;;) {
    const auto line = take_line(text);
    if (!line) return tl::unexpected<HeadError>(line.error());
    if (line->empty()) break;
    if (head.request.headers.size() == limits.header_count) return refuse(431, "too many header fields");
    if (const Parsed parsed = parse_field(*line, head.request.headers); !parsed) {
      return tl::unexpected<HeadError>(parsed.error());
    }
  }
  if (const Parsed parsed = parse_framing(head); !parsed) return tl::unexpected<HeadError>(parsed.error());
  if (const Parsed parsed = parse_connection(head); !parsed) return tl::unexpected<HeadError>(parsed.error());
  if (head.content_length > limits.body_bytes) return refuse(413, "the body is too large");
  return head;
}

}  // namespace neoid::http
