#include "controller/http/request_head.h"

#include <gtest/gtest.h>

#include <string>

namespace neoid::http {
namespace {

std::string head(std::string_view line, std::string_view fields = "Host: h\r\n") {
  return std::string(line) + "\r\n" + std::string(fields) + "\r\n";
}

TEST(RequestHead, keeps_the_target_as_it_was_sent_and_decodes_the_query) {
  const auto parsed =
      parse_request_head(head("GET /api/a%2Fb?labelSelector=a%3Db&x=1+2&watch&bad=%zz HTTP/1.1"), {});
  ASSERT_TRUE(parsed.has_value());
  const Request& request = parsed->request;
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/api/a%2Fb");
  EXPECT_EQ(request.target, "/api/a%2Fb?labelSelector=a%3Db&x=1+2&watch&bad=%zz");
  EXPECT_EQ(request.find_query("labelSelector"), "a=b");
  EXPECT_EQ(request.find_query("x"), "1 2");
  EXPECT_EQ(request.find_query("watch"), "");
  EXPECT_EQ(request.find_query("bad"), "%zz");
  EXPECT_EQ(request.find_query("none"), std::nullopt);
}

TEST(RequestHead, header_values_are_not_percent_decoded) {
  const auto parsed =
      parse_request_head(head("GET / HTTP/1.1", "Host: h\r\nX-Text:  a%20b%0d%0aEvil: 1 \t\r\n"), {});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->request.header("x-text"), "a%20b%0d%0aEvil: 1");
}

TEST(RequestHead, says_how_the_body_is_framed) {
  auto parsed = parse_request_head(head("POST / HTTP/1.1", "Host: h\r\nContent-Length: 12\r\n"), {});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->framing, Framing::Length);
  EXPECT_EQ(parsed->content_length, 12U);
  parsed = parse_request_head(head("POST / HTTP/1.1", "Host: h\r\nTransfer-Encoding: Chunked\r\n"), {});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->framing, Framing::Chunked);
  parsed = parse_request_head(head("POST / HTTP/1.1"), {});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->framing, Framing::None);
}

TEST(RequestHead, the_connection_ends_when_the_client_says_so_or_is_old) {
  EXPECT_FALSE(parse_request_head(head("GET / HTTP/1.1"), {})->close);
  EXPECT_TRUE(parse_request_head(head("GET / HTTP/1.1", "Host: h\r\nConnection: te, Close\r\n"), {})->close);
  EXPECT_TRUE(parse_request_head(head("GET / HTTP/1.0", ""), {})->close);
}

TEST(RequestHead, an_absolute_target_loses_its_authority) {
  const auto parsed = parse_request_head(head("GET http://h:1/p?q=1 HTTP/1.1"), {});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->request.target, "/p?q=1");
}

struct Refused {
  const char* why;
  std::string text;
  int status;
};

TEST(RequestHead, refuses_what_two_parsers_could_read_differently) {
  const std::string get = "GET / HTTP/1.1";
  const std::string post = "POST / HTTP/1.1";
  const Refused cases[] = {
      {"no version", head("GET /"), 400},
      {"space in the target", head("GET /a b HTTP/1.1"), 400},
      {"two spaces", head("GET  / HTTP/1.1"), 400},
      {"relative target", head("GET a HTTP/1.1"), 400},
      {"fragment", head("GET /a#b HTTP/1.1"), 400},
      {"byte above ASCII in the target", head("GET /\xc3\xa4 HTTP/1.1"), 400},
      {"HTTP/2", head("GET / HTTP/2.0"), 505},
      {"no HTTP", head("GET / FTP/1.1"), 400},
      {"unknown method", head("BREW / HTTP/1.1"), 501},
      {"CONNECT", head("CONNECT h:1 HTTP/1.1"), 501},
      {"long target", head("GET /" + std::string(9000, 'a') + " HTTP/1.1"), 414},
      {"no host", head(get, ""), 400},
      {"two hosts", head(get, "Host: a\r\nHost: b\r\n"), 400},
      {"bare line feed", "GET / HTTP/1.1\nHost: h\n\n\r\n\r\n", 400},
      {"carriage return inside a value", head(get, "Host: h\r\nX: a\rb\r\n"), 400},
      {"NUL in a value", head(get, std::string("Host: h\r\nX: a\0b\r\n", 18)), 400},
      {"folded line", head(get, "Host: h\r\nX: a\r\n b\r\n"), 400},
      {"space before the colon", head(get, "Host : h\r\n"), 400},
      {"no colon", head(get, "Host: h\r\nX\r\n"), 400},
      {"empty name", head(get, "Host: h\r\n: x\r\n"), 400},
      {"length and chunks", head(post, "Host: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
       400},
      {"two lengths", head(post, "Host: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n"), 400},
      {"list of lengths", head(post, "Host: h\r\nContent-Length: 1, 1\r\n"), 400},
      {"signed length", head(post, "Host: h\r\nContent-Length: +1\r\n"), 400},
      {"empty length", head(post, "Host: h\r\nContent-Length:\r\n"), 400},
      {"length beyond all numbers", head(post, "Host: h\r\nContent-Length: 99999999999999999999\r\n"), 413},
      {"length beyond the limit", head(post, "Host: h\r\nContent-Length: 3145729\r\n"), 413},
      {"other coding", head(post, "Host: h\r\nTransfer-Encoding: gzip, chunked\r\n"), 501},
      {"coding twice", head(post, "Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       501},
      {"chunks in 1.0", head("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n"), 400},
      {"unknown expectation", head(post, "Host: h\r\nExpect: tea\r\n"), 417},
      {"compressed body", head(post, "Host: h\r\nContent-Encoding: gzip\r\n"), 415},
  };
  for (const Refused& refused : cases) {
    const auto parsed = parse_request_head(refused.text, {});
    ASSERT_FALSE(parsed.has_value()) << refused.why;
    EXPECT_EQ(parsed.error().status, refused.status) << refused.why;
  }
}

TEST(RequestHead, the_number_of_fields_is_capped) {
  ServerLimits limits;
  limits.header_count = 3;
  EXPECT_TRUE(parse_request_head(head("GET / HTTP/1.1", "Host: h\r\nA: 1\r\nB: 2\r\n"), limits).has_value());
  const auto parsed =
      parse_request_head(head("GET / HTTP/1.1", "Host: h\r\nA: 1\r\nB: 2\r\nC: 3\r\n"), limits);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().status, 431);
}

}  // namespace
}  // namespace neoid::http
