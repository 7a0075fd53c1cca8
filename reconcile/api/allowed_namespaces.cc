#include "reconcile/api/allowed_namespaces.h"

#include <utility>

namespace neoid::api {
namespace {

// A selector of null matches nothing, by Kubernetes' own reading.
meta::LabelSelector parsed(const Json& selector) {
  if (auto read = meta::LabelSelector::from_json(selector)) return std::move(*read);
  return *meta::LabelSelector::from_json(nullptr);
}

}  // namespace

AllowedNamespaces::AllowedNamespaces(const Json& selector)
    : selector_(std::make_shared<const meta::LabelSelector>(parsed(selector))) {}

}  // namespace neoid::api
