// Every line of step 4 and of healing in docs/credential-protocol.md, on values alone.
#include "controller/store/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using plan::StoredIdentity;
using plan::StoredVersion;
using plan::VersionState;
using std::chrono::hours;
using std::chrono::seconds;

constexpr Instant kNow = Instant(hours(500'000));

StoredVersion version(VersionNumber number, VersionState state, std::optional<Instant> until = std::nullopt) {
  StoredVersion made;
  made.number = number;
  made.hash = hash_of(number);
  made.state = state;
  made.issued_at = kNow - hours(2);
  if (state != VersionState::Issued) made.delivered_at = kNow - hours(1);
  made.valid_until = until;
  return made;
}

class Apply : public testing::Test {
 protected:
  Apply() {
    facts_.now = kNow;
    facts_.scope_exists = [](const std::string&) { return true; };
    facts_.client_id_holder = [](const ClientId&) { return std::nullopt; };
    facts_.occupant = [](const api::ResourceKey&) { return std::nullopt; };
    identity_ = apply_change(change_of(1, {put(1)}), facts_, std::nullopt).value();
  }

  void hold(std::vector<StoredVersion> versions) { identity_->versions = std::move(versions); }
  // "" or the reason why not.
  std::string apply(plan::Operation operation) {
    auto after = apply_change(change_of(1, {std::move(operation)}), facts_, identity_);
    if (!after) return after.error().reason;
    identity_ = std::move(*after);
    return "";
  }
  const StoredVersion& at(VersionNumber number) { return *identity_->version(number); }

  ApplyFacts facts_;
  std::optional<StoredIdentity> identity_;
};

TEST_F(Apply, AnIssuedVersionIsAcceptedAndNotCurrent) {
  EXPECT_EQ(apply(issue(5, kNow)), "");
  EXPECT_TRUE(at(5).accepted(kNow));
  EXPECT_EQ(identity_->current(), nullptr);
}

TEST_F(Apply, ANumberThatIsNotAboveEveryStoredOneIsTaken) {
  hold({version(5, VersionState::Revoked)});
  EXPECT_EQ(apply(issue(5, kNow)), "NumberTaken");
  EXPECT_EQ(apply(issue(4, kNow)), "NumberTaken");
  EXPECT_EQ(apply(issue(0, kNow)), "NumberTaken");
  EXPECT_EQ(apply(issue(6, kNow)), "");
}

TEST_F(Apply, DeliveringClearsTheEndAndGivesTheOneBeforeItsOverlapFromNow) {
  hold({version(1, VersionState::Delivered), version(2, VersionState::Issued, kNow + seconds(5))});
  EXPECT_EQ(apply(deliver(2, 1, {{1, std::nullopt}})), "");
  EXPECT_TRUE(at(2).current());
  EXPECT_EQ(at(2).delivered_at, kNow);
  EXPECT_EQ(at(1).valid_until, kNow + hours(1));
  EXPECT_EQ(at(1).state, VersionState::Delivered);
}

struct Other {
  std::string why;
  StoredVersion before;
  VersionNumber status_number;
  std::vector<plan::ListedVersion> listed;
  std::optional<StoredVersion> after;
};

TEST_F(Apply, EveryOtherVersionIsTreatedByWhatStatusListsOfIt) {
  const Instant soon = kNow + seconds(30);
  const Instant past = kNow - seconds(1);
  const std::vector<Other> others{
      {"not listed and not above the status's number: revoked",
       version(3, VersionState::Delivered),
       3,
       {},
       version(3, VersionState::Revoked)},
      {"not listed but above the status's number: overlap",
       version(3, VersionState::Delivered),
       2,
       {},
       version(3, VersionState::Delivered, kNow + hours(1))},
      {"the listed end has passed: revoked",
       version(3, VersionState::Delivered),
       3,
       {{3, past}},
       version(3, VersionState::Revoked)},
      {"the listed end is now: revoked",
       version(3, VersionState::Delivered),
       3,
       {{3, kNow}},
       version(3, VersionState::Revoked)},
      {"a listed end that the row lacks: that one",
       version(3, VersionState::Delivered),
       3,
       {{3, soon}},
       version(3, VersionState::Delivered, soon)},
      {"an end of its own stays",
       version(3, VersionState::Delivered, soon + seconds(7)),
       3,
       {{3, soon}},
       version(3, VersionState::Delivered, soon + seconds(7))},
      {"listed without an end: overlap",
       version(3, VersionState::Delivered),
       3,
       {{3, std::nullopt}},
       version(3, VersionState::Delivered, kNow + hours(1))},
      {"another issued one gets the overlap, not the axe",
       version(3, VersionState::Issued),
       2,
       {},
       version(3, VersionState::Issued, kNow + hours(1))},
      {"a revoked one stays revoked",
       version(3, VersionState::Revoked),
       2,
       {},
       version(3, VersionState::Revoked)},
  };
  for (const Other& other : others) {
    hold({other.before, version(9, VersionState::Issued)});
    EXPECT_EQ(apply(deliver(9, other.status_number, other.listed)), "") << other.why;
    StoredVersion expected = *other.after;
    EXPECT_EQ(at(3).state, expected.state) << other.why;
    EXPECT_EQ(at(3).valid_until, expected.valid_until) << other.why;
  }
}

TEST_F(Apply, WithoutTheIssuedRowADeliveryStartsAgain) {
  EXPECT_EQ(apply(deliver(2)), "StartAgain");
  hold({version(2, VersionState::Delivered)});
  EXPECT_EQ(apply(deliver(2)), "StartAgain");
  hold({version(2, VersionState::Revoked)});
  EXPECT_EQ(apply(deliver(2)), "StartAgain");
  hold({version(2, VersionState::Issued, kNow)});
  EXPECT_EQ(apply(deliver(2)), "StartAgain") << "it ended just now";
  identity_.reset();
  EXPECT_EQ(apply(deliver(2)), "StartAgain") << "no user at all";
}

struct Wait {
  std::string why;
  Duration age;
  bool for_absent;
  std::optional<Instant> until;
  std::optional<Instant> as_of;
  std::string reason;
};

TEST_F(Apply, AYoungVersionThatWasMadeForAnAbsentSecretHoldsDeliveryAndHealingUp) {
  const std::vector<Wait> waits{
      {"its create may still land", seconds(20), true, std::nullopt, std::nullopt, "StartAgain"},
      {"just as old as the wait: no more", seconds(21), true, std::nullopt, std::nullopt, ""},
      {"it was younger when the Secret was read", seconds(22), true, std::nullopt, kNow - seconds(2),
       "StartAgain"},
      {"made for an update", seconds(1), false, std::nullopt, std::nullopt, ""},
      {"it has an end", seconds(1), true, kNow + hours(1), std::nullopt, ""},
  };
  for (const Wait& wait : waits) {
    StoredVersion other = version(3, VersionState::Issued, wait.until);
    other.issued_at = kNow - wait.age;
    other.for_absent_secret = wait.for_absent;
    hold({other, version(9, VersionState::Issued)});
    const auto before = identity_;
    plan::DeliverVersion delivery = deliver(9);
    delivery.as_of = wait.as_of;
    EXPECT_EQ(apply(delivery), wait.reason) << wait.why;
    identity_ = before;
    plan::HealVersion heal;
    heal.number = 10;
    heal.hash = hash_of(10);
    heal.wait = seconds(21);
    heal.as_of = wait.as_of;
    EXPECT_EQ(apply(heal), wait.reason) << wait.why;
  }
}

TEST_F(Apply, AVersionNeverWaitsForItself) {
  StoredVersion own = version(9, VersionState::Issued);
  own.issued_at = kNow;
  own.for_absent_secret = true;
  hold({own});
  EXPECT_EQ(apply(deliver(9)), "");
}

plan::HealVersion heal(VersionNumber number) {
  plan::HealVersion operation;
  operation.number = number;
  operation.hash = hash_of(number);
  operation.issued_at = kNow - hours(9);
  operation.rotation_request = "please";
  operation.others.overlap = hours(1);
  return operation;
}

TEST_F(Apply, HealingRegistersWhatTheStoreForgotAndTreatsTheOthers) {
  hold({version(1, VersionState::Delivered)});
  EXPECT_EQ(apply(heal(7)), "");
  EXPECT_TRUE(at(7).current());
  EXPECT_EQ(at(7).issued_at, kNow - hours(9));
  EXPECT_EQ(at(7).rotation_request, "please");
  EXPECT_EQ(at(1).valid_until, kNow + hours(1)) << "never two current ones";
}

TEST_F(Apply, HealingBelowAStoredNumberKeepsTheVersionsInOrder) {
  hold({version(9, VersionState::Issued)});
  EXPECT_EQ(apply(heal(7)), "");
  EXPECT_EQ(identity_->versions.front().number, 7);
  EXPECT_EQ(apply(issue(9, kNow)), "NumberTaken");
}

TEST_F(Apply, HealingAKnownVersionNeedsTheSameValueAndOneThatHasNotEnded) {
  hold({version(7, VersionState::Issued)});
  EXPECT_EQ(apply(heal(7)), "");
  EXPECT_TRUE(at(7).current());
  hold({version(7, VersionState::Revoked)});
  EXPECT_EQ(apply(heal(7)), "Ended");
  hold({version(7, VersionState::Delivered, kNow)});
  EXPECT_EQ(apply(heal(7)), "Ended");
  hold({version(7, VersionState::Delivered)});
  plan::HealVersion other_value = heal(7);
  other_value.hash = hash_of(8);
  EXPECT_EQ(apply(other_value), "StartAgain");
}

TEST_F(Apply, HealingRegistersThePreviousKeyUnlessItHasEnded) {
  plan::HealVersion operation = heal(7);
  operation.others.listed = {{6, kNow + seconds(30)}, {7, std::nullopt}};
  operation.others.status_number = 7;
  operation.previous = plan::HealVersion::Previous{6, hash_of(6), kNow - hours(20), kNow + seconds(30)};
  const auto before = identity_;
  EXPECT_EQ(apply(operation), "");
  EXPECT_EQ(at(6).valid_until, kNow + seconds(30));
  EXPECT_TRUE(at(6).accepted(kNow));
  identity_ = before;
  operation.previous->valid_until = kNow;
  EXPECT_EQ(apply(operation), "");
  EXPECT_EQ(identity_->version(6), nullptr);
}

TEST_F(Apply, OnlySoManyRevokedVersionsAreRemembered) {
  for (VersionNumber number = 1; number <= 40; ++number) {
    ASSERT_EQ(apply(issue(number, kNow - hours(1))), "");
    ASSERT_EQ(apply(deliver(number, number - 1, {})), "");
  }
  EXPECT_EQ(identity_->versions.size(), kRevokedVersionsKept + 1);
  EXPECT_EQ(identity_->versions.back().number, 40);
  EXPECT_EQ(identity_->versions.front().number, 40 - static_cast<VersionNumber>(kRevokedVersionsKept));
}

TEST_F(Apply, WhoDoesNotOwnTheRowChangesNothingInIt) {
  plan::IdentityChange foreign = change_of(1, {plan::RevokeAll{}});
  foreign.owner.resource.name = "another";
  EXPECT_EQ(apply_change(foreign, facts_, identity_).error().reason, "OwnedByAnother");
  foreign = change_of(1, {plan::RevokeAll{}});
  foreign.owner.cluster = ClusterId("another");
  EXPECT_EQ(apply_change(foreign, facts_, identity_).error().reason, "OwnedByAnother");
}

TEST_F(Apply, WhatIsDoneToARowThatIsNotThereIsNoError) {
  identity_.reset();
  for (const plan::Operation& operation :
       {plan::Operation(plan::RevokeAll{}), plan::Operation(plan::DeleteIdentity{}),
        plan::Operation(plan::LeaveBehind{}), plan::Operation(plan::ReleaseOwner{}),
        plan::Operation(plan::PlaceHold{"why"}), plan::Operation(plan::LiftHold{kNow})}) {
    EXPECT_EQ(apply(operation), "");
    EXPECT_FALSE(identity_);
  }
}

TEST_F(Apply, ASystemUserIsNeverMadeInactive) {
  identity_ = apply_change(system_change_of(1, {system_put(1)}), facts_, std::nullopt).value();
  for (const plan::Operation& operation :
       {plan::Operation(plan::PlaceHold{"why"}), plan::Operation(plan::LeaveBehind{})}) {
    EXPECT_EQ(apply_change(system_change_of(1, {operation}), facts_, identity_).error().kind,
              ErrorKind::Invalid);
  }
}

TEST_F(Apply, ThePredecessorOfAReMadeSystemUserIsRemembered) {
  identity_ = apply_change(system_change_of(1, {system_put(1)}), facts_, std::nullopt).value();
  plan::IdentityChange remade = system_change_of(1, {});
  plan::PutIdentity again = system_put(1);
  again.predecessor = remade.owner.uid;
  remade.owner.uid = Uid(uuid(42));
  remade.operations = {again};
  const auto after = apply_change(remade, facts_, identity_);
  ASSERT_TRUE(after) << after.error().describe();
  EXPECT_EQ((*after)->owner.uid, Uid(uuid(42)));
  EXPECT_EQ((*after)->predecessor, Uid(uuid(2001)));
}

}  // namespace
}  // namespace neoid::store
