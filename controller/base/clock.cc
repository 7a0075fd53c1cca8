#include "controller/base/clock.h"

namespace neoid {

bool Clock::sleep_for(Duration duration, std::stop_token stop) {
  return sleep_until(steady_now() + duration, std::move(stop));
}

bool Clock::sleep_until(SteadyTime deadline, std::stop_token stop) {
  Mutex mutex;
  CondVar never_notified;
  MutexLock lock(mutex);
  while (steady_now() < deadline) {
    if (wait_until(mutex, never_notified, deadline, stop) == Wake::Stopped) return false;
  }
  return !stop.stop_requested();
}

Instant SystemClock::now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

Wake SystemClock::wait_until(Mutex& mutex, CondVar& condition, SteadyTime deadline, std::stop_token stop) {
  return condition.wait_until(mutex, deadline, std::move(stop));
}

}  // namespace neoid
