// Instants (UTC, microseconds) and durations, with the two texts that Kubernetes writes them in.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace neoid {

using Duration = std::chrono::microseconds;
using Instant = std::chrono::sys_time<Duration>;

// metav1.Time: "2026-02-03T04:05:06Z", cut to seconds.
std::string format_time(Instant instant);
// metav1.MicroTime: "2026-02-03T04:05:06.000007Z".
std::string format_micro_time(Instant instant);
// RFC 3339 with any offset and any number of decimals; nullopt for anything else. Range: years 0 to 9999.
std::optional<Instant> parse_time(std::string_view text);

// The durations of our CRDs and of Go: "2160h", "1h30m", "1.5s", "250ms"; no sign. nullopt for anything else,
// and for what does not fit.
std::optional<Duration> parse_duration(std::string_view text);
// The shortest such text of a duration that is not negative: "24h", "1h30m", "0s".
std::string format_duration(Duration duration);

}  // namespace neoid
