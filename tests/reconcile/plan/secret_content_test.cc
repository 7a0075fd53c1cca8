// What the Secret holds, and digests of what the store holds.
#include "reconcile/plan/secret_content.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/reconcile/plan/scene_support.h"

namespace neoid::plan {
namespace {

using Names = std::vector<std::string>;

SecretContent content_of(const Scene& scene, const std::optional<SecretValue>& previous = std::nullopt) {
  return secret_content(
      scene.view, scene.context,
      {{1, scene.view.own->user_id, scene.view.own->client_id, scene.view.now, "", scene.view.resource.uid},
       scene.view.secret->data.at("client_secret"),
       previous});
}

Names names_of(const SecretContent& content) {
  Names names;
  for (const auto& [name, value] : content.data) names.push_back(name);
  return names;
}

TEST(SecretContent, HasAKeyForEverythingThatIsKnown) {
  Scene scene = Scene::settled();
  EXPECT_EQ(names_of(content_of(scene)), (Names{"client_id", "client_secret", "issuer", "scopes"}));
  scene.context.token_url = "https://token.example";
  EXPECT_EQ(names_of(content_of(scene)),
            (Names{"client_id", "client_secret", "issuer", "scopes", "token_url"}));
  const SecretContent content = content_of(scene);
  EXPECT_EQ(content.data.at("scopes"), SecretValue::of("contacts documents"));
  EXPECT_EQ(content.data.at("client_id"), SecretValue::of(scene.own().client_id.value));
  EXPECT_EQ(content.labels.at("app.kubernetes.io/managed-by"), "neoid");
  EXPECT_EQ(content.labels.at("identity.neostella.com/resource"), "billing");
}

TEST(SecretContent, ThePreviousSecretIsIncludedOnlyWhereItHasAKey) {
  Scene scene = Scene::settled();
  const auto previous = SecretValue::of("before");
  EXPECT_EQ(names_of(content_of(scene, previous)).size(), 4U);
  scene.spec().keys.previous_client_secret = "previous";
  EXPECT_EQ(content_of(scene, previous).data.at("previous"), previous);
  EXPECT_EQ(content_of(scene).data.count("previous"), 0U);
}

TEST(SecretContent, KeysAreCalledAsTheSpecSays) {
  Scene scene = Scene::settled();
  scene.spec().keys = {"id", "secret", "url", "iss", "scp", ""};
  scene.context.token_url = "u";
  const SecretContent content = content_of(scene);
  EXPECT_EQ(names_of(content), (Names{"id", "iss", "scp", "secret", "url"}));
  EXPECT_EQ(stale_keys(scene.secret(), content), (Names{"client_id", "client_secret", "issuer", "scopes"}));
  EXPECT_EQ(drifted_keys(scene.secret(), content),
            (Names{"secret.id", "secret.iss", "secret.scp", "secret.secret", "secret.url"}));
}

TEST(SecretContent, OnlyKeysThatWeWroteAreEverStale) {
  Scene scene = Scene::settled();
  const SecretContent wanted = content_of(scene);
  scene.secret().data["somebody"] = SecretValue::of("x");
  EXPECT_TRUE(stale_keys(scene.secret(), wanted).empty());
  scene.secret().annotations["identity.neostella.com/keys"] = "client_id,gone,,somebody";
  EXPECT_EQ(stale_keys(scene.secret(), wanted), Names{"somebody"});
  scene.secret().annotations.erase("identity.neostella.com/keys");
  EXPECT_TRUE(stale_keys(scene.secret(), wanted).empty());
}

TEST(SecretContent, IsDeliveredWhenNothingIsMissing) {
  Scene scene = Scene::settled();
  const SecretContent wanted = content_of(scene);
  EXPECT_TRUE(is_delivered(scene.secret(), wanted));
  SecretView edited = scene.secret();
  edited.data["scopes"] = SecretValue::of("all");
  EXPECT_FALSE(is_delivered(edited, wanted));
  EXPECT_EQ(drifted_keys(edited, wanted), Names{"secret.scopes"});
  edited = scene.secret();
  edited.labels.erase("identity.neostella.com/resource");
  EXPECT_FALSE(is_delivered(edited, wanted));
  edited = scene.secret();
  edited.annotations["identity.neostella.com/version"] = "2";
  EXPECT_FALSE(is_delivered(edited, wanted));
}

TEST(SecretContent, ACachedValueIsTheSameAsTheOneItIsOf) {
  SecretValue cached = SecretValue::of("value");
  cached.text = {};
  EXPECT_EQ(cached, SecretValue::of("value"));
  EXPECT_FALSE(cached == SecretValue::of("other"));
}

TEST(Identity, AVersionIsAcceptedUntilItsEndAndCurrentWithoutOne) {
  const Instant now(std::chrono::hours(1000));
  const struct {
    VersionState state;
    std::optional<Instant> end;
    bool accepted, current;
  } cases[] = {
      {VersionState::Issued, std::nullopt, true, false},
      {VersionState::Issued, now + std::chrono::seconds(1), true, false},
      {VersionState::Delivered, std::nullopt, true, true},
      {VersionState::Delivered, now + std::chrono::milliseconds(1), true, false},
      {VersionState::Delivered, now, false, false},
      {VersionState::Revoked, std::nullopt, false, false},
      {VersionState::Revoked, now + std::chrono::hours(1), false, false},
  };
  for (const auto& one : cases) {
    StoredVersion version;
    version.state = one.state;
    version.valid_until = one.end;
    EXPECT_EQ(version.accepted(now), one.accepted) << &one - cases;
    EXPECT_EQ(version.current(), one.current) << &one - cases;
  }
}

TEST(Identity, TheDigestTellsEveryChangeThatOutsideHandsCanMake) {
  const StoredIdentity base = *Scene::settled().view.own;
  const std::vector<std::function<void(StoredIdentity&)>> changes = {
      [](auto& i) { i.kind = UserKind::System; },
      [](auto& i) { i.client_id.value += "x"; },
      [](auto& i) { i.owner.cluster.value += "x"; },
      [](auto& i) { i.owner.resource.ns += "x"; },
      [](auto& i) { i.owner.resource.name += "x"; },
      [](auto& i) { i.owner.uid.value += "x"; },
      [](auto& i) { i.config.active = false; },
      [](auto& i) { i.config.display_name += "x"; },
      [](auto& i) { i.config.description += "x"; },
      [](auto& i) { i.config.scopes.pop_back(); },
      [](auto& i) { i.config.tags.clear(); },
      [](auto& i) { i.config.spec = "{}"; },
      [](auto& i) {
        i.hold = Hold{"why", i.updated_at};
      },
      [](auto& i) {
        i.hold = Hold{"why", i.updated_at + std::chrono::seconds(1)};
      },
      [](auto& i) {
        i.hold = Hold{"because", i.updated_at};
      },
      // The same letters cut otherwise.
      [](auto& i) { i.config.scopes = {"contactsdocuments"}; },
      [](auto& i) {
        i.config.scopes = {"contacts", "documents", "archive"}, i.config.tags = {"nightly"};
      },
  };
  std::set<std::string> digests = {digest(base)};
  for (const auto& change : changes) {
    StoredIdentity changed = base;
    change(changed);
    digests.insert(digest(changed));
  }
  EXPECT_EQ(digests.size(), changes.size() + 1);
  // What is not part of the configuration: versions, who used what, generations.
  StoredIdentity same = base;
  same.versions.clear();
  same.owner.generation = 9;
  same.untouched = false;
  same.updated_at += std::chrono::hours(1);
  EXPECT_EQ(digest(same), digest(base));
}

}  // namespace
}  // namespace neoid::plan
