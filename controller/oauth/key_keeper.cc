#include "controller/oauth/key_keeper.h"

#include <utility>

#include "controller/base/log.h"

namespace neoid::oauth {

KeyKeeper::KeyKeeper(store::TokenStore& store, KeyEncryptionKeys kek, KeySettings settings)
    : store_(store), kek_(std::move(kek)), settings_(settings), state_(std::make_shared<State>()) {}

std::shared_ptr<const KeyKeeper::State> KeyKeeper::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

void KeyKeeper::publish(std::shared_ptr<const State> state) {
  const MutexLock lock(mutex_);
  state_.swap(state);
}

Result<void> KeyKeeper::load() {
  NEOID_TRY(const std::vector<store::SealedKey> sealed, store_.signing_keys());
  const auto before = state();
  auto next = std::make_shared<State>();
  std::string list;
  for (const store::SealedKey& one : sealed) {
    const auto known = before->keys.find(one.kid);
    if (known != before->keys.end()) {
      next->keys.emplace(one.kid, known->second);
    } else {
      NEOID_TRY(SigningKey key, kek_.open(one));
      next->keys.emplace(one.kid, std::move(key));
    }
    next->ages.push_back({one.kid, one.created_at});
    list += (list.empty() ? "" : ",") + next->keys.at(one.kid).jwk();
  }
  next->jwks = R"({"keys":[)" + list + "]}";
  publish(std::move(next));
  return {};
}

Result<void> KeyKeeper::maintain(std::int64_t version, Instant now) {
  if (version != version_) {
    NEOID_TRY_VOID(load());
    version_ = version;
  }
  const auto current = state();
  const KeyDecision decision = decide_keys(current->ages, settings_, now);
  if (decision.make || !decision.remove.empty()) {
    std::vector<store::SealedKey> add;
    if (decision.make) {
      NEOID_TRY(const SigningKey key, SigningKey::generate());
      NEOID_TRY(add.emplace_back(), kek_.seal(key, now));
    }
    auto changed = store_.change_keys(version, add, decision.remove);
    if (!changed && changed.error().kind != ErrorKind::Conflict) return changed;
    if (changed) {
      for (const store::SealedKey& key : add) log::info("signing key made", {{"kid", key.kid}});
      for (const std::string& kid : decision.remove) log::info("signing key removed", {{"kid", kid}});
      version_ = version + 1;
    } else {
      version_ = -1;  // another replica was faster: the next pulse tells
    }
    NEOID_TRY_VOID(load());
    const auto loaded = state();
    auto next = std::make_shared<State>(*loaded);
    next->signing = decide_keys(loaded->ages, settings_, now).signing;
    publish(std::move(next));
    return {};
  }
  if (current->signing != decision.signing) {
    auto next = std::make_shared<State>(*current);
    next->signing = decision.signing;
    publish(std::move(next));
  }
  return {};
}

void KeyKeeper::restart() { version_ = -1; }

std::optional<SigningKey> KeyKeeper::signing() const {
  const auto current = state();
  if (!current->signing) return std::nullopt;
  return current->keys.at(current->ages[*current->signing].kid);
}

std::optional<SigningKey> KeyKeeper::find(const std::string& kid) const {
  const auto current = state();
  const auto found = current->keys.find(kid);
  if (found == current->keys.end()) return std::nullopt;
  return found->second;
}

std::string KeyKeeper::jwks() const { return state()->jwks; }

}  // namespace neoid::oauth
