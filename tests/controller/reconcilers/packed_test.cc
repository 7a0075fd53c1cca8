#include "controller/reconcilers/packed.h"

#include <gtest/gtest.h>

#include "controller/reconcilers/secret_codec.h"
#include "reconcile/value/json.h"

namespace neoid::reconcilers {
namespace {

constexpr const char* kUuid = "0b0cbd35-5d0c-4b2c-9d8b-0f6b1c1f2d3e";

Json user_object() {
  Json conditions = Json::array();
  for (const char* type : {"Ready", "IdentitySynced", "ScopesResolved", "CredentialsDelivered", "DriftFree"})
    conditions.push_back({{"type", type},
                          {"status", "True"},
                          {"reason", "Reconciled"},
                          {"message", "The store holds what is declared."},
                          {"observedGeneration", 3},
                          {"lastTransitionTime", "2026-11-28T10:00:00Z"}});
  return {{"apiVersion", "identity.neostella.com/v1"},
          {"kind", "IntegrationUser"},
          {"metadata",
           {{"namespace", "integrations"},
            {"name", "billing-sync"},
            {"uid", kUuid},
            {"resourceVersion", "123456"},
            {"generation", 3},
            {"creationTimestamp", "2026-11-28T09:00:00Z"},
            {"finalizers", {"identity.neostella.com/finalizer"}},
            {"annotations", {{"identity.neostella.com/rotate", "2026-11-28"}}}}},
          {"spec",
           {{"displayName", "Billing sync \u00fc"},
            {"description", "Brings invoices over."},
            {"scopes", {"contacts", "documents.read"}},
            {"tags", {"a", "DEADBEEFDEADBEEF"}},
            {"credentials", {{"rotation", {{"interval", "2160h"}, {"overlap", "1.5h"}}}}}}},
          {"status",
           {{"observedGeneration", 3},
            {"userID", kUuid},
            {"clientID", kUuid},
            {"active", true},
            {"grantedScopes", {"contacts", "documents.read"}},
            {"scopeSummary", "contacts, documents.read"},
            {"lastUpdated", "2026-11-28T10:00:00Z"},
            {"credentials",
             {{"secretName", "billing-sync-oauth"},
              {"version", 1048577},
              {"issuedAt", "2026-11-28T10:00:00Z"},
              {"nextRotation", "2027-02-26T10:00:00Z"},
              {"lastRotateRequest", "2026-11-28"},
              {"versions",
               {{{"number", 1048577},
                 {"fingerprint", "0123456789abcdef0123456789abcdef"},
                 {"issuedAt", "2026-11-28T10:00:00.123456Z"}},
                {{"number", 1048576},
                 {"fingerprint", "0123456789abcdef0123456789abcde0"},
                 {"issuedAt", "2026-11-27T10:00:00Z"},
                 {"validUntil", "2026-11-28T11:30:00Z"}}}}}},
            {"conditions", conditions}}}};
}

TEST(Packed, AUserComesOutAsItWentIn) {
  CachedUser user{api::decode_user(api::Kind::IntegrationUser, user_object()).value(), true};
  const CachedUser again = unpack_user(user.key, pack(user));
  EXPECT_EQ(again.uid, user.uid);
  EXPECT_EQ(again.resource_version, user.resource_version);
  EXPECT_EQ(again.generation, user.generation);
  EXPECT_EQ(again.created_at, user.created_at);
  EXPECT_EQ(again.deleted_at, user.deleted_at);
  EXPECT_EQ(again.rotate, "2026-11-28");
  EXPECT_TRUE(again.has_finalizer);
  EXPECT_TRUE(again.has_other_finalizers);
  EXPECT_FALSE(again.paused);
  EXPECT_EQ(again.spec.display_name, user.spec.display_name);
  EXPECT_EQ(again.spec.scopes, user.spec.scopes);
  EXPECT_EQ(again.spec.tags, user.spec.tags);
  EXPECT_EQ(again.spec.secret_namespace, "integrations");
  EXPECT_EQ(again.spec.secret_name, "billing-sync-oauth");
  EXPECT_EQ(again.spec.keys, user.spec.keys);
  EXPECT_EQ(again.spec.rotation.interval, user.spec.rotation.interval);
  EXPECT_EQ(again.spec.rotation.overlap, user.spec.rotation.overlap);
  EXPECT_EQ(api::encode_status(again.status), api::encode_status(user.status));
  EXPECT_EQ(again.status.credentials.versions, user.status.credentials.versions);
}

TEST(Packed, ASystemUsersSpecIsKeptAsItStands) {
  Json object = user_object();
  object["kind"] = "SystemIntegrationUser";
  object["metadata"].erase("namespace");
  object["spec"]["credentials"] = {{"secretRef", {{"namespace", "platform"}, {"name", "engine"}}}};
  CachedUser user{api::decode_user(api::Kind::SystemIntegrationUser, object).value(), false};
  const CachedUser again = unpack_user(user.key, pack(user));
  EXPECT_EQ(again.spec_json, user.spec_json);
  EXPECT_EQ(again.spec.secret_namespace, "platform");
}

Json secret_object() {
  return {{"metadata",
           {{"namespace", "integrations"},
            {"name", "billing-sync-oauth"},
            {"uid", kUuid},
            {"resourceVersion", "123457"},
            {"labels", {{"app.kubernetes.io/managed-by", "neoid"}, {"theirs", "yes"}}},
            {"annotations",
             {{"identity.neostella.com/version", "1048577"},
              {"identity.neostella.com/user-id", kUuid},
              {"identity.neostella.com/client-id", kUuid},
              {"identity.neostella.com/issued-at", "2026-11-28T10:00:00.123456Z"},
              {"identity.neostella.com/answers-rotate", ""},
              {"identity.neostella.com/resource-uid", kUuid},
              {"identity.neostella.com/seal", std::string(64, 'a')}}}}},
          {"type", "identity.neostella.com/oauth-client"},
          {"data", {{"client_id", "YQ=="}, {"client_secret", "c2VjcmV0LXBsYWludGV4dA=="}, {"scopes", ""}}}};
}

TEST(Packed, ASecretKeepsItsHashesAndNoValue) {
  Json object = secret_object();
  const plan::SecretView secret = decode_secret(object, Keep::Values).value();
  const std::string packed = pack(secret);
  EXPECT_EQ(packed.find("secret-plaintext"), std::string::npos);
  const plan::SecretView again = unpack_secret(packed);
  EXPECT_EQ(again.uid, secret.uid);
  EXPECT_EQ(again.resource_version, secret.resource_version);
  EXPECT_EQ(again.type, secret.type);
  EXPECT_EQ(again.labels, secret.labels);
  EXPECT_EQ(again.annotations, secret.annotations);
  EXPECT_EQ(again.data, secret.data);
  EXPECT_TRUE(again.data.at("client_secret").text.empty());
}

// The aim is a kilobyte for a resource and its Secret, the maps' nodes (about 300 bytes) included.
TEST(Packed, AResourceAndItsSecretAreWellBelowAKilobyte) {
  CachedUser user{api::decode_user(api::Kind::IntegrationUser, user_object()).value(), false};
  user.status.credentials.versions.pop_back();
  Json object = secret_object();
  const plan::SecretView secret = decode_secret(object, Keep::Values).value();
  EXPECT_LT(pack(user).size() + pack(secret).size(), 750U) << pack(user).size() << " " << pack(secret).size();
}

}  // namespace
}  // namespace neoid::reconcilers
