// The status of every state that a pass can end in, as tables of sentences.
#include "reconcile/status/user_status.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <utility>

#include "tests/reconcile/plan/scene_support.h"

namespace neoid::status {
namespace {

using namespace std::chrono_literals;
using plan::Scene;

// What came of a pass; as nothing was to be done, unless a case says otherwise.
struct Came {
  Scene scene = Scene::settled();
  plan::Plan plan;
  std::optional<plan::StoredIdentity> identity = scene.view.own;
  std::optional<Sha256> secret_hash = scene.value().hash;
  std::optional<Error> store_error;
  std::optional<Error> api_error;

  StatusUpdate update() const {
    return user_status({scene.view, plan, scene.context, identity, secret_hash, store_error, api_error});
  }
  meta::Conditions& before() { return scene.view.resource.status.conditions; }
};

// "-Ready(Progressing)", sorted; "healthy" if everything is as declared.
std::string in_words(const meta::Conditions& conditions) {
  const std::set<std::string> healthy = {"+CredentialsDelivered(Delivered)", "+DriftFree(NoDrift)",
                                         "+IdentitySynced(Synced)", "+Ready(Reconciled)",
                                         "+ScopesResolved(Resolved)"};
  std::set<std::string> words;
  for (const auto& condition : conditions)
    words.insert(fmt::format("{}{}({})",
                             condition.status == meta::ConditionStatus::True    ? "+"
                             : condition.status == meta::ConditionStatus::False ? "-"
                                                                                : "?",
                             condition.type, condition.reason));
  if (words == healthy) return "healthy";
  std::string text;
  for (const std::string& word : words) {
    if (healthy.count(word) == 0) text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::string in_words(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events)
    text += fmt::format("{}{}{}", text.empty() ? "" : " ", event.type == Event::Type::Warning ? "!" : "",
                        event.reason);
  return text;
}

plan::Finding finding(const char* reason, bool stalled) { return {reason, "Why it is so.", stalled}; }

struct Case {
  const char* when;
  std::function<void(Came&)> given;
  const char* then;
};

const std::vector<Case>& states() {
  static const std::vector<Case> kStates = {
      {"everything is as declared", [](Came&) {}, "healthy"},
      {"deactivated, as declared", [](Came& c) { c.identity->config.active = false; }, "+Ready(Inactive)"},
      {"held",
       [](Came& c) {
         c.identity->hold = plan::Hold{"leaked", c.scene.view.now};
       },
       "+Ready(Inactive)"},
      {"the store cannot be reached",
       [](Came& c) {
         c.store_error = Error{ErrorKind::Unavailable, "no route"};
       },
       "+Reconciling(StoreUnavailable) -IdentitySynced(StoreUnavailable) -Ready(StoreUnavailable)"},
      {"the store was too slow",
       [](Came& c) {
         c.store_error = Error{ErrorKind::Timeout, "slow"};
       },
       "+Reconciling(StoreUnavailable) -IdentitySynced(StoreUnavailable) -Ready(StoreUnavailable)"},
      {"a deletion waits for the store",
       [](Came& c) {
         c.scene.view.resource.deleted_at = c.scene.view.now;
         c.store_error = Error{ErrorKind::Unavailable, "no route"};
       },
       "+Reconciling(StoreUnavailable) -Ready(StoreUnavailable)"},
      {"a deletion is refused by the store",
       [](Came& c) {
         c.scene.view.resource.deleted_at = c.scene.view.now;
         c.store_error = Error{ErrorKind::Internal, "no such table"};
       },
       "+Stalled(InternalError) -Ready(InternalError)"},
      {"a deletion waits for the API",
       [](Came& c) {
         c.scene.view.resource.deleted_at = c.scene.view.now;
         c.identity.reset();
         c.api_error = Error{ErrorKind::Unavailable, "etcd is away"};
       },
       "+Reconciling(ApiUnavailable) -Ready(ApiUnavailable)"},
      {"another resource owns the user",
       [](Came& c) {
         c.store_error = Error{ErrorKind::Conflict, "the user belongs to another", "OwnedByAnother"};
       },
       "+Stalled(OwnedByAnother) -IdentitySynced(OwnedByAnother) -Ready(OwnedByAnother)"},
      {"the store refused what it was given",
       [](Came& c) {
         c.store_error = Error{ErrorKind::Invalid, "a zero byte"};
       },
       "+Stalled(InternalError) -IdentitySynced(InternalError) -Ready(InternalError)"},
      {"spec.adopt may not take that user",
       [](Came& c) {
         c.plan.identity_problem = finding("NotReleased", true);
         c.identity.reset();
       },
       "+Stalled(NotReleased) -CredentialsDelivered(Progressing) -IdentitySynced(NotReleased) "
       "-Ready(NotReleased)"},
      {"nothing is in the store yet",
       [](Came& c) {
         c.identity.reset();
         c.secret_hash.reset();
       },
       "+Reconciling(Progressing) -CredentialsDelivered(Progressing) -IdentitySynced(Progressing) "
       "-Ready(Progressing)"},
      {"the identity waits for its credential",
       [](Came& c) {
         c.identity.reset();
         c.plan.credentials_problem = finding("SecretConflict", true);
       },
       "+Stalled(SecretConflict) -CredentialsDelivered(SecretConflict) -IdentitySynced(Progressing) "
       "-Ready(SecretConflict)"},
      {"a scope is in no catalogue", [](Came& c) { c.scene.view.scopes.unknown = {"nope"}; },
       "+Stalled(ScopeNotFound) -Ready(ScopeNotFound) -ScopesResolved(ScopeNotFound)"},
      {"a scope is not for this namespace", [](Came& c) { c.scene.view.scopes.not_allowed = {"finance"}; },
       "+Stalled(ScopeNotAllowed) -Ready(ScopeNotAllowed) -ScopesResolved(ScopeNotAllowed)"},
      {"the store's catalogue is behind", [](Came& c) { c.identity->config.scopes = {"contacts"}; },
       "+Reconciling(Progressing) -Ready(Progressing) -ScopesResolved(Progressing)"},
      {"a granted scope is deprecated", [](Came& c) { c.scene.view.scopes.deprecated = {"contacts"}; },
       "+ScopesResolved(ScopeDeprecated)"},
      {"somebody else's Secret is in the place",
       [](Came& c) { c.plan.credentials_problem = finding("SecretConflict", true); },
       "+Stalled(SecretConflict) -CredentialsDelivered(SecretConflict) -Ready(SecretConflict)"},
      {"a lost create is waited for",
       [](Came& c) { c.plan.credentials_problem = finding("WaitingForCreate", false); },
       "+Reconciling(WaitingForCreate) -CredentialsDelivered(WaitingForCreate) -Ready(WaitingForCreate)"},
      {"a create that was refused is waited for: the refusal stays to be read",
       [](Came& c) {
         c.plan.credentials_problem = finding("WaitingForCreate", false);
         c.before() = {{"CredentialsDelivered", meta::ConditionStatus::False, "InternalError",
                        "The Kubernetes API refused: forbidden.", 1, c.scene.view.now}};
       },
       "+Stalled(InternalError) -CredentialsDelivered(InternalError) -Ready(InternalError)"},
      {"the API did not take a write",
       [](Came& c) {
         c.api_error = Error{ErrorKind::Timeout, "no answer"};
       },
       "+Reconciling(ApiUnavailable) -CredentialsDelivered(ApiUnavailable) -Ready(ApiUnavailable)"},
      {"the API refused a write",
       [](Came& c) {
         c.api_error = Error{ErrorKind::Denied, "forbidden"};
       },
       "+Stalled(InternalError) -CredentialsDelivered(InternalError) -Ready(InternalError)"},
      {"the API found a write invalid",
       [](Came& c) {
         c.api_error = Error{ErrorKind::Invalid, "quota"};
       },
       "+Stalled(InternalError) -CredentialsDelivered(InternalError) -Ready(InternalError)"},
      {"the Secret holds another value than the current one",
       [](Came& c) { c.secret_hash = sha256("another"); },
       "+Reconciling(Progressing) -CredentialsDelivered(Progressing) -Ready(Progressing)"},
      {"the Secret was not read", [](Came& c) { c.secret_hash.reset(); },
       "+Reconciling(Progressing) -CredentialsDelivered(Progressing) -Ready(Progressing)"},
      {"the version is not marked yet",
       [](Came& c) { c.identity->versions[0].state = plan::VersionState::Issued; },
       "+Reconciling(Progressing) -CredentialsDelivered(Progressing) -Ready(Progressing)"},
      {"drift was corrected", [](Came& c) { c.plan.drift = {"active"}; }, "+DriftFree(DriftCorrected)"},
      {"drift could not be corrected",
       [](Came& c) {
         c.plan.drift = {"active"};
         c.store_error = Error{ErrorKind::Unavailable, "no route"};
       },
       "+Reconciling(StoreUnavailable) -DriftFree(DriftFound) -IdentitySynced(StoreUnavailable) "
       "-Ready(StoreUnavailable)"},
      {"Observe: as declared", [](Came& c) { c.plan.observes = true; }, "+IdentitySynced(Observed)"},
      {"Observe: drift is told",
       [](Came& c) {
         c.plan.observes = true;
         c.plan.drift = {"active"};
       },
       "+IdentitySynced(Observed) +Reconciling(DriftFound) -DriftFree(DriftFound) -Ready(DriftFound)"},
      {"Observe: no such user",
       [](Came& c) {
         c.plan.observes = true;
         c.plan.identity_problem = finding("UserNotFound", false);
         c.identity.reset();
       },
       "+Reconciling(UserNotFound) -IdentitySynced(UserNotFound) -Ready(UserNotFound)"},
      {"Paused", [](Came& c) { c.plan.paused = true; }, "+Paused(Paused) +Stalled(Paused) -Ready(Paused)"},
      {"two problems: the first one decides what Ready says, and whether a person is needed",
       [](Came& c) {
         c.store_error = Error{ErrorKind::Unavailable, "no route"};
         c.scene.view.scopes.unknown = {"nope"};
       },
       "+Reconciling(StoreUnavailable) -IdentitySynced(StoreUnavailable) -Ready(StoreUnavailable) "
       "-ScopesResolved(ScopeNotFound)"},
  };
  return kStates;
}

TEST(UserStatus, TheConditionsOfEveryState) {
  for (const Case& one : states()) {
    Came came;
    one.given(came);
    EXPECT_EQ(in_words(came.update().status.conditions), one.then) << one.when;
  }
}

// By the conventions of kstatus: whoever waits needs no plugin.
TEST(UserStatus, EveryStateIsOneThatToolsUnderstand) {
  for (const Case& one : states()) {
    Came came;
    came.scene.view.resource.generation = 7;
    one.given(came);
    const StatusUpdate update = came.update();
    const auto& conditions = update.status.conditions;
    EXPECT_EQ(update.status.observed_generation, 7) << one.when;
    const auto* ready = meta::find_condition(conditions, "Ready");
    ASSERT_NE(ready, nullptr) << one.when;
    const auto* reconciling = meta::find_condition(conditions, "Reconciling");
    const auto* stalled = meta::find_condition(conditions, "Stalled");
    EXPECT_EQ((reconciling != nullptr) + (stalled != nullptr),
              ready->status == meta::ConditionStatus::True ? 0 : 1)
        << one.when;
    for (const auto* present : {reconciling, stalled}) {
      if (present == nullptr) continue;
      EXPECT_EQ(present->status, meta::ConditionStatus::True) << one.when << ": there only while true";
      EXPECT_EQ(present->reason, ready->reason) << one.when;
      EXPECT_EQ(present->message, ready->message) << one.when;
    }
    std::set<std::string> types;
    for (const auto& condition : conditions) {
      EXPECT_TRUE(types.insert(condition.type).second) << one.when << ": " << condition.type << " twice";
      EXPECT_EQ(condition.observed_generation, 7) << one.when << ": " << condition.type;
      EXPECT_TRUE(condition.message.ends_with('.')) << one.when << ": " << condition.message;
      EXPECT_EQ(condition.message.find("neoid_"), std::string::npos) << one.when << ": a secret is told";
    }
    EXPECT_TRUE(std::is_sorted(conditions.begin(), conditions.end(), [](const auto& a, const auto& b) {
      return a.type < b.type;
    })) << one.when;
  }
}

// Rule 11: a steady state writes nothing.
TEST(UserStatus, TheSameOutcomeAgainWritesNothing) {
  for (const Case& one : states()) {
    Came came;
    one.given(came);
    const StatusUpdate first = came.update();
    EXPECT_TRUE(first.changed) << one.when;
    came.scene.view.resource.status = first.status;
    came.scene.view.now += 1h;
    EXPECT_FALSE(came.update().changed) << one.when;
  }
}

TEST(UserStatus, ATransitionTimeChangesOnlyWithTheStatus) {
  const auto time_of = [](const StatusUpdate& update, const char* type) {
    return meta::find_condition(update.status.conditions, type)->last_transition_time;
  };
  Came came;
  came.scene.view.now += 123ms;
  const Instant first = std::chrono::floor<std::chrono::seconds>(came.scene.view.now);
  const StatusUpdate healthy = came.update();
  EXPECT_EQ(time_of(healthy, "Ready"), first) << "whole seconds, as Kubernetes' times are";

  // Another reason and message, the same status: the time stays.
  came.scene.view.resource.status = healthy.status;
  came.scene.view.now += 1h;
  came.identity->config.active = false;
  const StatusUpdate inactive = came.update();
  EXPECT_EQ(meta::find_condition(inactive.status.conditions, "Ready")->reason, "Inactive");
  EXPECT_EQ(time_of(inactive, "Ready"), first);

  // The status changes: now, and of this condition alone.
  came.scene.view.resource.status = inactive.status;
  came.scene.view.now += 1h;
  came.plan.credentials_problem = finding("SecretConflict", true);
  const StatusUpdate failed = came.update();
  EXPECT_EQ(time_of(failed, "Ready"), first + 2h);
  EXPECT_EQ(time_of(failed, "CredentialsDelivered"), first + 2h);
  EXPECT_EQ(time_of(failed, "Stalled"), first + 2h);
  EXPECT_EQ(time_of(failed, "IdentitySynced"), first);

  // A new generation is observed without a transition.
  came.scene.view.resource.status = failed.status;
  came.scene.view.resource.generation = 9;
  came.scene.view.now += 1h;
  const StatusUpdate observed = came.update();
  EXPECT_TRUE(observed.changed);
  EXPECT_EQ(time_of(observed, "Ready"), first + 2h);
}

TEST(UserStatus, PausedLeavesThePartsAsTheyWere) {
  Came came;
  came.scene.view.scopes.unknown = {"nope"};
  came.scene.view.resource.status = came.update().status;
  came.scene.view.resource.generation = 5;
  came.plan.paused = true;
  const auto conditions = came.update().status.conditions;
  EXPECT_EQ(in_words(conditions),
            "+Paused(Paused) +Stalled(Paused) -Ready(Paused) -ScopesResolved(ScopeNotFound)");
  EXPECT_EQ(meta::find_condition(conditions, "ScopesResolved")->observed_generation, 1)
      << "nobody looked at the new generation";
  came.scene.view.resource.status.conditions = conditions;
  came.plan.paused = false;
  came.scene.view.scopes.unknown.clear();
  EXPECT_EQ(in_words(came.update().status.conditions), "healthy");
}

TEST(UserStatus, WhatWasCorrectedLastStaysToBeRead) {
  Came came;
  came.plan.drift = {"active", "scopes"};
  came.plan.drift_by = "psql";
  came.before() = came.update().status.conditions;
  came.plan = {};
  const auto after = came.update().status.conditions;
  const auto* corrected = meta::find_condition(after, "DriftFree");
  EXPECT_EQ(corrected->reason, "DriftCorrected");
  EXPECT_EQ(corrected->message, "Corrected: active, scopes; changed by psql.");
  // What was found and could not be corrected does not stay once it is gone.
  came.plan.drift = {"active"};
  came.plan.observes = true;
  came.before() = came.update().status.conditions;
  came.plan = {};
  EXPECT_EQ(in_words(came.update().status.conditions), "healthy");
}

TEST(UserStatus, Events) {
  const std::vector<Case> cases = {
      {"nothing happened", [](Came&) {}, ""},
      {"made, with a credential",
       [](Came& c) {
         c.scene.view.own.reset();
         c.plan.issues = true;
       },
       "IdentityCreated CredentialsIssued"},
      {"taken over",
       [](Came& c) {
         c.scene.view.adoptable = c.scene.view.own;
         c.scene.view.own.reset();
       },
       "Adopted"},
      {"what is observed was not made",
       [](Came& c) {
         c.scene.view.own.reset();
         c.plan.observes = true;
       },
       ""},
      {"the configuration changed", [](Came& c) { c.identity->config.tags = {"new"}; }, "IdentityUpdated"},
      {"deactivated", [](Came& c) { c.identity->config.active = false; }, "Deactivated"},
      {"held",
       [](Came& c) {
         c.identity->hold = plan::Hold{"leaked", c.scene.view.now};
       },
       "Deactivated"},
      {"reactivated", [](Came& c) { c.scene.own().config.active = false; }, "Reactivated"},
      {"rotated", [](Came& c) { c.plan.issues = c.plan.rotates = true; }, "CredentialsRotated"},
      {"made again", [](Came& c) { c.plan.issues = c.plan.secret_was_missing = true; }, "CredentialsIssued"},
      {"drift", [](Came& c) { c.plan.drift = {"active"}; }, "!DriftCorrected"},
      {"drift of a system user",
       [](Came& c) {
         c.plan.drift = {"active"};
         c.scene.view.resource.key.kind = api::Kind::SystemIntegrationUser;
       },
       "!SystemUserTampered"},
      {"drift that only Observe saw, told as the problem that it is",
       [](Came& c) {
         c.plan.drift = {"active"};
         c.plan.observes = true;
       },
       "!DriftFound"},
      {"a version ended",
       [](Came& c) {
         c.scene.listed().versions.push_back({0, {}, c.scene.view.now, c.scene.view.now});
       },
       "PreviousCredentialRevoked"},
      {"a version has not ended",
       [](Came& c) {
         c.scene.listed().versions.push_back({0, {}, c.scene.view.now, c.scene.view.now + 1s});
       },
       ""},
      {"a problem", [](Came& c) { c.plan.credentials_problem = finding("SecretConflict", true); },
       "!SecretConflict"},
      {"being on the way is none", [](Came& c) { c.secret_hash.reset(); }, ""},
      {"the store failed: nothing that it did not take is told",
       [](Came& c) {
         c.scene.view.own.reset();
         c.plan.issues = true;
         c.plan.drift = {"active"};
         c.store_error = Error{ErrorKind::Unavailable, "no route"};
       },
       "!StoreUnavailable"},
      {"the API failed: no credential was issued",
       [](Came& c) {
         c.plan.issues = true;
         c.api_error = Error{ErrorKind::Timeout, "no answer"};
       },
       "!ApiUnavailable"},
  };
  for (const Case& one : cases) {
    Came came;
    one.given(came);
    EXPECT_EQ(in_words(came.update().events), one.then) << one.when;
  }
}

TEST(UserStatus, AProblemIsToldOnceAndAgainWhenItChanges) {
  Came came;
  came.plan.credentials_problem = finding("SecretConflict", true);
  came.before() = came.update().status.conditions;
  EXPECT_EQ(in_words(came.update().events), "");
  came.plan.credentials_problem->message = "Another reason.";
  EXPECT_EQ(in_words(came.update().events), "!SecretConflict");
}

TEST(UserStatus, TheOverlapIsToldInTheRotationsEvent) {
  Came came;
  came.plan.issues = came.plan.rotates = true;
  came.scene.spec().rotation.overlap = 48h;
  EXPECT_EQ(came.update().events.at(0).message,
            "Secret apps/billing-oauth holds a new client secret; the one before stays valid for 48h.");
}

TEST(UserStatus, TheEndOfAVersionSaysWhetherSomebodyStillNeededIt) {
  const auto told = [](std::optional<Duration> used_before_the_end, bool listed = true) {
    Came came;
    const Instant end = came.scene.view.now;
    plan::StoredVersion before;
    before.state = plan::VersionState::Delivered;
    before.valid_until = end;
    if (used_before_the_end) before.last_used = end - *used_before_the_end;
    for (plan::StoredVersion& version : came.scene.own().versions) version.delivered_at = end - 24h;
    if (listed) came.scene.own().versions.push_back(before);
    came.scene.listed().versions.push_back({0, {}, end - 48h, end});
    return came.update().events.at(0).message;
  };
  EXPECT_EQ(
      told(90min + 7ms),
      "Version 0 has ended; it was used until 1h30m before: whoever used it has not read the Secret again.");
  EXPECT_THAT(told(30h), testing::HasSubstr("it was not used any more once version"));
  EXPECT_EQ(told(std::nullopt), "Version 0 has ended; no use of it is known.");
  EXPECT_EQ(told(std::nullopt, false), "Version 0 has ended; no use of it is known.");
}

TEST(UserStatus, TheTableIsWhatTheStoreHolds) {
  Came came;
  came.identity->updated_at += 1ms;
  const api::UserStatus status = came.update().status;
  EXPECT_EQ(status.user_id, came.identity->user_id);
  EXPECT_EQ(status.client_id, came.identity->client_id);
  EXPECT_TRUE(status.active);
  EXPECT_EQ(status.scope_summary, "contacts, documents");
  EXPECT_EQ(status.last_updated, came.scene.view.now) << "in whole seconds";
  EXPECT_EQ(status.credentials.secret_name, "billing-oauth");

  // While the store fails, what was known stays.
  came.scene.view.resource.status = status;
  came.identity->config.scopes = {"finance"};
  came.store_error = Error{ErrorKind::Unavailable, "no route"};
  EXPECT_EQ(came.update().status.scope_summary, "contacts, documents");
}

TEST(UserStatus, AcceptedVersionsAreListedWithTheirEnds) {
  Came came;
  came.scene.spec().rotation.interval = 100h;
  const Instant now = came.scene.view.now;
  auto& versions = came.identity->versions;
  const auto add = [&](VersionNumber number, plan::VersionState state, std::optional<Instant> end) {
    plan::StoredVersion version;
    version.number = number;
    version.state = state;
    version.issued_at = now + 5s;
    version.valid_until = end;
    version.rotation_request = "request";
    versions.push_back(version);
  };
  versions[0].valid_until = now + 1h;                   // its overlap is under way
  add(2, plan::VersionState::Delivered, std::nullopt);  // the current one
  add(3, plan::VersionState::Issued, std::nullopt);     // reached nobody yet
  add(4, plan::VersionState::Issued, now + 2h);         // superseded before its mark
  add(5, plan::VersionState::Delivered, now - 1s);      // over
  add(6, plan::VersionState::Revoked, std::nullopt);
  const auto credentials = came.update().status.credentials;
  std::string listed;
  for (const auto& version : credentials.versions)
    listed += fmt::format("{}{} ", version.number, version.valid_until ? "+" : "");
  EXPECT_EQ(listed, "1+ 2 4+ ");
  EXPECT_EQ(credentials.version, 2);
  EXPECT_EQ(credentials.issued_at, now + 5s);
  EXPECT_EQ(credentials.next_rotation, now + 5s + 100h);
  EXPECT_EQ(credentials.last_rotate_request, "request");

  // No current one: the number stays, for what is below it is old for ever.
  came.scene.view.resource.status.credentials = credentials;
  versions.clear();
  EXPECT_EQ(came.update().status.credentials.version, 2);
  EXPECT_TRUE(came.update().status.credentials.versions.empty());
}

TEST(UserStatus, ObserveOfNothingIsInactive) {
  Came came;
  came.scene.view.resource.status.active = true;
  came.plan.observes = true;
  came.identity.reset();
  EXPECT_FALSE(came.update().status.active);
}

TEST(UserStatus, ComesBackAsThePlanSaysAndAtOnceForAnotherPass) {
  Came came;
  EXPECT_EQ(came.update().come_back, std::nullopt);
  came.plan.come_back = 5s;
  EXPECT_EQ(came.update().come_back, Duration(5s));
  came.plan.again = true;
  EXPECT_EQ(came.update().come_back, Duration(0));
}

}  // namespace
}  // namespace neoid::status
