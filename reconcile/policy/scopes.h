// Which of the declared scopes are granted: never more than what is declared, in the catalogue, and allowed
// to the resource's namespace (rule 6). Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconcile/api/allowed_namespaces.h"

namespace neoid::policy {

struct CatalogueScope {
  bool deprecated = false;
  std::string replacement;
  api::AllowedNamespaces allowed_namespaces;
};
using Catalogue = std::map<std::string, CatalogueScope>;

struct ScopeResolution {
  std::vector<std::string> granted;      // sorted, no duplicates
  std::vector<std::string> unknown;      // not in the catalogue
  std::vector<std::string> not_allowed;  // in it, but not for this namespace
  std::vector<std::string> deprecated;   // granted all the same
  bool operator==(const ScopeResolution&) const = default;
};

enum class Reach {
  Namespace,  // a custom user: bound by allowedNamespaces
  Platform,   // a system user: not bound
};

ScopeResolution resolve_scopes(const std::vector<std::string>& declared, const Catalogue& catalogue,
                               const std::map<std::string, std::string>& namespace_labels, Reach reach);

}  // namespace neoid::policy
