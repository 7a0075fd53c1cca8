#include "reconcile/value/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "reconcile/value/json_parser.h"
#include "reconcile/value/utf8.h"

namespace neoid {
namespace {

void write_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out += text.substr(start, i - start);
    start = i + 1;
    switch (byte) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
  }
  out += text.substr(start);
  out += '"';
}

void write_text(std::string& out, std::string_view text) {
  if (is_utf8(text))
    write_string(out, text);
  else
    write_string(out, replace_invalid_utf8(text, Replacement::PerByte));
}

template <class Integer>
void write_integer(std::string& out, Integer number) {
  char buffer[24];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  out.append(buffer, end);
}

void write(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return;
    case Json::value_t::number_integer: write_integer(out, value.get<std::int64_t>()); return;
    case Json::value_t::number_unsigned: write_integer(out, value.get<std::uint64_t>()); return;
    case Json::value_t::number_float: out += go_number(value.get<double>()); return;
    case Json::value_t::string: write_text(out, value.get_ref<const std::string&>()); return;
    case Json::value_t::array: {
      out += '[';
      bool first = true;
      for (const Json& item : value) {
        if (!std::exchange(first, false)) out += ',';
        write(out, item);
      }
      out += ']';
      return;
    }
    case Json::value_t::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.get_ref<const Json::object_t&>()) {
        if (!std::exchange(first, false)) out += ',';
        write_text(out, key);
        out += ':';
        write(out, item);
      }
      out += '}';
      return;
    }
    case Json::value_t::null:
    case Json::value_t::binary:
    case Json::value_t::discarded: out += "null"; return;
  }
}

}  // namespace

Result<JsonRead> read_json(std::string_view text, std::size_t max_depth) {
  JsonScanOptions options;
  options.max_depth = max_depth;
  JsonScan scan = scan_json(text, options);
  if (scan.status == JsonScan::Status::NeedMore)
    return fail(ErrorKind::Invalid, "unexpected end of JSON input");
  if (scan.status == JsonScan::Status::Failed) return fail(ErrorKind::Invalid, std::move(scan.message));
  for (std::size_t i = scan.end; i < text.size(); ++i)
    if (!is_json_space(text[i]))
      return fail(ErrorKind::Invalid,
                  fmt::format("invalid character {} after top-level value", go_quote_byte(text[i])));
  JsonRead read{std::move(scan.value), {}};
  for (JsonDuplicate& duplicate : scan.duplicates)
    if (std::find(read.duplicate_fields.begin(), read.duplicate_fields.end(), duplicate.path) ==
        read.duplicate_fields.end())
      read.duplicate_fields.push_back(std::move(duplicate.path));
  return read;
}

Result<Json> parse_json(std::string_view text, std::size_t max_depth) {
  NEOID_TRY(JsonRead read, read_json(text, max_depth));
  return std::move(read.value);
}

std::string go_number(double value) {
  if (!std::isfinite(value)) return "null";
  char buffer[32];
  const double size = std::fabs(value);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) {
    // The shortest digits that read back, padded with zeros: not the exact digits that std::to_chars writes.
    const auto [end, error] =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    const std::size_t e = text.find('e');
    std::string digits;
    for (const char c : text.substr(0, e))
      if (c != '.' && c != '-') digits += c;
    int exponent = 0;
    std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
    const std::string sign = text[0] == '-' ? "-" : "";
    const auto point = exponent + 1;
    if (point <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
    const auto whole = static_cast<std::size_t>(point);
    if (whole >= digits.size()) return sign + digits + std::string(whole - digits.size(), '0');
    return sign + digits.substr(0, whole) + "." + digits.substr(whole);
  }
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string text(buffer, end);
  // Go writes at least two digits of exponent, and then drops a leading zero of a negative one: 1e-07 ->
  // 1e-7.
  const std::size_t e = text.find("e-0");
  if (e != std::string::npos && text.size() == e + 4) text.erase(e + 2, 1);
  return text;
}

std::string to_json(const Json& value) {
  std::string out;
  write(out, value);
  return out;
}

}  // namespace neoid
