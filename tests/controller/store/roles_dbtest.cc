// The database roles of manifests/postgres: each does what it is for, and nothing else.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "controller/store/migrations.h"
#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using testing::HasSubstr;

class Roles : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    must(system_change_of(1, {system_put(1, {"documents"}), issue(1, now()), deliver(1)}));
    must(change_of(2, {put(2, {"documents"}), issue(1, now()), deliver(1)}));
  }
  std::string as(const std::string& role, const std::string& sql) {
    return database_->ask("SET ROLE neoid_" + role + "; " + sql);
  }
  const std::string id_ = "'" + uuid(1001) + "'";
  const std::string custom_ = "'" + uuid(1002) + "'";
};
INSTANTIATE_TEST_SUITE_P(Forms, Roles, testing::Values(Form::Postgres), form_name);

TEST_P(Roles, AnAdminSeesCustomUsersOnlyInEveryTable) {
  EXPECT_EQ(as("admin", "SELECT count(*) FROM users"), "1");
  EXPECT_EQ(as("admin", "SELECT count(*) FROM grants"), "1");
  EXPECT_EQ(as("admin", "SELECT count(*) FROM tags"), "2");
  EXPECT_EQ(as("admin", "SELECT count(number) FROM credential_versions"), "1");
  EXPECT_EQ(as("admin", "SELECT string_agg(name, ',') FROM integration_users"), "User 2");
}

TEST_P(Roles, AnAdminEditsCustomUsers) {
  EXPECT_EQ(as("admin", "UPDATE users SET description = 'mine'"), "");
  EXPECT_EQ(as("admin", "INSERT INTO grants VALUES (" + custom_ + ", 'finance')"), "");
  EXPECT_EQ(as("admin", "DELETE FROM tags"), "");
  EXPECT_EQ(observed(custom_key("user-2"))->config.description, "mine");
  EXPECT_THAT(observed(custom_key("user-2"))->touched_by, HasSubstr("neoid_admin (psql)"));
  EXPECT_EQ(observed(system_key("system-1"))->config.tags.size(), 2u);
}

TEST_P(Roles, AnAdminIsToldTheSameOfAHiddenUserAndOfAnUnknownOne) {
  for (const std::string& table : {std::string("grants"), std::string("tags")}) {
    const std::string hidden = as("admin", "INSERT INTO " + table + " VALUES (" + id_ + ", 'finance')");
    const std::string unknown =
        as("admin", "INSERT INTO " + table + " VALUES ('" + uuid(99) + "', 'finance')");
    EXPECT_THAT(hidden, HasSubstr("row-level security"));
    EXPECT_EQ(hidden, unknown);
    EXPECT_EQ(
        as("admin", "INSERT INTO " + table + " VALUES (" + id_ + ", 'documents') ON CONFLICT DO NOTHING"),
        unknown);
  }
  EXPECT_EQ(as("admin", "SELECT is_system(ARRAY[" + id_ + "::uuid])"),
            as("admin", "SELECT is_system(ARRAY['" + uuid(99) + "'::uuid])"));
  EXPECT_EQ(as("admin", "WITH gone AS (DELETE FROM grants WHERE user_id = " + id_ +
                            " RETURNING 1) SELECT count(*) FROM gone"),
            "0");
}

TEST_P(Roles, WhatARoleIsNotForIsDenied) {
  struct Denied {
    std::string role;
    std::string sql;
  };
  const std::vector<Denied> all{
      {"admin", "INSERT INTO users (user_id, kind, client_id) VALUES ('" + uuid(9) + "', 'custom', 'x')"},
      {"admin", "UPDATE users SET client_id = 'x'"},
      {"admin", "UPDATE users SET kind = 'system'"},
      {"admin", "DELETE FROM users"},
      {"admin", "SELECT hash FROM credential_versions"},
      {"admin", "UPDATE credential_versions SET state = 'revoked'"},
      {"admin", "SELECT * FROM activity"},
      {"admin", "SELECT * FROM client_ids"},
      {"admin", "SELECT * FROM store_keys"},
      {"admin", "SELECT * FROM epochs"},
      {"admin", "SET session_replication_role = replica"},
      {"auditor", "SELECT hash FROM credential_versions"},
      {"auditor", "SELECT * FROM store_keys"},
      {"auditor", "UPDATE users SET description = 'x'"},
      {"auditor", "INSERT INTO activity (number, at, hash) VALUES (99, now(), '')"},
      {"token", "SELECT * FROM store_keys"},
      {"token", "SELECT * FROM activity"},
      {"token", "UPDATE users SET active = true"},
      {"token", "UPDATE credential_versions SET valid_until = NULL"},
      {"token", "DELETE FROM last_used"},
      {"controller", "DELETE FROM activity"},
      {"controller", "UPDATE activity SET actor = 'x'"},
      {"controller", "INSERT INTO client_ids VALUES ('x', '" + uuid(1) + "')"},
      {"controller", "UPDATE store_keys SET value = ''"},
      {"controller", "TRUNCATE users CASCADE"},
      {"platform", "DELETE FROM activity"},
      {"platform", "ALTER TABLE users DISABLE TRIGGER ALL"},
  };
  for (const Denied& denied : all) {
    EXPECT_THAT(as(denied.role, denied.sql),
                testing::AnyOf(HasSubstr("permission denied"), HasSubstr("must be owner")))
        << denied.role << ": " << denied.sql;
  }
}

TEST_P(Roles, AnAuditorReadsIdentitiesAndTheTrailAndTheTokenServiceDecides) {
  EXPECT_EQ(as("auditor", "SELECT count(*) FROM users"), "2");
  EXPECT_EQ(as("auditor", "SELECT count(*) > 0 FROM activity"), "t");
  EXPECT_EQ(as("token", "SELECT reason || number FROM acceptance('" + uuid(3001) + "', decode('" +
                            hex(hash_of(1)) + "', 'hex'))"),
            "1");
  EXPECT_EQ(as("token", "INSERT INTO last_used VALUES (" + id_ + ", 1, now())"), "");
}

TEST_P(Roles, ALoginOfTheTokenServiceOpensTheStoreAndMayNotClaim) {
  ASSERT_EQ(
      database_->outside("DO $$ BEGIN CREATE ROLE neoid_test_token LOGIN; EXCEPTION WHEN duplicate_object OR "
                         "unique_violation THEN NULL; END $$; GRANT neoid_token TO neoid_test_token"),
      "");
  StoreOptions options;
  const auto store = open_store(database_->url() + " user='neoid_test_token'", std::move(options));
  ASSERT_TRUE(store) << store.error().describe();
  EXPECT_TRUE((*store)->keys().sealing.empty()) << "the keys are not the token service's";
  const auto acceptance = (*store)->accepts(ClientId(uuid(3001)), hash_of(1));
  ASSERT_TRUE(acceptance) << acceptance.error().describe();
  EXPECT_TRUE(acceptance->accepted);
  const std::vector<CredentialUse> uses{{UserId(uuid(1001)), 1}};
  const auto recorded = (*store)->record_use(uses);
  EXPECT_TRUE(recorded) << recorded.error().describe();
  const auto claimed = (*store)->claim(kCluster, 1000, "token service");
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().kind, ErrorKind::Denied);
  EXPECT_THAT(claimed.error().message, HasSubstr("roles.sql"));
}

TEST_P(Roles, AControllersLoginThatIsNoSuperuserDoesItsWork) {
  ASSERT_EQ(
      database_->outside("DO $$ BEGIN CREATE ROLE neoid_test_controller LOGIN NOINHERIT; EXCEPTION WHEN "
                         "duplicate_object OR unique_violation THEN NULL; END $$; "
                         "GRANT neoid_controller, neoid_platform TO neoid_test_controller"),
      "");
  for (const Migration migration : {Migration::Refuse, Migration::Apply}) {
    StoreOptions options;
    options.migration = migration;
    auto store = open_store(database_->url() + " user='neoid_test_controller'", std::move(options));
    ASSERT_TRUE(store) << store.error().describe();
    store_ = std::move(*store);
    EXPECT_FALSE(store_->keys().sealing.empty());
    term_ = claim(*store_);
    const int number = migration == Migration::Apply ? 10 : 20;
    must(change_of(number, {put(number, {"documents"}), issue(1, now()), deliver(1)}));
    must(system_change_of(number + 1, {system_put(number + 1, {"documents"}), issue(1, now()), deliver(1)}));
    EXPECT_TRUE(observed(system_key("system-" + std::to_string(number + 1))));
    const std::vector<std::string> gone{"finance"};
    EXPECT_TRUE(store_->put_scopes(term_, {}, gone, "platform"));
  }
}

TEST_P(Roles, TheFileForAdministratorsIsTheOneThatIsCompiledIn) {
  std::ifstream file(NEOID_SOURCE_DIR "/manifests/postgres/roles.sql");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(text, embedded_file("roles.postgres.sql"));
}

}  // namespace
}  // namespace neoid::store
