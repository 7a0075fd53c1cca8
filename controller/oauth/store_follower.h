// Keeps what the service knows in step with the store, and says when it no longer is.
//
// Flow: wait for a commit (or a quarter of a second); one pulse; if the feed, the keys or the revocations moved on,
// read what is new and apply it; note when the pulse was asked.
// Guarantees: fresh() is true only if everything that was committed before `now - max_staleness` has been applied. A
// commit of anybody is applied within milliseconds while the store can be reached; when it cannot be, or its feed
// is silent, for max_staleness, fresh() turns false, and the service answers 503 instead of what it remembers.
// The database's clock: a pulse that was asked at s0 and answered "t" proves that at s the database's time is at most
// t + (s - s0). The least such bound of the last pulses is used: the end of an overlap is never missed, and is at most a
// round trip early. Thread-safe.
#pragma once

#include <array>
#include <thread>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/oauth/client_cache.h"
#include "controller/oauth/key_keeper.h"
#include "controller/oauth/revocations.h"
#include "controller/store/identity_store.h"
#include "controller/store/token_store.h"

namespace neoid::oauth {

class StoreFollower {
 public:
  StoreFollower(store::IdentityStore& feed, store::TokenStore& store, Clock& clock, ClientCache& cache,
                KeyKeeper& keys, Revocations& revocations, Duration max_staleness);

  // Once, in the caller's thread: after it everything is as in the store.
  Result<void> synchronise();
  void start();
  void stop();

  bool fresh() const;
  Instant database_now() const;
  // Why the last synchronisation failed; empty: it did not.
  std::string failure() const;

 private:
  static constexpr std::size_t kBounds = 8;

  void run(const std::stop_token& stop);
  Result<void> catch_up(const store::Pulse& pulse);
  void measured(Instant database, SteadyTime asked);

  store::IdentityStore& feed_;
  store::TokenStore& store_;
  Clock& clock_;
  ClientCache& cache_;
  KeyKeeper& keys_;
  Revocations& revocations_;
  const Duration max_staleness_;

  // Of synchronise() alone.
  std::string incarnation_;
  store::FeedPosition position_ = 0;

  mutable Mutex mutex_;
  SteadyTime fresh_at_ NEOID_GUARDED_BY(mutex_);
  bool ever_ NEOID_GUARDED_BY(mutex_) = false;
  std::array<Duration, kBounds> bounds_
      NEOID_GUARDED_BY(mutex_);  // database's time minus our steady time, at most
  std::size_t next_bound_ NEOID_GUARDED_BY(mutex_) = 0;
  std::string failure_ NEOID_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace neoid::oauth
