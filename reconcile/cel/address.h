// IP addresses and ranges, as Go's net/netip reads and writes them; no zones, no IPv4 inside IPv6.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace neoid::cel {

struct IpNode {
  bool v4 = true;
  std::array<std::uint8_t, 16> bytes = {};  // the first 4 of an IPv4 address
};

struct CidrNode {
  IpNode address;  // as written, not masked
  int prefix = 0;
};

std::optional<IpNode> parse_ip(std::string_view text);
std::optional<CidrNode> parse_cidr(std::string_view text);
std::string format_ip(const IpNode& ip);
std::string format_cidr(const CidrNode& cidr);
bool same_address(const IpNode& a, const IpNode& b);
bool same_range(const CidrNode& a, const CidrNode& b);
IpNode masked(const IpNode& ip, int prefix);
bool contains(const CidrNode& range, const IpNode& ip);
bool contains(const CidrNode& range, const CidrNode& other);

}  // namespace neoid::cel
