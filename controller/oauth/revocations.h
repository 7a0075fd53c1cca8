// The tokens that were revoked and have not expired yet, as of the last synchronisation. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <unordered_map>

#include "controller/base/mutex.h"
#include "controller/store/token_store.h"

namespace neoid::oauth {

class Revocations {
 public:
  bool contains(const std::string& jti) const {
    const MutexLock lock(mutex_);
    return ends_.contains(jti);
  }
  void add(const std::string& jti, Instant expires_at) {
    const MutexLock lock(mutex_);
    ends_.emplace(jti, expires_at);
  }
  // The number of the last one that add() was told of by the store.
  std::int64_t read() const {
    const MutexLock lock(mutex_);
    return read_;
  }
  void apply(std::span<const store::Revocation> revocations, std::int64_t read) {
    const MutexLock lock(mutex_);
    for (const store::Revocation& one : revocations) ends_.emplace(one.jti, one.expires_at);
    read_ = read;
  }
  // Tokens that have expired need nobody's word.
  void forget_ended(Instant now) {
    const MutexLock lock(mutex_);
    std::erase_if(ends_, [&](const auto& one) { return one.second + kKept < now; });
  }
  void restart() {
    const MutexLock lock(mutex_);
    ends_.clear();
    read_ = 0;
  }

 private:
  static constexpr Duration kKept = std::chrono::minutes(5);  // for clocks that differ

  mutable Mutex mutex_;
  std::unordered_map<std::string, Instant> ends_ NEOID_GUARDED_BY(mutex_);
  std::int64_t read_ NEOID_GUARDED_BY(mutex_) = 0;
};

}  // namespace neoid::oauth
