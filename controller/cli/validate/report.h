// Reports: the findings in the forms that people and programs read. Stable: no times, no order but the findings' own.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "controller/cli/validate/file_names.h"
#include "controller/cli/validate/findings.h"

namespace neoid::validate {

enum class Format { Text, Json, Junit, Tap, Sarif, Github };
std::optional<Format> parse_format(std::string_view text);  // "junit"
inline constexpr std::string_view kFormats[] = {"text", "json", "junit", "tap", "sarif", "github"};

struct Report {
  FileNames files;               // names of the inputs, by number
  std::size_t judged_files = 0;  // of them; the rest are the older tree's
  std::vector<Finding> findings;
  std::size_t more = 0;  // findings that were only counted
  Counts counts;
  std::string version;    // of neoid
  bool catalogue = true;  // scopes were checked against Scopes of the input
};

struct TextStyle {
  bool color = false;
  // Line `line` of an input, without its newline; nullopt: it cannot be shown.
  std::function<std::optional<std::string>(std::uint32_t file, int line)> line_of;
};

void write_text(std::ostream& out, const Report& report, const TextStyle& style);
void write_json(std::ostream& out, const Report& report);
void write_junit(std::ostream& out, const Report& report);   // a test case a file
void write_tap(std::ostream& out, const Report& report);     // version 13, a test a file
void write_sarif(std::ostream& out, const Report& report);   // 2.1.0
void write_github(std::ostream& out, const Report& report);  // workflow commands

// --- For their writers ------------------------------------------------------------------------------------------

std::string_view to_string(Severity severity);  // "error"
std::size_t count(const Report& report, Severity severity);
// "12 resources in 3 files: 1 error, 2 warnings; 4 objects of other groups were skipped".
std::string summary(const Report& report);
// Field and message in one line: `spec.displayName: Required value`.
std::string sentence(const Finding& finding);
// Control characters as \xHH: what a file holds shall not steer a terminal or a log.
std::string printable(std::string_view text);
// The findings of input `file`, which are consecutive; `at` moves behind them.
std::vector<const Finding*> findings_of(const Report& report, std::uint32_t file, std::size_t& at);

}  // namespace neoid::validate
