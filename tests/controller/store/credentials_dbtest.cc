// The contract of IdentityStore: credential versions, and who is let in.
#include <gmock/gmock.h>

#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using testing::ElementsAre;

class Credentials : public StoreTest {
 protected:
  std::string verdict(VersionNumber number, int user = 1) {
    const auto acceptance = store_->accepts(ClientId(uuid(3000 + user)), hash_of(number));
    if (!acceptance) return acceptance.error().describe();
    return acceptance->accepted ? "accepted" : acceptance->reason;
  }
};
INSTANTIATE_TEST_SUITE_P(Forms, Credentials, testing::ValuesIn(all_forms()), form_name);

TEST_P(Credentials, AVersionIsAcceptedFromItsIssueOn) {
  must(change_of(1, {put(1, {"finance", "documents"}), issue(1, now())}));
  const auto acceptance = store_->accepts(ClientId(uuid(3001)), hash_of(1));
  ASSERT_TRUE(acceptance) << acceptance.error().describe();
  EXPECT_TRUE(acceptance->accepted);
  EXPECT_EQ(acceptance->user_id, UserId(uuid(1001)));
  EXPECT_EQ(acceptance->version, 1);
  EXPECT_THAT(acceptance->scopes, ElementsAre("documents", "finance"));
  EXPECT_EQ(verdict(2), "UnknownVersion");
  EXPECT_EQ(verdict(1, 2), "UnknownClient");
}

TEST_P(Credentials, TheVersionBeforeEndsOnTimeWithNobodyAwake) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  must(change_of(1, {issue(2, now()), deliver(2, 1, {{1, std::nullopt}})}));
  EXPECT_EQ(verdict(1), "accepted");
  EXPECT_EQ(verdict(2), "accepted");
  database_->advance(std::chrono::hours(1) - Duration(1));
  EXPECT_EQ(verdict(1), "accepted");
  database_->advance(Duration(1));
  EXPECT_EQ(verdict(1), "Expired");
  EXPECT_EQ(verdict(2), "accepted");
}

TEST_P(Credentials, DeactivatedMeansNowAndReactivationBringsTheSameCredentialBack) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  plan::PutIdentity inactive = put(1);
  inactive.config.active = false;
  must(change_of(1, {inactive}));
  EXPECT_EQ(verdict(1), "Inactive");
  must(change_of(1, {put(1)}));
  EXPECT_EQ(verdict(1), "accepted");
  must(change_of(1, {plan::PlaceHold{"leaked"}}));
  EXPECT_EQ(verdict(1), "Inactive");
}

TEST_P(Credentials, RevokedIsRevoked) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  must(change_of(1, {plan::RevokeAll{}}));
  EXPECT_EQ(verdict(1), "Revoked");
}

TEST_P(Credentials, AScopeThatLeftTheCatalogueIsNotAcceptedEvenWhereItsGrantWasForgotten) {
  must(change_of(1, {put(1, {"finance", "documents"}), issue(1, now())}));
  EXPECT_EQ(database_->tamper("DELETE FROM grants WHERE scope = 'finance'; "
                              "DELETE FROM scopes WHERE name = 'finance'"),
            "");
  EXPECT_THAT(store_->accepts(ClientId(uuid(3001)), hash_of(1))->scopes, ElementsAre("documents"));
}

TEST_P(Credentials, VersionsAreObservedAsTheyWereLeft) {
  plan::IssueVersion absent = issue(1, now());
  absent.for_absent_secret = true;
  absent.rotation_request = R"(a "quoted" \ request, with {braces})";
  must(change_of(1, {put(1), absent, deliver(1)}));
  const plan::StoredIdentity after =
      must(change_of(1, {issue(2, now()), deliver(2, 1, {{1, std::nullopt}})}));
  ASSERT_EQ(after.versions.size(), 2u);
  EXPECT_EQ(observed(custom_key("user-1")), after);
  EXPECT_TRUE(after.versions[0].for_absent_secret);
  EXPECT_EQ(after.versions[0].rotation_request, absent.rotation_request);
  EXPECT_EQ(after.current()->number, 2);
}

TEST_P(Credentials, ARefusedDeliveryChangesNothing) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  plan::IssueVersion absent = issue(2, now());
  absent.for_absent_secret = true;
  const plan::StoredIdentity before = must(change_of(1, {absent}));
  must(change_of(1, {issue(3, now())}));
  const auto refused = commit(change_of(1, {deliver(3)}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "StartAgain");
  EXPECT_EQ(observed(custom_key("user-1"))->current()->number, 1);
  EXPECT_EQ(before.versions.size(), 2u);
}

TEST_P(Credentials, AHealedVersionIsAccepted) {
  plan::HealVersion heal;
  heal.number = 77;
  heal.hash = hash_of(77);
  heal.issued_at = now() - std::chrono::hours(5);
  heal.others.overlap = std::chrono::hours(1);
  heal.previous = plan::HealVersion::Previous{70, hash_of(70), now() - std::chrono::hours(9),
                                              now() + std::chrono::minutes(5)};
  must(change_of(1, {put(1), issue(5, now()), deliver(5)}));
  must(change_of(1, {heal}));
  EXPECT_EQ(verdict(77), "accepted");
  EXPECT_EQ(verdict(70), "accepted");
  EXPECT_EQ(verdict(5), "accepted");
  database_->advance(std::chrono::minutes(5));
  EXPECT_EQ(verdict(70), "Expired");
}

TEST_P(Credentials, ManyRotationsLeaveOneCurrentVersionAndAFewRevokedOnes) {
  must(change_of(1, {put(1)}));
  for (VersionNumber number = 1; number <= 40; ++number) {
    must(change_of(1, {issue(number, now()), deliver(number, number - 1)}));
  }
  const auto seen = observed(custom_key("user-1"));
  EXPECT_LE(seen->versions.size(), 20u);
  EXPECT_EQ(seen->current()->number, 40);
  EXPECT_EQ(verdict(39), "Revoked");
  EXPECT_EQ(verdict(1), "UnknownVersion");
}

TEST_P(Credentials, UseIsRecordedOutsideTheTrailAlsoForSystemUsers) {
  must(system_change_of(1, {system_put(1), issue(1, now()), deliver(1)}));
  const FeedPosition before = store_->feed_end().value();
  const std::vector<CredentialUse> uses{
      {UserId(uuid(1001)), 1}, {UserId(uuid(1001)), 1}, {UserId(uuid(1)), 9}};
  const auto recorded = store_->record_use(uses);
  ASSERT_TRUE(recorded) << recorded.error().describe();
  EXPECT_TRUE(observed(system_key("system-1"))->versions.front().last_used);
  EXPECT_EQ(store_->feed_end().value(), before);
  EXPECT_TRUE(observed(system_key("system-1"))->untouched);
}

struct Forbidden {
  std::string what;
  std::string sql;
};

TEST_P(Credentials, TheDatabaseItselfRefusesWhatAVersionMayNotBecome) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  must(change_of(1, {issue(2, now()), deliver(2, 1, {{1, std::nullopt}})}));
  must(change_of(2, {put(2), issue(1, now()), deliver(1), plan::RevokeAll{}}));
  const std::string first = " WHERE user_id = '" + uuid(1001) + "' AND number = 1";
  const std::string second = " WHERE user_id = '" + uuid(1001) + "' AND number = 2";
  const std::string revoked = " WHERE user_id = '" + uuid(1002) + "' AND number = 1";
  const std::vector<Forbidden> all{
      {"a revoked one comes back", "UPDATE credential_versions SET state = 'delivered'" + revoked},
      {"a delivered one is issued again",
       "UPDATE credential_versions SET state = 'issued', delivered_at = NULL" + second},
      {"its number changes", "UPDATE credential_versions SET number = 99" + second},
      {"it moves to another user", "UPDATE credential_versions SET user_id = '" + uuid(1002) + "'" + second},
      {"its end is cleared: two current ones", "UPDATE credential_versions SET valid_until = NULL" + first},
      {"it is removed while it is in use", "DELETE FROM credential_versions" + second},
      {"its user is removed while it is in use", "DELETE FROM users WHERE user_id = '" + uuid(1001) + "'"},
      {"an unknown state", "UPDATE credential_versions SET state = 'fine'" + second},
  };
  for (const Forbidden& forbidden : all) {
    // The sqlite3 shell leaves foreign keys off unless it is told otherwise.
    const std::string prelude = GetParam() == Form::Sqlite ? "PRAGMA foreign_keys = ON; " : "";
    EXPECT_NE(database_->outside(prelude + forbidden.sql), "") << forbidden.what;
  }
  EXPECT_EQ(database_->outside("UPDATE credential_versions SET state = 'revoked'" + second), "")
      << "revoking is what an administrator may always do";
  EXPECT_EQ(verdict(2), "Revoked");
}

}  // namespace
}  // namespace neoid::store
