// Aggregated ClusterRoles: which roles a selector finds, and the union of their rules. Private to this folder
// but for aggregate(), which rbac.h declares.
#pragma once

#include "controller/apiserver/auth/rbac.h"

namespace neoid::auth {

// metav1.LabelSelector over labels; an empty selector matches everything, an unreadable one nothing.
bool selects(const Json& selector, const Json& labels);

}  // namespace neoid::auth
