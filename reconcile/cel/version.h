// The Kubernetes version whose rules of the game apply: which CEL functions and macros exist, how costs are
// estimated. Contracts are written for a version; a newer engine must not let pass what an older server
// refuses. A function counts from the first version whose servers take it in a new rule: one after the release that
// learnt it, which only goes on evaluating what it finds stored (so that a cluster can be rolled back).
// Source: https://kubernetes.io/docs/reference/using-api/cel/, "CEL options, language features, and libraries".
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace neoid::cel {

struct KubernetesVersion {
  int major = 1;
  int minor = 26;
  auto operator<=>(const KubernetesVersion&) const = default;
};

inline constexpr KubernetesVersion kOldestVersion{1, 26};  // what `KubernetesVersion{}` is
inline constexpr KubernetesVersion kNewestVersion{1, 34};  // the last one whose additions are known here

// "1.26", "v1.30" and "1.30.2" (the patch is ignored); nullopt for anything else.
std::optional<KubernetesVersion> parse_version(std::string_view text);
// "1.26".
std::string to_string(KubernetesVersion version);

}  // namespace neoid::cel
