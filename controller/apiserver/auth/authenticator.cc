#include "controller/apiserver/auth/authenticator.h"

#include <cctype>
#include <cstring>

namespace neoid::auth {
namespace {

std::uint64_t bucket_of(const Sha256& digest) {
  std::uint64_t bucket = 0;
  std::memcpy(&bucket, digest.data(), sizeof bucket);
  return bucket;
}

std::string_view as_bytes(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Error unauthorized() { return Error{ErrorKind::Denied, "Unauthorized", "Unauthorized"}; }

UserInfo with_authenticated(UserInfo user) {
  if (!user.in_group(kAuthenticatedGroup) && !user.in_group(kUnauthenticatedGroup))
    user.groups.emplace_back(kAuthenticatedGroup);
  return user;
}

}  // namespace

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer";
  while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
  const std::size_t space = authorization.find(' ');
  if (space != kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i)
    if (std::tolower(static_cast<unsigned char>(authorization[i])) != kScheme[i]) return {};
  std::string_view token = authorization.substr(space + 1);
  return token.substr(0, token.find(' '));
}

void Authenticator::add_token(const Secret& token, UserInfo user) {
  remove_token(token);
  const Sha256 digest = sha256(token.reveal());
  MutexLock lock(mutex_);
  tokens_.emplace(bucket_of(digest), Entry{digest, std::make_shared<const UserInfo>(std::move(user))});
}

void Authenticator::add_tokens(const std::vector<TokenEntry>& entries) {
  for (const TokenEntry& entry : entries) add_token(entry.token, entry.user);
}

bool Authenticator::remove_token(const Secret& token) {
  const Sha256 digest = sha256(token.reveal());
  MutexLock lock(mutex_);
  const auto [begin, end] = tokens_.equal_range(bucket_of(digest));
  for (auto it = begin; it != end; ++it) {
    if (!constant_time_equal(as_bytes(it->second.digest), as_bytes(digest))) continue;
    tokens_.erase(it);
    return true;
  }
  return false;
}

std::size_t Authenticator::remove_user(std::string_view user_name) {
  MutexLock lock(mutex_);
  return std::erase_if(tokens_, [&](const auto& item) { return item.second.user->name == user_name; });
}

std::shared_ptr<const UserInfo> Authenticator::find_token(std::string_view token) const {
  const Sha256 digest = sha256(token);
  MutexLock lock(mutex_);
  const auto [begin, end] = tokens_.equal_range(bucket_of(digest));
  for (auto it = begin; it != end; ++it)
    if (constant_time_equal(as_bytes(it->second.digest), as_bytes(digest))) return it->second.user;
  return nullptr;
}

Result<UserInfo> Authenticator::authenticate(const Presented& presented) const {
  if (!presented.common_name.empty()) {
    UserInfo user;
    user.name = presented.common_name;
    if (presented.organizations != nullptr) user.groups = *presented.organizations;
    return with_authenticated(std::move(user));
  }
  const std::string_view token = bearer_token(presented.authorization);
  if (!token.empty()) {
    const auto user = find_token(token);
    if (!user) return fail(unauthorized());
    return with_authenticated(*user);
  }
  if (!options_.anonymous) return fail(unauthorized());
  return anonymous_user();
}

}  // namespace neoid::auth
