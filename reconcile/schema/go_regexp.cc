#include "reconcile/schema/go_regexp.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace neoid::schema {
namespace {

std::string_view describe(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape: return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass: return "invalid character class";
    case re2::RE2::ErrorBadCharRange: return "invalid character class range";
    case re2::RE2::ErrorMissingBracket: return "missing closing ]";
    case re2::RE2::ErrorMissingParen: return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen: return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize: return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8: return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture: return "invalid named capture";
    default: return "expression too large";
  }
}

}  // namespace

std::string go_regexp_error(std::string_view pattern) {
  if (pattern.empty()) return {};
  const re2::RE2 expression(re2::StringPiece(pattern.data(), pattern.size()), re2::RE2::Quiet);
  if (expression.ok()) return {};
  if (expression.error_code() == re2::RE2::ErrorTrailingBackslash)
    return fmt::format("error parsing regexp: {}: ``", describe(expression.error_code()));
  return fmt::format("error parsing regexp: {}: `{}`", describe(expression.error_code()),
                     expression.error_arg());
}

}  // namespace neoid::schema
