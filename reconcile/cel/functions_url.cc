// url(), isURL() and the parts of a URL.
#include <fmt/format.h>

#include "reconcile/cel/functions.h"
#include "reconcile/cel/url.h"

namespace neoid::cel {
namespace {

Value to_url(const Call& call) {
  const auto parsed = parse_request_url(call.args[0].str());
  if (!parsed) {
    return make_error(call.arena,
                      fmt::format("URL parse error during conversion from string: {}", parsed.error()));
  }
  Value out;
  out.kind = ValueKind::Url;
  out.url =
      call.arena.make(UrlNode{call.arena.copy(parsed->scheme), call.arena.copy(parsed->host),
                              call.arena.copy(parsed->escaped_path), call.arena.copy(parsed->raw_query)});
  return out;
}

Value is_url(const Call& call) { return make_bool(parse_request_url(call.args[0].str()).has_value()); }

Url read(const Call& call) {
  const UrlNode& node = *call.args[0].url;
  return {std::string(node.scheme), std::string(node.host), std::string(node.escaped_path),
          std::string(node.raw_query)};
}

Value get_scheme(const Call& call) { return make_string(call.args[0].url->scheme); }
Value get_host(const Call& call) { return make_string(call.args[0].url->host); }
Value get_hostname(const Call& call) { return make_string_copy(call.arena, read(call).hostname()); }
Value get_port(const Call& call) { return make_string_copy(call.arena, read(call).port()); }
Value get_escaped_path(const Call& call) { return make_string(call.args[0].url->escaped_path); }

Value get_query(const Call& call) {
  const auto query = read(call).query();
  MapBuilder map(call.arena, query.size());
  for (const auto& [key, values] : query) {
    Value* items = call.arena.array<Value>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) items[i] = make_string_copy(call.arena, values[i]);
    map.insert(make_string_copy(call.arena, key), make_list(call.arena, items, values.size()));
  }
  return map.finish();
}

}  // namespace

std::span<const FunctionRow> url_rows() {
  static constexpr FunctionRow kRows[] = {
      {"url", "(string) -> url", to_url, CostModel::ParseText},
      {"isURL", "(string) -> bool", is_url},
      {"getScheme", "url.() -> string", get_scheme},
      {"getHost", "url.() -> string", get_host},
      {"getHostname", "url.() -> string", get_hostname},
      {"getPort", "url.() -> string", get_port},
      {"getEscapedPath", "url.() -> string", get_escaped_path},
      {"getQuery", "url.() -> map(string, list(string))", get_query},
  };
  return kRows;
}

}  // namespace neoid::cel
