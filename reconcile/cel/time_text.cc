#include "reconcile/cel/time_text.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

namespace neoid::cel {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 8> kGoUnits = {{{"ns", 1},
                                           {"us", 1000},
                                           {"\u00B5s", 1000},
                                           {"\u03BCs", 1000},
                                           {"ms", 1'000'000},
                                           {"s", kSecond},
                                           {"m", 60 * kSecond},
                                           {"h", 3600 * kSecond}}};

// Exactly `count` digits at the front, taken off.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86400};
}

}  // namespace

std::optional<std::int64_t> parse_go_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  constexpr auto kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + 1;
  std::uint64_t total = 0;
  while (!text.empty()) {
    std::uint64_t whole = 0;
    std::size_t digits = 0;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++digits) {
      if (whole > (kLimit - 9) / 10) return std::nullopt;
      whole = whole * 10 + static_cast<std::uint64_t>(text.front() - '0');
    }
    double fraction = 0;
    double scale = 1;
    if (take(text, '.')) {
      for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++digits) {
        if (scale >= 1e18) continue;
        scale *= 10;
        fraction = fraction * 10 + (text.front() - '0');
      }
    }
    if (digits == 0) return std::nullopt;
    std::size_t length = 0;
    while (length < text.size() && text[length] != '.' && !is_digit(text[length])) ++length;
    const std::string_view name = text.substr(0, length);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kGoUnits) {
      if (candidate.name == name) unit = &candidate;
    }
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(length);
    const auto nanoseconds = static_cast<std::uint64_t>(unit->nanoseconds);
    if (whole > kLimit / nanoseconds) return std::nullopt;
    const std::uint64_t part =
        whole * nanoseconds +
        static_cast<std::uint64_t>(fraction * (static_cast<double>(nanoseconds) / scale));
    if (part > kLimit || total > kLimit - part) return std::nullopt;
    total += part;
  }
  if (total > kLimit - (negative ? 0 : 1)) return std::nullopt;
  return negative ? static_cast<std::int64_t>(0 - total) : static_cast<std::int64_t>(total);
}

std::optional<std::int64_t> parse_any_duration(std::string_view text) {
  if (const auto plain = parse_go_duration(text)) return plain;
  // The last name of each matches as a prefix: "minutes".
  struct Family {
    std::array<std::string_view, 3> names;
    std::int64_t nanoseconds;
  };
  static constexpr std::array<Family, 8> kFamilies = {{{{"ns", "", "nano"}, 1},
                                                       {{"us", "\u00B5s", "micro"}, 1000},
                                                       {{"ms", "", "milli"}, 1'000'000},
                                                       {{"s", "", "sec"}, kSecond},
                                                       {{"m", "", "min"}, 60 * kSecond},
                                                       {{"h", "hr", "hour"}, 3600 * kSecond},
                                                       {{"d", "", "day"}, 86400 * kSecond},
                                                       {{"w", "wk", "week"}, 7 * 86400 * kSecond}}};
  static const RE2 kPart("([0-9]+)\\s*([A-Za-z\u00B5]+)");
  re2::StringPiece rest(text.data(), text.size());
  std::string number;
  std::string unit;
  bool any = false;
  std::uint64_t total = 0;
  while (RE2::FindAndConsume(&rest, kPart, &number, &unit)) {
    std::int64_t factor = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), factor).ec != std::errc{})
      return std::nullopt;
    for (char& c : unit) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    for (const Family& family : kFamilies) {
      for (std::size_t i = 0; i < family.names.size(); ++i) {
        const std::string_view name = family.names[i];
        const bool matches = !name.empty() && (unit == name || (i == 2 && unit.starts_with(name)));
        if (!matches) continue;
        any = true;
        total += static_cast<std::uint64_t>(factor) *
                 static_cast<std::uint64_t>(family.nanoseconds);  // wraps, as there
      }
    }
  }
  if (!any) return std::nullopt;
  return static_cast<std::int64_t>(total);
}

std::optional<TimePoint> parse_date(std::string_view text) {
  const auto seconds = take_date(text);
  if (!seconds || !text.empty()) return std::nullopt;
  return TimePoint{*seconds, 0, 0};
}

std::optional<TimePoint> parse_date_time(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !take(text, 'T')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 59) return std::nullopt;
  TimePoint out{*date + *hour * 3600 + *minute * 60 + *second, 0, 0};
  if (text.size() > 1 && (text.front() == '.' || text.front() == ',') && is_digit(text[1])) {
    text.remove_prefix(1);
    std::uint32_t scale = 100'000'000;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), scale /= 10) {
      out.nanoseconds += static_cast<std::uint32_t>(text.front() - '0') * scale;
    }
  }
  if (text == "Z") return out;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  text.remove_prefix(hours ? 1 : 0);
  const auto minutes = hours ? take_number(text, 2) : std::nullopt;
  if (!minutes || *hours > 24 || *minutes > 60) return std::nullopt;
  out.offset = sign * (*hours * 3600 + *minutes * 60);
  out.seconds -= out.offset;
  return out;
}

std::string format_timestamp(TimePoint time) {
  const std::chrono::sys_seconds point{std::chrono::seconds(time.seconds + time.offset)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(point - day);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (time.nanoseconds != 0) {
    out += fmt::format(".{:09}", time.nanoseconds);
    out.erase(out.find_last_not_of('0') + 1);
  }
  if (time.offset == 0) return out + "Z";
  const int minutes = std::abs(time.offset) / 60;
  return out + fmt::format("{}{:02}:{:02}", time.offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::string format_duration_seconds(std::int64_t nanoseconds) {
  const double seconds =
      static_cast<double>(nanoseconds / kSecond) + static_cast<double>(nanoseconds % kSecond) / 1e9;
  return format_double_fixed(seconds) + "s";
}

namespace {

std::optional<std::string> not_finite(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return std::nullopt;
}

std::string to_text(double value, std::chars_format format) {
  std::array<char, 512> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
  return {buffer.data(), result.ptr};
}

}  // namespace

std::string format_double(double value) {
  if (const auto special = not_finite(value)) return *special;
  const std::string scientific = to_text(value, std::chars_format::scientific);
  int exponent = 0;
  const std::size_t e = scientific.find('e');
  const std::size_t sign = scientific[e + 1] == '+' ? 2 : 1;
  std::from_chars(scientific.data() + e + sign, scientific.data() + scientific.size(), exponent);
  if (exponent < -4 || exponent >= 6) return scientific;
  return to_text(value, std::chars_format::fixed);
}

std::string format_double_fixed(double value) {
  if (const auto special = not_finite(value)) return *special;
  return to_text(value, std::chars_format::fixed);
}

}  // namespace neoid::cel
