// What is told of a resource, as an API server gets it.
#include "controller/reconcilers/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "controller/base/clock.h"
#include "reconcile/value/json_text.h"

namespace neoid::reconcilers {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Takes everything, and says what it took.
class TakingTransport final : public kube::Transport {
 public:
  Result<http::ClientResponse> send(const http::ClientRequest& request) override {
    MutexLock lock(mutex_);
    taken_.push_back(request.method + " " + request.target.substr(0, request.target.find('?')) + " " +
                     request.body);
    return http::ClientResponse{201, {}, request.body};
  }
  Result<http::ClientResponse> stream(const http::ClientRequest&,
                                      const std::function<bool(std::string_view)>&,
                                      std::stop_token) override {
    return fail(ErrorKind::Unavailable, "no watch is served here");
  }
  std::vector<std::string> taken() const {
    MutexLock lock(mutex_);
    return taken_;
  }
  // Waits until it took so many; false: not within ten seconds.
  bool took(std::size_t count) const {
    for (int i = 0; i < 2000 && taken().size() < count; ++i) std::this_thread::sleep_for(5ms);
    return taken().size() >= count;
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::string> taken_ NEOID_GUARDED_BY(mutex_);
};

struct Events : testing::Test {
  std::shared_ptr<TakingTransport> wire = std::make_shared<TakingTransport>();
  kube::Client client{wire};
  SystemClock clock;
  std::atomic<bool> busy{false};
  std::atomic<int> told{0};
  const api::ResourceKey billing{api::Kind::IntegrationUser, "apps", "billing"};
  const status::Event rotated{status::Event::Type::Normal, "CredentialRotated",
                              "There is another client secret."};

  EventOptions options() {
    return {"neoid-0", [this] { return busy.load(); }, [this](const status::Event&) { ++told; }};
  }
};

TEST_F(Events, WhatIsToldAgainBecomesASeriesOnTheFirst) {
  EventRecorder events(client, clock, options());
  for (int i = 0; i < 3; ++i) events.tell(billing, Uid{"u-1"}, rotated);
  ASSERT_TRUE(wire->took(3));
  EXPECT_THAT(wire->taken(), ElementsAre(HasSubstr("POST /apis/events.k8s.io/v1/namespaces/apps/events {"),
                                         HasSubstr(R"("count":2)"), HasSubstr(R"("count":3)")));
  EXPECT_EQ(told, 3);
}

TEST_F(Events, WhatIsToldOfASystemUserIsNotWhereEveryViewerReads) {
  EventRecorder events(client, clock, options());
  events.tell({api::Kind::SystemIntegrationUser, "", "platform"}, Uid{"u-2"}, rotated);
  ASSERT_TRUE(wire->took(1));
  EXPECT_THAT(wire->taken()[0], HasSubstr("/namespaces/kube-system/events"));
}

TEST_F(Events, UrgentWorkGoesFirst) {
  busy = true;
  EventRecorder events(client, clock, options());
  for (int i = 0; i < 20; ++i) events.tell(billing, Uid{"u-" + std::to_string(i)}, rotated);
  std::this_thread::sleep_for(300ms);  // nothing is to happen in it: there is nothing to wait for
  EXPECT_THAT(wire->taken(), IsEmpty());
  busy = false;
  EXPECT_TRUE(wire->took(20));
}

TEST_F(Events, WhatIsInTheLineIsWrittenBeforeTheEnd) {
  busy = true;
  {
    EventRecorder events(client, clock, options());
    for (int i = 0; i < 20; ++i) events.tell(billing, Uid{"u-" + std::to_string(i)}, rotated);
  }
  EXPECT_THAT(wire->taken(), SizeIs(20));
}

}  // namespace
}  // namespace neoid::reconcilers
