// Semantic versions 2.0.0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace neoid::cel {

struct SemverNode {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::string_view pre;  // borrowed from the text
};

std::optional<SemverNode> parse_semver(std::string_view text);
// What people write, as a version: without `v`, leading zeros and missing parts.
std::string normalize_semver(std::string_view text);
// Below, at or above zero. What follows a + does not count.
int compare_versions(const SemverNode& a, const SemverNode& b);

}  // namespace neoid::cel
