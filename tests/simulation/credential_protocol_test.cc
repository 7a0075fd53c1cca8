// The credential protocol under random interleavings, and the traces that broke earlier texts of it. README.md lists
// which test fails when which element is taken away.
#include <gtest/gtest.h>

#include <random>

#include "reconcile/plan/credential_plan.h"
#include "tests/simulation/world_support.h"

namespace neoid::simulation {
namespace {

using namespace std::chrono_literals;
using Replica = World::Replica;

// A world whose first credential is delivered and settled.
struct Settled {
  World world;
  Replica replica;
  Settled() {
    world.claim(replica, true);
    world.settle(replica);
  }
  Sha256 hash() const { return *world.secret_in_place(); }
};

bool is_somebody_elses(const World& world) {
  plan::UserView view;
  view.resource = world.resource;
  view.secret = world.secret;
  view.own = world.database.identity;
  return world.secret && !plan::is_our_secret(view);
}

int currents(const World& world) {
  int count = 0;
  if (world.database.identity) {
    for (const auto& version : world.database.identity->versions) count += version.current() ? 1 : 0;
  }
  return count;
}

// What must hold when everything has come to rest.
void expect_sound(World& world, const std::string& why) {
  ASSERT_TRUE(world.secret) << why;
  ASSERT_TRUE(world.database.identity) << why;
  ASSERT_EQ(currents(world), 1) << why;
  EXPECT_TRUE(world.store_accepts(*world.secret_in_place())) << why;
  EXPECT_EQ(world.database.identity->current()->hash, *world.secret_in_place()) << why;
  EXPECT_EQ(world.resource.status.credentials.version, world.database.identity->current()->number) << why;
  EXPECT_EQ(world.ended.count(hex(*world.secret_in_place())), 0u)
      << why << ": an ended version is in the Secret";
  for (const auto& version : world.database.identity->versions) {
    if (!version.accepted(world.now)) continue;
    EXPECT_EQ(world.ended.count(hex(version.hash)), 0u)
        << why << ": version " << version.number << " revived";
  }
  EXPECT_TRUE(meta::is_true(world.resource.status.conditions, "Ready")) << why;
}

TEST(CredentialProtocol, OnePassDeliversOneCredentialAndTheNextDoesNothing) {
  World world;
  Replica replica;
  world.claim(replica, true);
  world.pass(replica);
  expect_sound(world, "after one pass");
  EXPECT_EQ(world.database.identity->versions.size(), 1u);
  const auto resource_version = world.resource.resource_version;
  world.read(replica);
  EXPECT_FALSE(replica.plan->needs_live());
  while (world.step(replica)) {
  }
  EXPECT_EQ(world.resource.resource_version, resource_version) << "a steady state wrote a status";
}

// A crash before each of the writes, then a restart.
TEST(CredentialProtocol, ACrashBetweenAnyTwoWritesIsContinued) {
  for (const bool rotation : {false, true}) {
    for (int steps = 0; steps <= 4; ++steps) {
      World world;
      Replica replica;
      world.claim(replica, true);
      if (rotation) {
        world.settle(replica);
        world.request_rotation();
      }
      world.read(replica);
      for (int i = 0; i < steps; ++i) world.step(replica);
      world.crash(replica);
      world.claim(replica, false);
      world.settle(replica);
      expect_sound(world, "crashed after " + std::to_string(steps) + (rotation ? " of a rotation" : ""));
    }
  }
}

TEST(CredentialProtocol, ARotationKeepsTheVersionBeforeForTheOverlapAndNotLonger) {
  Settled settled;
  const Sha256 before = settled.hash();
  settled.world.request_rotation();
  settled.world.settle(settled.replica);
  ASSERT_NE(settled.hash(), before);
  EXPECT_TRUE(settled.world.store_accepts(before));
  settled.world.advance(kOverlap - 1s);
  EXPECT_TRUE(settled.world.store_accepts(before)) << "ended before the overlap was over";
  settled.world.advance(2s);
  EXPECT_FALSE(settled.world.store_accepts(before)) << "did not end, though nobody had to be awake for it";
  settled.world.settle(settled.replica);
  expect_sound(settled.world, "after the overlap");
  EXPECT_EQ(settled.world.secret->data.count("previous"), 0u) << "the previous secret outlived its overlap";
}

TEST(CredentialProtocol, OneRequestIsOneRotation) {
  Settled settled;
  settled.world.request_rotation();
  settled.world.settle(settled.replica);
  const auto versions = settled.world.database.identity->versions.size();
  settled.world.settle(settled.replica);
  EXPECT_EQ(settled.world.database.identity->versions.size(), versions);
  EXPECT_EQ(settled.world.resource.status.credentials.last_rotate_request, settled.world.resource.rotate);
}

TEST(Trace, ADelayedCreateLandsAfterAnotherVersionWasDelivered) {
  World world;
  Replica replica;
  world.claim(replica, true);
  world.delay_creates = true;
  world.pass(replica);  // its create is under way
  world.delay_creates = false;
  world.pass(replica);
  EXPECT_FALSE(world.secret) << "a second create was sent while the first could still land";
  world.advance(kDeadline / 2);
  world.land_pending_create();
  world.settle(replica);
  expect_sound(world, "the create landed late");
}

TEST(Trace, TheWriterDiesBetweenSecretAndMarkAndTheSecretIsDeletedByHand) {
  World world;
  Replica replica;
  world.claim(replica, true);
  world.read(replica);
  world.step(replica);
  world.step(replica);  // the Secret is there, unmarked; somebody may have read it
  const Sha256 read_by_somebody = *world.secret_in_place();
  world.crash(replica);
  world.delete_secret_by_hand();
  world.claim(replica, false);
  world.pass(replica);
  EXPECT_TRUE(world.store_accepts(read_by_somebody)) << "its reader was cut off";
  world.settle(replica);
  EXPECT_TRUE(world.store_accepts(read_by_somebody)) << "cut off as soon as the new version was marked";
  expect_sound(world, "after the new version");
}

TEST(Trace, ADeposedLeaderDoesNotCommit) {
  World world;
  Replica first;
  Replica second;
  world.claim(first, true);
  world.read(first);
  world.claim(second, false);
  world.step(first);
  EXPECT_FALSE(world.database.identity) << "the deposed leader committed";
}

TEST(Trace, AfterARestoreTheEpochOfADeposedLeaderDoesNotFitAgain) {
  World world;
  Replica first;
  world.claim(first, true);
  world.take_snapshot();
  Replica second;
  world.claim(second, false);
  world.restore_snapshot();  // the stored epoch is the first one's again
  world.read(first);
  world.step(first);
  EXPECT_FALSE(world.database.identity) << "the right to write outlived the session";
}

TEST(Trace, RestoreToBeforeTheVersionIsHealedByTheSeal) {
  World world;
  Replica replica;
  world.claim(replica, true);
  world.take_snapshot();
  world.read(replica);
  for (int i = 0; i < 3; ++i) world.step(replica);  // everything but the status
  world.crash(replica);
  const Sha256 delivered = *world.secret_in_place();
  world.restore_snapshot();
  world.claim(replica, false);
  world.settle(replica);
  EXPECT_EQ(*world.secret_in_place(), delivered) << "reissued: its readers are cut off";
  expect_sound(world, "healed");
}

TEST(Trace, RestoreToBeforeTheUserRowKeepsUserAndClientId) {
  World world;
  Replica replica;
  world.claim(replica, true);
  world.take_snapshot();
  world.settle(replica);
  const auto user = world.database.identity->user_id;
  const auto client = world.database.identity->client_id;
  world.restore_snapshot();
  world.resource.status = {};
  world.claim(replica, false);
  world.settle(replica);
  EXPECT_EQ(world.database.identity->user_id, user);
  EXPECT_EQ(world.database.identity->client_id, client);
  expect_sound(world, "healed");
}

TEST(Trace, HealingBesideARestoredCurrentVersionLeavesOneCurrent) {
  Settled settled;
  settled.world.take_snapshot();
  settled.world.request_rotation();
  settled.world.settle(settled.replica);
  const Sha256 delivered = settled.hash();
  settled.world.restore_snapshot();
  settled.world.claim(settled.replica, false);
  settled.world.settle(settled.replica);
  EXPECT_EQ(settled.hash(), delivered);
  expect_sound(settled.world, "healed beside the restored one");
}

TEST(Trace, ARestoreAfterARotationWasHonouredDoesNotRotateAgain) {
  Settled settled;
  settled.world.take_snapshot();
  settled.world.request_rotation();
  settled.world.settle(settled.replica);
  const Sha256 rotated = settled.hash();
  settled.world.restore_snapshot();
  settled.world.claim(settled.replica, false);
  settled.world.settle(settled.replica);
  EXPECT_EQ(settled.hash(), rotated) << "one request, two rotations";
}

TEST(Trace, ARestoreAfterAnOverlapEndedDoesNotReviveTheVersion) {
  Settled settled;
  const Sha256 before = settled.hash();
  settled.world.take_snapshot();
  settled.world.request_rotation();
  settled.world.settle(settled.replica);
  settled.world.advance(kOverlap + 1s);
  settled.world.settle(settled.replica);
  settled.world.restore_snapshot();
  settled.world.claim(settled.replica, false);
  settled.world.settle(settled.replica);
  EXPECT_FALSE(settled.world.store_accepts(before)) << "an ended version lives again";
  expect_sound(settled.world, "after the restore");
}

TEST(Trace, ARestoreDuringAnOverlapDoesNotMakeItLonger) {
  Settled settled;
  World& world = settled.world;
  const Sha256 before = settled.hash();
  world.take_snapshot();
  world.request_rotation();
  world.settle(settled.replica);
  world.advance(kOverlap / 2);
  world.restore_snapshot();
  world.claim(settled.replica, false);
  world.settle(settled.replica);
  EXPECT_TRUE(world.store_accepts(before)) << "ended before the overlap was over";
  world.advance(kOverlap / 2 + 1s);
  EXPECT_FALSE(world.store_accepts(before)) << "its end was counted anew";
}

TEST(Trace, AnOldSecretThatIsPutBackIsNotMadeCurrent) {
  Settled settled;
  const Sha256 old = settled.hash();
  settled.world.keep_copy_of_secret();
  settled.world.request_rotation();
  settled.world.settle(settled.replica);
  settled.world.advance(kOverlap + 1s);
  settled.world.settle(settled.replica);
  settled.world.put_copy_of_secret_back();
  settled.world.settle(settled.replica);
  EXPECT_NE(settled.hash(), old);
  EXPECT_FALSE(settled.world.store_accepts(old));
  expect_sound(settled.world, "after the old Secret was put back");
}

TEST(Trace, AnOldSecretIsPutBackWhileADeposedLeadersStatusIsUnderWay) {
  Settled settled;
  World& world = settled.world;
  world.keep_copy_of_secret();
  const Sha256 old = settled.hash();
  world.edit_secret_by_hand();  // made anew, and no rotation that would be due again
  world.read(settled.replica);
  for (int i = 0; i < 3; ++i)
    world.step(settled.replica);  // delivered; the status of the new version is not written
  world.crash(settled.replica);
  world.advance(kOverlap + 1s);
  world.put_copy_of_secret_back();
  world.claim(settled.replica, false);
  world.settle(settled.replica);
  EXPECT_NE(settled.hash(), old);
  expect_sound(world, "compared with the store's delivered numbers too");
}

TEST(Trace, NoNumberIsUsedAgainAfterARestore) {
  Settled settled;
  World& world = settled.world;
  world.take_snapshot();
  world.request_rotation();
  world.settle(settled.replica);
  const auto number = world.resource.status.credentials.version;
  world.restore_snapshot();
  world.delete_secret_by_hand();
  world.resource.status = {};  // even the status was lost
  world.claim(settled.replica, false);
  world.settle(settled.replica);
  EXPECT_GT(world.database.identity->current()->number, number);
}

TEST(Trace, AValueThatWasEditedByHandIsNeverSealed) {
  Settled settled;
  World& world = settled.world;
  world.take_snapshot();
  world.edit_secret_by_hand();
  const Sha256 edited = *world.secret_in_place();
  world.restore_snapshot();
  world.claim(settled.replica, false);
  world.settle(settled.replica);
  EXPECT_FALSE(world.store_accepts(edited)) << "somebody's value became the credential";
  expect_sound(world, "after the edit");
}

TEST(Trace, AnOldSecretThatIsPutIntoARecreatedResourceBringsNothingBack) {
  Settled settled;
  World& world = settled.world;
  const Sha256 old = settled.hash();
  const auto client = world.database.identity->client_id;
  world.keep_copy_of_secret();
  world.recreate_resource();
  world.put_copy_of_secret_back();
  world.pass(settled.replica);
  EXPECT_FALSE(world.store_accepts(old));
  EXPECT_FALSE(world.database.identity && world.database.identity->client_id == client);
  const auto* ready = meta::find_condition(world.resource.status.conditions, "Ready");
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(ready->reason, "SecretConflict");
}

// The same, by a hand (or a backup tool) that turns the annotation to the new resource: the seal covers the uid.
TEST(Trace, AnOldSecretWhoseUidIsTurnedToTheRecreatedResourceBringsNothingBack) {
  Settled settled;
  World& world = settled.world;
  const Sha256 old = settled.hash();
  const auto user = world.database.identity->user_id;
  world.keep_copy_of_secret();
  world.recreate_resource();
  world.put_copy_back_under_this_uid();
  world.settle(settled.replica);
  EXPECT_FALSE(world.store_accepts(old)) << "a deleted identity returned";
  EXPECT_NE(world.database.identity->user_id, user);
  expect_sound(world, "issued anew");
}

// Restored to when the old version was current, the store alone would take it for the right one.
TEST(Trace, AnOldSecretIsPutBackAfterARestoreToWhenItWasCurrent) {
  Settled settled;
  World& world = settled.world;
  const Sha256 old = settled.hash();
  world.keep_copy_of_secret();
  world.take_snapshot();
  world.edit_secret_by_hand();  // made anew, and no rotation that would be due again
  world.settle(settled.replica);
  world.advance(kOverlap + 1s);
  world.settle(settled.replica);
  world.restore_snapshot();
  world.put_copy_of_secret_back();
  world.claim(settled.replica, false);
  world.settle(settled.replica);
  EXPECT_NE(settled.hash(), old);
  EXPECT_FALSE(world.store_accepts(old)) << "an ended version lives again";
  expect_sound(world, "its number is below the status's");
}

// Restored to before it, the seal of the old version is valid and the store knows nothing against it.
TEST(Trace, AnOldSecretIsPutBackAfterARestoreToBeforeIt) {
  World world;
  Replica replica;
  world.claim(replica, true);
  world.take_snapshot();
  world.settle(replica);
  world.keep_copy_of_secret();
  const Sha256 old = *world.secret_in_place();
  world.edit_secret_by_hand();  // made anew, and no rotation that would be due again
  world.settle(replica);
  world.advance(kOverlap + 1s);
  world.settle(replica);
  world.restore_snapshot();
  world.put_copy_of_secret_back();
  world.claim(replica, false);
  world.settle(replica);
  EXPECT_FALSE(world.store_accepts(old)) << "an ended version lives again";
  expect_sound(world, "its number is below the status's");
}

// The row of the one that was deleted is back, under the name of the one that is there.
TEST(Trace, ARestoreToBeforeADeletionDoesNotGiveTheRecreatedResourceTheOldUser) {
  for (const bool status_is_lost : {false, true}) {
    Settled settled;
    World& world = settled.world;
    const Sha256 old = settled.hash();
    world.take_snapshot();
    world.delete_resource();
    world.settle(settled.replica);
    ASSERT_FALSE(world.exists);
    world.create_resource();
    world.settle(settled.replica);
    const Sha256 delivered = settled.hash();
    const auto client = world.database.identity->client_id;
    world.restore_snapshot();
    if (status_is_lost) world.resource.status = {};
    world.claim(settled.replica, false);
    world.settle(settled.replica);
    EXPECT_EQ(world.database.identity->client_id, client) << "its client ID became another one";
    EXPECT_EQ(settled.hash(), delivered) << "reissued: its readers are cut off";
    EXPECT_FALSE(world.store_accepts(old)) << "a deleted credential lives again";
    expect_sound(world, "healed beside the row of the one before");
  }
}

TEST(Trace, ARestoreToBeforeADeletionIsSwept) {
  Settled settled;
  World& world = settled.world;
  const Sha256 old = settled.hash();
  world.take_snapshot();
  world.delete_resource();
  world.settle(settled.replica);
  world.restore_snapshot();
  ASSERT_TRUE(world.store_accepts(old));
  world.claim(settled.replica, false);
  world.settle(settled.replica);
  EXPECT_FALSE(world.store_accepts(old)) << "a live credential without a resource";
}

TEST(CredentialProtocol, ACrashBetweenAnyTwoWritesOfADeletionIsContinued) {
  for (int steps = 0; steps <= 4; ++steps) {
    Settled settled;
    World& world = settled.world;
    world.delete_resource();
    world.read(settled.replica);
    for (int i = 0; i < steps; ++i) world.step(settled.replica);
    world.crash(settled.replica);
    world.claim(settled.replica, false);
    world.settle(settled.replica);
    EXPECT_FALSE(world.exists) << steps;
    EXPECT_FALSE(world.secret) << steps;
    EXPECT_FALSE(world.database.identity) << steps;
  }
}

TEST(Trace, AReElectedLeaderWithAnOldViewDoesNotUndoADeactivation) {
  Settled settled;
  World& world = settled.world;
  world.read(settled.replica);  // an old view, of generation 1
  const auto old_view = *settled.replica.view;
  world.crash(settled.replica);
  world.set_active(false);
  world.settle(settled.replica);
  ASSERT_FALSE(world.database.identity->active());
  plan::UserView stale = old_view;
  stale.own = world.database.identity;
  const plan::Plan plan = plan::decide_user(stale, world.context(), credentials::RandomBytes{});
  EXPECT_TRUE(plan.again);
  EXPECT_FALSE(plan.before);
}

// What must hold when everything has come to rest, whatever was done to it and to the store.
void expect_rest(World& world, const std::string& why) {
  if (!world.exists) {  // rule 10
    if (world.secret) {
      EXPECT_FALSE(world.written_by_neoid) << why << ": the Secret outlived its resource";
    }
    if (!world.database.identity) return;
    for (const auto& version : world.database.identity->versions)
      EXPECT_FALSE(version.accepted(world.now)) << why << ": a live credential without a resource";
    return;
  }
  if (is_somebody_elses(world)) {  // rule 9: put there by a hand, of another life of the resource
    const auto* ready = meta::find_condition(world.resource.status.conditions, "Ready");
    ASSERT_TRUE(ready != nullptr && ready->reason == "SecretConflict") << why;
    return;
  }
  expect_sound(world, why);
  if (testing::Test::HasFatalFailure()) return;
  EXPECT_EQ(world.clients.size(), 1U) << why << ": one resource, several client IDs";  // rule 1
  EXPECT_EQ(world.clients.count(world.database.identity->client_id), 1U) << why;
}

// Random schedules of everything above at once. Environment that the protocol's assumptions exclude stays out: a create
// lands within D or never; the status is written before an overlap ends and the store is restored ("what stays open").
// While the store has been restored and nobody has healed it, a Secret may hold what it lacks: that is judged at rest.
class RandomSchedules : public testing::TestWithParam<int> {};

TEST_P(RandomSchedules, KeepTheRules) {
  for (unsigned round = 0; round < 400; ++round) {
    const unsigned seed = static_cast<unsigned>(GetParam()) * 100003U + round;
    std::mt19937 random(seed);
    World world;
    std::array<Replica, 2> replicas;
    world.claim(replicas[0], true);
    bool restored = false;
    for (int action = 0; action < 60; ++action) {
      Replica& replica = replicas[random() % 2];
      switch (random() % 22) {
        case 0: world.claim(replica, false); break;
        case 1: world.crash(replica); break;
        case 2: world.advance(std::chrono::milliseconds(random() % 15000)); break;
        case 3: world.delete_secret_by_hand(); break;
        case 4: world.request_rotation(); break;
        case 5: world.delay_creates = random() % 2 == 0; break;
        case 6: world.land_pending_create(); break;
        case 7: world.drop_pending_create(); break;
        case 8: world.set_active(random() % 2 == 0); break;
        case 9:
          if (random() % 4 == 0) world.edit_secret_by_hand();
          break;
        case 10:
          if (random() % 4 == 0) world.keep_copy_of_secret();
          break;
        case 11:
          if (random() % 4 == 0) world.put_copy_of_secret_back();
          break;
        case 12:
          if (random() % 4 == 0) world.take_snapshot();
          break;
        case 13:
          if (random() % 4 == 0 && world.snapshot_ && !world.restore_would_revive()) {
            world.restore_snapshot();
            restored = true;
          }
          break;
        case 14:
          if (random() % 4 == 0) world.delete_resource();
          break;
        case 15: world.create_resource(); break;
        default:
          if (!replica.plan)
            world.read(replica);
          else
            world.step(replica);
      }
      ASSERT_LE(currents(world), 1) << "seed " << seed << " action " << action;
      // Rule 2, wherever no restore and no hand stands between the write and now.
      if (!restored && world.secret && world.written_by_neoid && !world.resource.deleted_at && world.exists &&
          !is_somebody_elses(world)) {
        ASSERT_TRUE(world.store_accepts(*world.secret_in_place()))
            << "seed " << seed << " action " << action << ": the Secret holds a dead credential";
      }
    }
    world.delay_creates = false;
    for (auto& replica : replicas) world.crash(replica);
    world.advance(3 * kDeadline);
    // Rule 13: the store is restored once more, and what the Secret holds by neoid's own hand works again as it is.
    if (random() % 2 == 0 && world.snapshot_ && !world.restore_would_revive()) world.restore_snapshot();
    const bool lasting = world.holds_a_lasting_value(20 * kDeadline);
    const auto held = world.secret_in_place();
    world.claim(replicas[0], false);
    world.advance(3 * kDeadline);
    world.settle(replicas[0]);
    const std::string why = "seed " + std::to_string(seed);
    expect_rest(world, why);
    if (lasting) {
      EXPECT_EQ(world.secret_in_place(), held) << why << ": reissued";
    }
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSchedules, testing::Range(0, 10));

}  // namespace
}  // namespace neoid::simulation
