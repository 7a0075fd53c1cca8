// The contract of IdentityStore: identities, their content, their owners.
#include <gmock/gmock.h>

#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using testing::ElementsAre;

class Identities : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Forms, Identities, testing::ValuesIn(all_forms()), form_name);

TEST_P(Identities, APutUserIsObservedAsItWasPut) {
  const plan::StoredIdentity made = must(change_of(1, {put(1, {"finance", "documents"})}));
  EXPECT_THAT(made.config.scopes, ElementsAre("documents", "finance"));
  EXPECT_TRUE(made.untouched);
  const auto seen = observed(custom_key("user-1"));
  ASSERT_TRUE(seen);
  EXPECT_EQ(*seen, made);
  EXPECT_EQ(seen->owner.generation, 1);
  EXPECT_EQ(seen->updated_at, now());
}

TEST_P(Identities, ASystemUserIsPutAndObserved) {
  const plan::StoredIdentity made = must(system_change_of(1, {system_put(1, {"documents"})}));
  EXPECT_EQ(made.kind, plan::UserKind::System);
  EXPECT_EQ(observed(system_key("system-1")), made);
}

TEST_P(Identities, AScopeThatTheCatalogueLacksIsNotGranted) {
  EXPECT_THAT(must(change_of(1, {put(1, {"documents", "unknown"})})).config.scopes, ElementsAre("documents"));
}

TEST_P(Identities, NothingToChangeIsNoWriteAndNoFeedEntry) {
  must(change_of(1, {put(1, {"documents"})}));
  const FeedPosition before = store_->feed_end().value();
  database_->advance(std::chrono::seconds(5));
  const plan::StoredIdentity again = must(change_of(1, {put(1, {"documents"})}));
  EXPECT_EQ(again, observed(custom_key("user-1")));
  EXPECT_NE(again.updated_at, now());
  EXPECT_EQ(store_->feed_end().value(), before);
}

struct Refusal {
  std::string what;
  plan::IdentityChange change;
  std::string reason;
};

TEST_P(Identities, WhatMayNotBePutIsRefusedWithItsReason) {
  must(change_of(1, {put(1)}, 5));
  must(change_of(2, {put(2)}));
  plan::IdentityChange elsewhere = change_of(1, {put(1)});
  elsewhere.owner.resource.name = "other";
  plan::IdentityChange same_place = change_of(3, {put(3)});
  same_place.owner.resource = custom_key("user-1");
  plan::PutIdentity inactive_system = system_put(4);
  inactive_system.config.active = false;
  const std::vector<Refusal> refusals{
      {"an older generation of the same uid", change_of(1, {put(1)}, 4), "OldGeneration"},
      {"a row of another resource", elsewhere, "OwnedByAnother"},
      {"a place where another user's row is", same_place, "OwnedByAnother"},
      {"another user's client ID", change_of(3, {put(2)}), "ClientIdTaken"},
      {"a system user that is not active", system_change_of(4, {inactive_system}), ""},
  };
  for (const Refusal& refusal : refusals) {
    const auto result = commit(refusal.change);
    ASSERT_FALSE(result) << refusal.what;
    EXPECT_EQ(result.error().reason, refusal.reason) << refusal.what;
  }
}

TEST_P(Identities, AnotherUidInTheSamePlaceReplacesUidAndGeneration) {
  must(change_of(1, {put(1)}, 7));
  plan::IdentityChange remade = change_of(1, {put(1)}, 1);
  remade.owner.uid = Uid(uuid(77));
  const plan::StoredIdentity after = must(remade);
  EXPECT_EQ(after.owner.uid, Uid(uuid(77)));
  EXPECT_EQ(after.owner.generation, 1);
}

TEST_P(Identities, OneBadChangeFailsAlone) {
  must(change_of(1, {put(1)}, 5));
  const std::vector<plan::IdentityChange> changes{change_of(2, {put(2)}), change_of(1, {put(1)}, 4),
                                                  change_of(3, {put(3)})};
  const auto results = store_->commit(term_, changes);
  ASSERT_TRUE(results) << results.error().describe();
  EXPECT_TRUE((*results)[0]);
  EXPECT_FALSE((*results)[1]);
  EXPECT_TRUE((*results)[2]);
  EXPECT_TRUE(observed(custom_key("user-2")));
  EXPECT_TRUE(observed(custom_key("user-3")));
}

TEST_P(Identities, AllOperationsOfAChangeHappenOrNone) {
  must(change_of(1, {put(1)}));
  plan::PutIdentity renamed = put(1);
  renamed.config.display_name = "Renamed";
  EXPECT_FALSE(commit(change_of(1, {renamed, deliver(99)})));
  EXPECT_EQ(observed(custom_key("user-1"))->config.display_name, "User 1");
}

TEST_P(Identities, ADeletedUserIsGoneAndItsClientIdStaysTaken) {
  must(change_of(1, {put(1, {"documents"}), issue(1, now()), deliver(1)}));
  const auto deleted = commit(change_of(1, {plan::RevokeAll{}, plan::DeleteIdentity{}}));
  ASSERT_TRUE(deleted) << deleted.error().describe();
  EXPECT_FALSE(deleted->has_value());
  EXPECT_FALSE(observed(custom_key("user-1")));
  const auto taken = commit(change_of(2, {put(1)}));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().reason, "ClientIdTaken");
  EXPECT_TRUE(commit(change_of(1, {plan::DeleteIdentity{}}))) << "deleting twice is no error";
}

TEST_P(Identities, AHoldDeactivatesAndOnlyALaterRequestLiftsIt) {
  must(change_of(1, {put(1), plan::PlaceHold{"leaked"}}));
  const Instant since = now();
  EXPECT_FALSE(observed(custom_key("user-1"))->active());
  database_->advance(std::chrono::seconds(1));
  EXPECT_EQ(must(change_of(1, {plan::PlaceHold{"again"}})).hold->reason, "leaked");
  EXPECT_FALSE(must(change_of(1, {plan::LiftHold{since}})).active());
  EXPECT_TRUE(must(change_of(1, {plan::LiftHold{since + Duration(1)}})).active());
}

TEST_P(Identities, ALeftBehindUserIsInactiveRevokedAndResumedByItsNamespaceOnly) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  const plan::StoredIdentity left = must(change_of(1, {plan::LeaveBehind{}}));
  EXPECT_EQ(left.standing, plan::Standing::LeftBehind);
  EXPECT_FALSE(left.active());
  EXPECT_EQ(left.versions.front().state, plan::VersionState::Revoked);
  EXPECT_EQ(commit(change_of(1, {put(1)})).error().reason, "NeedsAdoption");

  plan::PutIdentity adopt = put(1);
  adopt.adopt = true;
  plan::IdentityChange foreign = change_of(1, {adopt});
  foreign.owner.resource = custom_key("user-1", "other");
  EXPECT_EQ(commit(foreign).error().reason, "OwnedByAnother");
  EXPECT_EQ(must(change_of(1, {adopt})).standing, plan::Standing::Owned);
}

TEST_P(Identities, AReleasedUserIsTakenUpByTheNamespaceThatItWasReleasedTo) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  ASSERT_TRUE(store_->release(UserId(uuid(1001)), "other", "platform"));
  const auto released = observed(custom_key("user-1"));
  ASSERT_TRUE(released);
  EXPECT_EQ(released->standing, plan::Standing::Released);
  EXPECT_NE(released->current(), nullptr) << "its credentials stay";
  plan::PutIdentity adopt = put(1);
  adopt.adopt = true;
  plan::IdentityChange third = change_of(1, {adopt});
  third.owner.resource = custom_key("taken", "third");
  EXPECT_EQ(commit(third).error().reason, "OwnedByAnother");
  third.owner.resource = custom_key("taken", "other");
  EXPECT_EQ(must(third).owner.resource, custom_key("taken", "other"));
  EXPECT_EQ(store_->release(UserId(uuid(5)), "other", "platform").error().kind, ErrorKind::NotFound);
}

TEST_P(Identities, AnAdoptableUserIsObservedByItsId) {
  must(change_of(1, {put(1)}));
  const IdentityRef ref{custom_key("nobody"), UserId(uuid(1001))};
  const auto observation = store_->observe(kCluster, std::span(&ref, 1));
  ASSERT_TRUE(observation);
  EXPECT_FALSE(observation->identities[0].own);
  ASSERT_TRUE(observation->identities[0].adoptable);
  EXPECT_EQ(observation->identities[0].adoptable->owner.resource, custom_key("user-1"));
}

TEST_P(Identities, ARemovedScopeTakesItsGrantsWithIt) {
  must(change_of(1, {put(1, {"documents", "finance"})}));
  must(system_change_of(2, {system_put(2, {"finance"})}));
  const auto holders = store_->holders("finance", 10);
  ASSERT_TRUE(holders);
  EXPECT_EQ(holders->custom, 1);
  EXPECT_EQ(holders->system, 1);
  EXPECT_THAT(holders->some, ElementsAre(custom_key("user-1")));
  const std::vector<std::string> gone{"finance"};
  const auto removed = store_->put_scopes(term_, {}, gone, "alice");
  ASSERT_TRUE(removed) << removed.error().describe();
  EXPECT_THAT(observed(custom_key("user-1"))->config.scopes, ElementsAre("documents"));
  EXPECT_TRUE(observed(custom_key("user-1"))->untouched);
  EXPECT_THAT(observed(system_key("system-2"))->config.scopes, ElementsAre());
}

TEST_P(Identities, TheSweepVisitsEveryRowOfTheClusterUntilItIsToldToStop) {
  for (int i = 1; i <= 5; ++i) must(change_of(i, {put(i)}));
  must(change_of(3, {issue(1, now()), deliver(1)}));
  std::vector<std::string> names;
  std::vector<std::string> with_credentials;
  ASSERT_TRUE(store_->sweep(kCluster, [&](const IdentityStore::SweepRow& row) {
    names.push_back(row.owner.resource.name);
    EXPECT_TRUE(row.untouched);
    if (row.has_accepted_version) with_credentials.push_back(row.owner.resource.name);
    return true;
  }));
  EXPECT_THAT(names, testing::UnorderedElementsAre("user-1", "user-2", "user-3", "user-4", "user-5"));
  EXPECT_THAT(with_credentials, ElementsAre("user-3"));
  int seen = 0;
  ASSERT_TRUE(store_->sweep(kCluster, [&](const IdentityStore::SweepRow&) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

TEST_P(Identities, ManyUsersOfOneBatchAreWrittenAndObservedTogether) {
  std::vector<plan::IdentityChange> changes;
  std::vector<IdentityRef> refs;
  for (int i = 1; i <= 300; ++i) {
    changes.push_back(change_of(i, {put(i, {"documents", "contacts"}), issue(1, now()), deliver(1)}));
    refs.push_back({changes.back().owner.resource, std::nullopt});
  }
  const auto results = store_->commit(term_, changes);
  ASSERT_TRUE(results) << results.error().describe();
  const auto observation = store_->observe(kCluster, refs);
  ASSERT_TRUE(observation) << observation.error().describe();
  for (std::size_t i = 0; i < refs.size(); ++i) {
    ASSERT_TRUE((*results)[i]) << (*results)[i].error().describe();
    EXPECT_EQ(observation->identities[i].own, *(*results)[i]);
  }
}

}  // namespace
}  // namespace neoid::store
