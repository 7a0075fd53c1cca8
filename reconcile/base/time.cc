#include "reconcile/base/time.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>

#include "reconcile/base/check.h"

namespace neoid {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads exactly `count` digits at the front of `text` and takes them off.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
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
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::string format_seconds(Instant instant) {
  const auto day = floor<days>(instant);
  const std::chrono::year_month_day date{day};
  const auto rest = floor<seconds>(instant - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3600,
                     rest / 60 % 60, rest % 60);
}

// The offset at the end of an RFC 3339 time: "Z", "z" or "+hh:mm".
std::optional<minutes> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return minutes(0);
  const bool west = !text.empty() && text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !text.empty() || *hour > 23 || *minute > 59) return std::nullopt;
  const auto offset = hours(*hour) + minutes(*minute);
  return west ? -offset : offset;
}

std::optional<Duration> parse_clock(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  Duration clock = hours(*hour) + minutes(*minute) + seconds(*second);
  if (take(text, '.')) {
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    std::int64_t scale = 100000;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), scale /= 10)
      clock += Duration((text.front() - '0') * scale);
  }
  return clock;
}

struct Unit {
  std::string_view name;
  std::int64_t micros;
};
constexpr Unit kUnits[] = {
    {"ms", 1000}, {"us", 1}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}};

}  // namespace

std::string format_time(Instant instant) { return format_seconds(instant) + "Z"; }

std::string format_micro_time(Instant instant) {
  const auto micros = (instant - floor<seconds>(instant)).count();
  return fmt::format("{}.{:06}Z", format_seconds(instant), micros);
}

std::optional<Instant> parse_time(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || (!take(text, 'T') && !take(text, 't'))) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const auto clock = parse_clock(text);
  if (!clock) return std::nullopt;
  const auto offset = parse_offset(text);
  if (!offset) return std::nullopt;
  return Instant(sys_days(date).time_since_epoch()) + *clock - *offset;
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  constexpr auto kMost = static_cast<long double>(std::numeric_limits<std::int64_t>::max() / 2);
  long double total = 0;
  while (!text.empty()) {
    long double value = 0;
    long double scale = 1;
    bool digits = false;
    bool point = false;
    for (; !text.empty() && (is_digit(text.front()) || (text.front() == '.' && !point));
         text.remove_prefix(1)) {
      if (text.front() == '.') {
        point = true;
        continue;
      }
      digits = true;
      value = value * 10 + (text.front() - '0');
      if (point) scale *= 10;
    }
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (unit == nullptr && text.substr(0, candidate.name.size()) == candidate.name) unit = &candidate;
    }
    if (!digits || unit == nullptr) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += value / scale * static_cast<long double>(unit->micros);
    if (total > kMost) return std::nullopt;
  }
  return Duration(static_cast<std::int64_t>(total + 0.5L));
}

std::string format_duration(Duration duration) {
  NEOID_CHECK(duration.count() >= 0);
  if (duration.count() == 0) return "0s";
  std::string text;
  std::int64_t rest = duration.count();
  const auto part = [&](std::int64_t unit, const char* name) {
    if (rest >= unit) text += fmt::format("{}{}", rest / unit, name);
    rest %= unit;
  };
  part(3'600'000'000, "h");
  part(60'000'000, "m");
  part(1'000'000, "s");
  part(1'000, "ms");
  part(1, "us");
  return text;
}

}  // namespace neoid
