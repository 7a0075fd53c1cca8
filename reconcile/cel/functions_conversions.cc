// Conversions between the basic types: int(x), string(x), timestamp(x) ...
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "reconcile/cel/functions.h"
#include "reconcile/cel/text.h"
#include "reconcile/cel/time_text.h"

namespace neoid::cel {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

Value cannot(const Call& call, std::string_view to) {
  return make_error(call.arena,
                    fmt::format("type conversion error from '{}' to '{}'", type_name(call.args[0]), to));
}

template <class T>
bool parse_whole(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

Value to_int(const Call& call) {
  const Value& from = call.args[0];
  switch (from.kind) {
    case ValueKind::Int: return from;
    case ValueKind::Uint:
      return from.uinteger > static_cast<std::uint64_t>(INT64_MAX)
                 ? make_static_error("integer overflow")
                 : make_int(static_cast<std::int64_t>(from.uinteger));
    case ValueKind::Double:
      if (!(from.number > -kTwoTo63 && from.number < kTwoTo63)) return make_static_error("integer overflow");
      return make_int(static_cast<std::int64_t>(from.number));
    case ValueKind::String: {
      std::string_view text = from.str();
      if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
      std::int64_t value = 0;
      return parse_whole(text, value) ? make_int(value) : cannot(call, "int");
    }
    case ValueKind::Timestamp:
    case ValueKind::Duration: return make_int(from.integer);
    default: return cannot(call, "int");
  }
}

Value to_uint(const Call& call) {
  const Value& from = call.args[0];
  switch (from.kind) {
    case ValueKind::Uint: return from;
    case ValueKind::Int:
      return from.integer < 0 ? make_static_error("unsigned integer overflow")
                              : make_uint(static_cast<std::uint64_t>(from.integer));
    case ValueKind::Double:
      if (!(from.number >= 0 && from.number < kTwoTo64))
        return make_static_error("unsigned integer overflow");
      return make_uint(static_cast<std::uint64_t>(from.number));
    case ValueKind::String: {
      std::uint64_t value = 0;
      return parse_whole(from.str(), value) ? make_uint(value) : cannot(call, "uint");
    }
    default: return cannot(call, "uint");
  }
}

// Go's ParseFloat: also "+1", "inf", "0x1p-2", and too large is an error.
bool parse_double(std::string_view text, double& out) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.front() == '-' || text.front() == '+') return false;
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex && text.find_first_of("pP") == std::string_view::npos) return false;
  if (hex) text.remove_prefix(2);
  if (text.ends_with(')')) return false;  // nan(...)
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out,
                                            hex ? std::chars_format::hex : std::chars_format::general);
  if (end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {
    // Too small becomes zero; too large does not convert.
    const std::size_t exponent = text.find_first_of(hex ? "pP" : "eE");
    if (exponent == std::string_view::npos || exponent + 1 >= text.size() || text[exponent + 1] != '-')
      return false;
    out = 0;
  } else if (error != std::errc{}) {
    return false;
  }
  if (negative) out = -out;
  return true;
}

Value to_double(const Call& call) {
  const Value& from = call.args[0];
  switch (from.kind) {
    case ValueKind::Double: return from;
    case ValueKind::Int: return make_double(static_cast<double>(from.integer));
    case ValueKind::Uint: return make_double(static_cast<double>(from.uinteger));
    case ValueKind::String: {
      double value = 0;
      return parse_double(from.str(), value) ? make_double(value) : cannot(call, "double");
    }
    default: return cannot(call, "double");
  }
}

Value to_bool(const Call& call) {
  const Value& from = call.args[0];
  if (from.is(ValueKind::Bool)) return from;
  static constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  static constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (from.is(ValueKind::String)) {
    for (const std::string_view word : kTrue) {
      if (from.str() == word) return make_bool(true);
    }
    for (const std::string_view word : kFalse) {
      if (from.str() == word) return make_bool(false);
    }
  }
  return cannot(call, "bool");
}

Value to_string(const Call& call) {
  const Value& from = call.args[0];
  const auto text = [&call](const std::string& made) { return make_string_copy(call.arena, made); };
  switch (from.kind) {
    case ValueKind::String: return from;
    case ValueKind::Bool: return make_string(from.boolean ? "true" : "false");
    case ValueKind::Int: return text(fmt::format("{}", from.integer));
    case ValueKind::Uint: return text(fmt::format("{}", from.uinteger));
    case ValueKind::Double: return text(format_double(from.number));
    case ValueKind::Bytes:
      return is_utf8(from.str()) ? make_string(from.str())
                                 : make_static_error("invalid UTF-8 in bytes, cannot convert to string");
    case ValueKind::Timestamp:
      return text(format_timestamp({from.integer, from.extra, static_cast<std::int32_t>(from.offset)}));
    case ValueKind::Duration: return text(format_duration_seconds(from.integer));
    default: return cannot(call, "string");
  }
}

Value to_bytes(const Call& call) {
  const Value& from = call.args[0];
  if (from.is(ValueKind::Bytes)) return from;
  return from.is(ValueKind::String) ? make_bytes(from.str()) : cannot(call, "bytes");
}

Value to_duration(const Call& call) {
  const Value& from = call.args[0];
  if (from.is(ValueKind::Duration)) return from;
  if (from.is(ValueKind::Int)) return make_duration(from.integer);
  if (from.is(ValueKind::String)) {
    if (const auto parsed = parse_go_duration(from.str())) return make_duration(*parsed);
  }
  return cannot(call, "google.protobuf.Duration");
}

Value to_timestamp(const Call& call) {
  const Value& from = call.args[0];
  if (from.is(ValueKind::Timestamp)) return from;
  if (from.is(ValueKind::Int)) {
    const bool known = from.integer >= kMinSeconds && from.integer <= kMaxSeconds;
    return known ? make_timestamp(from.integer, 0) : make_static_error("timestamp overflow");
  }
  if (from.is(ValueKind::String)) {
    const auto parsed = parse_date_time(from.str());
    if (parsed && parsed->seconds >= kMinSeconds && parsed->seconds <= kMaxSeconds) {
      return make_timestamp(parsed->seconds, parsed->nanoseconds, parsed->offset);
    }
  }
  return cannot(call, "google.protobuf.Timestamp");
}

}  // namespace

std::span<const FunctionRow> conversion_rows() {
  static constexpr FunctionRow kRows[] = {
      {"bool", "(bool) -> bool", to_bool},
      {"bool", "(string) -> bool", to_bool},
      {"bytes", "(bytes) -> bytes", to_bytes},
      {"bytes", "(string) -> bytes", to_bytes, CostModel::StringToBytes},
      {"double", "(double) -> double", to_double},
      {"double", "(int) -> double", to_double},
      {"double", "(string) -> double", to_double},
      {"double", "(uint) -> double", to_double},
      {"duration", "(duration) -> duration", to_duration},
      {"duration", "(string) -> duration", to_duration},
      {"duration", "(int) -> duration", to_duration},
      {"int", "(int) -> int", to_int},
      {"int", "(uint) -> int", to_int},
      {"int", "(double) -> int", to_int},
      {"int", "(string) -> int", to_int},
      {"int", "(timestamp) -> int", to_int},
      {"int", "(duration) -> int", to_int},
      {"string", "(string) -> string", to_string},
      {"string", "(bool) -> string", to_string},
      {"string", "(int) -> string", to_string},
      {"string", "(uint) -> string", to_string},
      {"string", "(double) -> string", to_string},
      {"string", "(bytes) -> string", to_string, CostModel::BytesToString},
      {"string", "(timestamp) -> string", to_string},
      {"string", "(duration) -> string", to_string},
      {"timestamp", "(timestamp) -> timestamp", to_timestamp},
      {"timestamp", "(string) -> timestamp", to_timestamp},
      {"timestamp", "(int) -> timestamp", to_timestamp},
      {"uint", "(uint) -> uint", to_uint},
      {"uint", "(int) -> uint", to_uint},
      {"uint", "(double) -> uint", to_uint},
      {"uint", "(string) -> uint", to_uint},
  };
  return kRows;
}

}  // namespace neoid::cel
