// The signing keys in use: loaded from the store, rotated by the rules of key_ring.h, and the JWKS of them.
//
// Every replica runs it; change_keys() lets one of two that would make a key at once do so. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "controller/base/mutex.h"
#include "controller/oauth/jwt.h"
#include "controller/oauth/key_ring.h"
#include "controller/oauth/key_seal.h"
#include "controller/store/token_store.h"

namespace neoid::oauth {

class KeyKeeper {
 public:
  KeyKeeper(store::TokenStore& store, KeyEncryptionKeys kek, KeySettings settings);

  // Brings the keys to what the store has (if `version` is another one than was loaded) and to what is due now.
  // Errors: Unavailable; Invalid "WrongKey": what was loaded before stays in use.
  Result<void> maintain(std::int64_t version, Instant now);
  // For a database that was restored: the version says nothing.
  void restart();

  std::optional<SigningKey> signing() const;
  std::optional<SigningKey> find(const std::string& kid) const;
  std::string jwks() const;  // RFC 7517 section 5

 private:
  struct State {
    std::vector<KeyAge> ages;
    std::unordered_map<std::string, SigningKey> keys;
    std::optional<std::size_t> signing;
    std::string jwks = R"({"keys":[]})";
  };
  Result<void> load();
  void publish(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state() const;

  store::TokenStore& store_;
  const KeyEncryptionKeys kek_;
  const KeySettings settings_;
  std::int64_t version_ = -1;  // of maintain() alone
  mutable Mutex mutex_;
  std::shared_ptr<const State> state_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::oauth
