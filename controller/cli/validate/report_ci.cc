// For CI systems: JUnit's XML, TAP 13, and the workflow commands of GitHub Actions.
#include <fmt/format.h>

#include <algorithm>

#include "controller/cli/validate/report.h"
#include "reconcile/value/utf8.h"
#include "reconcile/value/yaml_text.h"

namespace neoid::validate {
namespace {

// Characters that XML 1.0 does not have, escaped or not, become U+FFFD.
std::string xml(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = first_utf8(text.substr(at));
    at += c.length;
    const bool control = c.code_point < 0x20 && c.code_point != '\n' && c.code_point != '\t';
    const bool other = c.code_point == 0xFFFE || c.code_point == 0xFFFF;
    switch (c.code_point) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      default: append_utf8(out, control || other ? U'\uFFFD' : c.code_point);
    }
  }
  return out;
}

std::string place(const Report& report, const Finding& finding) {
  if (finding.at.line == 0) return report.files[finding.file];
  return fmt::format("{}:{}:{}", report.files[finding.file], finding.at.line, finding.at.column);
}

std::string detail(const Report& report, const Finding& finding) {
  std::string text = fmt::format("{}: {}", place(report, finding), sentence(finding));
  if (!finding.resource.empty()) text += "\nin " + finding.resource;
  if (!finding.help.empty()) text += "\nhelp: " + finding.help;
  return text;
}

// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
std::string command_data(std::string_view text, std::string_view more) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || more.find(c) != std::string_view::npos)
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

bool fails(const std::vector<const Finding*>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding* finding) { return finding->severity == Severity::Error; });
}

// Files in the order of the report: all that were judged, and those of the older tree with findings.
std::vector<std::uint32_t> files_of(const Report& report) {
  std::vector<std::uint32_t> files;
  for (std::size_t i = 0; i < report.judged_files; ++i) files.push_back(static_cast<std::uint32_t>(i));
  for (const Finding& finding : report.findings)
    if (finding.file >= report.judged_files && finding.file != files.back()) files.push_back(finding.file);
  return files;
}

}  // namespace

void write_junit(std::ostream& out, const Report& report) {
  const auto files = files_of(report);
  std::size_t failed = 0;
  std::string cases;
  std::size_t at = 0;
  for (const std::uint32_t file : files) {
    const auto findings = findings_of(report, file, at);
    const std::string name = xml(report.files[file]);
    cases += fmt::format("    <testcase name=\"{}\" classname=\"neoid.validate\" file=\"{}\"", name, name);
    if (findings.empty()) {
      cases += "/>\n";
      continue;
    }
    cases += ">\n";
    std::string warnings;
    std::string errors;
    const Finding* first = nullptr;
    for (const Finding* finding : findings) {
      const bool error = finding->severity == Severity::Error;
      if (error && first == nullptr) first = finding;
      (error ? errors : warnings) += detail(report, *finding) + "\n";
    }
    if (first != nullptr) {
      ++failed;
      cases += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", xml(first->rule),
                           xml(sentence(*first)), xml(errors));
    }
    if (!warnings.empty()) cases += fmt::format("      <system-out>{}</system-out>\n", xml(warnings));
    cases += "    </testcase>\n";
  }
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      << fmt::format("<testsuites tests=\"{}\" failures=\"{}\">\n", files.size(), failed)
      << fmt::format("  <testsuite name=\"neoid validate\" tests=\"{}\" failures=\"{}\">\n", files.size(),
                     failed)
      << cases << "  </testsuite>\n</testsuites>\n";
}

void write_tap(std::ostream& out, const Report& report) {
  const auto files = files_of(report);
  out << "TAP version 13\n1.." << files.size() << '\n';
  std::size_t at = 0;
  std::size_t number = 0;
  for (const std::uint32_t file : files) {
    const auto findings = findings_of(report, file, at);
    // "#" begins a directive.
    std::string name = printable(report.files[file]);
    for (std::size_t i = name.find('#'); i != std::string::npos; i = name.find('#', i + 2))
      name.insert(i, "\\");
    out << fmt::format("{} {} - {}\n", fails(findings) ? "not ok" : "ok", ++number, name);
    if (findings.empty()) continue;
    out << "  ---\n  findings:\n";
    for (const Finding* finding : findings) {
      out << "  - severity: " << to_string(finding->severity) << "\n    rule: " << finding->rule
          << "\n    line: " << finding->at.line << "\n    column: " << finding->at.column
          << "\n    resource: " << yaml_scalar(finding->resource)
          << "\n    message: " << yaml_scalar(sentence(*finding)) << '\n';
      if (!finding->help.empty()) out << "    help: " << yaml_scalar(finding->help) << '\n';
    }
    out << "  ...\n";
  }
}

void write_github(std::ostream& out, const Report& report) {
  for (const Finding& finding : report.findings) {
    std::string facts = "file=" + command_data(report.files[finding.file], ":,");
    if (finding.at.line != 0) facts += fmt::format(",line={},col={}", finding.at.line, finding.at.column);
    facts += ",title=" + command_data(finding.resource.empty() ? finding.rule : finding.resource, ":,");
    std::string text = fmt::format("{} [{}]", sentence(finding), finding.rule);
    if (!finding.help.empty()) text += "\n" + finding.help;
    out << fmt::format("::{} {}::{}\n", to_string(finding.severity), facts, command_data(text, ""));
  }
  out << summary(report) << '\n';
}

}  // namespace neoid::validate
