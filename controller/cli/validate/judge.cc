#include "controller/cli/validate/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "controller/cli/validate/mend.h"
#include "controller/cli/validate/resource.h"
#include "reconcile/meta/object_meta.h"
#include "reconcile/policy/similar.h"

namespace neoid::validate {
namespace {

std::string join_field(const std::string& prefix, std::string_view field) {
  if (field == "<nil>") field = {};
  if (prefix.empty() || field.empty()) return prefix + std::string(field);
  return fmt::format("{}.{}", prefix, field);
}

std::string notice_rule(NoticeKind kind) {
  std::string word;
  for (const char c : to_string(kind)) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !word.empty()) word += '-';
    word += static_cast<char>(capital ? c - 'A' + 'a' : c);
  }
  return word;
}

// kubectl refuses a key that is set twice when it validates strictly, which is what it does by default.
Severity severity_of(NoticeKind kind) {
  return kind == NoticeKind::DuplicateKey ? Severity::Error : Severity::Warning;
}

bool is_kustomization(std::string_view file_name) {
  const std::string name = std::filesystem::path(file_name).filename().string();
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization";
}

// The start of the first line from line `from` on (at least the second one) that begins a document; npos: none.
std::size_t next_document(std::string_view text, int from) {
  int line = 1;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    ++line;
    if (line >= from && text.substr(at + 1).starts_with("---")) return at + 1;
  }
  return std::string_view::npos;
}

}  // namespace

// One piece.
class Judge::Run {
 public:
  Run(Judge& judge, std::uint32_t file, std::string_view file_name)
      : judge_(judge), file_(file), file_name_(file_name) {}

  Counts counts;

  void text(std::string_view text, int first_line) {
    Position last_error;
    base_ = first_line - 1;
    for (;;) {
      YamlReader reader(text);
      const auto error = documents(reader);
      if (!error) return;
      const Position at = absolute(error->at);
      if (at != last_error) say_yaml(*error);
      last_error = at;
      const std::size_t next = next_document(text, error->at.line);
      if (next == std::string_view::npos) return;
      base_ +=
          static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(next), '\n'));
      text.remove_prefix(next);
    }
  }

  // False: the source failed, which is no finding about its text.
  Result<void> stream(YamlReader::Source source) {
    YamlReader reader(std::move(source));
    const auto error = documents(reader);
    if (!error) return {};
    if (error->at.line == 0) return fail(ErrorKind::Unavailable, error->message);
    say_yaml(*error);
    return {};
  }

 private:
  std::optional<YamlError> documents(YamlReader& reader) {
    for (;;) {
      auto document = reader.next();
      if (!document) return reader.error() ? *reader.error() : YamlError{document.error().message, {}, 0};
      if (!*document) return std::nullopt;
      judge_document(**document);
    }
  }

  Position absolute(Position at) const { return {at.line == 0 ? 0 : at.line + base_, at.column}; }

  void say(Finding finding) {
    finding.file = file_;
    judge_.findings_.add(std::move(finding));
  }

  void say_yaml(const YamlError& error) {
    const bool no_token = error.message.find("cannot start any token") != std::string::npos;
    say({Severity::Error, 0, absolute(error.at), "", "", std::string(rule::kYaml), error.message,
         no_token
             ? "indent with spaces, not with tabs, and quote a value that begins with @, ` or %; nothing of "
               "this document was judged"
             : "mend the text here or just above; nothing of this document was judged"});
  }

  void judge_document(Document& document) {
    document_ = &document;
    bool judged = false;
    const auto members = members_of(document.value);
    for (const Member& member : members) {
      prefix_ = member.prefix;
      title_ = title_of(*member.object);
      judged = judge_object(*member.object) || judged;
    }
    if (!judged) return;  // what others wrote for other programs is theirs
    for (const Notice& notice : document.notices)
      say({severity_of(notice.kind), 0, absolute(notice.at), members.size() == 1 ? title_ : "", notice.path,
           notice_rule(notice.kind), notice.message, ""});
  }

  enum class Part { Key, Value };
  Position where(std::string_view field, Part part) const {
    const Place place = document_->positions.nearest(join_field(prefix_, field));
    const Position at = part == Part::Key || place.value.line == 0 ? place.key : place.value;
    return absolute(at.line == 0 ? document_->start : at);
  }

  void say_at(Severity severity, std::string_view rule, std::string_view field, Part part,
              std::string message, std::string help) {
    say({severity, 0, where(field, part), title_, field == "<nil>" ? "" : std::string(field),
         std::string(rule), std::move(message), std::move(help)});
  }

  // False: not one of ours to judge.
  bool judge_object(Json& object) {
    const std::string api_version = text_member(object, "apiVersion");
    const std::string kind = text_member(object, "kind");
    if (api_version.empty() || kind.empty()) return not_an_object(api_version, kind);
    const auto [group, version_name] = split_api_version(api_version);
    const schema::Crd* crd = judge_.contracts_.find(group, kind);
    if (crd == nullptr) return no_contract(object, group, kind);
    ++counts.resources;
    if (const auto checked = meta::check_object(object); !checked) {
      wrong_metadata(checked.error().message);
      remember(object);
      return true;
    }
    const schema::Version* version = crd->find_version(version_name);
    if (version == nullptr) {
      std::vector<std::string> versions;
      for (const schema::Version& one : crd->versions) versions.push_back(one.name);
      say_at(Severity::Error, rule::kUnknownVersion, "apiVersion", Part::Value,
             fmt::format("{} has no version {}", kind, version_name),
             fmt::format("use {}/{}", group, fmt::join(versions, ", ")));
      return true;
    }
    const Prepared prepared = prepare(object, *crd, *version, judge_.options_.default_namespace);
    for (const std::string& field : prepared.unknown_fields)
      say_at(Severity::Error, rule::kUnknownField, field, Part::Key,
             fmt::format("unknown field \"{}\"", field), mend_unknown(version->schema.structural(), field));
    judge_fields(object, *crd, *version);
    remember(object);
    return true;
  }

  void judge_fields(const Json& object, const schema::Crd& crd, const schema::Version& version) {
    const auto metadata = meta::validate_object_meta(
        object, {crd.scope == schema::Scope::Namespaced, meta::NameRule::Subdomain});
    const std::optional<Json> old = judge_.older_ == nullptr ? std::nullopt : judge_.older_->take(object);
    const auto errors = version.schema.validate(object, old ? &*old : nullptr, metadata);
    if (errors.empty()) return;
    // Rules of transition are those that have nothing to say without the old object.
    std::vector<FieldError> lasting = errors;
    if (old) lasting = version.schema.validate(object, nullptr, metadata);
    for (std::size_t i = 0; i < errors.size(); ++i) {
      const FieldError& error = errors[i];
      if (schema::says_rules_were_left_out(error)) continue;
      const Part part = error.type == FieldErrorType::Required ? Part::Key : Part::Value;
      if (i < metadata.size())
        say_at(Severity::Error, rule::kMetadata, error.field, part, error.message(), "");
      else if (std::find(lasting.begin(), lasting.end(), error) == lasting.end())
        say_at(Severity::Error, rule::kTransition, error.field, part, error.message(),
               "put the old value back, or declare a new resource under another name");
      else
        say_at(Severity::Error, rule_of(error.type), error.field, part, error.message(),
               mend(version.schema.structural(), error));
    }
  }

  void remember(const Json& object) {
    MutexLock lock(judge_.mutex_);
    if (judge_.options_.each) judge_.options_.each(object, file_name_, where("kind", Part::Key));
    judge_.facts_.add(object,
                      [this](std::string_view field) { return pack(file_, where(field, Part::Value)); });
  }

  bool not_an_object(const std::string& api_version, const std::string& kind) {
    if (api_version.empty() && kind.empty()) {
      ++counts.skipped;
      if (is_kustomization(file_name_)) return false;
      say_at(Severity::Warning, rule::kNotAnObject, "", Part::Value,
             "this is no Kubernetes object: it has neither apiVersion nor kind", "leave the file out");
      return false;
    }
    ++counts.resources;
    const char* missing = kind.empty() ? "kind" : "apiVersion";
    say_at(Severity::Error, rule::kNotAnObject, missing, Part::Key, fmt::format("{} is missing", missing),
           fmt::format("add {}", missing));
    return true;
  }

  bool no_contract(Json& object, std::string_view group, const std::string& kind) {
    if (judge_.contracts_.knows_group(group)) {
      ++counts.resources;
      const auto kinds = judge_.contracts_.kinds(group);
      const auto similar = policy::most_similar(kind, kinds);
      say_at(Severity::Error, rule::kUnknownKind, "kind", Part::Value,
             fmt::format("the group {} has no kind {}", group, kind),
             similar ? fmt::format("did you mean {}?", *similar)
                     : fmt::format("its kinds are {}", fmt::join(kinds, ", ")));
      return true;
    }
    ++counts.skipped;
    if (group.empty() && (kind == "Namespace" || kind == "Secret")) {
      complete_metadata(object, kind == "Secret", judge_.options_.default_namespace);
      if (meta::check_object(object)) remember(object);
    }
    for (const std::string& known : judge_.contracts_.groups()) {
      if (judge_.contracts_.find(known, kind) == nullptr) continue;
      if (!policy::most_similar(group, {known})) continue;
      say_at(Severity::Warning, rule::kUnknownGroup, "apiVersion", Part::Value,
             fmt::format("{} of the group {} was skipped", kind, group),
             fmt::format("did you mean {}?", known));
    }
    return false;
  }

  void wrong_metadata(const std::string& message) {
    constexpr std::string_view kMember = "ObjectMeta.";
    const std::size_t found = message.find(kMember);
    std::string field = "metadata";
    if (found != std::string::npos) {
      const std::size_t begin = found + kMember.size();
      field = message.substr(begin, message.find(' ', begin) - begin);
    }
    const bool text_wanted = message.ends_with("of type string") || message.ends_with("map[string]string");
    say_at(Severity::Error, rule::kMetadata, field, Part::Value, message,
           text_wanted ? "write values of labels and annotations in quotes" : "");
  }

  Judge& judge_;
  const std::uint32_t file_;
  const std::string_view file_name_;
  int base_ = 0;  // lines before the text that is being read
  Document* document_ = nullptr;
  std::string prefix_;
  std::string title_;
};

Judge::Judge(const Contracts& contracts, const OlderTree* older, Findings& findings, Options options)
    : contracts_(contracts), older_(older), findings_(findings), options_(std::move(options)) {}

Counts Judge::judge(Piece piece, std::string_view file_name) {
  Run run(*this, piece.file, file_name);
  std::string error = std::move(piece.error);
  if (error.empty() && piece.stream) {
    if (const auto read = run.stream(std::move(piece.stream)); !read) error = read.error().message;
  } else if (error.empty()) {
    run.text(piece.text, piece.first_line);
  }
  if (!error.empty()) {
    ++run.counts.unreadable;
    findings_.add({Severity::Error, piece.file, {}, "", "", std::string(rule::kUnreadable), error, ""});
  }
  return run.counts;
}

bool Judge::across(const FileNames& names) {
  MutexLock lock(mutex_);
  auto violations = facts_.judge(options_.scopes);
  if (older_ != nullptr) {
    auto removals = older_->judge_removals();
    std::move(removals.begin(), removals.end(), std::back_inserter(violations));
  }
  for (policy::Violation& violation : violations) {
    Finding finding{violation.severity,           file_of(violation.at),
                    position_of(violation.at),    std::move(violation.resource),
                    std::move(violation.field),   std::string(violation.rule),
                    std::move(violation.message), std::move(violation.help)};
    if (violation.other) {
      const std::uint32_t file = file_of(*violation.other);
      const Position at = position_of(*violation.other);
      if (file < names.size()) finding.message += fmt::format(" (see {}:{})", names[file], at.line);
    }
    findings_.add(std::move(finding));
  }
  return !facts_.scopes_unjudged();
}

}  // namespace neoid::validate
