#include "reconcile/policy/scopes.h"

#include <set>

#include "reconcile/meta/selector.h"

namespace neoid::policy {
namespace {

// What cannot be read allows nobody: a scope is never widened by a mistake in its selector.
bool is_allowed(const CatalogueScope& scope, const Json& namespace_labels) {
  if (scope.allowed_namespaces.is_null()) return true;
  const auto selector = meta::LabelSelector::from_json(scope.allowed_namespaces);
  return selector && selector->matches(namespace_labels);
}

}  // namespace

ScopeResolution resolve_scopes(const std::vector<std::string>& declared, const Catalogue& catalogue,
                               const std::map<std::string, std::string>& namespace_labels, Reach reach) {
  ScopeResolution resolution;
  const Json labels = namespace_labels;
  for (const std::string& name : std::set<std::string>(declared.begin(), declared.end())) {
    const auto found = catalogue.find(name);
    if (found == catalogue.end()) {
      resolution.unknown.push_back(name);
    } else if (reach == Reach::Namespace && !is_allowed(found->second, labels)) {
      resolution.not_allowed.push_back(name);
    } else {
      resolution.granted.push_back(name);
      if (found->second.deprecated) resolution.deprecated.push_back(name);
    }
  }
  return resolution;
}

}  // namespace neoid::policy
