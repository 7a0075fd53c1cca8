#include "controller/cli/import/names.h"

#include <cctype>

namespace neoid::import {
namespace {

constexpr std::size_t kMostNameBytes = 63;
constexpr std::size_t kMostScopeBytes = 253;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Labels of letters, digits and '-', each beginning and ending with a letter or digit, joined by dots.
std::string subdomain(std::string_view text, std::string_view to_dot, std::size_t most) {
  std::string name;
  for (const char raw : text) {
    const char c = static_cast<char>(std::tolower(static_cast<unsigned char>(raw)));
    const char mapped = is_alphanumeric(c) ? c : to_dot.find(c) != std::string_view::npos ? '.' : '-';
    if (is_alphanumeric(mapped)) {
      name += mapped;
    } else if (mapped == '.') {
      while (!name.empty() && !is_alphanumeric(name.back())) name.pop_back();
      if (!name.empty()) name += '.';
    } else if (!name.empty() && name.back() != '.') {
      name += '-';
    }
  }
  if (name.size() > most) name.resize(most);
  while (!name.empty() && !is_alphanumeric(name.back())) name.pop_back();
  return name;
}

}  // namespace

std::string resource_name(std::string_view text) { return subdomain(text, ".", kMostNameBytes); }

std::string scope_name(std::string_view token, const std::map<std::string, std::string>& scope_map) {
  if (const auto mapped = scope_map.find(std::string(token)); mapped != scope_map.end())
    return mapped->second;
  return subdomain(token, ".:/", kMostScopeBytes);
}

std::string shortened(std::string_view text, std::size_t most) {
  std::size_t bytes = 0;
  std::size_t characters = 0;
  for (; bytes < text.size(); ++bytes) {
    const bool starts_one = (static_cast<unsigned char>(text[bytes]) & 0xC0u) != 0x80u;
    if (starts_one && characters++ == most) break;
  }
  return std::string(text.substr(0, bytes));
}

}  // namespace neoid::import
