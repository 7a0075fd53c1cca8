#include "controller/oauth/rate_limiter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "controller/base/random.h"
#include "reconcile/base/crypto.h"

namespace neoid::oauth {
namespace {

std::string network_of(std::string_view address) {
  std::string text(address);
  in6_addr parsed{};
  if (::inet_pton(AF_INET6, text.c_str(), &parsed) != 1 || IN6_IS_ADDR_V4MAPPED(&parsed)) return text;
  return {reinterpret_cast<const char*>(parsed.s6_addr), 8};
}

}  // namespace

RateLimiter::RateLimiter(RateLimits limits, std::size_t buckets)
    : limits_(limits),
      sets_(std::max<std::size_t>(buckets / kWays, 1)),
      salt_(random_array<16>()),
      buckets_(sets_ * kWays) {}

std::uint64_t RateLimiter::key_of(std::string_view client_id, std::string_view address) const {
  std::string text(reinterpret_cast<const char*>(salt_.data()), salt_.size());
  text += std::to_string(client_id.size());
  text += ':';
  text += client_id;
  text += network_of(address);
  const Sha256 digest = sha256(text);
  std::uint64_t key = 0;
  std::memcpy(&key, digest.data(), sizeof(key));
  return key | 1;  // never 0
}

double RateLimiter::used(const Bucket& bucket, double per_second, SteadyTime now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.at).count();
  return std::max(0.0, bucket.used - std::max(0.0, seconds) * per_second);
}

std::chrono::seconds RateLimiter::wait_of(std::uint64_t key, double burst, double per_second,
                                          SteadyTime now) const {
  const Bucket* set = &buckets_[(key >> 8) % sets_ * kWays];
  for (std::size_t i = 0; i < kWays; ++i) {
    if (set[i].key != key) continue;
    const double over = used(set[i], per_second, now) + 1 - burst;
    if (over <= 0) return std::chrono::seconds(0);
    return std::chrono::seconds(std::max<long>(1, std::lround(std::ceil(over / per_second))));
  }
  return std::chrono::seconds(0);
}

void RateLimiter::take(std::uint64_t key, double burst, double per_second, SteadyTime now) {
  Bucket* set = &buckets_[(key >> 8) % sets_ * kWays];
  Bucket* least = set;
  for (std::size_t i = 0; i < kWays; ++i) {
    if (set[i].key == key) {
      least = &set[i];
      break;
    }
    if (used(set[i], per_second, now) < used(*least, per_second, now)) least = &set[i];
  }
  const double before = least->key == key ? used(*least, per_second, now) : 0;
  *least = Bucket{key, std::min(before + 1, burst), now};
}

std::chrono::seconds RateLimiter::blocked(std::string_view client_id, std::string_view address,
                                          SteadyTime now) const {
  const std::uint64_t pair = key_of(client_id, address);
  const std::uint64_t alone = key_of({}, address);
  const MutexLock lock(mutex_);
  return std::max(wait_of(pair, limits_.burst, limits_.per_second, now),
                  wait_of(alone, limits_.address_burst, limits_.address_per_second, now));
}

std::chrono::seconds RateLimiter::address_blocked(std::string_view address, SteadyTime now) const {
  const std::uint64_t alone = key_of({}, address);
  const MutexLock lock(mutex_);
  return wait_of(alone, limits_.address_burst, limits_.address_per_second, now);
}

void RateLimiter::failed(std::string_view client_id, std::string_view address, SteadyTime now) {
  const std::uint64_t pair = key_of(client_id, address);
  const std::uint64_t alone = key_of({}, address);
  const MutexLock lock(mutex_);
  take(pair, limits_.burst, limits_.per_second, now);
  take(alone, limits_.address_burst, limits_.address_per_second, now);
}

}  // namespace neoid::oauth
