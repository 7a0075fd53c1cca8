// matches(), find(), findAll().
#include <fmt/format.h>
#include <re2/re2.h>

#include "reconcile/cel/functions.h"
#include "reconcile/cel/regex.h"
#include "reconcile/cel/text.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kGlobalMatches{1, 28};

std::string_view go_words(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape: return "invalid escape sequence";
    case RE2::ErrorBadCharClass: return "invalid character class";
    case RE2::ErrorBadCharRange: return "invalid character class range";
    case RE2::ErrorMissingBracket: return "missing closing ]";
    case RE2::ErrorMissingParen: return "missing closing )";
    case RE2::ErrorUnexpectedParen: return "unexpected )";
    case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize: return "invalid repeat count";
    case RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8: return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture: return "invalid named capture";
    case RE2::ErrorPatternTooLarge: return "expression too large";
    default: return "regexp/syntax: internal error";
  }
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

Value with_pattern(const Call& call, Value (*use)(const Call&, const re2::RE2&)) {
  const auto pattern = compile_pattern(call.args[1].str());
  return pattern ? use(call, **pattern) : make_error(call.arena, pattern.error());
}

Value call_matches(const Call& call) {
  return with_pattern(call, [](const Call& c, const re2::RE2& re) { return matches(re, c.args[0].str()); });
}
Value call_find(const Call& call) {
  return with_pattern(call, [](const Call& c, const re2::RE2& re) { return find(re, c.args[0].str()); });
}
Value call_find_all(const Call& call) {
  return with_pattern(call, [](const Call& c, const re2::RE2& re) {
    return find_all(re, c.args[0].str(), c.count > 2 ? c.args[2].integer : -1, c.arena);
  });
}

}  // namespace

tl::expected<std::shared_ptr<const re2::RE2>, std::string> compile_pattern(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<RE2>(piece(pattern), options);
  if (compiled->ok()) return compiled;
  const bool whole =
      compiled->error_code() == RE2::ErrorMissingParen || compiled->error_code() == RE2::ErrorUnexpectedParen;
  const std::string_view argument = compiled->error_code() == RE2::ErrorTrailingBackslash ? std::string_view()
                                    : whole                                               ? pattern
                                            : std::string_view(compiled->error_arg());
  return tl::unexpected(
      fmt::format("error parsing regexp: {}: `{}`", go_words(compiled->error_code()), argument));
}

Value matches(const re2::RE2& pattern, std::string_view text) {
  return make_bool(RE2::PartialMatch(piece(text), pattern));
}

Value find(const re2::RE2& pattern, std::string_view text) {
  re2::StringPiece found;
  if (!pattern.Match(piece(text), 0, text.size(), RE2::UNANCHORED, &found, 1)) return make_string("");
  return make_string({found.data(), found.size()});
}

Value find_all(const re2::RE2& pattern, std::string_view text, std::int64_t limit, Arena& arena) {
  std::vector<Value> all;
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  while (at <= text.size() && (limit < 0 || static_cast<std::int64_t>(all.size()) < limit)) {
    re2::StringPiece found;
    if (!pattern.Match(piece(text), at, text.size(), RE2::UNANCHORED, &found, 1)) break;
    const auto start = static_cast<std::size_t>(found.data() - text.data());
    const std::size_t end = start + found.size();
    // An empty match right behind the one before does not count.
    if (!found.empty() || start != last_end) all.push_back(make_string(text.substr(start, found.size())));
    last_end = end;
    at = end;
    if (found.empty()) {
      if (at >= text.size()) break;
      next_rune(text, at);
    }
  }
  Value* items = arena.array<Value>(all.size());
  std::copy(all.begin(), all.end(), items);
  return make_list(arena, items, all.size());
}

std::span<const FunctionRow> regex_rows() {
  static constexpr FunctionRow kRows[] = {
      {"matches", "string.(string) -> bool", call_matches, CostModel::Matches},
      {"matches", "(string, string) -> bool", call_matches, CostModel::Matches, kGlobalMatches},
      {"find", "string.(string) -> string", call_find, CostModel::Find},
      {"findAll", "string.(string) -> list(string)", call_find_all, CostModel::Find},
      {"findAll", "string.(string, int) -> list(string)", call_find_all, CostModel::Find},
  };
  return kRows;
}

}  // namespace neoid::cel
