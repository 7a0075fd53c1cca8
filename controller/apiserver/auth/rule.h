// Rules of roles: matching one against a request, and one set of rules covering another. Private to this
// folder.
#pragma once

#include <string>
#include <vector>

#include "controller/apiserver/auth/rbac.h"

namespace neoid::auth {

// Which single permissions of `wanted` no rule of `owned` gives; empty: all are covered.
// A permission is one verb on one resource of one group (of one name), or one verb on one URL.
std::vector<PolicyRule> not_covered(const std::vector<PolicyRule>& owned,
                                    const std::vector<PolicyRule>& wanted);
// Rules that differ in nothing but their verbs become one.
std::vector<PolicyRule> compact(const std::vector<PolicyRule>& rules);
// `{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}`, as refusals print it.
std::string describe(const PolicyRule& rule);
// Go's %q of a list: `["a" "b"]`.
std::string go_quote_list(const std::vector<std::string>& texts);

}  // namespace neoid::auth
