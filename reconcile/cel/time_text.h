// Texts of times and durations, as Go and Kubernetes' formats read and write them. Nanoseconds throughout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace neoid::cel {

struct TimePoint {
  std::int64_t seconds = 0;  // since 1970, UTC
  std::uint32_t nanoseconds = 0;
  std::int32_t offset = 0;  // seconds east of Greenwich, as it was written; only its text shows it
};

// The times that CEL knows: years 1 to 9999.
inline constexpr std::int64_t kMinSeconds = -62135596800;
inline constexpr std::int64_t kMaxSeconds = 253402300799;

// Go's: "1h30m", "-1.5s", "0"; nullopt for all else and for what does not fit 64 bits of nanoseconds.
std::optional<std::int64_t> parse_go_duration(std::string_view text);
// OpenAPI's `format: duration`: the above, and "90d", "2 weeks", "1 hour 3 min".
std::optional<std::int64_t> parse_any_duration(std::string_view text);
// "2023-06-01".
std::optional<TimePoint> parse_date(std::string_view text);
// RFC 3339 with capital T and Z.
std::optional<TimePoint> parse_date_time(std::string_view text);

// "2023-06-01T01:00:00.5Z", "2023-06-01T03:00:00+02:00".
std::string format_timestamp(TimePoint time);
// "5400s", "0.5s".
std::string format_duration_seconds(std::int64_t nanoseconds);
// Go's shortest 'g' and 'f' of a double: "1e+06", "NaN", "+Inf".
std::string format_double(double value);
std::string format_double_fixed(double value);

}  // namespace neoid::cel
