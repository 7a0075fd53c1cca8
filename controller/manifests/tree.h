// The folder: which files count, what stands in them.
//
// Files are *.yaml, *.yml and *.json at any depth, in the order of their paths; what begins with a dot and what
// kustomize builds from (kustomization.yaml) is left out. Symbolic links are followed as long as they stay in the
// folder; the folder itself may be one, and is resolved once for a whole reading: a link that is swapped (git-sync,
// a mounted ConfigMap) is the old tree or the new one, never both. Each real file counts once.
// Thread-safe (nothing is kept). Errors: NotFound (the folder is not there), Unavailable (it cannot be read).
#pragma once

#include <compare>
#include <filesystem>
#include <string>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid::manifests {

// What is wrong with the folder or one thing in it, for people.
struct Problem {
  std::string where;  // "apps/billing.yaml:12", or empty for the whole
  std::string message;
  auto operator<=>(const Problem&) const = default;
};

struct Manifest {
  std::string where;  // "apps/billing.yaml:12"
  Json object;
};

struct Tree {
  std::vector<Manifest> manifests;
  std::vector<Problem> problems;
  // Every file could be read to its end. Else something that is missing may only be unreadable.
  bool whole = true;
};

// Equal for equal states of the folder: names, sizes, times and identities of the files, not their contents.
Result<std::string> fingerprint(const std::filesystem::path& folder);

Result<Tree> read_tree(const std::filesystem::path& folder);

}  // namespace neoid::manifests
