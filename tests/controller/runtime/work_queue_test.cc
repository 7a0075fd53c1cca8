#include "controller/runtime/work_queue.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_clock.h"

namespace neoid::runtime {
namespace {

using namespace std::chrono_literals;
using Keys = std::vector<std::string>;

class WorkQueueTest : public testing::Test {
 protected:
  FakeClock clock;
  WorkQueue<std::string> queue{clock, {50ms, 5min, 0.0}};
  std::stop_source stop;
  // What is ready now, without waiting: an extra key that is always ready marks the end.
  Keys ready() {
    queue.add("~end", Priority::Resync);
    Keys keys = queue.take(100, stop.get_token());
    std::erase(keys, "~end");
    queue.done("~end");
    return keys;
  }
};

TEST_F(WorkQueueTest, AKeyThatIsAddedOftenIsTakenOnce) {
  queue.add("a");
  queue.add("a");
  queue.add("b");
  EXPECT_EQ(ready(), (Keys{"a", "b"}));
  EXPECT_EQ(ready(), Keys{});
}

TEST_F(WorkQueueTest, UrgentGoesAheadOfResyncAndMayOvertakeItself) {
  queue.add("old", Priority::Resync);
  queue.add("older", Priority::Resync);
  queue.add("new", Priority::Urgent);
  queue.add("older", Priority::Urgent);
  EXPECT_EQ(ready(), (Keys{"new", "older", "old"}));
}

TEST_F(WorkQueueTest, AKeyThatIsAddedWhileItIsHeldComesAgainAfterwards) {
  queue.add("a");
  EXPECT_EQ(ready(), Keys{"a"});
  queue.add("a");
  EXPECT_EQ(ready(), Keys{}) << "one key in two hands";
  queue.done("a");
  EXPECT_EQ(ready(), Keys{"a"}) << "a change was lost";
}

TEST_F(WorkQueueTest, ADelayedKeyComesWhenItIsDueAndAnEarlierReasonWins) {
  queue.add_after("a", 10s);
  queue.add_after("a", 20s);
  EXPECT_EQ(ready(), Keys{});
  clock.advance(11s);
  EXPECT_EQ(ready(), Keys{"a"});
  queue.done("a");
  clock.advance(20s);
  EXPECT_EQ(ready(), Keys{}) << "the later one was not dropped";
  queue.add_after("b", 10s);
  queue.add("b");
  EXPECT_EQ(ready(), Keys{"b"});
}

TEST_F(WorkQueueTest, RetriesBackOffUntilTheKeyIsForgotten) {
  EXPECT_EQ(queue.retry("a"), Duration(50ms));
  clock.advance(1s);
  EXPECT_EQ(ready(), Keys{"a"});
  queue.done("a");
  EXPECT_EQ(queue.retry("a"), Duration(100ms));
  queue.forget("a");
  EXPECT_EQ(queue.retry("a"), Duration(50ms));
}

TEST_F(WorkQueueTest, ABatchIsNotLongerThanAskedFor) {
  for (const char* key : {"a", "b", "c"}) queue.add(key);
  EXPECT_EQ(queue.take(2, stop.get_token()), (Keys{"a", "b"}));
  EXPECT_EQ(queue.take(2, stop.get_token()), Keys{"c"});
}

TEST_F(WorkQueueTest, StopEndsAWait) {
  stop.request_stop();
  EXPECT_EQ(queue.take(2, stop.get_token()), Keys{});
}

}  // namespace
}  // namespace neoid::runtime
