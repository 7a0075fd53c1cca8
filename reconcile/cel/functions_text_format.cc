// 'text with %s and %d'.format([...]) (from 1.30).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "reconcile/cel/functions.h"
#include "reconcile/cel/text.h"
#include "reconcile/cel/time_text.h"
#include "reconcile/value/field_error.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kSince{1, 30};
constexpr int kDefaultPrecision = 6;
constexpr int kMaxPrecision = 1000;

// Text or what was wrong.
struct Formatted {
  bool ok = true;
  std::string text;
};
Formatted wrong(std::string why) { return {false, std::move(why)}; }

Formatted plain(const Value& value, Arena& arena);

// Inside of lists and maps values are written as a rule would write them.
Formatted nested(const Value& value, Arena& arena) {
  if (value.is(ValueKind::Double) && std::isfinite(value.number))
    return {true, fmt::format("{:f}", value.number)};
  Formatted out = plain(value, arena);
  if (!out.ok) return out;
  if (value.is(ValueKind::String) || value.is(ValueKind::Double)) {
    out.text = go_quote(out.text);
  } else if (value.is(ValueKind::Bytes)) {
    out.text = "b" + go_quote(out.text);
  } else if (value.is(ValueKind::Duration)) {
    out.text = "duration(" + go_quote(out.text) + ")";
  } else if (value.is(ValueKind::Timestamp)) {
    out.text = "timestamp(" + go_quote(out.text) + ")";
  }
  return out;
}

Formatted list_text(const Value& list, Arena& arena) {
  std::string out = "[";
  for (std::size_t i = 0, size = list_size(list); i < size; ++i) {
    const Formatted item = nested(list_item(list, i, arena), arena);
    if (!item.ok) return item;
    if (i > 0) out += ", ";
    out += item.text;
  }
  return {true, out + "]"};
}

Formatted map_text(const Value& map, Arena& arena) {
  std::vector<std::pair<std::string, std::string>> entries;
  MapKeys keys(map);
  Value key;
  while (keys.next(key)) {
    Value value;
    find_key(map, key, arena, value);
    const Formatted key_text = nested(key, arena);
    const Formatted value_text = nested(value, arena);
    if (!key_text.ok) return key_text;
    if (!value_text.ok) return value_text;
    entries.emplace_back(key_text.text, value_text.text);
  }
  std::sort(entries.begin(), entries.end());
  std::string out = "{";
  for (const auto& [name, text] : entries) {
    if (out.size() > 1) out += ", ";
    out += name + ":" + text;
  }
  return {true, out + "}"};
}

Formatted plain(const Value& value, Arena& arena) {
  switch (value.kind) {
    case ValueKind::Error: return wrong(std::string(value.str()));
    case ValueKind::Null: return {true, "null"};
    case ValueKind::Bool: return {true, value.boolean ? "true" : "false"};
    case ValueKind::Int: return {true, fmt::format("{}", value.integer)};
    case ValueKind::Uint: return {true, fmt::format("{}", value.uinteger)};
    case ValueKind::Double: return {true, format_double(value.number)};
    case ValueKind::String:
    case ValueKind::Bytes:
    case ValueKind::Type: return {true, std::string(value.str())};
    case ValueKind::Duration: return {true, format_duration_seconds(value.integer)};
    case ValueKind::Timestamp:
      return {true, format_timestamp({value.integer, value.extra, static_cast<std::int32_t>(value.offset)})};
    case ValueKind::List: return list_text(value, arena);
    case ValueKind::Map: return map_text(value, arena);
    default: break;
  }
  return wrong(fmt::format(
      "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
      "durations, and timestamps, was given {}",
      type_name(value)));
}

Formatted decimal(const Value& value) {
  if (value.is(ValueKind::Int)) return {true, fmt::format("{}", value.integer)};
  if (value.is(ValueKind::Uint)) return {true, fmt::format("{}", value.uinteger)};
  return wrong(fmt::format("decimal clause can only be used on integers, was given {}", type_name(value)));
}

Formatted real(const Value& value, int precision, bool scientific) {
  if (!value.is(ValueKind::Double)) {
    return wrong(fmt::format("{} clause can only be used on doubles, was given {}",
                             scientific ? "scientific" : "fixed-point", type_name(value)));
  }
  if (!std::isfinite(value.number)) return {true, format_double(value.number)};
  return {true, scientific ? fmt::format("{:.{}e}", value.number, precision)
                           : fmt::format("{:.{}f}", value.number, precision)};
}

// Of a number with its sign in front.
template <class Write>
Formatted whole(const Value& value, std::string_view clause, std::string_view takes, Write&& write) {
  if (value.is(ValueKind::Uint)) return {true, write(value.uinteger)};
  if (value.is(ValueKind::Int)) {
    const bool negative = value.integer < 0;
    const auto size =
        negative ? 0 - static_cast<std::uint64_t>(value.integer) : static_cast<std::uint64_t>(value.integer);
    return {true, (negative ? "-" : "") + write(size)};
  }
  return wrong(
      fmt::format("{} clause can only be used on {}, was given {}", clause, takes, type_name(value)));
}

Formatted hex(const Value& value, bool upper) {
  if (value.is(ValueKind::String) || value.is(ValueKind::Bytes)) {
    std::string out;
    for (const char c : value.str()) {
      const auto byte = static_cast<unsigned char>(c);
      out += upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
    }
    return {true, out};
  }
  return whole(value, "hex", "integers, byte buffers, and strings", [&](std::uint64_t number) {
    return upper ? fmt::format("{:X}", number) : fmt::format("{:x}", number);
  });
}

Formatted clause(char verb, int precision, const Value& value, Arena& arena) {
  switch (verb) {
    case 's': return plain(value, arena);
    case 'd': return decimal(value);
    case 'f': return real(value, precision, false);
    case 'e': return real(value, precision, true);
    case 'x':
    case 'X': return hex(value, verb == 'X');
    case 'o':
      return whole(value, "octal", "integers",
                   [](std::uint64_t number) { return fmt::format("{:o}", number); });
    case 'b':
      if (value.is(ValueKind::Bool)) return {true, value.boolean ? "1" : "0"};
      return whole(value, "binary", "integers and bools",
                   [](std::uint64_t number) { return fmt::format("{:b}", number); });
    default:
      return wrong(
          fmt::format("could not parse formatting clause: unrecognized formatting clause \"{}\"", verb));
  }
}

Value format(const Call& call) {
  const std::string_view text = call.args[0].str();
  const std::size_t values = list_size(call.args[1]);
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    ++i;
    if (i < text.size() && text[i] == '%') {
      out += '%';
      continue;
    }
    int precision = kDefaultPrecision;
    if (i < text.size() && text[i] == '.') {
      const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + text.size(), precision);
      if (error != std::errc{} || precision < 0 || precision > kMaxPrecision) {
        return make_static_error("could not parse formatting clause: error while parsing precision");
      }
      i = static_cast<std::size_t>(end - text.data());
    }
    if (i >= text.size())
      return make_static_error("could not parse formatting clause: unexpected end of string");
    if (next >= values) return make_error(call.arena, fmt::format("index {} out of range", next));
    const Formatted part =
        clause(text[i], precision, list_item(call.args[1], next++, call.arena), call.arena);
    if (!part.ok) return make_error(call.arena, "error during formatting: " + part.text);
    out += part.text;
  }
  return make_string_copy(call.arena, out);
}

}  // namespace

std::span<const FunctionRow> text_format_rows() {
  static constexpr FunctionRow kRows[] = {
      {"format", "string.(list(dyn)) -> string", format, CostModel::Format, kSince},
  };
  return kRows;
}

}  // namespace neoid::cel
