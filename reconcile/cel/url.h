// URLs as Go's net/url reads those of requests: absolute, or a path from the root.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tl/expected.hpp"

namespace neoid::cel {

struct Url {
  std::string scheme;
  std::string host;  // with the port; of user information nothing is kept
  std::string escaped_path;
  std::string raw_query;

  std::string hostname() const;
  std::string port() const;
  // Keys in order of their first mention, with all their values.
  std::vector<std::pair<std::string, std::vector<std::string>>> query() const;
};

// The error is Go's: `parse "nonsense": invalid URI for request`.
tl::expected<Url, std::string> parse_request_url(std::string_view text);

// The same in the memory of an evaluation.
struct UrlNode {
  std::string_view scheme;
  std::string_view host;
  std::string_view escaped_path;
  std::string_view raw_query;
  bool operator==(const UrlNode&) const = default;
};

}  // namespace neoid::cel
