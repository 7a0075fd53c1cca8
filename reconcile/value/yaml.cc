#include "reconcile/value/yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "reconcile/value/json_parser.h"
#include "reconcile/value/text_decoder.h"
#include "reconcile/value/utf8.h"
#include "reconcile/value/yaml_chunk.h"
#include "reconcile/value/yaml_composer.h"

namespace neoid {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;  // bytes asked of a source at once
constexpr std::size_t kGuess = 4096;  // bytes in which the first brace of a JSON stream must come
constexpr std::string_view kSeparator = "---";

bool is_space(char c) { return is_json_space(c) || c == '\v' || c == '\f'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The line that kubectl names for an error; 0: none.
int kubectl_line(const yaml::Failure& failure) {
  using Stage = yaml::Failure::Stage;
  if (failure.stage != Stage::Scanner && failure.stage != Stage::Parser) return 0;
  if (failure.at.line == 0) return static_cast<int>(failure.context.line);
  return static_cast<int>(failure.at.line) + (failure.stage == Stage::Scanner ? 1 : 0);
}

std::string kubectl_words(const yaml::Failure& failure) {
  const int line = kubectl_line(failure);
  if (line != 0) return fmt::format("yaml: line {}: {}", line, failure.problem);
  return (failure.stage == yaml::Failure::Stage::Converter ? "" : "yaml: ") + failure.problem;
}

}  // namespace

std::string_view to_string(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::DuplicateKey: return "DuplicateKey";
    case NoticeKind::BooleanWord: return "BooleanWord";
    case NoticeKind::LeadingZero: return "LeadingZero";
    case NoticeKind::Underscore: return "Underscore";
    case NoticeKind::Rewritten: return "Rewritten";
    case NoticeKind::Tag: return "Tag";
    case NoticeKind::InvalidUtf8: return "InvalidUtf8";
    case NoticeKind::LargeInteger: return "LargeInteger";
    case NoticeKind::MergeKey: return "MergeKey";
    case NoticeKind::KeyNotString: return "KeyNotString";
  }
  return "Unknown";
}

// Flow: fill() decodes more of the source behind what is pending; next() cuts one document off the front.
// Guarantee: what is pending is at most one document, the separator after it, and one piece of the source.
class YamlReader::Impl {
 public:
  Impl(std::string_view bytes, YamlLimits limits) : limits_(limits) {
    const bool marked =
        bytes.starts_with("\xEF\xBB\xBF") || bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
    if (!marked && is_utf8(bytes)) {
      pending_ = bytes;
    } else {
      decoder_.decode(bytes, true, storage_);
      pending_ = storage_;
    }
    finished_ = true;
  }
  Impl(Source source, YamlLimits limits) : limits_(limits), source_(std::move(source)) {}

  Result<std::optional<Document>> next() {
    if (failure_) return fail(*failure_);
    auto document = find_next();
    if (!document) failure_ = document.error();
    return document;
  }

  const std::optional<YamlError>& error() const { return error_; }

 private:
  Result<std::optional<Document>> find_next() {
    if (!started_) NEOID_TRY_VOID(start());
    for (;;) {
      NEOID_TRY(std::optional<Document> document, json_ ? next_json() : next_yaml());
      if (!document || !document->value.is_null()) return document;
    }
  }

  Result<void> start() {
    while (pending_.size() < kGuess && !finished_) NEOID_TRY_VOID(fill());
    started_ = true;
    json_ = trim(pending_.substr(0, kGuess)).starts_with('{');
    return {};
  }

  // Decodes at least one more byte, or finds the end.
  Result<void> fill() {
    storage_.erase(0, storage_.size() - pending_.size());
    const std::size_t before = storage_.size();
    std::string piece(kPiece, '\0');
    while (storage_.size() == before && !finished_) {
      NEOID_TRY(const std::size_t count, source_(piece.data(), piece.size()));
      finished_ = count == 0;
      decoder_.decode(std::string_view(piece).substr(0, count), finished_, storage_);
    }
    pending_ = storage_;
    if (pending_.size() > limits_.max_document_bytes + 2 * kPiece) return too_large();
    return {};
  }

  tl::unexpected<Error> too_large() {
    return failed(
        {fmt::format("a document has more than {} bytes", limits_.max_document_bytes), {line_, 1}, 0},
        fmt::format("a document has more than {} bytes", limits_.max_document_bytes));
  }

  tl::unexpected<Error> failed(YamlError error, std::string words) {
    const Position at = error.at;
    error_ = std::move(error);
    if (at.line != 0) words += fmt::format(" (at line {}, column {})", at.line, at.column);
    return fail(ErrorKind::Invalid, std::move(words));
  }

  void consume(std::size_t bytes) {
    line_ += static_cast<int>(
        std::count(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(bytes), '\n'));
    pending_.remove_prefix(bytes);
    consumed_ += bytes;
  }

  // --- YAML ---

  // The end of the line that begins at `from`, its newline included.
  Result<std::size_t> line_end(std::size_t from) {
    for (;;) {
      const std::size_t found = pending_.find('\n', from);
      if (found != std::string_view::npos) return found + 1;
      if (finished_) return pending_.size();
      from = pending_.size();
      NEOID_TRY_VOID(fill());
    }
  }

  // A line that starts with --- has nothing else on it but blanks and a comment.
  Result<void> check_separator(std::size_t from, std::size_t to) {
    const std::string_view rest = trim(pending_.substr(from, to - from).substr(kSeparator.size()));
    if (rest.empty() || rest[0] == '#') return {};
    const int line =
        line_ + static_cast<int>(
                    std::count(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(from), '\n'));
    const std::string problem = fmt::format("invalid Yaml document separator: {}", rest);
    return failed({problem, {line, 4}, 0}, problem);
  }

  Result<std::optional<Document>> next_yaml() {
    if (pending_.empty() && !finished_) NEOID_TRY_VOID(fill());
    if (pending_.empty()) return std::optional<Document>();
    // A separator before any other line belongs to the document: its lines are counted from there.
    NEOID_TRY(std::size_t first, line_end(0));
    if (pending_.starts_with(kSeparator)) NEOID_TRY_VOID(check_separator(0, first));
    std::size_t end = first - 1;  // of the document; a separator stands behind a newline
    std::size_t after = 0;        // the separator
    for (;;) {
      const std::size_t found = pending_.find("\n---", end);
      if (found != std::string_view::npos) {
        end = found + 1;
        NEOID_TRY(after, line_end(end));
        NEOID_TRY_VOID(check_separator(end, after));
        break;
      }
      if (finished_) {
        after = end = pending_.size();
        break;
      }
      end = std::max(end, pending_.size() - std::min<std::size_t>(pending_.size(), kSeparator.size()));
      NEOID_TRY_VOID(fill());
    }
    if (end > limits_.max_document_bytes) return too_large();
    auto document = compose(pending_.substr(0, end));
    consume(after);
    return document;
  }

  Result<std::optional<Document>> compose(std::string_view text) {
    const yaml::Chunk chunk(text, yaml::Chunk::EndWithNewline::Yes);
    yaml::Composer composer(chunk.text(), {limits_, line_, true, false});
    Document document;
    document.start = {line_, 1};
    document.positions.reserve(text.size() / 16);
    notice_replaced(document, text);
    if (composer.run(document)) return std::optional(std::move(document));
    const yaml::Failure& failure = composer.failure();
    const Position at{line_ + static_cast<int>(failure.at.line), static_cast<int>(failure.at.column) + 1};
    return failed({failure.problem, at, kubectl_line(failure)}, kubectl_words(failure));
  }

  void notice_replaced(Document& document, std::string_view text) const {
    for (const std::uint64_t offset : decoder_.replaced()) {
      if (offset < consumed_ || offset >= consumed_ + text.size()) continue;
      if (document.notices.size() >= limits_.max_notices) return;
      const std::string_view before = text.substr(0, offset - consumed_);
      const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
      const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
      const auto columns =
          std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_start), before.end(), is_start);
      const auto lines = std::count(before.begin(), before.end(), '\n');
      document.notices.push_back({NoticeKind::InvalidUtf8,
                                  "",
                                  "bytes that are not UTF-8 were replaced by U+FFFD",
                                  {line_ + static_cast<int>(lines), static_cast<int>(columns) + 1}});
    }
  }

  // --- JSON ---

  Result<std::optional<Document>> next_json() {
    for (;;) {
      std::size_t space = 0;
      while (space < pending_.size() && is_json_space(pending_[space])) ++space;
      count_columns(space);
      consume(space);
      if (!pending_.empty() || finished_) break;
      NEOID_TRY_VOID(fill());
    }
    if (pending_.empty()) return std::optional<Document>();
    for (;;) {
      Document document;
      document.start = {line_, column_};
      const JsonScanOptions options{&document.positions, document.start, limits_.max_notices, true,
                                    static_cast<std::size_t>(limits_.max_depth)};
      JsonScan scan = scan_json(pending_, options);
      if (scan.status == JsonScan::Status::NeedMore && !finished_) {
        // Twice as much before the next try: all tries together cost no more than two.
        const std::size_t wanted = pending_.size() * 2;
        while (pending_.size() < wanted && !finished_) NEOID_TRY_VOID(fill());
        continue;
      }
      if (scan.status != JsonScan::Status::Done) return json_failed(scan);
      if (scan.end > limits_.max_document_bytes) return too_large();
      notice_json(document, scan);
      document.value = std::move(scan.value);
      count_columns(scan.end);
      consume(scan.end);
      return std::optional(std::move(document));
    }
  }

  tl::unexpected<Error> json_failed(const JsonScan& scan) {
    const Position at = position_of(scan.end);
    if (scan.status == JsonScan::Status::NeedMore) return failed({"unexpected EOF", at, 0}, "unexpected EOF");
    return failed({scan.message, at, 0},
                  fmt::format("json: offset {}: {}", consumed_ + scan.end + 1, scan.message));
  }

  void notice_json(Document& document, const JsonScan& scan) const {
    for (const JsonDuplicate& duplicate : scan.duplicates)
      document.notices.push_back({NoticeKind::DuplicateKey, duplicate.path,
                                  "the key was set before; the last one wins",
                                  position_of(duplicate.offset)});
    for (const JsonDuplicate& large : scan.large_integers)
      document.notices.push_back({NoticeKind::LargeInteger, large.path,
                                  "beyond 2^53 a number loses digits on its way through JSON",
                                  position_of(large.offset)});
  }

  Position position_of(std::size_t offset) const {
    Position at{line_, column_};
    for (const char c : pending_.substr(0, offset)) {
      if (c == '\n')
        at = {at.line + 1, 1};
      else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80)
        ++at.column;
    }
    return at;
  }
  void count_columns(std::size_t bytes) { column_ = position_of(bytes).column; }

  YamlLimits limits_;
  Source source_;
  TextDecoder decoder_;
  std::string storage_;       // what is decoded of a source; empty if the bytes are read where they are
  std::string_view pending_;  // a suffix of it, or of the caller's bytes
  std::uint64_t consumed_ = 0;
  bool finished_ = false;
  bool started_ = false;
  bool json_ = false;
  int line_ = 1;
  int column_ = 1;
  std::optional<Error> failure_;
  std::optional<YamlError> error_;
};

YamlReader::YamlReader(std::string_view bytes, YamlLimits limits)
    : impl_(std::make_unique<Impl>(bytes, limits)) {}
YamlReader::YamlReader(Source source, YamlLimits limits)
    : impl_(std::make_unique<Impl>(std::move(source), limits)) {}
YamlReader::YamlReader(YamlReader&&) noexcept = default;
YamlReader& YamlReader::operator=(YamlReader&&) noexcept = default;
YamlReader::~YamlReader() = default;

Result<std::optional<Document>> YamlReader::next() { return impl_->next(); }
const std::optional<YamlError>& YamlReader::error() const { return impl_->error(); }

Result<std::vector<Document>> read_yaml(std::string_view bytes, const YamlLimits& limits) {
  YamlReader reader(bytes, limits);
  std::vector<Document> documents;
  for (;;) {
    NEOID_TRY(std::optional<Document> document, reader.next());
    if (!document) return documents;
    documents.push_back(std::move(*document));
  }
}

Result<Json> parse_yaml(std::string_view bytes) {
  YamlReader reader(bytes);
  NEOID_TRY(std::optional<Document> document, reader.next());
  if (!document) return Json();
  NEOID_TRY(const std::optional<Document> another, reader.next());
  if (another)
    return fail(ErrorKind::Invalid,
                fmt::format("one document is wanted, another one starts at line {}", another->start.line));
  return std::move(document->value);
}

Result<YamlBody> read_yaml_body(std::string_view bytes) {
  YamlBody body;
  if (const std::size_t good = valid_utf8_prefix(bytes); good != bytes.size())
    return fail(ErrorKind::Invalid, "yaml: invalid UTF-8");
  const yaml::Chunk chunk(bytes, yaml::Chunk::EndWithNewline::No);
  yaml::Composer composer(chunk.text(), {YamlLimits{}, 1, false, true});
  Document document;
  if (!composer.run(document)) return fail(ErrorKind::Invalid, kubectl_words(composer.failure()));
  body.value = std::move(document.value);
  body.duplicate_keys = composer.duplicate_keys();
  return body;
}

std::vector<Json> items_of_list(Json value) {
  std::vector<Json> items;
  const auto kind = value.is_object() ? value.find("kind") : value.end();
  const bool list =
      kind != value.end() && kind->is_string() && kind->get_ref<const std::string&>().ends_with("List");
  if (list && value.contains("items") && value["items"].is_array()) {
    for (Json& item : value["items"]) items.push_back(std::move(item));
  } else {
    items.push_back(std::move(value));
  }
  return items;
}

}  // namespace neoid
