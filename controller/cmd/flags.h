// How a flag is declared: its variable NEOID_<FLAG>, its default in the help text, durations as people write them.
#pragma once

#include <CLI/CLI.hpp>
#include <cctype>
#include <string>

#include "reconcile/base/time.h"

namespace neoid::cmd {

// "--log-level" -> "NEOID_LOG_LEVEL"
inline std::string variable_of(std::string flag) {
  flag.erase(0, flag.find_first_not_of('-'));
  std::string variable = "NEOID_";
  for (const char c : flag)
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

template <class T>
CLI::Option* flag(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  return app.add_option(name, value, help)->envname(variable_of(name))->capture_default_str();
}

inline CLI::Option* duration_flag(CLI::App& app, const std::string& name, Duration& value,
                                  const std::string& help) {
  const std::string text = format_duration(value);
  return app
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& given) {
            const auto parsed = parse_duration(given);
            if (!parsed) throw CLI::ValidationError(name, "'" + given + "' is no duration like 10s or 5m");
            value = *parsed;
          },
          help)
      ->envname(variable_of(name))
      ->type_name("DURATION")
      ->default_str(text);
}

}  // namespace neoid::cmd
