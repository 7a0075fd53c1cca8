#include "reconcile/cel/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace neoid::cel {
namespace {

constexpr Int128 kNano = 1'000'000'000;
constexpr Int128 kLargest = kNano * 9'223'372'036'854'775'807;  // what a quantity is capped to

struct Suffix {
  std::string_view text;
  int power2;
  int power10;
};
constexpr std::array<Suffix, 16> kSuffixes = {{{"Ki", 10, 0},
                                               {"Mi", 20, 0},
                                               {"Gi", 30, 0},
                                               {"Ti", 40, 0},
                                               {"Pi", 50, 0},
                                               {"Ei", 60, 0},
                                               {"", 0, 0},
                                               {"n", 0, -9},
                                               {"u", 0, -6},
                                               {"m", 0, -3},
                                               {"k", 0, 3},
                                               {"M", 0, 6},
                                               {"G", 0, 9},
                                               {"T", 0, 12},
                                               {"P", 0, 15},
                                               {"E", 0, 18}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Suffix> read_suffix(std::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text == text) return suffix;
  }
  if (text.size() > 1 && (text.front() == 'e' || text.front() == 'E')) {
    std::string_view digits = text.substr(1);
    if (digits.starts_with('+') && digits.size() > 1 && is_digit(digits[1])) digits.remove_prefix(1);
    int exponent = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error == std::errc{} && end == digits.data() + digits.size()) return Suffix{text, 0, exponent};
  }
  return std::nullopt;
}

}  // namespace

std::optional<QuantityNode> parse_quantity(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  const std::string_view number = text.substr(0, end);
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : number.substr(point + 1);
  if (fraction.find('.') != std::string_view::npos || (whole.empty() && fraction.empty()))
    return std::nullopt;
  const auto suffix = read_suffix(text.substr(end));
  if (!suffix) return std::nullopt;

  // digits * 10^exponent * 2^power2, in billionths; saturating.
  Int128 value = 0;
  bool lost = false;
  int exponent = suffix->power10 + 9 - static_cast<int>(std::min<std::size_t>(fraction.size(), 100000));
  constexpr Int128 kRoom = kLargest * 1024;
  const auto push = [&](char digit) {
    if (value > kRoom / 10) {
      ++exponent;
      lost = lost || digit != '0';
      return;
    }
    value = value * 10 + (digit - '0');
  };
  for (const char digit : whole) push(digit);
  for (const char digit : fraction) push(digit);
  for (int i = 0; i < suffix->power2; ++i) {
    if (value > kRoom) {
      value = kRoom;
    } else {
      value *= 2;
    }
  }
  for (; exponent > 0 && value != 0; --exponent) {
    if (value > kLargest) break;
    value *= 10;
  }
  for (; exponent < 0 && value != 0; ++exponent) {
    lost = lost || value % 10 != 0;
    value /= 10;
  }
  if (lost && exponent == 0) ++value;
  if (value > kLargest) value = kLargest;
  return QuantityNode{negative ? -value : value};
}

}  // namespace neoid::cel
