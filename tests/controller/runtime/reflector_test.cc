#include "controller/runtime/reflector.h"

#include <gtest/gtest.h>

namespace neoid::runtime {
namespace {

using namespace std::chrono_literals;

TEST(ReflectorProtocol, AListIsFollowedByAWatchFromItsVersion) {
  const auto next = next_state(Listing{}, Listed{"42"}, 0);
  ASSERT_TRUE(std::holds_alternative<Watching>(next));
  EXPECT_EQ(std::get<Watching>(next).resource_version, "42");
}

TEST(ReflectorProtocol, AWatchThatEndsIsResumedWhereItWas) {
  const auto next = next_state(Watching{"42"}, WatchEnded{"50", true}, 0);
  ASSERT_TRUE(std::holds_alternative<Watching>(next));
  EXPECT_EQ(std::get<Watching>(next).resource_version, "50");
}

TEST(ReflectorProtocol, AServerThatEndsWatchesAtOnceIsNotAskedInABusyLoop) {
  const auto next = next_state(Watching{"42"}, WatchEnded{"42", false}, 0);
  ASSERT_TRUE(std::holds_alternative<Waiting>(next));
  EXPECT_GT(std::get<Waiting>(next).delay, Duration(0));
  EXPECT_EQ(std::get<Waiting>(next).resource_version, "42");
}

TEST(ReflectorProtocol, AnExpiredVersionListsAgainAtOnce) {
  EXPECT_TRUE(std::holds_alternative<Listing>(
      next_state(Watching{"42"}, Failed{ErrorKind::Conflict, "Expired", 0ms, "42"}, 0)));
}

TEST(ReflectorProtocol, FailuresBackOffAndHonourWhatTheServerAsksFor) {
  const auto delay = [](int failures, std::chrono::milliseconds asked) {
    return std::get<Waiting>(
               next_state(Watching{"42"}, Failed{ErrorKind::Unavailable, "", asked, "42"}, failures))
        .delay;
  };
  EXPECT_LT(delay(0, 0ms), delay(1, 0ms));
  EXPECT_EQ(delay(50, 0ms), Duration(30s));
  EXPECT_EQ(delay(0, 90s), Duration(90s));
}

TEST(ReflectorProtocol, AResourceTypeThatIsNotThereIsListedAgainSoon) {
  const auto next = next_state(Watching{"42"}, Failed{ErrorKind::NotFound, "", 0ms, "42"}, 20);
  ASSERT_TRUE(std::holds_alternative<Waiting>(next));
  EXPECT_EQ(std::get<Waiting>(next).delay, Duration(1s));
  EXPECT_TRUE(std::holds_alternative<Listing>(next_state(next, Waited{}, 21)));
}

}  // namespace
}  // namespace neoid::runtime
