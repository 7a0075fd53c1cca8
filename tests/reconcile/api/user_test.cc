// IntegrationUser and SystemIntegrationUser, decoded and encoded: every field, every default, every wrong type.
#include "reconcile/api/user.h"

#include <gtest/gtest.h>

#include <functional>

namespace neoid::api {
namespace {

using namespace std::chrono_literals;

Json minimal() {
  return {{"apiVersion", "identity.neostella.com/v1"},
          {"kind", "IntegrationUser"},
          {"metadata", {{"name", "billing"}, {"namespace", "apps"}, {"uid", "u"}, {"generation", 3}}},
          {"spec", {{"displayName", "Billing"}}}};
}

UserResource decoded(const Json& object, Kind kind = Kind::IntegrationUser) {
  auto user = decode_user(kind, object);
  EXPECT_TRUE(user) << user.error().message;
  return user ? *user : UserResource();
}

TEST(DecodeUser, WhatIsLeftOutHasItsDefault) {
  const UserResource user = decoded(minimal());
  EXPECT_EQ(user.key, (ResourceKey{Kind::IntegrationUser, "apps", "billing"}));
  EXPECT_EQ(user.uid.value, "u");
  EXPECT_EQ(user.generation, 3);
  EXPECT_FALSE(user.deleted_at);
  EXPECT_FALSE(user.has_finalizer);
  EXPECT_FALSE(user.paused);
  EXPECT_FALSE(user.retire);
  EXPECT_TRUE(user.rotate.empty() && user.deactivated.empty() && user.reactivate.empty());
  EXPECT_EQ(user.spec.display_name, "Billing");
  EXPECT_TRUE(user.spec.active);
  EXPECT_EQ(user.spec.secret_namespace, "apps");
  EXPECT_EQ(user.spec.secret_name, "billing-oauth") << "the effective name";
  EXPECT_EQ(user.spec.source, CredentialSource::Generate);
  EXPECT_EQ(user.spec.keys, CredentialKeys());
  EXPECT_FALSE(user.spec.rotation.interval);
  EXPECT_EQ(user.spec.deletion_policy, DeletionPolicy::Delete);
  EXPECT_EQ(user.spec.management_policy, ManagementPolicy::Enforce);
  EXPECT_FALSE(user.spec.adopt);
  EXPECT_EQ(user.status.observed_generation, -1);
  EXPECT_EQ(user.status.credentials.version, 0);
}

TEST(DecodeUser, EveryFieldOfTheSpec) {
  Json object = minimal();
  object["spec"] = {
      {"displayName", "Billing"},
      {"description", "Sends bills."},
      {"active", false},
      {"scopes", {"b", "a"}},
      {"tags", {"nightly"}},
      {"deletionPolicy", "Deactivate"},
      {"managementPolicy", "Observe"},
      {"adopt", {{"userID", "11111111-1111-4111-8111-111111111111"}}},
      {"credentials",
       {{"secretName", "mine"},
        {"source", "Reference"},
        {"keys",
         {{"clientID", "id"},
          {"clientSecret", "secret"},
          {"tokenURL", "url"},
          {"issuer", "iss"},
          {"scopes", "scp"},
          {"previousClientSecret", "previous"}}},
        {"rotation", {{"interval", "2160h"}, {"overlap", "1h30m"}}}}},
  };
  const UserSpec spec = decoded(object).spec;
  EXPECT_EQ(spec.description, "Sends bills.");
  EXPECT_FALSE(spec.active);
  EXPECT_EQ(spec.scopes, (std::vector<std::string>{"b", "a"})) << "as declared";
  EXPECT_EQ(spec.tags, std::vector<std::string>{"nightly"});
  EXPECT_EQ(spec.deletion_policy, DeletionPolicy::Deactivate);
  EXPECT_EQ(spec.management_policy, ManagementPolicy::Observe);
  EXPECT_EQ(spec.adopt->value, "11111111-1111-4111-8111-111111111111");
  EXPECT_EQ(spec.secret_name, "mine");
  EXPECT_EQ(spec.source, CredentialSource::Reference);
  EXPECT_EQ(spec.keys, (CredentialKeys{"id", "secret", "url", "iss", "scp", "previous"}));
  EXPECT_EQ(spec.rotation.interval, Duration(2160h));
  EXPECT_EQ(spec.rotation.overlap, Duration(90min));
}

TEST(DecodeUser, ASystemUserHasNoChoice) {
  Json object = minimal();
  object["metadata"].erase("namespace");
  object["spec"] = {{"displayName", "Engine"},
                    {"active", false},
                    {"deletionPolicy", "Deactivate"},
                    {"managementPolicy", "Observe"},
                    {"adopt", {{"userID", "x"}}},
                    {"credentials", {{"secretRef", {{"namespace", "platform"}, {"name", "engine"}}}}}};
  const UserResource user = decoded(object, Kind::SystemIntegrationUser);
  EXPECT_TRUE(user.spec.active);
  EXPECT_EQ(user.spec.deletion_policy, DeletionPolicy::Delete);
  EXPECT_EQ(user.spec.management_policy, ManagementPolicy::Enforce);
  EXPECT_FALSE(user.spec.adopt);
  EXPECT_EQ(user.spec.secret_namespace, "platform");
  EXPECT_EQ(user.spec.secret_name, "engine");
  EXPECT_EQ(user.spec_json, object["spec"]) << "the whole spec, to make the resource anew from";
}

TEST(DecodeUser, AnnotationsOfOurs) {
  Json object = minimal();
  object["metadata"]["annotations"] = {{"identity.neostella.com/rotate", "now"},
                                       {"identity.neostella.com/deactivated", "leaked"},
                                       {"identity.neostella.com/reactivate", "2026-01-01T00:00:00Z"},
                                       {"identity.neostella.com/requested-by", "alice"},
                                       {"identity.neostella.com/paused", "true"},
                                       {"identity.neostella.com/retire", "true"},
                                       {"other", "x"}};
  object["metadata"]["finalizers"] = {"other", "identity.neostella.com/finalizer"};
  object["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z";
  const UserResource user = decoded(object);
  EXPECT_EQ(user.rotate, "now");
  EXPECT_EQ(user.deactivated, "leaked");
  EXPECT_EQ(user.reactivate, "2026-01-01T00:00:00Z");
  EXPECT_EQ(user.requested_by, "alice");
  EXPECT_TRUE(user.paused);
  EXPECT_TRUE(user.retire);
  EXPECT_TRUE(user.has_finalizer);
  EXPECT_EQ(user.deleted_at, parse_time("2026-01-02T03:04:05Z"));
  // Only the very word counts.
  object["metadata"]["annotations"]["identity.neostella.com/paused"] = "yes";
  object["metadata"]["annotations"]["identity.neostella.com/retire"] = "True";
  EXPECT_FALSE(decoded(object).paused);
  EXPECT_FALSE(decoded(object).retire);
}

TEST(DecodeUser, AMemberOfAWrongTypeIsNamed) {
  const struct {
    const char* pointer;
    Json value;
    const char* message;
  } cases[] = {
      {"/metadata/generation", "1", "metadata.generation is not an integer"},
      {"/metadata/finalizers", "x", "metadata.finalizers is not a list"},
      {"/metadata/annotations", 3, "metadata.annotations is not an object"},
      {"/metadata/annotations/identity.neostella.com~1rotate", 3,
       "metadata.annotations.identity.neostella.com/rotate is not a string"},
      {"/metadata/deletionTimestamp", "soon", "metadata.deletionTimestamp is not an RFC 3339 time"},
      {"/spec", 3, ".spec is not an object"},
      {"/spec/displayName", 3, "spec.displayName is not a string"},
      {"/spec/active", "yes", "spec.active is not a boolean"},
      {"/spec/scopes", {{"a", 1}}, "spec.scopes is not a list"},
      {"/spec/scopes", {1}, "spec.scopes is not a list of strings"},
      {"/spec/adopt", "x", "spec.adopt is not an object"},
      {"/spec/adopt/userID", 3, "spec.adopt.userID is not a string"},
      {"/spec/credentials", "x", "spec.credentials is not an object"},
      {"/spec/credentials/keys", "x", "spec.credentials.keys is not an object"},
      {"/spec/credentials/keys/issuer", 3, "spec.credentials.keys.issuer is not a string"},
      {"/spec/credentials/rotation/interval", "90d", "spec.credentials.rotation.interval is not a duration"},
      {"/status", "x", ".status is not an object"},
      {"/status/observedGeneration", "x", "status.observedGeneration is not an integer"},
      {"/status/credentials/version", "x", "status.credentials.version is not an integer"},
      {"/status/conditions", "x", "conditions are not a list"},
  };
  for (const auto& one : cases) {
    Json object = minimal();
    object[Json::json_pointer(one.pointer)] = one.value;
    const auto user = decode_user(Kind::IntegrationUser, object);
    ASSERT_FALSE(user) << one.pointer;
    EXPECT_EQ(user.error().kind, ErrorKind::Invalid);
    EXPECT_EQ(user.error().message, one.message) << one.pointer;
  }
  Json object = minimal();
  object["spec"]["credentials"]["secretRef"]["name"] = 3;
  const auto system = decode_user(Kind::SystemIntegrationUser, object);
  ASSERT_FALSE(system);
  EXPECT_EQ(system.error().message, "spec.credentials.secretRef.name is not a string");
}

TEST(DecodeUser, NullIsAsIfItWereNotThere) {
  Json object = minimal();
  object["spec"]["active"] = nullptr;
  object["spec"]["scopes"] = nullptr;
  object["spec"]["credentials"] = nullptr;
  object["status"] = nullptr;
  EXPECT_TRUE(decoded(object).spec.active);
}

UserStatus full_status() {
  const Instant now = *parse_time("2026-01-02T03:04:05Z");
  UserStatus status;
  status.observed_generation = 4;
  status.user_id = UserId(std::string("user"));
  status.client_id = ClientId(std::string("client"));
  status.active = true;
  status.granted_scopes = {"contacts", "documents"};
  status.scope_summary = "contacts, documents";
  status.last_updated = now;
  status.credentials.secret_name = "billing-oauth";
  status.credentials.version = (VersionNumber{1} << 53) - 1;
  status.credentials.issued_at = now;
  status.credentials.next_rotation = now + 1h;
  status.credentials.last_rotate_request = "now";
  status.credentials.versions = {{7, Fingerprint(std::string("f")), now + 7us, now + 1h + 3us},
                                 {8, Fingerprint(std::string("g")), now, std::nullopt}};
  status.conditions = {
      {"Ready", meta::ConditionStatus::True, "Reconciled", "It works.", 4, now},
  };
  return status;
}

TEST(EncodeStatus, ReadsBackAsTheSame) {
  Json object = minimal();
  object["status"] = encode_status(full_status());
  const UserStatus read = decoded(object).status;
  EXPECT_EQ(encode_status(read), object["status"]);
  const UserStatus wrote = full_status();
  EXPECT_EQ(read.credentials.version, wrote.credentials.version) << "a number of 53 bits is exact";
  EXPECT_EQ(read.credentials.versions, wrote.credentials.versions)
      << "ends keep their microseconds: a restored store takes them from here";
  EXPECT_EQ(read.conditions, wrote.conditions);
  EXPECT_EQ(read.granted_scopes, wrote.granted_scopes);
}

TEST(EncodeStatus, WhatIsNotKnownIsLeftOut) {
  const Json status = encode_status(UserStatus());
  EXPECT_EQ(status, (Json{{"observedGeneration", -1},
                          {"active", false},
                          {"grantedScopes", Json::array()},
                          {"scopeSummary", ""},
                          {"conditions", Json::array()}}));
}

TEST(Rotation, TheOverlapIsDeclaredOrADayOrHalfOfAShortInterval) {
  EXPECT_EQ((Rotation{std::nullopt, std::nullopt}).effective_overlap(), Duration(24h));
  EXPECT_EQ((Rotation{2160h, std::nullopt}).effective_overlap(), Duration(24h));
  EXPECT_EQ((Rotation{48h, std::nullopt}).effective_overlap(), Duration(24h));
  EXPECT_EQ((Rotation{1h, std::nullopt}).effective_overlap(), Duration(30min));
  EXPECT_EQ((Rotation{1h, 50min}).effective_overlap(), Duration(50min));
  EXPECT_EQ((Rotation{std::nullopt, 0s}).effective_overlap(), Duration(0));
}

}  // namespace
}  // namespace neoid::api
