// The base URL of a client. Pure.
#pragma once

#include <string>
#include <string_view>

#include "reconcile/base/result.h"

namespace neoid::http {

struct BaseUrl {
  bool tls = false;
  std::string host;    // without the brackets of an IPv6 address
  int port = 0;        // the scheme's if the text names none
  std::string prefix;  // "" or "/path" without a final slash

  // As in the Host field: brackets where needed, the port unless it is the scheme's.
  std::string authority() const;
};

// Errors: Invalid, naming the text and what is wrong with it. User names, queries and fragments are refused.
Result<BaseUrl> parse_base_url(std::string_view text);

}  // namespace neoid::http
