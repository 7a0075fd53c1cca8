#include "controller/cmd/startup.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_clock.h"

namespace neoid::cmd {
namespace {

using namespace std::chrono_literals;

class StartupTest : public testing::Test {
 protected:
  Startup startup(Duration patience = 1min) {
    return Startup(clock, patience, [this](Duration pause) {
      clock.advance(pause);
      return ++pauses == stop_at;
    });
  }

  FakeClock clock;
  int pauses = 0, stop_at = -1, attempts = 0;
};

TEST_F(StartupTest, what_is_there_is_not_waited_for_and_readiness_asks_the_probes_when_all_is_done) {
  Startup start = startup();
  EXPECT_EQ(start.unready(), std::vector<std::string>{"starting"});
  EXPECT_EQ(start.wait_for<int>("the store", [] { return Result<int>(7); }).value(), 7);
  EXPECT_EQ(start.unready(), std::vector<std::string>{"starting"}) << "one part is not everything";
  int sampled = 0;
  start.sample();
  start.done({[] { return std::vector<std::string>{"no lease"}; }, [&] { ++sampled; }});
  start.sample();
  EXPECT_EQ(start.unready(), std::vector<std::string>{"no lease"});
  EXPECT_EQ(sampled, 1);
  EXPECT_EQ(pauses, 0);
}

TEST_F(StartupTest, what_may_come_is_waited_for_and_readiness_says_for_what) {
  Startup start = startup();
  std::vector<std::string> told;
  const auto result = start.wait_for<int>("the store", [&]() -> Result<int> {
    if (attempts > 0) told = start.unready();
    if (++attempts == 3) return 7;
    return fail(ErrorKind::Unavailable, "connection\nrefused");
  });
  EXPECT_EQ(result.value(), 7);
  EXPECT_EQ(told, std::vector<std::string>{"the store: connection refused"}) << "one line";
  EXPECT_EQ(start.unready(), std::vector<std::string>{"starting"});
  EXPECT_EQ(pauses, 2);
}

TEST_F(StartupTest, a_failure_that_lasts_longer_than_the_patience_is_final) {
  Startup start = startup(10s);
  const SteadyTime began = clock.steady_now();
  const auto result = start.wait_for<int>("the Kubernetes API", [&]() -> Result<int> {
    ++attempts;
    return fail(ErrorKind::Denied, "forbidden");
  });
  EXPECT_EQ(result.error().message, "forbidden");
  EXPECT_GE(clock.steady_now() - began, 10s);
  EXPECT_LE(clock.steady_now() - began, 10s + 6s) << "the longest pause, and its jitter";
  EXPECT_GT(attempts, 5) << "soon at first";
  EXPECT_LT(attempts, 12) << "and then less often";
  EXPECT_FALSE(start.stopped());
}

TEST_F(StartupTest, what_waiting_does_not_mend_is_final_at_once) {
  for (const ErrorKind kind : {ErrorKind::Invalid, ErrorKind::NotFound}) {
    Startup start = startup();
    const auto result =
        start.wait_for<int>("the store", [&]() -> Result<int> { return fail(kind, "no such thing"); });
    EXPECT_EQ(result.error().kind, kind);
    EXPECT_EQ(pauses, 0);
  }
}

TEST_F(StartupTest, the_other_side_says_how_long_to_wait) {
  Startup start = startup();
  const SteadyTime began = clock.steady_now();
  const auto result = start.wait_for<int>("the Kubernetes API", [&]() -> Result<int> {
    if (++attempts == 2) return 7;
    Error busy{ErrorKind::Unavailable, "too many requests", ""};
    busy.retry_after = 3s;
    return fail(busy);
  });
  EXPECT_EQ(result.value(), 7);
  EXPECT_EQ(clock.steady_now() - began, 3s);
}

TEST_F(StartupTest, a_stop_ends_the_waiting) {
  stop_at = 2;
  Startup start = startup();
  const auto result =
      start.wait_for<int>("the store", []() -> Result<int> { return fail(ErrorKind::Timeout, "no answer"); });
  EXPECT_FALSE(result);
  EXPECT_TRUE(start.stopped());
  EXPECT_EQ(pauses, 2);
}

}  // namespace
}  // namespace neoid::cmd
