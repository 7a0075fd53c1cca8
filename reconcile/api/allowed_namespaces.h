// AllowedNamespaces: which namespaces may ask for a scope, parsed once and matched at every resolution.
//
// A selector that is missing or cannot be read allows nobody: a scope is never widened by a mistake. Cheap to copy;
// immutable and thread-safe. Source: crd/scopes.yaml, spec.allowedNamespaces.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "reconcile/meta/selector.h"
#include "reconcile/value/json.h"

namespace neoid::api {

class AllowedNamespaces {
 public:
  AllowedNamespaces() = default;  // all of them
  // Those whose labels a metav1.LabelSelector selects; null: none of them.
  explicit AllowedNamespaces(const Json& selector);

  bool all() const { return selector_ == nullptr; }
  bool allows(const std::map<std::string, std::string>& namespace_labels) const {
    return all() || selector_->matches(namespace_labels);
  }

 private:
  std::shared_ptr<const meta::LabelSelector> selector_;
};

}  // namespace neoid::api
