// For people: FILE:LINE:COLUMN: error: what is wrong [rule], the line with a caret, how to mend it.
#include <fmt/format.h>

#include <algorithm>

#include "controller/cli/validate/report.h"
#include "reconcile/value/utf8.h"

namespace neoid::validate {
namespace {

constexpr std::size_t kWidth = 100;  // characters of a line that are shown
constexpr std::size_t kBefore = 60;  // of them before the caret, where the line is longer

struct Paint {
  bool on;
  std::string operator()(std::string_view code, std::string_view text) const {
    return on ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
};

// The part of a line around a column, and where the column is in it, both in characters. Tabs and control characters
// are shown as blanks.
struct Excerpt {
  std::string text;
  std::size_t caret = 0;
};

Excerpt cut(std::string_view line, std::size_t column) {
  Excerpt excerpt;
  const std::size_t begin = column > kBefore + kWidth / 4 ? column - kBefore : 0;
  excerpt.caret = column - begin;
  if (begin > 0) {
    excerpt.text = "...";
    excerpt.caret += 3;
  }
  std::size_t number = 0;
  for (std::size_t at = 0; at < line.size() && number < begin + kWidth; ++number) {
    const Utf8Char c = first_utf8(line.substr(at));
    if (number >= begin) {
      const bool control = c.code_point < 0x20 || (c.code_point >= 0x7F && c.code_point < 0xA0);
      append_utf8(excerpt.text, control ? U' ' : c.code_point);
    }
    at += c.length;
    if (number + 1 == begin + kWidth && at < line.size()) excerpt.text += "...";
  }
  excerpt.caret = std::min(excerpt.caret, excerpt.text.size());
  return excerpt;
}

void write_finding(std::ostream& out, const Report& report, const Finding& finding, const TextStyle& style) {
  const Paint paint{style.color};
  std::string place = printable(report.files[finding.file]);
  if (finding.at.line != 0) place += fmt::format(":{}:{}", finding.at.line, finding.at.column);
  const bool error = finding.severity == Severity::Error;
  out << paint("1", place) << ": " << paint(error ? "1;31" : "1;33", to_string(finding.severity)) << ": "
      << printable(sentence(finding)) << " [" << finding.rule << "]\n";
  if (!finding.resource.empty()) out << "  in " << printable(finding.resource) << '\n';
  if (finding.at.line != 0 && style.line_of) {
    if (const auto line = style.line_of(finding.file, finding.at.line)) {
      const Excerpt excerpt = cut(*line, static_cast<std::size_t>(std::max(finding.at.column, 1) - 1));
      const std::string number = fmt::format("{:>5}", finding.at.line);
      out << paint("34", number + " |") << ' ' << excerpt.text << '\n'
          << paint("34", std::string(number.size(), ' ') + " |") << ' ' << std::string(excerpt.caret, ' ')
          << paint(error ? "1;31" : "1;33", "^") << '\n';
    }
  }
  if (!finding.help.empty()) out << "  help: " << printable(finding.help) << '\n';
}

}  // namespace

void write_text(std::ostream& out, const Report& report, const TextStyle& style) {
  for (const Finding& finding : report.findings) write_finding(out, report, finding, style);
  if (!report.findings.empty()) out << '\n';
  out << summary(report) << '\n';
  if (!report.catalogue) out << "scopes were not looked up: there is no Scope in the input\n";
}

}  // namespace neoid::validate
