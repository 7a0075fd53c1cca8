#include "controller/http/base_url.h"

#include <algorithm>
#include <charconv>

namespace neoid::http {
namespace {

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(ErrorKind::Invalid,
              "\"" + std::string(text) + "\" is not a URL to connect to: " + std::string(why));
}

int default_port(bool tls) { return tls ? 443 : 80; }

}  // namespace

std::string BaseUrl::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != default_port(tls)) text += ":" + std::to_string(port);
  return text;
}

Result<BaseUrl> parse_base_url(std::string_view text) {
  BaseUrl url;
  std::string_view rest = text;
  if (rest.substr(0, 8) == "https://") {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (rest.substr(0, 7) == "http://") {
    rest.remove_prefix(7);
  } else {
    return refuse(text, "it must begin with https:// or http://");
  }
  const bool visible = std::all_of(rest.begin(), rest.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (!visible || rest.find_first_of("?#@") != std::string_view::npos) {
    return refuse(text, "only a host, a port and a path are expected");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  url.prefix = rest.substr(slash);
  while (!url.prefix.empty() && url.prefix.back() == '/') url.prefix.pop_back();
  std::string_view authority = rest.substr(0, slash);
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return refuse(text, "the address lacks its closing bracket");
    url.host = authority.substr(1, bracket - 1);
    authority.remove_prefix(bracket + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    authority.remove_prefix(colon);
  }
  if (url.host.empty()) return refuse(text, "it names no host");
  url.port = default_port(url.tls);
  if (authority.empty()) return url;
  const std::string_view digits = authority.substr(1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (authority.front() != ':' || !whole || url.port < 1 || url.port > 65535) {
    return refuse(text, "the port is not a number from 1 to 65535");
  }
  return url;
}

}  // namespace neoid::http
