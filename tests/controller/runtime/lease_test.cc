#include "controller/runtime/lease.h"

#include <gtest/gtest.h>

#include "reconcile/value/json_text.h"
#include "tests/controller/kube/scripted_transport.h"
#include "tests/support/fake_clock.h"

namespace neoid::runtime {
namespace {

using namespace std::chrono_literals;

class LeaseTest : public testing::Test {
 protected:
  LeaseTest()
      : transport(std::make_shared<kube::ScriptedTransport>()),
        client(transport),
        lock(client, clock, {{"neoid-system", "neoid"}, "me"}) {}

  static std::string lease(const std::string& holder, const std::string& epoch, const std::string& version,
                           bool clean = false) {
    Json object = {{"apiVersion", "coordination.k8s.io/v1"},
                   {"kind", "Lease"},
                   {"metadata",
                    {{"name", "neoid"},
                     {"resourceVersion", version},
                     {"annotations", {{"identity.neostella.com/epoch", epoch}}}}},
                   {"spec", {{"holderIdentity", holder}, {"leaseTransitions", 3}}}};
    if (clean) object["metadata"]["annotations"]["identity.neostella.com/released-clean"] = "true";
    return to_json(object);
  }
  Json written() const { return parse_json(transport->requests.back().body).value(); }

  FakeClock clock;
  std::shared_ptr<kube::ScriptedTransport> transport;
  kube::Client client;
  LeaseLock lock;
};

TEST_F(LeaseTest, WhatNobodyHoldsIsTakenWithAnEpochAboveTheLeasesAndTheStores) {
  transport->answer(200, lease("", "7", "1"));
  transport->answer(200, lease("me", "10", "2"));
  const auto term = lock.acquire(9);
  ASSERT_TRUE(term && *term);
  EXPECT_EQ((*term)->epoch, 10);
  EXPECT_FALSE((*term)->clean) << "nobody said that nothing was under way";
  EXPECT_EQ(written().at("metadata").at("resourceVersion"), "1") << "without a precondition two could win";
  EXPECT_EQ(written().at("metadata").at("annotations").at("identity.neostella.com/epoch"), "10");
  EXPECT_EQ(written().at("spec").at("leaseTransitions"), 4);
}

TEST_F(LeaseTest, AHolderIsLeftAloneUntilItWasSilentForTheDurationByOurOwnClock) {
  for (int i = 0; i < 2; ++i) {
    transport->answer(200, lease("other", "7", i == 0 ? "1" : "2"));
    const auto term = lock.acquire(0);
    ASSERT_TRUE(term);
    EXPECT_FALSE(*term) << "it has only just renewed it";
    clock.advance(14s);
  }
  transport->answer(200, lease("other", "7", "2"));
  EXPECT_FALSE(lock.acquire(0).value());
  clock.advance(1s);
  transport->answer(200, lease("other", "7", "2"));
  transport->answer(200, lease("me", "8", "3"));
  const auto term = lock.acquire(0);
  ASSERT_TRUE(term && *term);
  EXPECT_FALSE((*term)->clean) << "the one before may have a create under way";
}

TEST_F(LeaseTest, AReleaseSaysWhetherNothingIsUnderWay) {
  for (const bool clean : {true, false}) {
    transport->answer(200, lease("me", "7", "1"));
    transport->answer(200, lease("", "7", "2"));
    ASSERT_TRUE(lock.release(clean));
    transport->answer(200, to_json(written()));
    transport->answer(200, lease("me", "8", "3"));
    EXPECT_EQ(lock.acquire(7).value().value().clean, clean);
  }
}

TEST_F(LeaseTest, ALeaseThatWasTakenAwayFromAStoreThatKnowsEpochsIsNotClean) {
  transport->answer(404, R"({"kind":"Status","code":404,"reason":"NotFound"})");
  transport->answer(201, lease("me", "8", "1"));
  const auto term = lock.acquire(7);
  ASSERT_TRUE(term && *term);
  EXPECT_EQ((*term)->epoch, 8);
  EXPECT_FALSE((*term)->clean);
}

TEST_F(LeaseTest, WhoIsNotTheHolderNeitherRenewsNorRaises) {
  transport->answer(200, lease("other", "7", "1"));
  EXPECT_EQ(lock.renew(clock.steady_now() + 10s).error().reason, "NotHolder");
  transport->answer(200, lease("other", "7", "1"));
  EXPECT_EQ(lock.raise(9).error().reason, "NotHolder");
  EXPECT_EQ(transport->requests.back().method, "GET");
}

// A line that hangs for longer than the deadline would keep a leader that lost the Lease in the belief that it leads.
TEST_F(LeaseTest, EveryRequestEndsWithinHalfOfTheRenewDeadlineAndInTime) {
  const auto timeouts = [&] {
    std::vector<std::chrono::milliseconds> found;
    for (const auto& request : transport->requests) found.push_back(request.timeout);
    transport->requests.clear();
    return found;
  };
  const auto half = std::vector<std::chrono::milliseconds>{5s, 5s};
  const auto answer_twice = [&](const std::string& holder) {
    transport->answer(200, lease(holder, "7", "1"));
    transport->answer(200, lease("me", "8", "2"));
  };
  answer_twice("");
  ASSERT_TRUE(lock.acquire(0));
  EXPECT_EQ(timeouts(), half);
  answer_twice("me");
  ASSERT_TRUE(lock.raise(0));
  EXPECT_EQ(timeouts(), half);
  answer_twice("me");
  ASSERT_TRUE(lock.release(true));
  EXPECT_EQ(timeouts(), half);
  answer_twice("me");
  ASSERT_TRUE(lock.renew(clock.steady_now() + 10s));
  EXPECT_EQ(timeouts(), half);
  answer_twice("me");
  ASSERT_TRUE(lock.renew(clock.steady_now() + 3s));
  EXPECT_EQ(timeouts(), (std::vector<std::chrono::milliseconds>{3s, 3s}));
}

}  // namespace
}  // namespace neoid::runtime
