// Who asks: the identity that authentication found. A value.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace neoid::auth {

inline constexpr std::string_view kAnonymousUser = "system:anonymous";
inline constexpr std::string_view kUnauthenticatedGroup = "system:unauthenticated";
inline constexpr std::string_view kAuthenticatedGroup = "system:authenticated";
inline constexpr std::string_view kMastersGroup = "system:masters";  // may do everything
inline constexpr std::string_view kServiceAccountsGroup = "system:serviceaccounts";
inline constexpr std::string_view kAdminsGroup = "neoid:admins";      // administrators of integrations
inline constexpr std::string_view kPlatformGroup = "neoid:platform";  // owners of system users

struct UserInfo {
  std::string name;
  std::string uid;
  std::vector<std::string> groups;  // in the order in which a real server lists them
  std::map<std::string, std::vector<std::string>> extra;

  bool in_group(std::string_view group) const;
  bool operator==(const UserInfo&) const = default;
};

// Nobody in particular: system:anonymous in system:unauthenticated.
UserInfo anonymous_user();
// system:serviceaccount:NS:NAME in system:serviceaccounts and system:serviceaccounts:NS, without
// system:authenticated.
UserInfo service_account_user(std::string_view ns, std::string_view name, std::string_view uid);
// {namespace, name} of such a user name; nullopt for any other.
std::optional<std::pair<std::string, std::string>> split_service_account(std::string_view user_name);

}  // namespace neoid::auth
