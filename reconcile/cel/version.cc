#include "reconcile/cel/version.h"

#include <fmt/format.h>

#include <charconv>

namespace neoid::cel {

std::optional<KubernetesVersion> parse_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const auto number = [&text](int& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || out < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
  };
  KubernetesVersion version;
  if (!number(version.major) || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  if (!number(version.minor)) return std::nullopt;
  if (text.empty()) return version;
  int patch = 0;
  text.remove_prefix(1);
  if (!number(patch) || !text.empty()) return std::nullopt;
  return version;
}

std::string to_string(KubernetesVersion version) {
  return fmt::format("{}.{}", version.major, version.minor);
}

}  // namespace neoid::cel
