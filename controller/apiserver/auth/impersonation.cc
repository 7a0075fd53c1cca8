#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "controller/apiserver/auth/escalation.h"

namespace neoid::auth {
namespace {

constexpr std::string_view kExtraPrefix = "impersonate-extra-";
constexpr const char* kAuthenticationGroup = "authentication.k8s.io";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// %2f in the key of an extra; left as it is where it is malformed.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) return std::string(text);
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// Go's print of the references that were asked for: {Kind Namespace Name UID APIVersion ResourceVersion
// FieldPath}.
std::string requested(const Impersonation& wanted) {
  std::vector<std::string> parts;
  for (const auto& group : wanted.groups) parts.push_back(fmt::format("{{Group  {}    }}", group));
  for (const auto& [key, values] : wanted.extra)
    for (const auto& value : values)
      parts.push_back(fmt::format("{{UserExtra  {}  authentication.k8s.io/v1  {}}}", value, key));
  if (!wanted.uid.empty())
    parts.push_back(fmt::format("{{UID  {}  authentication.k8s.io/v1  }}", wanted.uid));
  return fmt::format("[{}]", fmt::join(parts, " "));
}

std::vector<Attributes> questions(const Impersonation& wanted) {
  std::vector<Attributes> all;
  const auto ask = [&](std::string group, std::string resource, std::string subresource, std::string ns,
                       std::string name) {
    all.push_back(Attributes{"impersonate", std::move(group), std::move(resource), std::move(subresource),
                             std::move(ns), std::move(name), ""});
  };
  if (const auto account = split_service_account(wanted.user))
    ask("", "serviceaccounts", "", account->first, account->second);
  else
    ask("", "users", "", "", wanted.user);
  for (const auto& group : wanted.groups) ask("", "groups", "", "", group);
  for (const auto& [key, values] : wanted.extra)
    for (const auto& value : values) ask(kAuthenticationGroup, "userextras", key, "", value);
  if (!wanted.uid.empty()) ask(kAuthenticationGroup, "uids", "", "", wanted.uid);
  return all;
}

}  // namespace

Result<std::optional<Impersonation>> read_impersonation(
    const std::vector<std::pair<std::string, std::string>>& headers) {
  Impersonation wanted;
  bool any = false;
  for (const auto& [name, value] : headers) {
    const std::string key = lower(name);
    if (key.substr(0, 12) != "impersonate-") continue;
    if (key == "impersonate-user" && !value.empty()) {
      if (wanted.user.empty()) wanted.user = value;
      any = true;
    } else if (key == "impersonate-group") {
      wanted.groups.push_back(value);
      any = true;
    } else if (key == "impersonate-uid" && !value.empty()) {
      wanted.uid = value;
      any = true;
    } else if (key.substr(0, kExtraPrefix.size()) == kExtraPrefix) {
      wanted.extra[unescape(key.substr(kExtraPrefix.size()))].push_back(value);
      any = true;
    }
  }
  if (!any) return std::optional<Impersonation>();
  if (wanted.user.empty())
    return fail(ErrorKind::Internal,
                fmt::format("requested {} without impersonating a user", requested(wanted)));
  return std::optional<Impersonation>(std::move(wanted));
}

Result<UserInfo> impersonate(const Rbac& rbac, const UserInfo& requester, const Impersonation& wanted) {
  for (const Attributes& question : questions(wanted)) {
    const Decision decision = rbac.authorize(requester, question);
    if (!decision.allowed)
      return fail(ErrorKind::Denied, forbidden_message(requester, question, decision.reason), "Forbidden");
  }
  UserInfo user;
  user.name = wanted.user;
  user.uid = wanted.uid;
  user.groups = wanted.groups;
  user.extra = wanted.extra;
  if (user.groups.empty())
    if (const auto account = split_service_account(wanted.user))
      user.groups = service_account_user(account->first, account->second, "").groups;
  if (user.name == kAnonymousUser) {
    if (!user.in_group(kUnauthenticatedGroup)) user.groups.emplace_back(kUnauthenticatedGroup);
  } else if (!user.in_group(kAuthenticatedGroup) && !user.in_group(kUnauthenticatedGroup)) {
    user.groups.emplace_back(kAuthenticatedGroup);
  }
  return user;
}

}  // namespace neoid::auth
