// The parts of timestamps and durations: getFullYear(), getHours("+02:00") ...
// Time zones: UTC and fixed offsets. Named zones would need a database of them, which a pure library has not.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>

#include "reconcile/cel/functions.h"

namespace neoid::cel {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;

enum class Part {
  FullYear,
  Month,
  DayOfYear,
  DayOfMonth,
  Date,
  DayOfWeek,
  Hours,
  Minutes,
  Seconds,
  Milliseconds
};

// Seconds east of Greenwich: "UTC", "+02:00", "-8:30", "02:00".
std::optional<std::int64_t> zone_offset(std::string_view zone) {
  if (zone.empty() || zone == "UTC" || zone == "Etc/UTC" || zone == "GMT" || zone == "Local") return 0;
  const std::size_t colon = zone.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const bool negative = zone.starts_with('-');
  std::string_view hour = zone.substr(0, colon);
  if (negative || zone.starts_with('+')) hour.remove_prefix(1);
  const std::string_view minute = zone.substr(colon + 1);
  int hours = 0;
  int minutes = 0;
  const auto read = [](std::string_view text, int& out) {
    return std::from_chars(text.data(), text.data() + text.size(), out).ptr == text.data() + text.size() &&
           !text.empty();
  };
  if (!read(hour, hours) || !read(minute, minutes) || hours > 23 || minutes > 59 || hours < 0 ||
      minutes < 0) {
    return std::nullopt;
  }
  const std::int64_t seconds = hours * 3600 + minutes * 60;
  return negative ? -seconds : seconds;
}

std::int64_t part_of(Part part, std::int64_t seconds, std::uint32_t nanoseconds) {
  using namespace std::chrono;
  const sys_seconds point{std::chrono::seconds(seconds)};
  const sys_days day = floor<days>(point);
  const year_month_day date(day);
  const hh_mm_ss clock(point - day);
  switch (part) {
    case Part::FullYear: return static_cast<int>(date.year());
    case Part::Month: return static_cast<std::int64_t>(static_cast<unsigned>(date.month())) - 1;
    case Part::DayOfYear: return (day - sys_days(date.year() / 1 / 1)).count();
    case Part::DayOfMonth: return static_cast<std::int64_t>(static_cast<unsigned>(date.day())) - 1;
    case Part::Date: return static_cast<std::int64_t>(static_cast<unsigned>(date.day()));
    case Part::DayOfWeek: return static_cast<std::int64_t>(weekday(day).c_encoding());
    case Part::Hours: return clock.hours().count();
    case Part::Minutes: return clock.minutes().count();
    case Part::Seconds: return clock.seconds().count();
    case Part::Milliseconds: return nanoseconds / 1'000'000;
  }
  return 0;
}

Value duration_part(Part part, std::int64_t nanoseconds) {
  switch (part) {
    case Part::Hours: return make_int(nanoseconds / (3600 * kNanos));
    case Part::Minutes: return make_int(nanoseconds / (60 * kNanos));
    case Part::Seconds: return make_int(nanoseconds / kNanos);
    default: return make_int(nanoseconds / 1'000'000);
  }
}

template <Part part>
Value get(const Call& call) {
  const Value& self = call.args[0];
  if (self.is(ValueKind::Duration)) return duration_part(part, self.integer);
  std::int64_t offset = 0;
  if (call.count > 1) {
    const auto zone = zone_offset(call.args[1].str());
    if (!zone) return make_error(call.arena, fmt::format("unknown time zone {}", call.args[1].str()));
    offset = *zone;
  }
  return make_int(part_of(part, self.integer + offset, self.extra));
}

}  // namespace

std::span<const FunctionRow> time_rows() {
  static constexpr std::string_view kPlain = "timestamp.() -> int";
  static constexpr std::string_view kZoned = "timestamp.(string) -> int";
  static constexpr std::string_view kDuration = "duration.() -> int";
  static constexpr FunctionRow kRows[] = {
      {"getFullYear", kPlain, get<Part::FullYear>},
      {"getFullYear", kZoned, get<Part::FullYear>},
      {"getMonth", kPlain, get<Part::Month>},
      {"getMonth", kZoned, get<Part::Month>},
      {"getDayOfYear", kPlain, get<Part::DayOfYear>},
      {"getDayOfYear", kZoned, get<Part::DayOfYear>},
      {"getDayOfMonth", kPlain, get<Part::DayOfMonth>},
      {"getDayOfMonth", kZoned, get<Part::DayOfMonth>},
      {"getDate", kPlain, get<Part::Date>},
      {"getDate", kZoned, get<Part::Date>},
      {"getDayOfWeek", kPlain, get<Part::DayOfWeek>},
      {"getDayOfWeek", kZoned, get<Part::DayOfWeek>},
      {"getHours", kPlain, get<Part::Hours>},
      {"getHours", kZoned, get<Part::Hours>},
      {"getHours", kDuration, get<Part::Hours>},
      {"getMinutes", kPlain, get<Part::Minutes>},
      {"getMinutes", kZoned, get<Part::Minutes>},
      {"getMinutes", kDuration, get<Part::Minutes>},
      {"getSeconds", kPlain, get<Part::Seconds>},
      {"getSeconds", kZoned, get<Part::Seconds>},
      {"getSeconds", kDuration, get<Part::Seconds>},
      {"getMilliseconds", kPlain, get<Part::Milliseconds>},
      {"getMilliseconds", kZoned, get<Part::Milliseconds>},
      {"getMilliseconds", kDuration, get<Part::Milliseconds>},
  };
  return kRows;
}

}  // namespace neoid::cel
