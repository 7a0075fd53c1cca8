// ip() and cidr() (from 1.31).
#include <fmt/format.h>

#include "reconcile/cel/address.h"
#include "reconcile/cel/functions.h"
#include "reconcile/value/field_error.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kSince{1, 31};

Value make_ip(Arena& arena, const IpNode& ip) {
  Value out;
  out.kind = ValueKind::Ip;
  out.ip = arena.make(ip);
  return out;
}

Value not_an_ip(const Call& call, std::string_view text) {
  return make_error(call.arena,
                    fmt::format("IP Address {} parse error during conversion from string: ParseAddr({}): "
                                "unable to parse IP",
                                go_quote(text), go_quote(text)));
}
Value not_a_cidr(const Call& call, std::string_view text) {
  return make_error(call.arena, fmt::format("network address parse error during conversion from string: "
                                            "netip.ParsePrefix({}): invalid prefix",
                                            go_quote(text)));
}

Value to_ip(const Call& call) {
  const auto ip = parse_ip(call.args[0].str());
  return ip ? make_ip(call.arena, *ip) : not_an_ip(call, call.args[0].str());
}
Value is_ip(const Call& call) { return make_bool(parse_ip(call.args[0].str()).has_value()); }
Value is_canonical(const Call& call) {
  const auto ip = parse_ip(call.args[0].str());
  return ip ? make_bool(format_ip(*ip) == call.args[0].str()) : not_an_ip(call, call.args[0].str());
}
Value ip_text(const Call& call) { return make_string_copy(call.arena, format_ip(*call.args[0].ip)); }
Value family(const Call& call) { return make_int(call.args[0].ip->v4 ? 4 : 6); }

bool in(const IpNode& ip, std::string_view range) { return contains(*parse_cidr(range), ip); }
bool unspecified(const IpNode& ip) { return in(ip, "0.0.0.0/32") || in(ip, "::/128"); }
bool loopback(const IpNode& ip) { return in(ip, "127.0.0.0/8") || in(ip, "::1/128"); }
bool link_local_multicast(const IpNode& ip) {
  return in(ip, "224.0.0.0/24") || (!ip.v4 && ip.bytes[0] == 0xFF && (ip.bytes[1] & 0x0F) == 2);
}
bool link_local_unicast(const IpNode& ip) { return in(ip, "169.254.0.0/16") || in(ip, "fe80::/10"); }
bool global_unicast(const IpNode& ip) {
  const bool multicast = in(ip, "224.0.0.0/4") || in(ip, "ff00::/8");
  return !unspecified(ip) && !loopback(ip) && !multicast && !link_local_unicast(ip) &&
         !in(ip, "255.255.255.255/32");
}
template <bool (*test)(const IpNode&)>
Value test_ip(const Call& call) {
  return make_bool(test(*call.args[0].ip));
}

Value make_cidr(Arena& arena, const CidrNode& cidr) {
  Value out;
  out.kind = ValueKind::Cidr;
  out.cidr = arena.make(cidr);
  return out;
}
Value to_cidr(const Call& call) {
  const auto cidr = parse_cidr(call.args[0].str());
  return cidr ? make_cidr(call.arena, *cidr) : not_a_cidr(call, call.args[0].str());
}
Value is_cidr(const Call& call) { return make_bool(parse_cidr(call.args[0].str()).has_value()); }
Value cidr_text(const Call& call) { return make_string_copy(call.arena, format_cidr(*call.args[0].cidr)); }
Value contains_ip(const Call& call) {
  if (call.args[1].is(ValueKind::Ip)) return make_bool(contains(*call.args[0].cidr, *call.args[1].ip));
  const auto ip = parse_ip(call.args[1].str());
  return ip ? make_bool(contains(*call.args[0].cidr, *ip)) : not_an_ip(call, call.args[1].str());
}
Value contains_cidr(const Call& call) {
  if (call.args[1].is(ValueKind::Cidr)) return make_bool(contains(*call.args[0].cidr, *call.args[1].cidr));
  const auto cidr = parse_cidr(call.args[1].str());
  return cidr ? make_bool(contains(*call.args[0].cidr, *cidr)) : not_a_cidr(call, call.args[1].str());
}
Value cidr_ip(const Call& call) { return make_ip(call.arena, call.args[0].cidr->address); }
Value cidr_masked(const Call& call) {
  const CidrNode& self = *call.args[0].cidr;
  return make_cidr(call.arena, {masked(self.address, self.prefix), self.prefix});
}
Value prefix_length(const Call& call) { return make_int(call.args[0].cidr->prefix); }

}  // namespace

std::span<const FunctionRow> address_rows() {
  static constexpr CostModel kOne = CostModel::One;
  static constexpr FunctionRow kRows[] = {
      {"ip", "(string) -> ip", to_ip, CostModel::ParseText, kSince},
      {"ip", "cidr.() -> ip", cidr_ip, kOne, kSince},
      {"isIP", "(string) -> bool", is_ip, CostModel::ParseText, kSince},
      {"ip.isCanonical", "(string) -> bool", is_canonical, CostModel::ParseTextTwice, kSince},
      {"string", "(ip) -> string", ip_text, kOne, kSince},
      {"family", "ip.() -> int", family, kOne, kSince},
      {"isUnspecified", "ip.() -> bool", test_ip<unspecified>, kOne, kSince},
      {"isLoopback", "ip.() -> bool", test_ip<loopback>, kOne, kSince},
      {"isLinkLocalMulticast", "ip.() -> bool", test_ip<link_local_multicast>, kOne, kSince},
      {"isLinkLocalUnicast", "ip.() -> bool", test_ip<link_local_unicast>, kOne, kSince},
      {"isGlobalUnicast", "ip.() -> bool", test_ip<global_unicast>, kOne, kSince},
      {"cidr", "(string) -> cidr", to_cidr, CostModel::ParseText, kSince},
      {"isCIDR", "(string) -> bool", is_cidr, CostModel::ParseText, kSince},
      {"string", "(cidr) -> string", cidr_text, kOne, kSince},
      {"containsIP", "cidr.(string) -> bool", contains_ip, CostModel::ContainsIp, kSince},
      {"containsIP", "cidr.(ip) -> bool", contains_ip, CostModel::ContainsIp, kSince},
      {"containsCIDR", "cidr.(string) -> bool", contains_cidr, CostModel::ContainsCidr, kSince},
      {"containsCIDR", "cidr.(cidr) -> bool", contains_cidr, CostModel::ContainsCidr, kSince},
      {"masked", "cidr.() -> cidr", cidr_masked, kOne, kSince},
      {"prefixLength", "cidr.() -> int", prefix_length, kOne, kSince},
  };
  return kRows;
}

}  // namespace neoid::cel
