#include "reconcile/status/scope_status.h"

#include <gtest/gtest.h>

#include <functional>

namespace neoid::status {
namespace {

using namespace std::chrono_literals;

struct Came {
  api::ScopeResource scope;
  Instant now = Instant(500000h);
  std::int64_t custom = 0;
  std::int64_t system = 0;
  std::vector<std::string> some;
  std::optional<Error> store_error;

  Came() { scope.generation = 3; }
  ScopeStatusUpdate update() const { return scope_status({scope, now, custom, system, some, store_error}); }
};

std::string in_words(const ScopeStatusUpdate& update) {
  std::string words;
  for (const auto& condition : update.status.conditions)
    words += (words.empty() ? "" : " ") +
             std::string(condition.status == meta::ConditionStatus::True ? "+" : "-") + condition.type + "(" +
             condition.reason + ")";
  return words + ": " + update.status.conditions.at(0).message;
}

TEST(ScopeStatus, EveryState) {
  const struct {
    const char* when;
    std::function<void(Came&)> given;
    const char* then;
  } cases[] = {
      {"in the catalogue", [](Came&) {}, "+Ready(Reconciled): The scope is in the catalogue."},
      {"held is fine", [](Came& c) { c.custom = 2; }, "+Ready(Reconciled): The scope is in the catalogue."},
      {"the store cannot be reached",
       [](Came& c) {
         c.store_error = Error{ErrorKind::Unavailable, "no route"};
       },
       "-Ready(StoreUnavailable) +Reconciling(StoreUnavailable): The identity store cannot be reached; it is "
       "tried again."},
      {"deprecated, and nobody holds it", [](Came& c) { c.scope.spec.deprecated = true; },
       "+Ready(Reconciled): The scope is in the catalogue."},
      {"deprecated and in use",
       [](Came& c) {
         c.scope.spec.deprecated = true;
         c.custom = 1;
         c.some = {"apps/billing"};
       },
       "+Ready(ScopeDeprecated): Deprecated and in use. Held by 1 integration user: apps/billing."},
      {"deprecated and in use, with a replacement",
       [](Came& c) {
         c.scope.spec.deprecated = true;
         c.scope.spec.replacement = "people";
         c.custom = 3;
         c.some = {"apps/billing", "apps/mail"};
       },
       "+Ready(ScopeDeprecated): Deprecated and in use. Held by 3 integration users: apps/billing, apps/mail "
       "and others. Use people in its place."},
      {"being deleted while held",
       [](Came& c) {
         c.scope.deleted_at = c.now;
         c.custom = 1;
         c.some = {"apps/billing"};
       },
       "-Ready(ScopeInUse) +Stalled(ScopeInUse): Held by 1 integration user: apps/billing. The scope goes "
       "when "
       "nobody holds it any more."},
      {"being deleted while the platform holds it: no system user is named",
       [](Came& c) {
         c.scope.deleted_at = c.now;
         c.system = 2;
       },
       "-Ready(ScopeInUse) +Stalled(ScopeInUse): Held by 0 integration users, and by the platform. The scope "
       "goes when nobody holds it any more."},
  };
  for (const auto& one : cases) {
    Came came;
    one.given(came);
    const ScopeStatusUpdate first = came.update();
    EXPECT_EQ(in_words(first), one.then) << one.when;
    EXPECT_EQ(first.status.observed_generation, 3) << one.when;
    for (const auto& condition : first.status.conditions)
      EXPECT_EQ(condition.observed_generation, 3) << one.when;
    EXPECT_TRUE(first.changed) << one.when;
    came.scope.status = first.status;
    came.now += 1h;
    EXPECT_FALSE(came.update().changed) << one.when << ": a steady state wrote a status";
  }
}

TEST(ScopeStatus, CountsCustomHoldersAndKeepsTheCountWhileTheStoreFails) {
  Came came;
  came.custom = 4;
  came.system = 2;
  EXPECT_EQ(came.update().status.users, 4);
  came.scope.status.users = 4;
  came.custom = 0;
  came.store_error = Error{ErrorKind::Unavailable, "no route"};
  EXPECT_EQ(came.update().status.users, 4);
}

TEST(ScopeStatus, ATransitionTimeChangesOnlyWithTheStatus) {
  Came came;
  came.scope.status = came.update().status;
  const Instant first = came.scope.status.conditions.at(0).last_transition_time;
  came.now += 1h;
  came.scope.spec.deprecated = true;
  came.custom = 1;
  EXPECT_EQ(came.update().status.conditions.at(0).last_transition_time, first);
  came.store_error = Error{ErrorKind::Unavailable, "no route"};
  EXPECT_EQ(came.update().status.conditions.at(0).last_transition_time, first + 1h);
}

}  // namespace
}  // namespace neoid::status
