#include "controller/apiserver/auth/user_info.h"

#include <fmt/format.h>

#include <algorithm>

namespace neoid::auth {

bool UserInfo::in_group(std::string_view group) const {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

UserInfo anonymous_user() {
  return UserInfo{std::string(kAnonymousUser), {}, {std::string(kUnauthenticatedGroup)}, {}};
}

UserInfo service_account_user(std::string_view ns, std::string_view name, std::string_view uid) {
  UserInfo user;
  user.name = fmt::format("system:serviceaccount:{}:{}", ns, name);
  user.uid = uid;
  user.groups = {std::string(kServiceAccountsGroup), fmt::format("{}:{}", kServiceAccountsGroup, ns)};
  return user;
}

std::optional<std::pair<std::string, std::string>> split_service_account(std::string_view user_name) {
  constexpr std::string_view kPrefix = "system:serviceaccount:";
  if (user_name.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  const std::string_view rest = user_name.substr(kPrefix.size());
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == rest.size()) return std::nullopt;
  if (rest.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
  return std::pair(std::string(rest.substr(0, colon)), std::string(rest.substr(colon + 1)));
}

}  // namespace neoid::auth
