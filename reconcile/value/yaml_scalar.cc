#include "reconcile/value/yaml_scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/utf8.h"

namespace neoid::yaml {
namespace {

using Kind = Scalar::Kind;
using Surprise = Scalar::Surprise;

constexpr std::int64_t kExact = std::int64_t{1} << 53;

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

// "yes", "Yes", "YES": lower case, capitalised, upper case; no other mixture.
bool is_spelling(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  const auto upper = [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); };
  const bool capital = text[0] == upper(lower[0]) && text[0] != lower[0];
  if (!capital) return text == lower;
  if (text.substr(1) == lower.substr(1)) return true;
  return std::equal(text.begin(), text.end(), lower.begin(), [&](char a, char b) { return a == upper(b); });
}

std::optional<Scalar> word(std::string_view text) {
  if (text.size() > 5) return std::nullopt;
  Scalar scalar;
  if (text.empty() || text == "~" || is_spelling(text, "null")) {
    scalar.kind = Kind::Null;
    return scalar;
  }
  scalar.kind = Kind::Boolean;
  for (const std::string_view yes : {"true", "y", "yes", "on"})
    if (is_spelling(text, yes)) {
      scalar.boolean = true;
      scalar.surprise = yes == "true" ? Surprise::None : Surprise::BooleanWord;
      return scalar;
    }
  for (const std::string_view no : {"false", "n", "no", "off"})
    if (is_spelling(text, no)) {
      scalar.surprise = no == "false" ? Surprise::None : Surprise::BooleanWord;
      return scalar;
    }
  return std::nullopt;
}

std::optional<Scalar> not_finite(std::string_view text) {
  Scalar scalar;
  scalar.kind = Kind::Float;
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    scalar.real = std::numeric_limits<double>::quiet_NaN();
    return scalar;
  }
  const bool minus = !text.empty() && text[0] == '-';
  if (minus || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text != ".inf" && text != ".Inf" && text != ".INF") return std::nullopt;
  scalar.real = minus ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  return scalar;
}

std::optional<std::uint64_t> digits(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Scalar> integer_of(bool minus, std::uint64_t size) {
  Scalar scalar;
  scalar.kind = Kind::Integer;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (size <= kMax)
    scalar.integer = minus ? -static_cast<std::int64_t>(size) : static_cast<std::int64_t>(size);
  else if (minus && size == kMax + 1)
    scalar.integer = std::numeric_limits<std::int64_t>::min();
  else
    return std::nullopt;
  if (scalar.integer > kExact || scalar.integer < -kExact) scalar.surprise = Surprise::Large;
  return scalar;
}

// As Go's ParseInt and ParseUint with base 0.
std::optional<Scalar> integer(std::string_view text) {
  const bool sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  const bool minus = sign && text[0] == '-';
  if (sign) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  int base = 10;
  std::string_view body = text;
  if (text[0] == '0' && text.size() > 1) {
    const char letter = static_cast<char>(text[1] | 0x20);
    const bool long_enough = text.size() >= 3;
    base = long_enough && letter == 'x' ? 16 : long_enough && letter == 'b' ? 2 : 8;
    body.remove_prefix(base == 16 || base == 2 || (long_enough && letter == 'o') ? 2 : 1);
  }
  const auto size = digits(body, base);
  if (!size) return std::nullopt;
  auto scalar = integer_of(minus, *size);
  if (!scalar && !sign) {
    scalar = Scalar{};
    scalar->kind = Kind::Unsigned;
    scalar->natural = *size;
    scalar->surprise = Surprise::Large;
  }
  if (scalar && body.size() + 1 == text.size()) scalar->surprise = Surprise::LeadingZero;
  return scalar;
}

// [-+]?(.d+|d+(.d*)?)([eE][-+]?d+)?
bool looks_like_float(std::string_view text) {
  std::size_t i = 0;
  const auto run = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_ascii_digit(text[i])) ++i;
    return i - from;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const std::size_t whole = run();
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (run() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (run() == 0) return false;
  }
  return i == text.size();
}

std::optional<Scalar> real(const std::string& text) {
  if (!looks_like_float(text)) return std::nullopt;
  Scalar scalar;
  scalar.kind = Kind::Float;
  scalar.real = std::strtod(text.c_str(), nullptr);
  if (std::isinf(scalar.real)) return std::nullopt;
  const bool exponent = text.find_first_of("eE") != std::string::npos;
  const bool point = text.find('.') != std::string::npos;
  if (exponent || (point && text.back() == '0'))
    scalar.surprise = Surprise::Rewritten;
  else if (!point)
    scalar.surprise = text[0] == '0' && text.size() > 1 ? Surprise::LeadingZero : Surprise::Large;
  return scalar;
}

// Underscores only between digits, as Go wants them in a number that begins with a point.
bool underscores_between_digits(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') continue;
    const bool before = i > 0 && (is_ascii_digit(text[i - 1]) || text[i - 1] == '_');
    const bool after = i + 1 < text.size() && (is_ascii_digit(text[i + 1]) || text[i + 1] == '_');
    if (!before || !after) return false;
  }
  return true;
}

std::optional<Scalar> number(std::string_view text) {
  std::string bare(text);
  std::erase(bare, '_');
  const bool underscores = bare.size() != text.size();
  if (text[0] == '.' && underscores && !underscores_between_digits(text)) return std::nullopt;
  std::optional<Scalar> scalar;
  if (text[0] != '.') scalar = integer(bare);
  if (!scalar) scalar = real(bare);
  if (!scalar && bare.starts_with("0b")) {  // 0b-1: the sign may stand behind the base
    const std::string_view rest = std::string_view(bare).substr(2);
    const bool sign = !rest.empty() && (rest[0] == '-' || rest[0] == '+');
    if (const auto size = digits(rest.substr(sign ? 1 : 0), 2))
      scalar = integer_of(sign && rest[0] == '-', *size);
  }
  if (scalar && underscores) scalar->surprise = Surprise::Underscore;
  return scalar;
}

Scalar string_scalar(std::string_view text) {
  Scalar scalar;
  scalar.text = text;
  return scalar;
}

// The meaning of a text without quotes and without a tag.
Scalar implicit(std::string_view text) {
  const char c = text.empty() ? '~' : text[0];
  switch (c) {
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      if (auto scalar = number(text)) return *scalar;
      break;
    case '+':
    case '-':
    case '.':
      if (auto scalar = not_finite(text)) return *scalar;
      if (auto scalar = number(text)) return *scalar;
      break;
    case 'y':
    case 'Y':
    case 'n':
    case 'N':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case 'o':
    case 'O':
    case '~':
      if (auto scalar = word(text)) return *scalar;
      break;
    default: break;
  }
  return string_scalar(text);
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Null: return "!!null";
    case Kind::Boolean: return "!!bool";
    case Kind::Integer:
    case Kind::Unsigned: return "!!int";
    case Kind::Float: return "!!float";
    case Kind::String: return "!!str";
  }
  return "!!str";
}

// 2001-12-14, with a time or without: near enough to say whether the tag !!timestamp fits.
bool is_timestamp(std::string_view text) {
  if (text.size() < 8 || text[4] != '-') return false;
  return std::all_of(text.begin(), text.begin() + 4, is_ascii_digit) && is_ascii_digit(text[5]) &&
         text.find_first_not_of("0123456789-:.+TtZ ") == std::string_view::npos;
}

Scalar binary(std::string_view text) {
  Scalar scalar;
  std::string compact(text);
  std::erase(compact, '\n');
  std::erase(compact, '\r');
  const auto bytes = unbase64(compact);
  if (!bytes)
    scalar.error = "!!binary value contains invalid base64 data";
  else
    scalar.binary = replace_invalid_utf8(*bytes, Replacement::PerByte);
  return scalar;
}

// Go's %g of a float32.
std::string float_key(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  const auto single = static_cast<float>(value);
  if (std::isinf(single)) return value < 0 ? "-.inf" : ".inf";
  char buffer[64];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, single, std::chars_format::scientific);
  const std::string text(buffer, end);
  const int exponent = std::atoi(text.c_str() + text.find('e') + 1);
  if (single != 0 && (exponent < -4 || exponent >= 6)) return text;
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, single, std::chars_format::fixed);
  return std::string(buffer, fixed.ptr);
}

}  // namespace

Scalar resolve(std::string_view text, std::string_view tag, bool plain) {
  if (tag.empty()) return plain ? implicit(text) : string_scalar(text);
  if (!tag.starts_with(kTagPrefix)) return string_scalar(text);
  const std::string_view type = tag.substr(kTagPrefix.size());
  if (type == "binary") return binary(text);
  const bool known =
      type == "bool" || type == "int" || type == "float" || type == "null" || type == "timestamp";
  if (!known) return string_scalar(text);
  if (type == "timestamp" && is_timestamp(text)) return string_scalar(text);
  Scalar scalar = implicit(text);
  scalar.surprise = Surprise::None;
  const std::string_view name = name_of(scalar.kind);
  if (name.substr(2) == type) return scalar;
  if (type == "float" && scalar.kind == Kind::Integer) {
    scalar.kind = Kind::Float;
    scalar.real = static_cast<double>(scalar.integer);
    return scalar;
  }
  scalar.error = fmt::format("cannot decode {} `{}` as a !!{}", name, text, type);
  return scalar;
}

Json to_value(const Scalar& scalar) {
  switch (scalar.kind) {
    case Kind::Null: return nullptr;
    case Kind::Boolean: return scalar.boolean;
    case Kind::Integer: return scalar.integer;
    case Kind::Unsigned: return static_cast<double>(scalar.natural);
    case Kind::String: return scalar.binary.empty() ? Json(std::string(scalar.text)) : Json(scalar.binary);
    case Kind::Float: break;
  }
  if (scalar.real != std::trunc(scalar.real)) return scalar.real;
  if (std::fabs(scalar.real) < static_cast<double>(kExact)) return static_cast<std::int64_t>(scalar.real);
  const std::string text = go_number(scalar.real);
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error == std::errc() && end == text.data() + text.size()) return whole;
  return scalar.real;
}

bool to_key(const Scalar& scalar, std::string& key) {
  switch (scalar.kind) {
    case Kind::Null:
    case Kind::Unsigned: return false;
    case Kind::Boolean: key = scalar.boolean ? "true" : "false"; return true;
    case Kind::Integer: key = fmt::format("{}", scalar.integer); return true;
    case Kind::Float: key = float_key(scalar.real); return true;
    case Kind::String:
      if (scalar.binary.empty())
        key.assign(scalar.text);
      else
        key = scalar.binary;
      return true;
  }
  return false;
}

}  // namespace neoid::yaml
