#include "reconcile/cel/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace neoid::cel {
namespace {

std::optional<IpNode> parse_v4(std::string_view text) {
  IpNode ip;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string_view part = i < 3 ? text.substr(0, text.find('.')) : text;
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part.front() == '0')) return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc{} || end != part.data() + part.size() || value < 0 || value > 255)
      return std::nullopt;
    ip.bytes[i] = static_cast<std::uint8_t>(value);
    if (i == 3) return ip;
    if (part.size() == text.size()) return std::nullopt;
    text.remove_prefix(part.size() + 1);
  }
  return std::nullopt;
}

// Groups of one side of "::"; an IPv4 address may be the last two.
bool parse_groups(std::string_view text, std::vector<std::uint16_t>& out) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (part.empty() || part.size() > 4 || colon == text.size() - 1) return false;
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    if (error != std::errc{} || end != part.data() + part.size()) return false;
    out.push_back(value);
    text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
  }
  return true;
}

std::optional<IpNode> parse_v6(std::string_view text) {
  std::vector<std::uint16_t> left;
  std::vector<std::uint16_t> right;
  const std::size_t gap = text.find("::");
  if (!parse_groups(text.substr(0, gap), left)) return std::nullopt;
  if (gap != std::string_view::npos && !parse_groups(text.substr(gap + 2), right)) return std::nullopt;
  const std::size_t groups = left.size() + right.size();
  if (gap == std::string_view::npos ? groups != 8 : groups > 7) return std::nullopt;
  left.resize(8 - right.size(), 0);
  left.insert(left.end(), right.begin(), right.end());
  IpNode ip;
  ip.v4 = false;
  for (std::size_t i = 0; i < 8; ++i) {
    ip.bytes[2 * i] = static_cast<std::uint8_t>(left[i] >> 8);
    ip.bytes[2 * i + 1] = static_cast<std::uint8_t>(left[i] & 0xFF);
  }
  const bool mapped = std::all_of(ip.bytes.begin(), ip.bytes.begin() + 10, [](auto b) { return b == 0; }) &&
                      ip.bytes[10] == 0xFF && ip.bytes[11] == 0xFF;
  if (mapped) return std::nullopt;
  return ip;
}

}  // namespace

std::optional<IpNode> parse_ip(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
}

std::optional<CidrNode> parse_cidr(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto ip = parse_ip(text.substr(0, slash));
  const std::string_view bits = text.substr(slash + 1);
  if (!ip || bits.empty() || (bits.size() > 1 && bits.front() == '0')) return std::nullopt;
  int prefix = 0;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), prefix);
  const bool read = error == std::errc{} && end == bits.data() + bits.size();
  if (!read || prefix < 0 || prefix > (ip->v4 ? 32 : 128)) return std::nullopt;
  return CidrNode{*ip, prefix};
}

std::string format_ip(const IpNode& ip) {
  if (ip.v4) return fmt::format("{}.{}.{}.{}", ip.bytes[0], ip.bytes[1], ip.bytes[2], ip.bytes[3]);
  std::array<int, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = ip.bytes[2 * i] * 256 + ip.bytes[2 * i + 1];
  // The first longest run of two zero groups or more is left out.
  std::size_t best = 8;
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length <= best_length) continue;
    best = i;
    best_length = length;
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    out += fmt::format("{:x}", groups[i]);
  }
  return out;
}

std::string format_cidr(const CidrNode& cidr) {
  return fmt::format("{}/{}", format_ip(cidr.address), cidr.prefix);
}

bool same_address(const IpNode& a, const IpNode& b) { return a.v4 == b.v4 && a.bytes == b.bytes; }
bool same_range(const CidrNode& a, const CidrNode& b) {
  return a.prefix == b.prefix && same_address(a.address, b.address);
}

IpNode masked(const IpNode& ip, int prefix) {
  IpNode out = ip;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const int kept = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
    out.bytes[i] = static_cast<std::uint8_t>(out.bytes[i] & (0xFF00 >> kept));
  }
  return out;
}

bool contains(const CidrNode& range, const IpNode& ip) {
  return range.address.v4 == ip.v4 &&
         same_address(masked(range.address, range.prefix), masked(ip, range.prefix));
}

bool contains(const CidrNode& range, const CidrNode& other) {
  return range.prefix <= other.prefix && contains(range, masked(other.address, other.prefix));
}

}  // namespace neoid::cel
