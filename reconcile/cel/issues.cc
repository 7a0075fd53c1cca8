#include "reconcile/cel/issues.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/cel/text.h"

namespace neoid::cel {
namespace {

constexpr std::size_t kMaxShown = 100;
constexpr std::size_t kMaxKept = 1000;
constexpr std::size_t kMaxSnippet = 16384;

}  // namespace

void Issues::add(std::size_t offset, std::string message) {
  ++total_;
  if (issues_.size() < kMaxKept) issues_.push_back({offset, std::move(message)});
}

std::string Issues::render(const Issue& issue) const {
  if (issue.offset == kNoOffset) return fmt::format("ERROR: <input>:-1:0: {}", issue.message);
  const std::size_t offset = std::min(issue.offset, text_.size());
  const auto line = std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n') + 1;
  const std::size_t before = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
  const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view prefix = text_.substr(start, offset - start);
  std::string out = fmt::format("ERROR: <input>:{}:{}: {}", line, count_runes(prefix) + 1, issue.message);
  std::string snippet(text_.substr(start, text_.find('\n', start) - start));
  if (snippet.size() > kMaxSnippet) return out;
  std::replace(snippet.begin(), snippet.end(), '\t', ' ');
  out += "\n | " + snippet + "\n | ";
  // Wide characters are underlined with wide ones.
  for (std::size_t i = 0; i < prefix.size();) out += next_rune(prefix, i) < 0x80 ? "." : "\uFF0E";
  const bool wide = offset < text_.size() && static_cast<unsigned char>(text_[offset]) >= 0x80;
  out += wide ? "\uFF3E" : "^";
  return out;
}

std::string Issues::render() const {
  std::vector<Issue> sorted = issues_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Issue& a, const Issue& b) {
    return a.offset + 1 < b.offset + 1;  // without a place: first
  });
  std::string out;
  for (std::size_t i = 0; i < sorted.size() && i < kMaxShown; ++i) {
    if (i > 0) out += '\n';
    out += render(sorted[i]);
  }
  if (total_ > kMaxShown) out += fmt::format("\n{} more errors were truncated", total_ - kMaxShown);
  return out;
}

}  // namespace neoid::cel
