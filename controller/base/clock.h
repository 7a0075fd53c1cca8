// Clock: the seam to time. All waits with a deadline go through it, so that tests advance time by hand.
//
// Thread-safe. main owns the SystemClock; everything else borrows a Clock&. Fake: tests/support/fake_clock.h.
#pragma once

#include <chrono>
#include <stop_token>

#include "controller/base/mutex.h"
#include "reconcile/base/time.h"

namespace neoid {

using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time, UTC. May jump: only for what people and other machines read.
  virtual Instant now() const = 0;
  // Never goes back: for deadlines and durations.
  virtual SteadyTime steady_now() const = 0;
  // Waits on `condition` until it is notified, the deadline is reached or a stop is requested. Notified may
  // be spurious.
  virtual Wake wait_until(Mutex& mutex, CondVar& condition, SteadyTime deadline, std::stop_token stop)
      NEOID_REQUIRES(mutex) = 0;

  // True after the whole duration, false at once when a stop is requested.
  bool sleep_for(Duration duration, std::stop_token stop);
  bool sleep_until(SteadyTime deadline, std::stop_token stop);
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  SteadyTime steady_now() const override;
  Wake wait_until(Mutex& mutex, CondVar& condition, SteadyTime deadline, std::stop_token stop) override
      NEOID_REQUIRES(mutex);
};

}  // namespace neoid
