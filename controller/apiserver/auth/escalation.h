// Nobody grants what he has not got: checks on writing roles and bindings, and on acting as somebody else.
//
// Pure over the snapshot. All refuse with Denied/"Forbidden" and a real server's words; system:masters pass,
// and so do the verbs `escalate` on roles, `bind` on the referenced role and `impersonate` on users, groups,
// serviceaccounts, uids and userextras. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
//         https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/apiserver/auth/rbac.h"

namespace neoid::auth {

// A Role or ClusterRole about to be created (`old` null) or updated. A cluster role has an empty namespace.
Result<void> check_role_write(const Rbac& rbac, const UserInfo& user, const Json& role, const Json* old);
// A RoleBinding or ClusterRoleBinding. NotFound: the role that it refers to does not exist.
Result<void> check_binding_write(const Rbac& rbac, const UserInfo& user, const Json& binding,
                                 const Json* old);

// What the Impersonate-* headers ask for.
struct Impersonation {
  std::string user;
  std::vector<std::string> groups;
  std::string uid;
  std::map<std::string, std::vector<std::string>> extra;
};
// From decoded headers (names in any case), nullopt if none is there. Internal (a real server answers 500):
// groups, a UID or extras without a user.
Result<std::optional<Impersonation>> read_impersonation(
    const std::vector<std::pair<std::string, std::string>>& headers);
// The user to go on as.
Result<UserInfo> impersonate(const Rbac& rbac, const UserInfo& requester, const Impersonation& wanted);

}  // namespace neoid::auth
