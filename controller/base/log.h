// Structured log: a sentence and fields. On a terminal for people, coloured; elsewhere one JSON object a
// line.
//
//     log::info("credential issued", {{"namespace", ns}, {"name", name}, {"version", 3}});
//
// The message is constant text (grep finds it, machines group by it); what varies is in fields. A
// neoid::Secret does not compile as a field. Thread-safe. main calls configure once, before it starts
// threads; until then messages of Info and above go to standard error for people. Kept process-wide because
// every folder logs.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"
#include "reconcile/base/time.h"

namespace neoid::log {

enum class Level { Debug, Info, Warn, Error };
// "debug", "info", "warn" or "warning", "error".
std::optional<Level> parse_level(std::string_view text);

enum class Format { Automatic, Human, Json };  // Automatic: Human if standard error is a terminal, else Json

struct Options {
  Level level = Level::Info;
  Format format = Format::Automatic;
  // Where finished lines go (with their newline) instead of standard error: for tests.
  std::function<void(std::string_view)> sink = nullptr;
};
void configure(const Options& options);
bool enabled(Level level);

// A key (camelCase, as in Kubernetes' own logs) and a value. Borrows texts for the call.
struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, Duration, Instant> value;

  template <class T>
  Field(std::string_view name, const T& v) : key(name), value(convert(v)) {}
  Field(std::string_view, const Secret&) = delete;  // a secret is never logged, not even as ***

 private:
  using Value = decltype(value);
  template <class T>
  static Value convert(const T& v) {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, Instant>) {
      return v;
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      return static_cast<std::int64_t>(v);
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<std::uint64_t>(v);
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<double>(v);
    } else if constexpr (std::is_convertible_v<T, Duration>) {
      return static_cast<Duration>(v);
    } else if constexpr (requires { std::string_view(v.value); }) {
      return std::string_view(v.value);  // the IDs of reconcile/base/ids.h
    } else {
      return std::string_view(v);
    }
  }
};
using Fields = std::initializer_list<Field>;

void write(Level level, std::string_view message, Fields fields = {});
inline void debug(std::string_view message, Fields fields = {}) { write(Level::Debug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::Info, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::Warn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::Error, message, fields); }

}  // namespace neoid::log
