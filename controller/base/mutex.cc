#include "controller/base/mutex.h"

#include <utility>

namespace neoid {

// The standard's waits with a stop_token want a predicate: one that is false once and true on the first
// wake-up.
Wake CondVar::wait(Mutex& mutex, std::stop_token stop) NEOID_NO_THREAD_SAFETY_ANALYSIS {
  bool woken = false;
  condition_.wait(mutex, stop, [&woken] { return std::exchange(woken, true); });
  return stop.stop_requested() ? Wake::Stopped : Wake::Notified;
}

Wake CondVar::wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline,
                         std::stop_token stop) NEOID_NO_THREAD_SAFETY_ANALYSIS {
  bool woken = false;
  condition_.wait_until(mutex, stop, deadline, [&woken] { return std::exchange(woken, true); });
  if (stop.stop_requested()) return Wake::Stopped;
  return std::chrono::steady_clock::now() >= deadline ? Wake::TimedOut : Wake::Notified;
}

}  // namespace neoid
