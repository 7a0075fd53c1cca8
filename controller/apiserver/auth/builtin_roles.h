// The roles and bindings that every server has from the start, as data.
#pragma once

#include <vector>

#include "reconcile/value/json.h"

namespace neoid::auth {

// ClusterRoles, then ClusterRoleBindings, each sorted by name: cluster-admin, admin, edit, view (aggregated),
// system:discovery, system:basic-user, system:public-info-viewer, and neoid's. Full objects but for what a
// server sets (uid, creationTimestamp, resourceVersion). Whoever starts a server creates those that are
// missing.
const std::vector<Json>& builtin_rbac_objects();

}  // namespace neoid::auth
