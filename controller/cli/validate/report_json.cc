// For programs: one JSON object, and SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0).
#include <map>

#include "controller/cli/validate/report.h"
#include "reconcile/value/json.h"
#include "reconcile/value/json_text.h"

namespace neoid::validate {
namespace {

using OrderedJson = nlohmann::ordered_json;

void write(std::ostream& out, const OrderedJson& value) {
  out << value.dump(2, ' ', false, OrderedJson::error_handler_t::replace) << '\n';
}

OrderedJson region(const Finding& finding) {
  return {{"startLine", finding.at.line}, {"startColumn", std::max(finding.at.column, 1)}};
}

// RFC 3986: what a path may hold and a URI may not.
std::string uri(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/!$&'()*+,;=@";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace

void write_json(std::ostream& out, const Report& report) {
  OrderedJson findings = OrderedJson::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"file", report.files[finding.file]},
                        {"line", finding.at.line},
                        {"column", finding.at.column},
                        {"severity", to_string(finding.severity)},
                        {"rule", finding.rule},
                        {"resource", finding.resource},
                        {"field", finding.field},
                        {"message", finding.message},
                        {"help", finding.help}});
  }
  write(out, {{"summary",
               {{"files", report.counts.files},
                {"resources", report.counts.resources},
                {"skipped", report.counts.skipped},
                {"unreadable", report.counts.unreadable},
                {"errors", count(report, Severity::Error)},
                {"warnings", count(report, Severity::Warning)},
                {"notShown", report.more},
                {"scopesChecked", report.catalogue}}},
              {"findings", findings}});
}

void write_sarif(std::ostream& out, const Report& report) {
  std::map<std::string, std::size_t> numbers;  // of rules
  for (const Finding& finding : report.findings) numbers.emplace(finding.rule, 0);
  OrderedJson rules = OrderedJson::array();
  for (auto& [rule, number] : numbers) {
    number = rules.size();
    rules.push_back({{"id", rule}});
  }
  OrderedJson results = OrderedJson::array();
  for (const Finding& finding : report.findings) {
    std::string text = sentence(finding);
    if (!finding.help.empty()) text += "\n" + finding.help;
    OrderedJson location = {{"artifactLocation", {{"uri", uri(report.files[finding.file])}}}};
    if (finding.at.line != 0) location["region"] = region(finding);
    OrderedJson place = {{"physicalLocation", location}};
    if (!finding.resource.empty())
      place["logicalLocations"] = OrderedJson::array(
          {{{"fullyQualifiedName", finding.resource + (finding.field.empty() ? "" : " " + finding.field)}}});
    results.push_back({{"ruleId", finding.rule},
                       {"ruleIndex", numbers[finding.rule]},
                       {"level", to_string(finding.severity)},
                       {"message", {{"text", text}}},
                       {"locations", OrderedJson::array({place})}});
  }
  const OrderedJson driver = {{"name", "neoid validate"}, {"version", report.version}, {"rules", rules}};
  write(out, {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
              {"version", "2.1.0"},
              {"runs", OrderedJson::array({{{"tool", {{"driver", driver}}},
                                            {"columnKind", "unicodeCodePoints"},
                                            {"results", results}}})}});
}

}  // namespace neoid::validate
