#include "tests/controller/store/store_support.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "tests/support/postgres.h"

namespace neoid::store {
namespace {

constexpr Instant kStart = Instant(std::chrono::seconds(1'800'000'000));

class SqliteDatabase final : public TestDatabase {
 public:
  SqliteDatabase() {
    std::string folder = (std::filesystem::temp_directory_path() / "neoid-store-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
  }
  ~SqliteDatabase() override { std::filesystem::remove_all(folder_); }

  std::string url() const override { return "sqlite:" + path(); }
  std::string outside(const std::string& sql) override { return run(sql, nullptr); }
  std::string ask(const std::string& sql) override {
    std::string answer;
    const std::string error = run(sql, &answer);
    return error.empty() ? answer : error;
  }
  std::string tamper(const std::string& sql) override {
    // As a determined hand would: the triggers away, the edit, the triggers back.
    const std::string script = fmt::format(
        "BEGIN; CREATE TEMP TABLE kept AS SELECT sql FROM main.sqlite_schema WHERE type = 'trigger'; "
        "COMMIT;");
    sqlite3* handle = open();
    std::vector<std::pair<std::string, std::string>> triggers;
    sqlite3_exec(
        handle, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'",
        [](void* out, int, char** values, char**) {
          static_cast<decltype(triggers)*>(out)->emplace_back(values[0], values[1]);
          return 0;
        },
        &triggers, nullptr);
    std::string all = "BEGIN IMMEDIATE;";
    for (const auto& [name, text] : triggers) all += "DROP TRIGGER " + name + ";";
    all += sql + ";";
    for (const auto& [name, text] : triggers) all += text + ";";
    all += "COMMIT;";
    std::string error = exec(handle, all, nullptr);
    sqlite3_close(handle);
    return error;
  }
  void advance(Duration by) override { *elapsed_ += by.count(); }
  void back_up() override {
    const std::string to = folder_ + "/backup.db";
    std::filesystem::remove(to);
    const auto done = backup_store(url(), to);
    EXPECT_TRUE(done) << done.error().describe();
  }
  void restore() override {
    const auto done = restore_store(url(), folder_ + "/backup.db");
    EXPECT_TRUE(done) << done.error().describe();
  }
  StoreOptions options() override {
    StoreOptions options;
    options.migration = Migration::Apply;
    options.clock = [elapsed = elapsed_] { return kStart + Duration(*elapsed); };
    return options;
  }

 private:
  std::string path() const { return folder_ + "/identity.db"; }
  sqlite3* open() {
    sqlite3* handle = nullptr;
    sqlite3_open(path().c_str(), &handle);
    sqlite3_busy_timeout(handle, 5000);
    return handle;
  }
  static std::string exec(sqlite3* handle, const std::string& sql, std::string* answer) {
    char* message = nullptr;
    sqlite3_exec(
        handle, sql.c_str(),
        [](void* out, int, char** values, char**) {
          auto* text = static_cast<std::string*>(out);
          if (text != nullptr && text->empty() && values[0] != nullptr) *text = values[0];
          return 0;
        },
        answer, &message);
    std::string error = message == nullptr ? "" : message;
    sqlite3_free(message);
    return error;
  }
  std::string run(const std::string& sql, std::string* answer) {
    sqlite3* handle = open();
    std::string error = exec(handle, sql, answer);
    sqlite3_close(handle);
    return error;
  }

  std::string folder_;
  std::shared_ptr<std::atomic<Duration::rep>> elapsed_ = std::make_shared<std::atomic<Duration::rep>>(0);
};

class PostgresDatabase final : public TestDatabase {
 public:
  explicit PostgresDatabase(test::PostgresServer& server)
      : server_(server), name_(server.create_database()) {}
  ~PostgresDatabase() override {
    hang_up();
    server_.drop_database(name_);
    server_.drop_database(name_ + "_backup");
  }

  std::string url() const override { return server_.url(name_); }
  std::string outside(const std::string& sql) override { return run(sql).error; }
  std::string ask(const std::string& sql) override {
    const test::PgAnswer answer = run(sql);
    return answer.error.empty() ? answer.value : answer.error;
  }
  std::string tamper(const std::string& sql) override {
    std::string all = "BEGIN;";
    for (const bool on : {false, true}) {
      all += fmt::format(
          "DO $do$ DECLARE t record; BEGIN FOR t IN SELECT tgname, relname FROM pg_trigger JOIN pg_class c "
          "ON "
          "c.oid = tgrelid WHERE NOT tgisinternal AND relnamespace = 'neoid'::regnamespace LOOP EXECUTE "
          "format('ALTER TABLE neoid.%I {} TRIGGER %I', t.relname, t.tgname); END LOOP; END $do$;",
          on ? "ENABLE ALWAYS" : "DISABLE");
      if (!on) all += sql + ";";
    }
    return run(all + "COMMIT;").error;
  }
  void advance(Duration by) override {
    now_ += by;
    set_clock();
  }
  StoreOptions options() override {
    StoreOptions options;
    options.migration = Migration::Apply;
    return options;
  }
  void opened() override { set_clock(); }
  void back_up() override { copy(name_, name_ + "_backup"); }
  void restore() override {
    copy(name_ + "_backup", name_);
    set_clock();
  }

 private:
  // What pg_dump and pg_restore would do, quicker.
  void copy(const std::string& from, const std::string& to) {
    hang_up();
    server_.drop_database(to);
    const test::PgConn admin = server_.connect("postgres");
    test::pg_ask(admin.get(),
                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + from + "'");
    std::string error;
    for (int attempt = 0; attempt < 50; ++attempt) {  // until the sessions are gone
      error = test::pg_ask(admin.get(), "CREATE DATABASE " + to + " TEMPLATE " + from).error;
      if (error.empty()) break;
    }
    EXPECT_EQ(error, "");
  }
  void set_clock() {
    const std::string error =
        run(fmt::format(
                "CREATE OR REPLACE FUNCTION neoid.neoid_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                "$$ SELECT neoid.instant({}) $$",
                now_.time_since_epoch().count()))
            .error;
    EXPECT_EQ(error, "");
  }
  // On a session that is kept; on one of its own where several threads ask at once.
  test::PgAnswer run(const std::string& sql) {
    const std::unique_lock lock(shell_mutex_, std::try_to_lock);
    test::PgConn fresh;
    test::PgConn& connection = lock.owns_lock() ? shell_ : fresh;
    if (!connection || PQstatus(connection.get()) != CONNECTION_OK) connection = server_.connect(name_);
    for (const char* setup : {"ROLLBACK", "DISCARD ALL",
                              "SET search_path = neoid, public; SET application_name = 'psql'; "
                              "SET client_min_messages = error"}) {
      test::pg_ask(connection.get(), setup);
    }
    return test::pg_ask(connection.get(), sql);
  }
  void hang_up() {
    const std::scoped_lock lock(shell_mutex_);
    shell_.reset();
  }

  test::PostgresServer& server_;
  std::string name_;
  std::mutex shell_mutex_;
  test::PgConn shell_;
  Instant now_ = kStart;
};

}  // namespace

std::string form_name(const testing::TestParamInfo<Form>& info) {
  return info.param == Form::Sqlite ? "Sqlite" : "Postgres";
}

std::vector<Form> all_forms() { return {Form::Sqlite, Form::Postgres}; }

std::unique_ptr<TestDatabase> make_database(Form form) {
  if (form == Form::Sqlite) return std::make_unique<SqliteDatabase>();
  test::PostgresServer* server = test::PostgresServer::get();
  if (server == nullptr) return nullptr;
  return std::make_unique<PostgresDatabase>(*server);
}

void StoreTest::SetUp() {
  database_ = make_database(GetParam());
  ASSERT_NE(database_, nullptr) << "no PostgreSQL server: install postgresql-15, or set NEOID_TEST_POSTGRES";
  store_ = open();
  ASSERT_NE(store_, nullptr);
  database_->opened();
  term_ = claim(*store_);
  const std::vector<plan::StoredScope> scopes{scope("contacts"), scope("documents"), scope("finance")};
  const auto put = store_->put_scopes(term_, scopes, {}, "test");
  ASSERT_TRUE(put) << put.error().describe();
}

std::unique_ptr<IdentityStore> StoreTest::open(std::function<Result<void>(std::string_view)> fault) {
  StoreOptions options = database_->options();
  options.fault = std::move(fault);
  auto opened = open_store(database_->url(), std::move(options));
  if (!opened) {
    ADD_FAILURE() << opened.error().describe();
    return nullptr;
  }
  return std::move(*opened);
}

WriterTerm StoreTest::claim(IdentityStore& store, const std::string& holder) {
  const auto epoch = store.stored_epoch(kCluster);
  EXPECT_TRUE(epoch) << epoch.error().describe();
  const auto term = store.claim(kCluster, epoch.value_or(0) + 1, holder);
  EXPECT_TRUE(term) << term.error().describe();
  return term.value_or(WriterTerm{});
}

Result<std::optional<plan::StoredIdentity>> StoreTest::commit(const plan::IdentityChange& change) {
  auto results = store_->commit(term_, std::span(&change, 1));
  if (!results) return fail(std::move(results).error());
  return std::move(results->front());
}

plan::StoredIdentity StoreTest::must(const plan::IdentityChange& change) {
  auto result = commit(change);
  if (!result) {
    ADD_FAILURE() << result.error().describe();
    return {};
  }
  return result->value_or(plan::StoredIdentity{});
}

std::optional<plan::StoredIdentity> StoreTest::observed(const api::ResourceKey& resource) {
  const IdentityRef ref{resource, std::nullopt};
  auto observation = store_->observe(kCluster, std::span(&ref, 1));
  if (!observation) {
    ADD_FAILURE() << observation.error().describe();
    return std::nullopt;
  }
  return observation->identities.front().own;
}

Instant StoreTest::now() {
  const auto observation = store_->observe(kCluster, {});
  return observation ? observation->now : Instant();
}

std::string uuid(int number) { return fmt::format("00000000-0000-4000-8000-{:012}", number); }

api::ResourceKey custom_key(const std::string& name, const std::string& ns) {
  return {api::Kind::IntegrationUser, ns, name};
}
api::ResourceKey system_key(const std::string& name) { return {api::Kind::SystemIntegrationUser, "", name}; }

plan::StoredScope scope(const std::string& name) {
  plan::StoredScope made;
  made.name = name;
  made.display_name = name;
  made.permissions = "[]";
  return made;
}

plan::IdentityChange change_of(int number, std::vector<plan::Operation> operations, Generation generation) {
  plan::IdentityChange change;
  change.user_id = UserId(uuid(1000 + number));
  change.owner = {kCluster, custom_key(fmt::format("user-{}", number)), Uid(uuid(2000 + number)), generation};
  change.actor = "alice";
  change.cause = "spec changed";
  change.operations = std::move(operations);
  return change;
}

plan::IdentityChange system_change_of(int number, std::vector<plan::Operation> operations) {
  plan::IdentityChange change = change_of(number, std::move(operations));
  change.owner.resource = system_key(fmt::format("system-{}", number));
  change.actor = "platform";
  return change;
}

plan::PutIdentity put(int number, std::vector<std::string> scopes) {
  plan::PutIdentity operation;
  operation.client_id = ClientId(uuid(3000 + number));
  operation.config.display_name = fmt::format("User {}", number);
  operation.config.description = "exports documents";
  operation.config.scopes = std::move(scopes);
  operation.config.tags = {"billing", "nightly"};
  return operation;
}

plan::PutIdentity system_put(int number, std::vector<std::string> scopes) {
  plan::PutIdentity operation = put(number, std::move(scopes));
  operation.kind = plan::UserKind::System;
  operation.config.spec = R"({"displayName":"System"})";
  return operation;
}

Sha256 hash_of(VersionNumber number) { return sha256(std::to_string(number)); }

plan::IssueVersion issue(VersionNumber number, Instant at) {
  plan::IssueVersion operation;
  operation.number = number;
  operation.hash = hash_of(number);
  operation.issued_at = at;
  return operation;
}

plan::DeliverVersion deliver(VersionNumber number, VersionNumber status_number,
                             std::vector<plan::ListedVersion> listed) {
  plan::DeliverVersion operation;
  operation.number = number;
  operation.wait = std::chrono::seconds(21);
  operation.others.overlap = std::chrono::hours(1);
  operation.others.status_number = status_number;
  operation.others.listed = std::move(listed);
  return operation;
}

}  // namespace neoid::store
