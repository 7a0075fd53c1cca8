// System users hold still (product.md, rule 7), the trail is append-only: what the database refuses to anybody who
// is not the platform, statement by statement, with the ways round that are known.
#include <gmock/gmock.h>

#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using testing::HasSubstr;

struct Attempt {
  std::string what;
  std::string sql;
  std::string refused_with = "system users hold still";
};

class Guards : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    must(system_change_of(1, {system_put(1, {"documents"}), issue(1, now()), deliver(1)}));
    must(change_of(2, {put(2, {"documents"}), issue(1, now()), deliver(1)}));
    system_before_ = observed(system_key("system-1"));
    ASSERT_TRUE(system_before_);
  }
  void expect_refused(const std::vector<Attempt>& attempts) {
    for (const Attempt& attempt : attempts) {
      EXPECT_THAT(database_->outside(attempt.sql), HasSubstr(attempt.refused_with)) << attempt.what;
      EXPECT_EQ(observed(system_key("system-1")), system_before_) << attempt.what;
    }
    EXPECT_EQ(store_->verify_activity().value(), std::nullopt);
  }

  std::optional<plan::StoredIdentity> system_before_;
  const std::string id_ = "'" + uuid(1001) + "'";
  const std::string custom_ = "'" + uuid(1002) + "'";
  const std::string system_row_ = " WHERE user_id = '" + uuid(1001) + "'";
  const std::string custom_row_ = " WHERE user_id = '" + uuid(1002) + "'";
};
INSTANTIATE_TEST_SUITE_P(Forms, Guards, testing::ValuesIn(all_forms()), form_name);
class SqliteGuards : public Guards {};
INSTANTIATE_TEST_SUITE_P(Forms, SqliteGuards, testing::Values(Form::Sqlite), form_name);
class PostgresGuards : public Guards {};
INSTANTIATE_TEST_SUITE_P(Forms, PostgresGuards, testing::Values(Form::Postgres), form_name);

TEST_P(Guards, EveryStatementAgainstASystemUserIsRefused) {
  expect_refused({
      {"a text", "UPDATE users SET description = 'x'" + system_row_},
      {"among others", "UPDATE users SET description = 'x'"},
      {"switched off", "UPDATE users SET active = false" + system_row_},
      {"made custom", "UPDATE users SET kind = 'custom'" + system_row_, "never change"},
      {"a custom one made a system user", "UPDATE users SET kind = 'system'" + custom_row_, "never change"},
      {"deleted", "DELETE FROM users" + system_row_},
      {"a new one",
       "INSERT INTO users (user_id, kind, client_id) VALUES ('" + uuid(9) + "', 'system', 'nine')"},
      {"an upsert", "INSERT INTO users (user_id, kind, client_id) VALUES (" + id_ +
                        ", 'custom', 'nine') ON CONFLICT (user_id) DO UPDATE SET description = 'x'"},
      {"a grant more", "INSERT INTO grants (user_id, scope) VALUES (" + id_ + ", 'finance')"},
      {"a grant less", "DELETE FROM grants" + system_row_},
      {"a grant moved to it", "UPDATE grants SET user_id = " + id_ + ", scope = 'finance'" + custom_row_},
      {"a grant moved away", "UPDATE grants SET user_id = " + custom_ + ", scope = 'finance'" + system_row_},
      {"all grants", "DELETE FROM grants"},
      {"a tag more", "INSERT INTO tags (user_id, tag) VALUES (" + id_ + ", 'x')"},
      {"a tag less", "DELETE FROM tags" + system_row_},
      {"its credential revoked", "UPDATE credential_versions SET state = 'revoked'" + system_row_},
      {"an end set to its credential",
       "UPDATE credential_versions SET valid_until = issued_at" + system_row_},
  });
}

TEST_P(Guards, CustomUsersAreOpenToAnAdministrator) {
  for (const std::string& sql :
       {"UPDATE users SET description = 'x'" + custom_row_,
        "INSERT INTO grants (user_id, scope) VALUES (" + custom_ + ", 'finance')",
        "DELETE FROM tags" + custom_row_, "UPDATE credential_versions SET state = 'revoked'" + custom_row_,
        "DELETE FROM credential_versions" + custom_row_, "DELETE FROM grants" + custom_row_,
        "DELETE FROM users" + custom_row_}) {
    EXPECT_EQ(database_->outside(sql), "") << sql;
  }
}

TEST_P(Guards, ThePlatformsWriterChangesASystemUser) {
  plan::PutIdentity changed = system_put(1, {"documents", "finance"});
  changed.config.description = "changed by its resource";
  EXPECT_EQ(must(system_change_of(1, {changed, issue(2, now()), deliver(2, 1)})).config.scopes.size(), 2u);
  EXPECT_TRUE(commit(system_change_of(1, {plan::RevokeAll{}, plan::DeleteIdentity{}})));
  EXPECT_FALSE(observed(system_key("system-1")));
}

TEST_P(Guards, TheTrailIsAppendOnlyAndClientIdsStayTaken) {
  expect_refused({
      {"altered", "UPDATE activity SET actor = 'bob'", "append-only"},
      {"removed", "DELETE FROM activity", "append-only"},
      {"the head set back", "UPDATE activity_head SET number = 1, hash = 'x'", "append-only"},
      {"the head removed", "DELETE FROM activity_head", "append-only"},
      {"a client ID freed", "DELETE FROM client_ids", "taken for ever"},
      {"a client ID given to another", "UPDATE client_ids SET user_id = " + custom_, "taken for ever"},
  });
  ASSERT_EQ(database_->outside("INSERT INTO users (user_id, kind, client_id) VALUES ('" + uuid(9) +
                               "', 'custom', 'nine')"),
            "");
  ASSERT_EQ(database_->outside("DELETE FROM users WHERE user_id = '" + uuid(9) + "'"), "");
  EXPECT_THAT(database_->outside("INSERT INTO users (user_id, kind, client_id) VALUES ('" + uuid(8) +
                                 "', 'custom', 'nine')"),
              HasSubstr("another user's"));
  EXPECT_THAT(database_->outside("UPDATE users SET client_id = 'nine'" + custom_row_),
              HasSubstr("another user's"));
}

TEST_P(SqliteGuards, ReplaceGoesNotRoundTheGuards) {
  expect_refused({
      {"by its ID",
       "INSERT OR REPLACE INTO users (user_id, kind, client_id) VALUES (" + id_ + ", 'custom', 'x')"},
      {"by its client ID", "INSERT OR REPLACE INTO users (user_id, kind, client_id) VALUES ('" + uuid(9) +
                               "', 'custom', '" + uuid(3001) + "')"},
      {"an update onto its client ID",
       "UPDATE OR REPLACE users SET client_id = '" + uuid(3001) + "'" + custom_row_},
      {"an update onto its ID", "UPDATE OR REPLACE users SET user_id = " + id_ + custom_row_, "never change"},
      {"REPLACE of a grant", "REPLACE INTO grants (user_id, scope) VALUES (" + id_ + ", 'documents')"},
      {"REPLACE of a version",
       "REPLACE INTO credential_versions (user_id, number, hash, state, issued_at) VALUES (" + id_ +
           ", 1, zeroblob(32), 'issued', 0)",
       "never replaced"},
      {"an update of a custom version onto its own",
       "UPDATE OR REPLACE credential_versions SET user_id = " + id_ + custom_row_, "as it was made"},
      {"REPLACE of a custom version",
       "REPLACE INTO credential_versions (user_id, number, hash, state, issued_at) VALUES (" + custom_ +
           ", 1, zeroblob(32), 'issued', 0)",
       "never replaced"},
      {"REPLACE of an entry", "REPLACE INTO activity (number, at) VALUES (1, 0)", "append-only"},
      {"an update of an entry onto another", "UPDATE OR REPLACE activity SET number = 1 WHERE number = 2",
       "append-only"},
      {"an entry with a hash of one's own",
       "INSERT INTO activity (number, at, hash) SELECT number + 1, 0, 'x' FROM activity_head", "append-only"},
      {"REPLACE of the head", "REPLACE INTO activity_head VALUES (1, 0, 0, '')", "append-only"},
      {"REPLACE of a client ID", "REPLACE INTO client_ids VALUES ('" + uuid(3001) + "', " + custom_ + ")",
       "taken for ever"},
      {"the scope that it holds, with foreign keys off", "DELETE FROM scopes WHERE name = 'documents'",
       "FOREIGN KEY"},
      {"renamed", "UPDATE scopes SET name = 'other' WHERE name = 'documents'", "FOREIGN KEY"},
      {"another name replaced by it",
       "UPDATE OR REPLACE scopes SET name = 'documents' WHERE name = 'finance'", "FOREIGN KEY"},
      {"a grant to nobody, with foreign keys off",
       "INSERT INTO grants (user_id, scope) VALUES ('" + uuid(99) + "', 'finance')", "FOREIGN KEY"},
      {"a user removed before its credentials", "DELETE FROM users" + custom_row_, "FOREIGN KEY"},
      {"a custom user replaced by its place",
       "INSERT OR REPLACE INTO users (user_id, kind, client_id, standing, cluster, namespace, name) SELECT "
       "'" +
           uuid(9) + "', kind, 'nine', standing, cluster, namespace, name FROM users" + custom_row_,
       "UNIQUE"},
      {"a current version replaced",
       "INSERT OR REPLACE INTO credential_versions (user_id, number, hash, state, issued_at, delivered_at) "
       "VALUES (" +
           custom_ + ", 9, zeroblob(32), 'delivered', 0, 0)",
       "UNIQUE"},
  });
}

TEST_P(PostgresGuards, TruncateReplicaRoleCascadesAndMergeGoNotRoundTheGuards) {
  const std::string merge =
      "MERGE INTO users u USING (SELECT " + id_ + "::uuid AS id) s ON u.user_id = s.id ";
  expect_refused({
      {"truncated", "TRUNCATE users CASCADE", "never truncated"},
      {"a child truncated", "TRUNCATE grants", "never truncated"},
      {"the catalogue truncated", "TRUNCATE scopes CASCADE", "never truncated"},
      {"the trail truncated", "TRUNCATE activity", "never truncated"},
      {"the client IDs truncated", "TRUNCATE client_ids", "never truncated"},
      {"as a replica",
       "SET session_replication_role = replica; UPDATE users SET description = 'x'" + system_row_},
      {"a grant as a replica",
       "SET session_replication_role = replica; INSERT INTO grants (user_id, scope) VALUES (" + id_ +
           ", 'finance')"},
      {"the trail as a replica", "SET session_replication_role = replica; DELETE FROM activity",
       "append-only"},
      {"its children, then it", "DELETE FROM grants; DELETE FROM tags; DELETE FROM users"},
      {"the scope that it holds", "DELETE FROM scopes WHERE name = 'documents'", "foreign key"},
      {"merge: update", merge + "WHEN MATCHED THEN UPDATE SET description = 'x'"},
      {"merge: delete", merge + "WHEN MATCHED THEN DELETE"},
      {"as the controller", "SET ROLE neoid_controller; UPDATE users SET description = 'x'" + system_row_},
      {"a grant as the controller",
       "SET ROLE neoid_controller; INSERT INTO grants (user_id, scope) VALUES (" + id_ + ", 'finance')"},
      {"copied in", "CREATE TABLE public.x (LIKE neoid.grants); INSERT INTO public.x VALUES (" + id_ +
                        ", 'finance'); INSERT INTO grants SELECT * FROM public.x"},
  });
  EXPECT_EQ(database_->outside("SET ROLE neoid_platform; UPDATE users SET description = 'x'" + system_row_),
            "")
      << "stepping over on purpose";
}

}  // namespace
}  // namespace neoid::store
