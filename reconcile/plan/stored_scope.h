// A Scope resource as the catalogue keeps it. Pure.
#pragma once

#include "reconcile/api/scope.h"
#include "reconcile/plan/catalogue.h"

namespace neoid::plan {

inline StoredScope stored_scope(const api::ScopeResource& scope) {
  return {scope.key.name,  scope.spec.display_name,       scope.spec.description,
          scope.spec.tool, scope.spec.permissions.dump(), scope.spec.deprecated};
}

}  // namespace neoid::plan
