#include "controller/cli/validate/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "controller/cli/validate/contracts.h"
#include "controller/cli/validate/inputs.h"
#include "controller/cli/validate/judge.h"
#include "controller/cli/validate/line_reader.h"
#include "controller/cli/validate/older.h"
#include "controller/cli/validate/resource.h"
#include "reconcile/value/yaml.h"

namespace neoid::validate {
namespace {

constexpr std::size_t kFilesWorthAThread = 8;

// Says what is unreadable; true if nothing is.
bool readable(const Listing& listing, std::ostream& err) {
  for (const auto& [path, reason] : listing.unreadable) err << fmt::format("neoid: {}: {}\n", path, reason);
  return listing.unreadable.empty();
}

// The CRDs of files; other objects in them are left alone. Answers the exit code so far.
int add_crds(Contracts& contracts, const Listing& listing, std::ostream& err) {
  int code = readable(listing, err) ? kValid : kUnreadable;
  Pieces pieces(listing.files, listing.files.size(), -1);
  const auto complain = [&](std::uint32_t file, int line, std::string_view message) {
    err << fmt::format("neoid: {}:{}: {}\n", listing.files[file], line, message);
    code = kUnreadable;
  };
  while (auto piece = pieces.next()) {
    if (!piece->error.empty()) complain(piece->file, 0, piece->error);
    YamlReader reader = piece->stream ? YamlReader(piece->stream) : YamlReader(piece->text);
    for (;;) {
      auto document = reader.next();
      if (!document) complain(piece->file, piece->first_line, document.error().message);
      if (!document || !*document) break;
      for (const Member& member : members_of((*document)->value)) {
        if (text_member(*member.object, "kind") != "CustomResourceDefinition") continue;
        for (const FieldError& error : contracts.add(*member.object)) {
          const Position at =
              (*document)
                  ->positions.nearest(member.prefix + (member.prefix.empty() ? "" : ".") + error.field)
                  .value;
          complain(piece->file, piece->first_line - 1 + at.line, error.text());
        }
      }
    }
  }
  return code;
}

// A broken document of the older tree is a warning: the change that mends it must be able to pass. False: a file of
// it could not be read at all.
bool add_gaps(const OlderTree& older, const FileNames& names, Findings& findings, std::ostream& err) {
  bool all_read = true;
  for (const OlderTree::Gap& gap : older.gaps()) {
    if (gap.line == 0) {
      err << fmt::format("neoid: {}: {}\n", names[gap.file], gap.message);
      all_read = false;
      continue;
    }
    findings.add({Severity::Warning,
                  gap.file,
                  {.line = gap.line},
                  "",
                  "",
                  std::string(rule::kOlderUnreadable),
                  gap.message,
                  "the older tree is broken here: what it held from here on is taken to be new"});
  }
  return all_read;
}

unsigned threads(unsigned jobs, const Listing& listing) {
  if (is_one_piece(listing)) return 1;
  if (jobs != 0) return jobs;
  const std::size_t files = listing.files.size();
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  // A thread costs more than a few small files; a single input may be large and is worth all of them.
  if (files > 1 && files < kFilesWorthAThread) return 1;
  return cores;
}

Counts judge_all(Judge& judge, Pieces& pieces, const FileNames& names, unsigned count) {
  std::vector<Counts> counts(count);
  const auto work = [&](Counts& mine) {
    while (auto piece = pieces.next()) {
      const std::uint32_t file = piece->file;
      mine += judge.judge(std::move(*piece), names[file]);
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < count; ++i) others.emplace_back([&, i] { work(counts[i]); });
    work(counts[0]);
  }
  Counts sum;
  for (const Counts& one : counts) sum += one;
  return sum;
}

void print(const ValidateOptions& options, const Report& report, int copy, std::ostream& out) {
  switch (options.format) {
    case Format::Text: {
      LineReader lines(report.files, copy);
      write_text(out, report, {options.color == Color::Always, [&](std::uint32_t file, int line) {
                                 return lines.line(file, line);
                               }});
      return;
    }
    case Format::Json: return write_json(out, report);
    case Format::Junit: return write_junit(out, report);
    case Format::Tap: return write_tap(out, report);
    case Format::Sarif: return write_sarif(out, report);
    case Format::Github: return write_github(out, report);
  }
}

int wrong_call(std::ostream& err, std::string_view message) {
  err << "neoid: " << message << '\n';
  return kUnreadable;
}

}  // namespace

int validate(const ValidateOptions& options, std::ostream& out, std::ostream& err) {
  auto version = cel::parse_version(options.kubernetes_version);
  if (!version) return wrong_call(err, "--kubernetes-version takes a version like 1.26");
  if (*version < cel::kOldestVersion)
    return wrong_call(
        err, fmt::format("--kubernetes-version: the oldest is {}", cel::to_string(cel::kOldestVersion)));
  Contracts contracts(std::min(*version, cel::kNewestVersion));
  if (const int code = add_crds(contracts, list_inputs(options.crds), err); code != kValid) return code;

  Listing inputs = list_inputs(options.paths);
  const bool all_read = readable(inputs, err);
  const unsigned thread_count = threads(options.jobs, inputs);
  Report report;
  report.version = options.version;
  report.files = std::move(inputs.files);
  report.judged_files = report.files.size();
  std::optional<OlderTree> older;
  if (!options.against.empty()) {
    const Listing old = list_inputs({options.against});
    if (!readable(old, err)) return kUnreadable;
    older.emplace(old.files, static_cast<std::uint32_t>(report.judged_files), contracts,
                  options.default_namespace);
    report.files.append(old.files);
  }

  Findings findings;
  if (older && !add_gaps(*older, report.files, findings, err)) return kUnreadable;
  Judge judge(contracts, older ? &*older : nullptr, findings,
              {options.default_namespace, options.each, options.scopes});
  Pieces pieces(report.files, report.judged_files, options.standard_input);
  report.counts = judge_all(judge, pieces, report.files, thread_count);
  report.counts.files = report.judged_files;
  report.counts.unreadable += inputs.unreadable.size();
  report.catalogue = judge.across(report.files);
  report.findings = findings.take();
  report.more = findings.dropped();
  if (options.warnings == Warnings::Refuse)
    for (Finding& finding : report.findings) finding.severity = Severity::Error;
  const bool errors = count(report, Severity::Error) + report.more != 0;
  if (errors || options.print == Print::Always) print(options, report, pieces.copy_of_standard_input(), out);
  if (report.counts.unreadable != 0 || !all_read) return kUnreadable;
  return errors ? kFindings : kValid;
}

}  // namespace neoid::validate
