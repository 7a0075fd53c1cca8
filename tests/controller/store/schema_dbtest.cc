// Migrations: applied once, by one; a newer or another schema is refused. And what a store URL may be.
#include <gmock/gmock.h>

#include <future>

#include "controller/store/migrations.h"
#include "controller/store/postgres_connection.h"
#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using testing::HasSubstr;
using testing::Not;

class Schema : public testing::TestWithParam<Form> {
 protected:
  void SetUp() override {
    database_ = make_database(GetParam());
    ASSERT_NE(database_, nullptr);
  }
  Result<std::unique_ptr<IdentityStore>> open(Migration migration) {
    StoreOptions options = database_->options();
    options.migration = migration;
    return open_store(database_->url(), std::move(options));
  }
  std::unique_ptr<TestDatabase> database_;
};
INSTANTIATE_TEST_SUITE_P(Forms, Schema, testing::ValuesIn(all_forms()), form_name);

TEST_P(Schema, TheFirstMigrationMakesTheKeysAndLaterOpensKeepThem) {
  const auto first = open(Migration::Apply);
  ASSERT_TRUE(first) << first.error().describe();
  EXPECT_EQ((*first)->keys().sealing.reveal().size(), 32u);
  EXPECT_FALSE((*first)->keys().sealing == (*first)->keys().fingerprint);
  for (const Migration migration : {Migration::Apply, Migration::Refuse}) {
    const auto again = open(migration);
    ASSERT_TRUE(again) << again.error().describe();
    EXPECT_TRUE((*again)->keys().sealing == (*first)->keys().sealing);
    const auto status = (*again)->schema_status();
    EXPECT_EQ(status->version, status->wanted);
    EXPECT_TRUE((*again)->ping());
  }
}

TEST_P(Schema, ManyThatStartAtOnceMigrateOnce) {
  std::vector<std::future<Result<std::unique_ptr<IdentityStore>>>> starting;
  for (int i = 0; i < 6; ++i) {
    starting.push_back(std::async(std::launch::async, [this] { return open(Migration::Apply); }));
  }
  std::vector<std::unique_ptr<IdentityStore>> stores;
  for (auto& start : starting) {
    auto store = start.get();
    ASSERT_TRUE(store) << store.error().describe();
    stores.push_back(std::move(*store));
  }
  for (const auto& store : stores) EXPECT_TRUE(store->keys().sealing == stores[0]->keys().sealing);
}

TEST_P(Schema, AnEmptyDatabaseIsRefusedWithTheCommandWhereItMayNotBeMigrated) {
  const auto refused = open(Migration::Refuse);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("neoid store migrate"));
}

TEST_P(Schema, ANewerOrAnotherSchemaIsRefused) {
  ASSERT_TRUE(open(Migration::Apply));
  ASSERT_EQ(
      database_->outside("INSERT INTO schema_migrations (number, name, checksum, applied_at) SELECT 999, "
                         "'later', 'x', applied_at FROM schema_migrations WHERE number = 1"),
      "");
  for (const Migration migration : {Migration::Apply, Migration::Refuse}) {
    EXPECT_EQ(open(migration).error().reason, "NewerSchema");
  }
  ASSERT_EQ(database_->outside("DELETE FROM schema_migrations WHERE number = 999"), "");
  ASSERT_EQ(database_->outside("UPDATE schema_migrations SET checksum = 'x'"), "");
  EXPECT_EQ(open(Migration::Apply).error().reason, "ChangedMigration");
}

TEST_P(Schema, BothFormsHaveTheSameSteps) {
  const auto sqlite = schema_steps("sqlite");
  const auto postgres = schema_steps("postgres");
  ASSERT_EQ(sqlite.size(), postgres.size());
  for (std::size_t i = 0; i < sqlite.size(); ++i) {
    EXPECT_EQ(sqlite[i].number, static_cast<int>(i) + 1);
    EXPECT_EQ(postgres[i].number, static_cast<int>(i) + 1);
  }
}

TEST(StoreUrl, WhatIsNoStoreIsRefusedAndAPasswordIsNeverRepeated) {
  const std::vector<std::string> urls{
      "mysql://x",
      "sqlite:",
      "",
      "postgres://u:s3cret@host:notaport/db",
      "host=x password='s3cret",
      "postgres://u:s3cret@[::1/db",
  };
  for (const std::string& url : urls) {
    const auto store = open_store(url, Migration::Refuse);
    ASSERT_FALSE(store) << url;
    EXPECT_THAT(store.error().describe(), Not(HasSubstr("s3cret"))) << url;
  }
  const auto unreachable =
      open_store("postgres://u:s3cret@127.0.0.1:1/db?connect_timeout=2", Migration::Refuse);
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(unreachable.error().describe(), Not(HasSubstr("s3cret")));
  EXPECT_THAT(unreachable.error().describe(), HasSubstr("postgres://127.0.0.1:1/db"));
}

TEST(StoreUrl, TheLocationHasNoPasswordAndTlsOptionsArePassedOn) {
  const auto target =
      parse_postgres_url("postgresql://u:s3cret@db.example:5433/ids?sslmode=verify-full&sslrootcert=/ca");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->location, "postgres://db.example:5433/ids");
  EXPECT_THAT(target->conninfo, HasSubstr("sslmode='verify-full'"));
  EXPECT_THAT(target->conninfo, HasSubstr("sslrootcert='/ca'"));
  EXPECT_THAT(parse_postgres_url("host=a,b dbname=x")->conninfo,
              HasSubstr("target_session_attrs='read-write'"));
}

}  // namespace
}  // namespace neoid::store
