// Failed attempts, by client and address and by address alone, each a bucket that fills again with time.
//
// An IPv6 address counts as its /64: whoever has one of them has all (RFC 6177).
// Guarantees: memory is fixed, whatever is asked (a set-associative table; the fullest bucket makes room, so that
// who fails most is remembered longest; keys are salted). Only failures take from a bucket.
// Thread-safe. Time is the caller's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"

namespace neoid::oauth {

struct RateLimits {
  double burst = 10;        // failures of one client from one address before it is refused
  double per_second = 0.5;  // and how fast they are forgiven
  double address_burst = 100;
  double address_per_second = 10;
};

class RateLimiter {
 public:
  explicit RateLimiter(RateLimits limits, std::size_t buckets = 1 << 15);

  // How long this client at this address, or the address for anybody, has to wait; zero: it may try.
  std::chrono::seconds blocked(std::string_view client_id, std::string_view address, SteadyTime now) const;
  // As above, for the address alone.
  std::chrono::seconds address_blocked(std::string_view address, SteadyTime now) const;
  void failed(std::string_view client_id, std::string_view address, SteadyTime now);

 private:
  struct Bucket {
    std::uint64_t key = 0;  // 0: free
    double used = 0;        // as of `at`
    SteadyTime at;
  };
  static constexpr std::size_t kWays = 8;

  std::uint64_t key_of(std::string_view client_id, std::string_view address) const;
  double used(const Bucket& bucket, double per_second, SteadyTime now) const;
  std::chrono::seconds wait_of(std::uint64_t key, double burst, double per_second, SteadyTime now) const
      NEOID_REQUIRES(mutex_);
  void take(std::uint64_t key, double burst, double per_second, SteadyTime now) NEOID_REQUIRES(mutex_);

  const RateLimits limits_;
  const std::size_t sets_;
  std::array<std::uint8_t, 16> salt_;
  mutable Mutex mutex_;
  std::vector<Bucket> buckets_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::oauth
