// A user's life but for its credential: a table of sentences for each part of it.
#include <gtest/gtest.h>

#include <utility>

#include "reconcile/plan/secret_content.h"
#include "tests/reconcile/plan/scene_support.h"

namespace neoid::plan {
namespace {

using namespace std::chrono_literals;
using Cases = std::vector<SceneCase>;

const Uid kAnotherUid(std::string("00000000-0000-4000-8000-000000000099"));
const ClusterId kAnotherCluster(std::string("another cluster"));

void expect_each(const Scene& start, const Cases& cases) {
  for (const SceneCase& one : cases) {
    Scene scene = start;
    one.given(scene);
    EXPECT_EQ(scene.plan(), one.then) << one.when;
  }
}

TEST(UserPlan, AFreshResourceGetsAllAndASettledOneNothing) {
  EXPECT_EQ(Scene::fresh().plan(),
            "finalizer added; before: put, issue 1; Secret created; after: deliver 1; issues");
  EXPECT_EQ(Scene::settled().plan(), "nothing");
  EXPECT_FALSE(Scene::settled().decide().needs_live());
  EXPECT_EQ(Scene::settled(api::Kind::SystemIntegrationUser).plan(), "nothing");
}

TEST(UserPlan, EverythingThatActsNeedsALiveView) {
  Plan plan;
  EXPECT_FALSE(plan.needs_live());
  plan.come_back = 3s;
  plan.drift = {"active"};
  EXPECT_FALSE(plan.needs_live()) << "what is only told does not";
  for (int what = 0; what < 5; ++what) {
    Plan acts;
    if (what == 0) acts.finalizer = FinalizerAction::Remove;
    if (what == 1) acts.before = IdentityChange{};
    if (what == 2) acts.after = IdentityChange{};
    if (what == 3) acts.again = true;
    if (what == 4) acts.secret = DeleteSecret{};
    EXPECT_TRUE(acts.needs_live()) << what;
  }
}

TEST(UserPlan, Deletion) {
  Scene start = Scene::settled();
  start.view.resource.deleted_at = start.view.now;
  expect_each(
      start, {
                 {"policy Delete: revoked and removed, then the Secret, then the finalizer", [](Scene&) {},
                  "finalizer removed; before: delete; Secret deleted"},
                 {"policy Deactivate: the identity stays behind",
                  [](Scene& s) { s.spec().deletion_policy = api::DeletionPolicy::Deactivate; },
                  "finalizer removed; before: leave behind; Secret deleted"},
                 {"the finalizer is gone already (kubectl replace drops it)",
                  [](Scene& s) { s.view.resource.has_finalizer = false; }, "before: delete; Secret deleted"},
                 {"the row is gone already: success", [](Scene& s) { s.view.own.reset(); },
                  "finalizer removed; Secret deleted"},
                 {"the Secret is gone already: success", [](Scene& s) { s.view.secret.reset(); },
                  "finalizer removed; before: delete"},
                 {"the row belongs to a resource of another uid: keyed on the owner, never on the name",
                  [](Scene& s) { s.own().owner.uid = kAnotherUid; }, "finalizer removed; Secret deleted"},
                 {"the row was left behind", [](Scene& s) { s.own().standing = Standing::LeftBehind; },
                  "finalizer removed; Secret deleted"},
                 {"the Secret is somebody else's: another type", [](Scene& s) { s.secret().type = "Opaque"; },
                  "finalizer removed; before: delete"},
                 {"the Secret is somebody else's: another uid",
                  [](Scene& s) { s.secret().annotations["identity.neostella.com/resource-uid"] = "x"; },
                  "finalizer removed; before: delete"},
                 {"a referenced Secret was made by somebody else",
                  [](Scene& s) { s.spec().source = api::CredentialSource::Reference; },
                  "finalizer removed; before: delete"},
                 {"Paused does not hold it up", [](Scene& s) { s.view.resource.paused = true; },
                  "finalizer removed; before: delete; Secret deleted"},
                 {"Observe does not hold it up, and nothing is taken from what is observed",
                  [](Scene& s) {
                    s.spec().management_policy = api::ManagementPolicy::Observe;
                    s.view.own.reset();
                  },
                  "finalizer removed"},
                 {"Observe of what was enforced before lets go of it",
                  [](Scene& s) { s.spec().management_policy = api::ManagementPolicy::Observe; },
                  "finalizer removed; before: release"},
                 {"it never issues anything, not even with a rotation asked for",
                  [](Scene& s) {
                    s.view.resource.rotate = "now";
                    s.view.secret.reset();
                  },
                  "finalizer removed; before: delete"},
                 {"a namespace that is going away delays nothing",
                  [](Scene& s) { s.view.namespace_terminating = true; },
                  "finalizer removed; before: delete; Secret deleted"},
             });
}

TEST(UserPlan, DeletionOfASystemUser) {
  Scene start = Scene::settled(api::Kind::SystemIntegrationUser);
  start.view.resource.deleted_at = start.view.now;
  expect_each(start, {
                         {"not retired: admission was passed by, and the identity stays", [](Scene&) {},
                          "finalizer removed"},
                         {"retired", [](Scene& s) { s.view.resource.retire = true; },
                          "finalizer removed; before: delete; Secret deleted"},
                     });
}

TEST(UserPlan, WhileTheKindIsTerminatingNothingIsRevokedOrMade) {
  Scene start = Scene::settled();
  start.view.kind_terminating = true;
  expect_each(
      start,
      {
          {"alive", [](Scene&) {}, "finalizer removed; before: release"},
          {"being deleted: not by a person, so not by its policy",
           [](Scene& s) { s.view.resource.deleted_at = s.view.now; }, "finalizer removed; before: release"},
          {"released before", [](Scene& s) { s.own().standing = Standing::Released; }, "finalizer removed"},
          {"nothing was made for it yet",
           [](Scene& s) {
             s.view.own.reset();
             s.view.secret.reset();
             s.view.resource.has_finalizer = false;
           },
           "nothing"},
          {"paused", [](Scene& s) { s.view.resource.paused = true; }, "finalizer removed; before: release"},
      });
}

TEST(UserPlan, PausedAndObserveWriteNothing) {
  expect_each(Scene::settled(),
              {
                  {"paused, whatever is wrong",
                   [](Scene& s) {
                     s.view.resource.paused = true;
                     s.view.secret.reset();
                     s.own().config.active = false;
                     s.view.resource.has_finalizer = false;
                   },
                   "paused"},
                  {"paused goes before Observe",
                   [](Scene& s) {
                     s.view.resource.paused = true;
                     s.spec().management_policy = api::ManagementPolicy::Observe;
                   },
                   "paused"},
                  {"Observe of what is as declared",
                   [](Scene& s) { s.spec().management_policy = api::ManagementPolicy::Observe; }, "observes"},
                  {"Observe tells of drift and of who made it",
                   [](Scene& s) {
                     s.spec().management_policy = api::ManagementPolicy::Observe;
                     s.own().config.active = false;
                     s.own().untouched = false;
                     s.own().touched_by = "psql";
                   },
                   "drift active by psql; observes"},
                  {"Observe makes no user and no Secret",
                   [](Scene& s) {
                     s.spec().management_policy = api::ManagementPolicy::Observe;
                     s.view.own.reset();
                     s.view.secret.reset();
                   },
                   "identity UserNotFound; observes"},
                  {"Observe adds no finalizer",
                   [](Scene& s) {
                     s.spec().management_policy = api::ManagementPolicy::Observe;
                     s.view.resource.has_finalizer = false;
                   },
                   "observes"},
              });
}

TEST(UserPlan, AdoptTakesOnlyWhatWasReleasedToThisNamespace) {
  Scene start = Scene::fresh();
  start.view.resource.has_finalizer = true;
  const UserId user(std::string("11111111-1111-4111-8111-111111111111"));
  start.spec().adopt = user;
  StoredIdentity adoptable;
  adoptable.user_id = user;
  adoptable.client_id = ClientId(std::string("the old client"));
  adoptable.standing = Standing::Released;
  adoptable.owner.cluster = start.context.cluster;
  adoptable.owner.resource = {api::Kind::IntegrationUser, "apps", "before"};
  adoptable.released_to = "apps";
  start.view.adoptable = adoptable;
  const std::string taken = "before: adopt, issue 1; Secret created; after: deliver 1; issues";
  const char* const kTaken = taken.c_str();
  expect_each(start, {
                         {"released to this namespace", [](Scene&) {}, kTaken},
                         {"released to another", [](Scene& s) { s.view.adoptable->released_to = "other"; },
                          "identity NotReleased (stalled)"},
                         {"released to nobody", [](Scene& s) { s.view.adoptable->released_to.clear(); },
                          "identity NotReleased (stalled)"},
                         {"of outside, released to this namespace",
                          [](Scene& s) { s.view.adoptable->standing = Standing::Unowned; }, kTaken},
                         {"left behind by this namespace",
                          [](Scene& s) {
                            s.view.adoptable->standing = Standing::LeftBehind;
                            s.view.adoptable->released_to.clear();
                          },
                          kTaken},
                         {"left behind by another namespace",
                          [](Scene& s) {
                            s.view.adoptable->standing = Standing::LeftBehind;
                            s.view.adoptable->released_to.clear();
                            s.view.adoptable->owner.resource.ns = "other";
                          },
                          "identity NotReleased (stalled)"},
                         {"left behind by this namespace of another cluster",
                          [](Scene& s) {
                            s.view.adoptable->standing = Standing::LeftBehind;
                            s.view.adoptable->released_to.clear();
                            s.view.adoptable->owner.cluster = kAnotherCluster;
                          },
                          "identity NotReleased (stalled)"},
                         {"owned by another resource, though released once",
                          [](Scene& s) { s.view.adoptable->standing = Standing::Owned; },
                          "identity OwnedByAnother (stalled)"},
                         {"a system user", [](Scene& s) { s.view.adoptable->kind = UserKind::System; },
                          "identity OwnedByAnother (stalled)"},
                         {"not in the store", [](Scene& s) { s.view.adoptable.reset(); },
                          "identity UserNotFound (stalled)"},
                     });
  const Plan plan = start.decide();
  EXPECT_EQ(plan.before->user_id, user);
  EXPECT_EQ(std::get<PutIdentity>(plan.before->operations[0]).client_id, adoptable.client_id);

  Scene adopted = Scene::settled();
  adopted.spec().adopt = user;  // it stays in the spec for ever
  EXPECT_EQ(adopted.plan(), "nothing");
}

TEST(UserPlan, Holds) {
  const Hold hold{"leaked", Scene::settled().view.now - 1h};
  const auto at = [](Duration offset) { return format_time(Scene::settled().view.now + offset); };
  expect_each(
      Scene::settled(),
      {
          {"the annotation `deactivated` is there", [](Scene& s) { s.view.resource.deactivated = "leaked"; },
           "before: hold"},
          {"it is held already",
           [&](Scene& s) {
             s.view.resource.deactivated = "leaked";
             s.own().hold = hold;
           },
           "nothing"},
          {"the annotation was dropped: the hold stays", [&](Scene& s) { s.own().hold = hold; }, "nothing"},
          {"`reactivate` is earlier than the hold",
           [&](Scene& s) {
             s.own().hold = hold;
             s.view.resource.reactivate = at(-2h);
           },
           "nothing"},
          {"`reactivate` is of the same moment",
           [&](Scene& s) {
             s.own().hold = hold;
             s.view.resource.reactivate = at(-1h);
           },
           "nothing"},
          {"`reactivate` is no time",
           [&](Scene& s) {
             s.own().hold = hold;
             s.view.resource.reactivate = "please";
           },
           "nothing"},
          {"`reactivate` is later",
           [&](Scene& s) {
             s.own().hold = hold;
             s.view.resource.reactivate = at(-30min);
           },
           "before: lift the hold"},
          {"both annotations: it stays held",
           [&](Scene& s) {
             s.own().hold = hold;
             s.view.resource.deactivated = "leaked";
             s.view.resource.reactivate = at(-30min);
           },
           "nothing"},
          {"`reactivate` without a hold", [&](Scene& s) { s.view.resource.reactivate = at(0h); }, "nothing"},
      });
  Scene system = Scene::settled(api::Kind::SystemIntegrationUser);
  system.view.resource.deactivated = "leaked";
  EXPECT_EQ(system.plan(), "nothing") << "a system user is always active";
}

TEST(UserPlan, ConfigurationAndDrift) {
  expect_each(
      Scene::settled(),
      {
          {"the resource changed: no drift",
           [](Scene& s) {
             s.spec().display_name = "New";
             s.view.resource.generation = 2;
           },
           "before: put"},
          {"the generation alone grew", [](Scene& s) { s.view.resource.generation = 2; }, "before: put"},
          {"tags in another order, or twice, are the same",
           [](Scene& s) {
             s.spec().tags = {"archive", "nightly", "archive"};
           },
           "nothing"},
          {"every field was changed behind the resource",
           [](Scene& s) {
             s.own().untouched = false;
             s.own().touched_by = "psql";
             s.own().config = {"x", "y", false, {"finance"}, {"t"}, ""};
           },
           "before: put; drift active,description,displayName,scopes,tags by psql"},
          {"somebody forged the digest too", [](Scene& s) { s.own().config.active = false; },
           "before: put; drift active"},
          {"the row was touched, but no field of the configuration",
           [](Scene& s) { s.own().untouched = false; }, "before: put; drift ownership"},
          {"the catalogue moved on: the scopes follow, which is no drift",
           [](Scene& s) { s.view.scopes.granted = {"contacts"}; }, "before: put; Secret updated; again"},
          {"the resource changed and the row was touched",
           [](Scene& s) {
             s.view.resource.generation = 2;
             s.own().untouched = false;
             s.own().config.active = false;
           },
           "before: put; drift active"},
          {"the store has seen a newer resource of this uid: this view is stale",
           [](Scene& s) { s.own().owner.generation = 2; }, "again"},
          {"re-created past its finalizer: generation 1 again, the name is resumed, what the one before had "
           "ends",
           [](Scene& s) {
             s.own().owner = {s.context.cluster, s.view.resource.key, kAnotherUid, 7};
             s.view.secret.reset();
             s.view.resource.status = {};
           },
           "before: revoke all, put, issue 2; Secret created; after: deliver 2; issues"},
          {"the status names another user: a restored store brought back what was deleted",
           [](Scene& s) {
             s.own().owner.uid = kAnotherUid;
             s.own().user_id = UserId(std::string("44444444-4444-4444-8444-444444444444"));
           },
           "before: delete; again"},
          {"the same, found by the seal alone",
           [](Scene& s) {
             s.own().owner.uid = kAnotherUid;
             s.own().user_id = UserId(std::string("44444444-4444-4444-8444-444444444444"));
             s.view.resource.status = {};
           },
           "before: delete; again"},
          {"left behind by one of the same name: resumed",
           [](Scene& s) {
             s.own().standing = Standing::LeftBehind;
             s.own().owner.uid = kAnotherUid;
             s.own().versions.clear();
             s.view.secret.reset();
             s.listed() = {};
           },
           "before: adopt, issue 1; Secret created; after: deliver 1; issues"},
          {"released when its CRD went away: taken up again",
           [](Scene& s) { s.own().standing = Standing::Released; }, "before: adopt"},
          {"the finalizer is missing", [](Scene& s) { s.view.resource.has_finalizer = false; },
           "finalizer added"},
      });
}

TEST(UserPlan, ASystemUserThatWasRemadeKeepsEverything) {
  Scene scene = Scene::settled(api::Kind::SystemIntegrationUser);
  const Uid before = scene.view.resource.uid;
  scene.view.resource.uid = kAnotherUid;
  scene.view.resource.has_finalizer = false;
  EXPECT_EQ(scene.plan(), "finalizer added; before: put over " + before.value + "; Secret updated; again");
  // The row is over; the seal of the predecessor is still in the Secret.
  scene.own().predecessor = before;
  scene.own().owner.uid = kAnotherUid;
  EXPECT_EQ(scene.plan(), "finalizer added; Secret updated; again");
  const Plan plan = scene.decide();
  EXPECT_EQ(std::get<UpdateSecret>(plan.secret).content.data.at("client_secret"), scene.value());
  // Nobody else inherits by name: the Secret of a custom user's predecessor is foreign.
  Scene custom = Scene::settled();
  custom.view.resource.uid = kAnotherUid;
  EXPECT_EQ(custom.plan(), "before: revoke all, put; credential SecretConflict (stalled)");
}

TEST(UserPlan, ASystemUsersSpecIsStoredAndItsSecretHasNoOwner) {
  const Plan plan = Scene::fresh(api::Kind::SystemIntegrationUser).decide();
  const auto& put = std::get<PutIdentity>(plan.before->operations[0]);
  EXPECT_EQ(put.kind, UserKind::System);
  EXPECT_EQ(put.config.spec, R"({"displayName":"Billing"})");
  EXPECT_FALSE(std::get<CreateSecret>(plan.secret).owner_reference);
  const Plan custom = Scene::fresh().decide();
  EXPECT_EQ(std::get<PutIdentity>(custom.before->operations[0]).config.spec, "");
  EXPECT_TRUE(std::get<CreateSecret>(custom.secret).owner_reference);
}

TEST(UserPlan, IdsAreThoseOfTheStoreThenTheStatusThenTheSealThenDerived) {
  const UserId user(std::string("22222222-2222-4222-8222-222222222222"));
  const ClientId client(std::string("the client of the status"));
  const auto client_of = [](const Scene& scene) {
    return std::get<PutIdentity>(scene.decide().before->operations.at(0)).client_id;
  };
  Scene fresh = Scene::fresh();
  EXPECT_EQ(fresh.decide().before->user_id,
            credentials::derive_user_id(fresh.context.cluster, fresh.view.resource.uid));
  EXPECT_EQ(client_of(fresh), credentials::derive_client_id(fresh.context.cluster, fresh.view.resource.uid));

  Scene listed = fresh;
  listed.view.resource.status.user_id = user;
  EXPECT_NE(listed.decide().before->user_id, user) << "half a status names nobody";
  listed.view.resource.status.client_id = client;
  EXPECT_EQ(listed.decide().before->user_id, user);
  EXPECT_EQ(client_of(listed), client);

  // The store and the status were lost; the seal in the Secret remembers another client than the derived one.
  Scene sealed = Scene::settled();
  const ClientId old(std::string("the client of the seal"));
  const DeliveredValue value{
      {1, user, old, sealed.view.now, "", sealed.view.resource.uid}, sealed.value(), std::nullopt};
  sealed.secret().annotations = secret_content(sealed.view, sealed.context, value).annotations;
  sealed.view.own.reset();
  sealed.view.resource.status = {};
  EXPECT_EQ(sealed.plan(), "before: put, heal 1; again");
  EXPECT_EQ(sealed.decide().before->user_id, user);
  EXPECT_EQ(client_of(sealed), old);
}

TEST(UserPlan, TheAuditTrailIsToldWhoAndWhy) {
  const struct {
    const char* cause;
    const char* actor;
    std::function<void(Scene&)> given;
  } cases[] = {
      {"created", "alice", [](Scene& s) { s = Scene::fresh(); }},
      {"created", "unknown",
       [](Scene& s) {
         s = Scene::fresh();
         s.view.resource.requested_by.clear();
       }},
      {"the resource changed", "alice", [](Scene& s) { s.view.resource.generation = 2; }},
      {"drift", "neoid", [](Scene& s) { s.own().config.active = false; }},
      {"resumed", "alice", [](Scene& s) { s.own().standing = Standing::Released; }},
      {"reconciled", "alice", [](Scene& s) { s.view.resource.deactivated = "leaked"; }},
      {"the resource was deleted", "alice", [](Scene& s) { s.view.resource.deleted_at = s.view.now; }},
      {"the resource's kind or management went away", "alice",
       [](Scene& s) { s.view.kind_terminating = true; }},
      {"the resource was made anew", "alice",
       [](Scene& s) {
         s = Scene::settled(api::Kind::SystemIntegrationUser);
         s.view.resource.uid = kAnotherUid;
       }},
      {"the store had lost the version that the Secret holds", "alice",
       [](Scene& s) { s.own().versions.clear(); }},
  };
  for (const auto& one : cases) {
    Scene scene = Scene::settled();
    one.given(scene);
    const Plan plan = scene.decide();
    ASSERT_TRUE(plan.before) << one.cause;
    EXPECT_EQ(plan.before->cause, one.cause);
    EXPECT_EQ(plan.before->actor, one.actor) << one.cause;
    EXPECT_EQ(plan.before->owner.uid, scene.view.resource.uid) << one.cause;
    EXPECT_EQ(plan.before->owner.generation, scene.view.resource.generation) << one.cause;
  }
}

TEST(UserPlan, SaysHowToMendWhatOnlyAPersonCan) {
  Scene scene = Scene::fresh();
  scene.spec().adopt = UserId(std::string("11111111-1111-4111-8111-111111111111"));
  scene.view.adoptable = StoredIdentity{};
  scene.view.adoptable->standing = Standing::Released;
  const auto told = [&] { return scene.decide().identity_problem.value_or(Finding{}).message; };
  EXPECT_NE(told().find("neoid release 11111111-1111-4111-8111-111111111111 --to apps"), std::string::npos)
      << told();
  scene = Scene::fresh();
  scene.view.secret = SecretView{};
  const Plan plan = scene.decide();
  EXPECT_EQ(in_words(plan), "finalizer added; credential SecretConflict (stalled)")
      << "nothing is made for a resource whose Secret is somebody else's";
  EXPECT_NE(plan.credentials_problem->message.find("Secret apps/billing-oauth exists"), std::string::npos);
}

}  // namespace
}  // namespace neoid::plan
