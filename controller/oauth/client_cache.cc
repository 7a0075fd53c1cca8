#include "controller/oauth/client_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "reconcile/base/crypto.h"

namespace neoid::oauth {
namespace {

using UserBytes = std::array<std::uint8_t, 16>;

std::optional<UserBytes> uuid_bytes(const UserId& user) {
  if (!is_uuid(user.value)) return std::nullopt;
  std::string digits = user.value;
  digits.erase(std::remove(digits.begin(), digits.end(), '-'), digits.end());
  const auto bytes = unhex(digits);
  UserBytes result{};
  if (!bytes || bytes->size() != result.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), result.begin());
  return result;
}

UserId uuid_text(const UserBytes& bytes) {
  std::string text = hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return UserId(std::move(text));
}

}  // namespace

std::size_t ClientCache::UserHash::operator()(const UserBytes& user) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, user.data(), sizeof(hash));
  std::size_t other = 0;
  std::memcpy(&other, user.data() + sizeof(hash), sizeof(other));
  return hash ^ (other * 0x9E3779B97F4A7C15U);
}

std::optional<store::TokenClient> ClientCache::find(const ClientId& client_id) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(client_id.value);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  store::TokenClient client;
  client.user_id = uuid_text(entry.user);
  client.active = entry.active;
  client.versions = entry.versions;
  client.scopes.reserve(entry.scopes.size());
  for (const std::uint32_t scope : entry.scopes) client.scopes.push_back(names_[scope]);
  return client;
}

std::uint64_t ClientCache::generation() const {
  const MutexLock lock(mutex_);
  return generation_;
}

void ClientCache::put(const ClientId& client_id, const store::ClientLookUp& found, std::uint64_t generation) {
  if (!found.client || most_ == 0) return;
  const auto user = uuid_bytes(found.client->user_id);
  if (!user) return;
  const MutexLock lock(mutex_);
  if (found.position < read_ || generation != generation_) return;
  if (const auto old = entries_.find(client_id.value); old != entries_.end()) drop(old);
  // A user whose client ID was another one until now.
  if (const auto other = by_user_.find(*user); other != by_user_.end()) drop(entries_.find(*other->second));
  if (entries_.size() >= most_) drop(entries_.begin());
  Entry entry{*user, found.client->active, {}, found.client->versions};
  entry.versions.shrink_to_fit();
  entry.scopes.reserve(found.client->scopes.size());
  for (const std::string& scope : found.client->scopes) entry.scopes.push_back(name_of(scope));
  const auto put = entries_.emplace(client_id.value, std::move(entry)).first;
  by_user_.emplace(*user, &put->first);
}

std::uint32_t ClientCache::name_of(const std::string& scope) {
  const auto [found, added] = indices_.emplace(scope, static_cast<std::uint32_t>(names_.size()));
  if (added) names_.push_back(scope);
  return found->second;
}

void ClientCache::drop(Entries::iterator entry) {
  if (entry == entries_.end()) return;
  by_user_.erase(entry->second.user);
  entries_.erase(entry);
}

void ClientCache::forget_user(const UserId& user) {
  const auto bytes = uuid_bytes(user);
  if (!bytes) return;  // put() kept no such user
  const auto found = by_user_.find(*bytes);
  if (found != by_user_.end()) drop(entries_.find(*found->second));
}

void ClientCache::forget_scope(const std::string& scope) {
  const auto index = indices_.find(scope);
  if (index == indices_.end()) return;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto& scopes = entry->second.scopes;
    const auto here = entry++;
    if (std::find(scopes.begin(), scopes.end(), index->second) != scopes.end()) drop(here);
  }
}

// One lock for position and drops: nothing older can be put between them.
void ClientCache::apply(std::span<const store::TokenChange> changes) {
  const MutexLock lock(mutex_);
  for (const store::TokenChange& change : changes) {
    read_ = std::max(read_, change.position);
    if (change.user_id) forget_user(*change.user_id);
    if (!change.scope.empty()) forget_scope(change.scope);
  }
}

void ClientCache::restart(store::FeedPosition position) {
  const MutexLock lock(mutex_);
  entries_.clear();
  by_user_.clear();
  names_.clear();
  indices_.clear();
  read_ = position;
  ++generation_;
}

std::size_t ClientCache::size() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace neoid::oauth
