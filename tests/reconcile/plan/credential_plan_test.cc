// Step 1 of docs/credential-protocol.md: a table of sentences for everything that a Secret can be found to hold.
#include <gtest/gtest.h>

#include <utility>

#include "reconcile/plan/secret_content.h"
#include "tests/reconcile/plan/scene_support.h"

namespace neoid::plan {
namespace {

using namespace std::chrono_literals;
using Cases = std::vector<SceneCase>;

void expect_each(const Scene& start, const Cases& cases) {
  for (const SceneCase& one : cases) {
    Scene scene = start;
    one.given(scene);
    EXPECT_EQ(scene.plan(), one.then) << one.when;
  }
}

// A version whose create may be under way, `age` old.
void add_pending(Scene& scene, Duration age) {
  scene.add_version(5, VersionState::Issued);
  scene.own().versions.back().for_absent_secret = true;
  scene.own().versions.back().issued_at = scene.view.now - age;
}

TEST(CredentialPlan, TheSecretIsAbsent) {
  Scene start = Scene::settled();
  start.view.secret.reset();
  expect_each(
      start,
      {
          {"deleted by hand: made again at once under the same client", [](Scene&) {},
           "before: issue 2; Secret created; after: deliver 2; issues; the Secret was missing"},
          {"a create of before may still land", [](Scene& s) { add_pending(s, 3s); },
           "back in 18000 ms; credential WaitingForCreate"},
          {"D was twice over, but not the margin of the clock", [](Scene& s) { add_pending(s, 20s); },
           "back in 1000 ms; credential WaitingForCreate"},
          {"it can no longer land", [](Scene& s) { add_pending(s, 21s); },
           "before: issue 6; Secret created; after: deliver 6; issues; the Secret was missing"},
          {"it was for an update: that one lands or not by its precondition",
           [](Scene& s) {
             add_pending(s, 3s);
             s.own().versions.back().for_absent_secret = false;
           },
           "before: issue 6; Secret created; after: deliver 6; issues; the Secret was missing"},
          {"it was superseded before",
           [](Scene& s) {
             add_pending(s, 3s);
             s.own().versions.back().valid_until = s.view.now + 1h;
           },
           "before: issue 6; Secret created; after: deliver 6; back in 3600000 ms; issues; the Secret was "
           "missing"},
          {"it was revoked before",
           [](Scene& s) {
             add_pending(s, 3s);
             s.own().versions.back().state = VersionState::Revoked;
           },
           "before: issue 6; Secret created; after: deliver 6; issues; the Secret was missing"},
          {"the namespace is going away", [](Scene& s) { s.view.namespace_terminating = true; },
           "credential NamespaceTerminating"},
          {"this replica took over without a clean hand-over",
           [](Scene& s) { s.context.may_create_secrets = false; },
           "back in 21000 ms; credential WaitingForCreate"},
      });
}

TEST(CredentialPlan, TheSecretIsSomebodyElses) {
  expect_each(
      Scene::settled(),
      {
          {"another type", [](Scene& s) { s.secret().type = "Opaque"; },
           "credential SecretConflict (stalled)"},
          {"another resource's uid",
           [](Scene& s) { s.secret().annotations["identity.neostella.com/resource-uid"] = "another"; },
           "credential SecretConflict (stalled)"},
          {"no uid at all",
           [](Scene& s) { s.secret().annotations.erase("identity.neostella.com/resource-uid"); },
           "credential SecretConflict (stalled)"},
          {"it stops credentials, not configuration: a deactivation is carried out",
           [](Scene& s) {
             s.secret().type = "Opaque";
             s.spec().active = false;
             s.view.resource.generation = 2;
           },
           "before: put; credential SecretConflict (stalled)"},
          {"and no rotation either",
           [](Scene& s) {
             s.secret().type = "Opaque";
             s.view.resource.rotate = "now";
           },
           "credential SecretConflict (stalled)"},
      });
}

TEST(CredentialPlan, TheSecretHoldsTheCurrentVersion) {
  expect_each(
      Scene::settled(),
      {
          {"the seal is void", [](Scene& s) { s.secret().annotations["identity.neostella.com/seal"] = "00"; },
           "Secret updated; again"},
          {"the seal is missing",
           [](Scene& s) { s.secret().annotations.erase("identity.neostella.com/seal"); },
           "Secret updated; again"},
          {"a label was taken off", [](Scene& s) { s.secret().labels.clear(); }, "Secret updated; again"},
          {"labels and annotations of others stay",
           [](Scene& s) {
             s.secret().labels["team"] = "x";
             s.secret().annotations["other"] = "y";
           },
           "nothing"},
          {"data of others stays", [](Scene& s) { s.secret().data["note"] = SecretValue::of("x"); },
           "nothing"},
          {"the scopes key was edited", [](Scene& s) { s.secret().data["scopes"] = SecretValue::of("all"); },
           "Secret updated; again"},
          {"the client ID was taken away", [](Scene& s) { s.secret().data.erase("client_id"); },
           "Secret updated; again"},
          {"the issuer has another name now", [](Scene& s) { s.context.issuer = "https://new.example"; },
           "Secret updated; again"},
          {"there is no issuer any more", [](Scene& s) { s.context.issuer.clear(); },
           "Secret updated without issuer; again"},
          {"the key of the client secret is called otherwise: the value stays",
           [](Scene& s) { s.spec().keys.client_secret = "password"; },
           "Secret updated without client_secret; again"},
          {"a replica without the right to create still updates",
           [](Scene& s) {
             s.context.may_create_secrets = false;
             s.secret().labels.clear();
           },
           "Secret updated; again"},
          {"a namespace that is going away can be updated",
           [](Scene& s) {
             s.view.namespace_terminating = true;
             s.view.resource.rotate = "now";
           },
           "before: issue 2; Secret updated; after: deliver 2; issues; rotates"},
      });
  Scene renamed = Scene::settled();
  renamed.spec().keys.client_secret = "password";
  const Plan plan = renamed.decide();
  EXPECT_EQ(std::get<UpdateSecret>(plan.secret).content.data.at("password"), renamed.value());
  EXPECT_EQ(std::get<UpdateSecret>(plan.secret).resource_version, renamed.secret().resource_version);
}

TEST(CredentialPlan, ARotationIsDue) {
  const std::string rotates = "before: issue 2; Secret updated; after: deliver 2; issues; rotates";
  const char* const kRotates = rotates.c_str();
  expect_each(Scene::settled(),
              {
                  {"by the annotation", [](Scene& s) { s.view.resource.rotate = "now"; }, kRotates},
                  {"the annotation is answered",
                   [](Scene& s) {
                     s.view.resource.rotate = "now";
                     s.own().versions[0].rotation_request = "now";
                   },
                   "Secret updated; again"},
                  {"the annotation was taken away: nobody asks for anything",
                   [](Scene& s) {
                     s.own().versions[0].rotation_request = "now";
                     const DeliveredValue value{{1, s.own().user_id, s.own().client_id,
                                                 s.own().versions[0].issued_at, "now", s.view.resource.uid},
                                                s.value(),
                                                std::nullopt};
                     s.secret().annotations = secret_content(s.view, s.context, value).annotations;
                   },
                   "nothing"},
                  {"the interval has not passed: back in time",
                   [](Scene& s) {
                     s.spec().rotation.interval = 1h;
                     s.view.now += 1h - 1ms;
                   },
                   "back in 1 ms"},
                  {"the interval has passed",
                   [](Scene& s) {
                     s.spec().rotation.interval = 1h;
                     s.view.now += 1h;
                   },
                   kRotates},
                  {"an interval that was shortened is over at once",
                   [](Scene& s) {
                     s.view.now += 24h;
                     s.spec().rotation.interval = 2h;
                   },
                   kRotates},
                  {"while a lost create may land, it waits",
                   [](Scene& s) {
                     s.view.resource.rotate = "now";
                     add_pending(s, 1s);
                   },
                   "back in 20000 ms; credential WaitingForCreate"},
              });
  Scene scene = Scene::settled();
  scene.view.resource.rotate = "now";
  EXPECT_EQ(std::get<IssueVersion>(scene.decide().before->operations[0]).rotation_request, "now");
  scene.spec().keys.previous_client_secret = "previous";
  EXPECT_EQ(std::get<UpdateSecret>(scene.decide().secret).content.data.at("previous"), scene.value());
}

TEST(CredentialPlan, AnOverlapIsUnderWay) {
  Scene start = Scene::settled();
  start.spec().keys.previous_client_secret = "previous";
  start.rotate(10min);
  expect_each(start, {
                         {"back when it ends", [](Scene&) {}, "back in 600000 ms"},
                         {"it has ended: the previous key goes", [](Scene& s) { s.view.now += 10min; },
                          "Secret updated without previous; again"},
                         {"the previous value was edited by hand: it goes",
                          [](Scene& s) { s.secret().data["previous"] = SecretValue::of("x"); },
                          "Secret updated without previous; again; back in 600000 ms"},
                         {"its version was revoked",
                          [](Scene& s) { s.own().versions[0].state = VersionState::Revoked; },
                          "Secret updated without previous; again"},
                         {"nobody wants the previous key any more",
                          [](Scene& s) { s.spec().keys.previous_client_secret.clear(); },
                          "Secret updated without previous; again; back in 600000 ms"},
                     });
}

TEST(CredentialPlan, AVersionWaitsForItsMark) {
  Scene start = Scene::settled();
  start.own().versions[0].state = VersionState::Issued;
  start.listed() = {};
  expect_each(
      start, {
                 {"the writer died between Secret and mark", [](Scene&) {}, "before: deliver 1; again"},
                 {"it has a grace that is not over",
                  [](Scene& s) { s.own().versions[0].valid_until = s.view.now + 1min; },
                  "before: deliver 1; again; back in 60000 ms"},
                 {"its grace is over: drift", [](Scene& s) { s.own().versions[0].valid_until = s.view.now; },
                  "before: issue 2; Secret updated; after: deliver 2; issues"},
                 {"another create may still land", [](Scene& s) { add_pending(s, 1s); },
                  "back in 20000 ms; credential WaitingForCreate"},
                 {"its own create is not waited for",
                  [](Scene& s) { s.own().versions[0].for_absent_secret = true; }, "before: deliver 1; again"},
             });
}

TEST(CredentialPlan, TheValueIsDrift) {
  const std::string reissued =
      "before: issue 2; Secret updated; after: deliver 2; drift secret.client_secret; issues";
  const char* const kReissued = reissued.c_str();
  expect_each(
      Scene::settled(),
      {
          {"edited by hand", [](Scene& s) { s.value() = SecretValue::of("mine"); }, kReissued},
          {"emptied by hand", [](Scene& s) { s.value() = SecretValue::of(""); }, kReissued},
          {"taken away by hand", [](Scene& s) { s.secret().data.erase("client_secret"); }, kReissued},
          {"its version was revoked", [](Scene& s) { s.own().versions[0].state = VersionState::Revoked; },
           kReissued},
          {"its version has an end", [](Scene& s) { s.own().versions[0].valid_until = s.view.now + 1h; },
           "before: issue 2; Secret updated; after: deliver 2; back in 3600000 ms; drift "
           "secret.client_secret; issues"},
      });
}

TEST(CredentialPlan, AVersionIsOld) {
  expect_each(Scene::settled(),
              {
                  {"its number is below the status's", [](Scene& s) { s.listed().version = 3; },
                   "before: issue 4; Secret updated; after: deliver 4; drift secret.client_secret; issues"},
                  {"it is not above another delivered one of the store",
                   [](Scene& s) { s.add_version(2, VersionState::Delivered); },
                   "before: issue 3; Secret updated; after: deliver 3; drift secret.client_secret; issues"},
                  {"an issued one above it does not make it old: that one reached nobody yet",
                   [](Scene& s) { s.add_version(2, VersionState::Issued); }, "nothing"},
                  {"a revoked one above it does not either",
                   [](Scene& s) { s.add_version(2, VersionState::Revoked); }, "nothing"},
                  {"its number is the status's, while its fingerprint is not listed there",
                   [](Scene& s) {
                     s.listed().versions[0].fingerprint = Fingerprint(std::string("0000000000000000"));
                   },
                   "before: issue 2; Secret updated; after: deliver 2; drift secret.client_secret; issues"},
                  {"above the status's: its status was not written yet", [](Scene& s) { s.listed() = {}; },
                   "nothing"},
              });
}

TEST(CredentialPlan, TheStoreWasRestored) {
  Scene start = Scene::settled();
  start.own().versions.clear();
  expect_each(
      start,
      {
          {"the seal knows what the store forgot", [](Scene&) {}, "before: heal 1; again"},
          {"the user row was lost too", [](Scene& s) { s.view.own.reset(); }, "before: put, heal 1; again"},
          {"the seal was broken: nobody's value becomes the credential",
           [](Scene& s) { s.secret().annotations["identity.neostella.com/seal"] = "00"; },
           "before: issue 2; Secret updated; after: deliver 2; drift secret.client_secret; issues"},
          {"the value is not the sealed one", [](Scene& s) { s.value() = SecretValue::of("mine"); },
           "before: issue 2; Secret updated; after: deliver 2; drift secret.client_secret; issues"},
          {"the sealed place is another", [](Scene& s) { s.view.resource.key.name = "other"; },
           "before: issue 2; Secret updated; after: deliver 2; drift secret.client_secret; issues"},
          {"the seal is of another user",
           [](Scene& s) { s.own().user_id = UserId(std::string("33333333-3333-4333-8333-333333333333")); },
           "before: issue 2; Secret updated; after: deliver 2; drift secret.client_secret; issues"},
          {"the sealed version is old by the status", [](Scene& s) { s.listed().version = 9; },
           "before: issue 10; Secret updated; after: deliver 10; drift secret.client_secret; issues"},
          {"the sealed version is old by the store",
           [](Scene& s) { s.add_version(4, VersionState::Delivered); },
           "before: issue 5; Secret updated; after: deliver 5; drift secret.client_secret; issues"},
          {"a create of before the restore may land", [](Scene& s) { add_pending(s, 1s); },
           "back in 20000 ms; credential WaitingForCreate"},
      });
}

TEST(CredentialPlan, HealingBringsTheSealsWordsAndThePreviousKeyBack) {
  Scene scene = Scene::settled();
  scene.spec().keys.previous_client_secret = "previous";
  scene.rotate(10min);
  scene.own().versions.clear();
  EXPECT_EQ(scene.plan(), "before: heal 2 and 1; again");
  const auto heal = std::get<HealVersion>(scene.decide().before->operations[0]);
  EXPECT_EQ(heal.hash, scene.value().hash);
  EXPECT_EQ(heal.issued_at, scene.view.now);
  EXPECT_EQ(heal.previous->hash, scene.secret().data.at("previous").hash);
  EXPECT_EQ(heal.previous->valid_until, scene.view.now + 10min);
  EXPECT_EQ(heal.wait, 21s);
  EXPECT_EQ(heal.others.status_number, 2);
  EXPECT_EQ(heal.others.listed.size(), 2U);

  Scene over = scene;
  over.view.now += 10min;
  EXPECT_EQ(over.plan(), "before: heal 2; again") << "a previous version that has ended does not come back";
  Scene unlisted = scene;
  unlisted.listed().versions.erase(unlisted.listed().versions.begin());
  EXPECT_EQ(unlisted.plan(), "before: heal 2; again") << "nobody says when it ends";
}

TEST(CredentialPlan, AReferencedSecret) {
  const std::string strong(32, 's');
  const std::string ours(Scene::settled().value().text.reveal());
  const std::string mistyped = ours.substr(0, ours.size() - 1) + (ours.back() == '0' ? '1' : '0');
  const std::string waits = "credential WaitingForSecret";
  const std::string weak = "credential SecretTooWeak (stalled)";
  const struct {
    const char* when;
    std::string value;
    std::function<void(Scene&)> given;
    std::string then;
  } cases[] = {
      {"it is not there yet", "", [](Scene&) {}, waits},
      {"its key is not there yet", strong, [](Scene& s) { s.spec().keys.client_secret = "other"; }, waits},
      {"its value is empty", strong, [](Scene& s) { s.value() = SecretValue::of(""); }, waits},
      {"strong and new: registered", strong, [](Scene&) {}, "before: heal 1; again; issues"},
      {"31 characters", strong.substr(1), [](Scene&) {}, weak},
      {"one of ours", ours, [](Scene&) {}, "before: heal 1; again; issues"},
      {"one of ours, mistyped", mistyped, [](Scene&) {}, weak},
      {"a cached view has the hash alone", strong, [](Scene& s) { s.value().text = {}; }, "again"},
      {"it is the current one", strong, [&](Scene& s) { s.add_version(1, VersionState::Delivered, strong); },
       "nothing"},
      {"it changed: the one before gets its overlap", strong,
       [](Scene& s) { s.add_version(3, VersionState::Delivered); }, "before: heal 4; again; issues; rotates"},
      {"it was in use before and has ended", strong,
       [&](Scene& s) { s.add_version(1, VersionState::Revoked, strong); },
       "credential SecretHasEnded (stalled)"},
      {"one of our Secrets is in the place", strong,
       [](Scene& s) { s.secret().type = std::string(kSecretType); }, "credential SecretConflict (stalled)"},
  };
  for (const auto& one : cases) {
    Scene scene = Scene::referenced(one.value);
    one.given(scene);
    EXPECT_EQ(scene.plan(), one.then) << one.when;
  }
}

TEST(CredentialPlan, AReferencedSecretsClientIdIsTaken) {
  Scene scene = Scene::referenced(std::string(32, 's'));
  scene.secret().data["client_id"] = SecretValue::of("theirs");
  scene.view.own.reset();
  scene.view.resource.status = {};
  const Plan plan = scene.decide();
  EXPECT_EQ(std::get<PutIdentity>(plan.before->operations.at(0)).client_id.value, "theirs");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(plan.secret)) << "it is never written";
}

TEST(CredentialPlan, ANumberIsAboveEverythingThatIsKnown) {
  const auto number_of = [](const Scene& scene) {
    return std::get<IssueVersion>(scene.decide().before->operations.back()).number;
  };
  Scene scene = Scene::settled();
  scene.view.resource.rotate = "now";
  EXPECT_EQ(number_of(scene), 2);
  scene.listed().versions.push_back({7, {}, {}, std::nullopt});
  EXPECT_EQ(number_of(scene), 8) << "above what the status lists";
  scene.add_version(11, VersionState::Revoked);
  EXPECT_EQ(number_of(scene), 12) << "above what the store has, the revoked ones included";
  scene.context.epoch = 3;
  EXPECT_EQ(number_of(scene), (VersionNumber{3} << 20) + 1) << "above what earlier terms could have given";
  scene.view.own->versions.clear();
  scene.listed() = {};
  scene.listed().version = (VersionNumber{4} << 20);
  EXPECT_EQ(number_of(scene), (VersionNumber{4} << 20) + 1)
      << "above the status's, and the sealed one is old";
}

TEST(CredentialPlan, WhatOthersGetGoesByTheStatus) {
  Scene scene = Scene::settled();
  scene.view.resource.rotate = "now";
  scene.spec().rotation = {10h, 3h};
  scene.listed().versions.push_back({7, {}, {}, scene.view.now + 1h});
  const auto deliver = std::get<DeliverVersion>(scene.decide().after->operations.at(0));
  EXPECT_EQ(deliver.others.overlap, 3h);
  EXPECT_EQ(deliver.others.status_number, 1);
  EXPECT_EQ(deliver.others.listed, (std::vector<ListedVersion>{{1, std::nullopt}, {7, scene.view.now + 1h}}));
  EXPECT_EQ(deliver.as_of, scene.view.now);
  EXPECT_EQ(deliver.wait, 21s);
  scene.spec().rotation = {10h, std::nullopt};
  EXPECT_EQ(std::get<DeliverVersion>(scene.decide().after->operations.at(0)).others.overlap, 5h)
      << "half of an interval that is short";
  scene.spec().rotation = {};
  EXPECT_EQ(std::get<DeliverVersion>(scene.decide().after->operations.at(0)).others.overlap, 24h);
}

}  // namespace
}  // namespace neoid::plan
