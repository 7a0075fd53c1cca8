#include "controller/base/clock.h"

#include <gtest/gtest.h>

#include <thread>

#include "controller/base/mutex.h"
#include "tests/support/fake_clock.h"

namespace neoid {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

void until_waiting(const FakeClock& clock, int threads) {
  while (clock.waiting() < threads) std::this_thread::yield();
}

TEST(FakeClock, a_sleeper_wakes_when_the_test_has_advanced_the_time) {
  FakeClock clock;
  const Instant start = clock.now();
  bool slept = false;
  std::jthread sleeper([&](std::stop_token stop) { slept = clock.sleep_for(hours(1), stop); });
  until_waiting(clock, 1);
  clock.advance(hours(1));
  sleeper.join();
  EXPECT_TRUE(slept);
  EXPECT_EQ(clock.now() - start, hours(1));
}

TEST(FakeClock, a_sleeper_wakes_at_once_when_it_is_stopped) {
  FakeClock clock;
  bool slept = true;
  std::jthread sleeper([&](std::stop_token stop) { slept = clock.sleep_for(hours(1), stop); });
  until_waiting(clock, 1);
  sleeper.request_stop();
  sleeper.join();
  EXPECT_FALSE(slept);
}

TEST(FakeClock, a_wait_ends_when_its_condition_is_notified) {
  FakeClock clock;
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  Wake last = Wake::TimedOut;
  std::jthread waiter([&](std::stop_token stop) {
    MutexLock lock(mutex);
    while (!ready) last = clock.wait_until(mutex, changed, clock.steady_now() + hours(1), stop);
  });
  until_waiting(clock, 1);
  {
    MutexLock lock(mutex);
    ready = true;
  }
  changed.notify_all();
  waiter.join();
  EXPECT_EQ(last, Wake::Notified);
}

TEST(SystemClock, a_deadline_in_the_past_times_out_and_a_stop_wins) {
  SystemClock clock;
  Mutex mutex;
  CondVar changed;
  std::stop_source stop;
  MutexLock lock(mutex);
  EXPECT_EQ(clock.wait_until(mutex, changed, clock.steady_now() + milliseconds(1), stop.get_token()),
            Wake::TimedOut);
  stop.request_stop();
  EXPECT_EQ(clock.wait_until(mutex, changed, clock.steady_now() + hours(1), stop.get_token()), Wake::Stopped);
}

TEST(CondVar, a_wait_that_is_stopped_before_it_begins_returns_at_once) {
  Mutex mutex;
  CondVar changed;
  std::stop_source stop;
  stop.request_stop();
  MutexLock lock(mutex);
  EXPECT_EQ(changed.wait(mutex, stop.get_token()), Wake::Stopped);
}

}  // namespace
}  // namespace neoid
