#include "controller/runtime/reflector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/controller/kube/scripted_transport.h"
#include "tests/support/fake_clock.h"

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

TEST(ReflectorProtocol, AVersionThatExpiresAgainAndAgainBacksOffAndListsThen) {
  const auto next = next_state(Watching{"42"}, Failed{ErrorKind::Conflict, "Expired", 0ms, "42"}, 3);
  ASSERT_TRUE(std::holds_alternative<Waiting>(next));
  EXPECT_EQ(std::get<Waiting>(next).delay, Duration(1600ms));
  EXPECT_TRUE(std::holds_alternative<Listing>(next_state(next, Waited{}, 4)));
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

// --- the driver ------------------------------------------------------------------------------------

constexpr const char* kList = R"({"kind":"List","metadata":{"resourceVersion":"7"},"items":[]})";
constexpr const char* kGone =
    R"({"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"})";
constexpr const char* kBookmark = R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})"
                                  "\n";

class NoSink final : public ReflectorSink {
 public:
  void begin_replace() override {}
  void add_page(std::vector<Json>) override {}
  void end_replace() override {}
  void apply(kube::WatchEventType, Json) override {}
};

class ReflectorTest : public testing::Test {
 protected:
  ReflectorTest() : transport(std::make_shared<kube::ScriptedTransport>()), client(transport) {}

  // Lets the reflector run for so long, by the fake clock; each step waits until it rests. What it asked for.
  std::vector<std::string> run_for(Duration time, Duration step = 100ms) {
    ReflectorOptions options;
    options.type = {"", "v1", "secrets", true};
    Reflector reflector(client, clock, options, sink);
    {
      std::jthread thread([&](std::stop_token stop) { reflector.run(stop); });
      for (Duration passed{0}; passed < time; passed += step) {
        const int before = clock.waits();
        while (clock.waits() < before + 2) std::this_thread::yield();
        ages.push_back(reflector.age());
        clock.advance(step);
      }
    }
    std::vector<std::string> asked;
    for (const auto& request : transport->requests)
      asked.emplace_back(request.target.find("watch=") == std::string::npos ? "list" : "watch");
    return asked;
  }

  FakeClock clock;
  NoSink sink;
  std::shared_ptr<kube::ScriptedTransport> transport;
  kube::Client client;
  std::vector<Duration> ages;
};

TEST_F(ReflectorTest, AWatchThatDiedIsNoticedMeasuredAndRepairedFromTheVersionSeenLast) {
  transport->answer(200, kList);
  for (int i = 0; i < 3; ++i) transport->answer(Error{ErrorKind::Timeout, "silent for too long"});
  transport->answer(200, "");  // the watch that serves again, and is ended in good order
  const auto asked = run_for(2s);
  ASSERT_GE(asked.size(), 5U);
  EXPECT_EQ(asked[0], "list");
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "list"), 1) << "nothing was missed: no list is needed";
  for (std::size_t i = 1; i < asked.size(); ++i)
    EXPECT_NE(transport->requests[i].target.find("resourceVersion=7"), std::string::npos);
  EXPECT_GE(*std::max_element(ages.begin(), ages.end()), Duration(1s)) << "its age tells of it meanwhile";
}

TEST_F(ReflectorTest, AServerWhoseVersionsAreAlwaysExpiredIsAskedLessAndLess) {
  for (int i = 0; i < 1000; ++i) {
    transport->answer(200, kList);
    transport->answer(410, kGone);
  }
  const auto asked = run_for(20s);
  // At once, then after 0.4, 0.8, ... seconds with their jitter.
  EXPECT_GE(std::count(asked.begin(), asked.end(), "list"), 4);
  EXPECT_LE(std::count(asked.begin(), asked.end(), "list"), 9);
}

TEST_F(ReflectorTest, AnExpiryAfterAWatchThatServedIsListedAgainAtOnce) {
  for (int i = 0; i < 6; ++i) {
    transport->answer(200, kList);
    transport->answer(410, kGone);
  }
  transport->pieces({kBookmark});  // each watch serves before it expires
  const auto asked = run_for(100ms);
  EXPECT_GE(std::count(asked.begin(), asked.end(), "list"), 6);
}

}  // namespace
}  // namespace neoid::runtime
