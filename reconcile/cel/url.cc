#include "reconcile/cel/url.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/value/field_error.h"

namespace neoid::cel {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

using Failure = tl::unexpected<std::string>;
Failure fail(std::string message) { return Failure(std::move(message)); }

enum class Part { Host, Zone, Path, QueryComponent };

bool host_byte(char c) {
  if (is_letter(c) || is_digit(c)) return true;
  return std::string_view("-_.~!$&'()*+,;=:[]<>\"").find(c) != std::string_view::npos;
}

tl::expected<std::string, std::string> unescape(std::string_view text, Part part) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      const bool whole = i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
      if (!whole) return fail(fmt::format("invalid URL escape {}", go_quote(text.substr(i, 3))));
      const int value = hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]);
      if (part == Part::Host && value < 0x80 && text.substr(i, 3) != "%25") {
        return fail(fmt::format("invalid URL escape {}", go_quote(text.substr(i, 3))));
      }
      out += static_cast<char>(static_cast<unsigned char>(value));
      i += 2;
    } else if (c == '+' && part == Part::QueryComponent) {
      out += ' ';
    } else if ((part == Part::Host || part == Part::Zone) && static_cast<unsigned char>(c) < 0x80 &&
               !host_byte(c)) {
      return fail(fmt::format("invalid character {} in host name", go_quote(text.substr(i, 1))));
    } else {
      out += c;
    }
  }
  return out;
}

bool valid_port(std::string_view port) {
  if (port.empty()) return true;
  if (port.front() != ':') return false;
  return std::all_of(port.begin() + 1, port.end(), is_digit);
}

tl::expected<std::string, std::string> parse_host(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.rfind(']');
    if (end == std::string_view::npos) return fail("missing ']' in host");
    if (!valid_port(host.substr(end + 1))) {
      return fail(fmt::format("invalid port {} after host", go_quote(host.substr(end + 1))));
    }
    const std::size_t zone = host.substr(0, end).find("%25");
    if (zone != std::string_view::npos) {
      auto before = unescape(host.substr(0, zone), Part::Host);
      auto inside = unescape(host.substr(zone, end - zone), Part::Zone);
      auto after = unescape(host.substr(end), Part::Host);
      if (!before) return before;
      if (!inside) return inside;
      if (!after) return after;
      return *before + *inside + *after;
    }
  } else if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    if (!valid_port(host.substr(colon))) {
      return fail(fmt::format("invalid port {} after host", go_quote(host.substr(colon))));
    }
  }
  return unescape(host, Part::Host);
}

bool valid_userinfo(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("-._:~!$&'()*+,;=%@").find(c) != std::string_view::npos;
  });
}

// The path as it is written, if that is a valid encoding of it; else encoded anew.
std::string escape_path(std::string_view raw, std::string_view decoded) {
  static constexpr std::string_view kPlain = "-_.~$&+,/:;=@!'()*[]%";
  const bool valid = std::all_of(raw.begin(), raw.end(), [](char c) {
    return is_letter(c) || is_digit(c) || kPlain.find(c) != std::string_view::npos;
  });
  if (valid) return std::string(raw);
  std::string out;
  for (const char c : decoded) {
    if (is_letter(c) || is_digit(c) || std::string_view("-_.~$&+,/:;=@").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// The length of "scheme", 0 if there is none.
tl::expected<std::size_t, std::string> scheme_length(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c)) continue;
    if (is_digit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) return 0;
      continue;
    }
    if (c != ':') return 0;
    if (i == 0) return fail("missing protocol scheme");
    return i;
  }
  return 0;
}

tl::expected<Url, std::string> parse(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return fail("net/url: invalid control character in URL");
  }
  if (text.empty()) return fail("empty url");
  Url url;
  if (text == "*") {
    url.escaped_path = "*";
    return url;
  }
  const auto scheme = scheme_length(text);
  if (!scheme) return fail(scheme.error());
  std::string_view rest = text;
  if (*scheme > 0) {
    url.scheme = std::string(text.substr(0, *scheme));
    for (char& c : url.scheme) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    rest.remove_prefix(*scheme + 1);
  }
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    url.raw_query = std::string(rest.substr(mark + 1));
    rest = rest.substr(0, mark);
  }
  if (!rest.starts_with('/')) {
    if (!url.scheme.empty()) return url;  // opaque: mailto:x
    return fail("invalid URI for request");
  }
  if ((!url.scheme.empty() || !rest.starts_with("///")) && rest.starts_with("//") && !url.scheme.empty()) {
    rest.remove_prefix(2);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view authority = rest.substr(0, slash);
    rest.remove_prefix(slash);
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
      if (!valid_userinfo(authority.substr(0, at))) return fail("net/url: invalid userinfo");
      authority.remove_prefix(at + 1);
    }
    auto host = parse_host(authority);
    if (!host) return fail(host.error());
    url.host = std::move(*host);
  }
  const auto decoded = unescape(rest, Part::Path);
  if (!decoded) return fail(decoded.error());
  url.escaped_path = escape_path(rest, *decoded);
  return url;
}

}  // namespace

std::string Url::hostname() const {
  const std::size_t colon = host.rfind(':');
  std::string name = host;
  if (colon != std::string::npos && valid_port(std::string_view(host).substr(colon))) name.resize(colon);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return name;
}

std::string Url::port() const {
  const std::size_t colon = host.rfind(':');
  const bool has = colon != std::string::npos && valid_port(std::string_view(host).substr(colon));
  return has ? host.substr(colon + 1) : "";
}

std::vector<std::pair<std::string, std::vector<std::string>>> Url::query() const {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  std::string_view rest = raw_query;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part.empty() || part.find(';') != std::string_view::npos) continue;
    const std::size_t sign = part.find('=');
    const auto key = unescape(part.substr(0, sign), Part::QueryComponent);
    const auto value =
        unescape(sign == std::string_view::npos ? "" : part.substr(sign + 1), Part::QueryComponent);
    if (!key || !value) continue;
    auto found = std::find_if(out.begin(), out.end(), [&](const auto& entry) { return entry.first == *key; });
    if (found == out.end()) found = out.insert(out.end(), {*key, {}});
    found->second.push_back(*value);
  }
  return out;
}

tl::expected<Url, std::string> parse_request_url(std::string_view text) {
  auto url = parse(text);
  if (!url) return fail(fmt::format("parse {}: {}", go_quote(text), url.error()));
  return url;
}

}  // namespace neoid::cel
