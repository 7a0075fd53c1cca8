// Headers, percent encoding and base URLs: the pure texts of this folder.
#include <gtest/gtest.h>

#include "controller/http/base_url.h"
#include "controller/http/headers.h"

namespace neoid::http {
namespace {

TEST(Headers, names_compare_without_case_and_keep_their_order) {
  Headers headers{{"Accept", "a"}, {"X", "1"}, {"accept", "b"}};
  EXPECT_EQ(headers.get("ACCEPT"), "a");
  EXPECT_EQ(headers.all("accept").size(), 2U);
  headers.set("x", "2");
  EXPECT_EQ(headers.get("X"), "2");
  headers.erase("Accept");
  EXPECT_EQ(headers.find("accept"), std::nullopt);
  EXPECT_EQ(headers.size(), 1U);
}

TEST(Percent, encodes_all_but_the_unreserved_and_decodes_it_again) {
  EXPECT_EQ(percent_encode("a b/c%d~-._"), "a%20b%2Fc%25d~-._");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_decode("a%2"), std::nullopt);
  EXPECT_EQ(percent_decode("a%zz"), std::nullopt);
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(Query, is_split_before_it_is_decoded) {
  const auto pairs = parse_query("a=1%262&b==&&c");
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0], (std::pair<std::string, std::string>("a", "1&2")));
  EXPECT_EQ(pairs[1], (std::pair<std::string, std::string>("b", "=")));
  EXPECT_EQ(pairs[2], (std::pair<std::string, std::string>("c", "")));
}

TEST(BaseUrl, is_read_into_its_parts) {
  auto url = parse_base_url("https://example.com");
  ASSERT_TRUE(url.has_value());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->authority(), "example.com");
  url = parse_base_url("http://[::1]:8080/k8s/clusters/c-1/");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:8080");
  EXPECT_EQ(url->prefix, "/k8s/clusters/c-1");
}

TEST(BaseUrl, what_cannot_be_connected_to_is_refused) {
  for (const char* text :
       {"", "example.com", "ftp://a", "https://", "https://a:0", "https://a:65536", "https://a:x",
        "https://a:", "https://[::1", "https://u@a", "https://a?b", "https://a b"}) {
    const auto url = parse_base_url(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::Invalid) << text;
  }
}

}  // namespace
}  // namespace neoid::http
