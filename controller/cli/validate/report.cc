#include "controller/cli/validate/report.h"

#include <fmt/format.h>

#include <algorithm>

namespace neoid::validate {
namespace {

std::string counted(std::uint64_t number, std::string_view one) {
  return fmt::format("{} {}{}", number, one, number == 1 ? "" : "s");
}

}  // namespace

std::optional<Format> parse_format(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kFormats); ++i)
    if (kFormats[i] == text) return static_cast<Format>(i);
  return std::nullopt;
}

std::string_view to_string(Severity severity) { return severity == Severity::Error ? "error" : "warning"; }

std::size_t count(const Report& report, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(report.findings.begin(), report.findings.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
}

std::string summary(const Report& report) {
  std::string text = fmt::format(
      "{} in {}: {}, {}", counted(report.counts.resources, "resource"), counted(report.counts.files, "file"),
      counted(count(report, Severity::Error), "error"), counted(count(report, Severity::Warning), "warning"));
  if (report.more != 0) text += fmt::format(", {} not shown", report.more);
  if (report.counts.skipped != 0)
    text += fmt::format("; {} of other groups skipped", counted(report.counts.skipped, "object"));
  return text;
}

std::string sentence(const Finding& finding) {
  return finding.field.empty() ? finding.message : finding.field + ": " + finding.message;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

std::vector<const Finding*> findings_of(const Report& report, std::uint32_t file, std::size_t& at) {
  std::vector<const Finding*> found;
  while (at < report.findings.size() && report.findings[at].file == file)
    found.push_back(&report.findings[at++]);
  return found;
}

}  // namespace neoid::validate
