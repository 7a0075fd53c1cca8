#include "reconcile/cel/semver.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace neoid::cel {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool read_number(std::string_view text, std::uint64_t& out) {
  if (!is_number(text) || (text.size() > 1 && text.front() == '0')) return false;
  return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc{};
}

std::vector<std::string_view> parts(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t dot = text.find('.');
    out.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    text.remove_prefix(dot + 1);
  }
}

bool valid_identifiers(std::string_view text, bool zeros_allowed) {
  for (const std::string_view part : parts(text)) {
    const bool signs = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (!signs || (!zeros_allowed && is_number(part) && part.size() > 1 && part.front() == '0')) return false;
  }
  return true;
}

int compare_identifiers(std::string_view a, std::string_view b) {
  const bool number_a = is_number(a);
  const bool number_b = is_number(b);
  if (number_a != number_b) return number_a ? -1 : 1;
  if (number_a && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

}  // namespace

std::optional<SemverNode> parse_semver(std::string_view text) {
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos && !valid_identifiers(text.substr(plus + 1), true)) return std::nullopt;
  text = text.substr(0, plus);
  SemverNode out;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    out.pre = text.substr(dash + 1);
    if (!valid_identifiers(out.pre, false)) return std::nullopt;
    text = text.substr(0, dash);
  }
  const auto numbers = parts(text);
  const bool read = numbers.size() == 3 && read_number(numbers[0], out.major) &&
                    read_number(numbers[1], out.minor) && read_number(numbers[2], out.patch);
  if (!read) return std::nullopt;
  return out;
}

std::string normalize_semver(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_of("+-"), text.size());
  auto numbers = parts(text.substr(0, end));
  while (numbers.size() < 3) numbers.emplace_back("0");
  std::string out;
  for (std::string_view number : numbers) {
    while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
    if (!out.empty()) out += '.';
    out += number;
  }
  return out + std::string(text.substr(end));
}

int compare_versions(const SemverNode& a, const SemverNode& b) {
  if (a.major != b.major) return a.major < b.major ? -1 : 1;
  if (a.minor != b.minor) return a.minor < b.minor ? -1 : 1;
  if (a.patch != b.patch) return a.patch < b.patch ? -1 : 1;
  if (a.pre.empty() || b.pre.empty())
    return static_cast<int>(a.pre.empty()) - static_cast<int>(b.pre.empty());
  const auto of_a = parts(a.pre);
  const auto of_b = parts(b.pre);
  for (std::size_t i = 0; i < std::min(of_a.size(), of_b.size()); ++i) {
    const int order = compare_identifiers(of_a[i], of_b[i]);
    if (order != 0) return order;
  }
  return static_cast<int>(of_a.size() > of_b.size()) - static_cast<int>(of_a.size() < of_b.size());
}

}  // namespace neoid::cel
