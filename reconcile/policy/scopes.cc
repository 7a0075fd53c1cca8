#include "reconcile/policy/scopes.h"

#include <set>

namespace neoid::policy {

ScopeResolution resolve_scopes(const std::vector<std::string>& declared, const Catalogue& catalogue,
                               const std::map<std::string, std::string>& namespace_labels, Reach reach) {
  ScopeResolution resolution;
  for (const std::string& name : std::set<std::string>(declared.begin(), declared.end())) {
    const auto found = catalogue.find(name);
    if (found == catalogue.end()) {
      resolution.unknown.push_back(name);
    } else if (reach == Reach::Namespace && !found->second.allowed_namespaces.allows(namespace_labels)) {
      resolution.not_allowed.push_back(name);
    } else {
      resolution.granted.push_back(name);
      if (found->second.deprecated) resolution.deprecated.push_back(name);
    }
  }
  return resolution;
}

}  // namespace neoid::policy
