// FakeClock: time that moves only when the test says so.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"

namespace neoid {

// Thread-safe. A waiter looks at the fake time every millisecond of real time, so advance() needs no
// hand-over with the waiters; it looks at its condition then, too.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant start = Instant(std::chrono::hours(24 * 365 * 56))) : start_(start) {}

  void advance(Duration duration) { elapsed_ += duration.count(); }
  // Threads that are inside a wait now: a test waits for its code to have come to rest.
  int waiting() const { return waiting_; }
  // Waits that were begun. A single waiter has looked at the time, and rests again, when this has grown by two.
  int waits() const { return waits_; }

  Instant now() const override { return start_ + Duration(elapsed_); }
  SteadyTime steady_now() const override { return SteadyTime(std::chrono::hours(1)) + Duration(elapsed_); }
  Wake wait_until(Mutex& mutex, CondVar& condition, SteadyTime deadline, std::stop_token stop) override
      NEOID_REQUIRES(mutex) {
    // Wakes up at least every millisecond, as a condition variable may: a notification that comes between two real
    // waits would be lost if they were one wait to the caller.
    ++waiting_;
    ++waits_;
    condition.wait_until(mutex, std::chrono::steady_clock::now() + std::chrono::milliseconds(1), stop);
    --waiting_;
    if (stop.stop_requested()) return Wake::Stopped;
    return steady_now() < deadline ? Wake::Notified : Wake::TimedOut;
  }

 private:
  const Instant start_;
  std::atomic<Duration::rep> elapsed_{0};
  std::atomic<int> waiting_{0};
  std::atomic<int> waits_{0};
};

}  // namespace neoid
