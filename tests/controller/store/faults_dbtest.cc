// What the store does when the disk, the process, the network or the database fails under it.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "tests/controller/store/postgres_proxy.h"
#include "tests/controller/store/store_support.h"
#include "tests/support/postgres.h"

namespace neoid::store {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kPoints{"begun", "loaded", "written", "appended", "committing"};

class Faults : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Forms, Faults, testing::ValuesIn(all_forms()), form_name);

TEST_P(Faults, AFailureAtAnyPointOfATransactionLeavesNothingOfIt) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  const auto before = observed(custom_key("user-1"));
  const FeedPosition end = store_->feed_end().value();
  std::string at;
  store_ = open([&](std::string_view point) -> Result<void> {
    if (point != at) return {};
    return fail(ErrorKind::Unavailable, "the cable was pulled");
  });
  term_ = claim(*store_);
  for (const std::string& point : kPoints) {
    at = point;
    plan::PutIdentity renamed = put(1);
    renamed.config.display_name = "Renamed";
    const auto result = commit(change_of(1, {renamed, issue(2, now()), deliver(2)}));
    ASSERT_FALSE(result) << point;
    EXPECT_EQ(result.error().kind, ErrorKind::Unavailable) << point;
    EXPECT_EQ(observed(custom_key("user-1")), before) << point;
    EXPECT_EQ(store_->feed_end().value(), end) << point;
  }
  at.clear();
  must(change_of(1, {issue(2, now()), deliver(2)}));
  EXPECT_EQ(store_->verify_activity().value(), std::nullopt);
}

TEST_P(Faults, WhatTheDatabaseGaveUpToSettleARaceIsTriedAgain) {
  int failures = 3;
  store_ = open([&](std::string_view point) -> Result<void> {
    if (point != "written" || failures == 0) return {};
    --failures;
    return fail(ErrorKind::Unavailable, "deadlock detected", "TryAgain");
  });
  term_ = claim(*store_);
  EXPECT_EQ(must(change_of(1, {put(1)})).user_id, UserId(uuid(1001)));
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(store_->changes_after(kCluster, store_->feed_end().value() - 1, 10)->size(), 1u);
}

TEST_P(Faults, ARowThatTheDatabaseRefusesFailsAlone) {
  plan::IdentityChange bad = change_of(2, {put(2)});
  bad.user_id = UserId("not a uuid");
  const std::vector<plan::IdentityChange> changes{change_of(1, {put(1)}), bad, change_of(3, {put(3)})};
  const auto results = store_->commit(term_, changes);
  ASSERT_TRUE(results) << results.error().describe();
  EXPECT_TRUE((*results)[0]);
  EXPECT_EQ((*results)[1].error().kind, ErrorKind::Invalid);
  EXPECT_TRUE((*results)[2]);
  EXPECT_TRUE(observed(custom_key("user-3")));
}

TEST_P(Faults, ARestoredStoreFencesWhoWroteBeforeAndCanBeHealed) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  const StoreKeys keys = store_->keys();
  database_->back_up();
  term_ = claim(*store_);
  must(change_of(1, {issue(2, now()), deliver(2, 1, {{1, std::nullopt}})}));
  must(change_of(2, {put(2)}));
  database_->restore();

  EXPECT_FALSE(commit(change_of(3, {put(3)}))) << "fenced, or the connection found dead";
  EXPECT_EQ(commit(change_of(3, {put(3)})).error().reason, "Fenced");
  EXPECT_TRUE(store_->session_lost(term_, std::chrono::seconds(5)));
  term_ = claim(*store_);
  EXPECT_FALSE(observed(custom_key("user-2")));
  EXPECT_EQ(observed(custom_key("user-1"))->current()->number, 1);
  plan::HealVersion heal;
  heal.number = 2;
  heal.hash = hash_of(2);
  heal.issued_at = now();
  heal.others.overlap = std::chrono::hours(1);
  must(change_of(1, {heal}));
  EXPECT_TRUE(store_->accepts(ClientId(uuid(3001)), hash_of(2))->accepted);
  EXPECT_TRUE(open()->keys().sealing == keys.sealing);
  EXPECT_EQ(store_->verify_activity().value(), std::nullopt);
}

// --- SQLite --------------------------------------------------------------------------------------

class SqliteFaults : public StoreTest {
 protected:
  // Runs `work` in a process of its own; how that ended.
  static int in_child(const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work());
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }
  std::string path() const { return database_->url().substr(std::string("sqlite:").size()); }
};
INSTANTIATE_TEST_SUITE_P(Forms, SqliteFaults, testing::Values(Form::Sqlite), form_name);

TEST_P(SqliteFaults, AProcessThatIsKilledAtAnyPointLeavesAllOrNothingAndNoDoorOpen) {
  must(system_change_of(1, {system_put(1)}));
  const Epoch epoch = term_.epoch;
  store_.reset();
  int number = 10;
  for (const std::string point : {"begun", "loaded", "written", "appended", "committing", "committed"}) {
    ++number;
    const int status = in_child([&] {
      StoreOptions options = database_->options();
      options.fault = [&](std::string_view at) -> Result<void> {
        if (at == point) ::kill(::getpid(), SIGKILL);
        return {};
      };
      auto store = open_store(database_->url(), std::move(options));
      if (!store) return 1;
      const auto term = (*store)->claim(kCluster, epoch + number, "child");
      if (!term) return 2;
      const std::vector<plan::IdentityChange> changes{change_of(number, {put(number), issue(1, Instant())}),
                                                      change_of(100 + number, {put(100 + number)})};
      static_cast<void>((*store)->commit(*term, changes));
      return 3;
    });
    ASSERT_TRUE(WIFSIGNALED(status)) << point;
    store_ = open();
    ASSERT_NE(store_, nullptr);
    for (const int user : {number, 100 + number}) {
      EXPECT_EQ(observed(custom_key("user-" + std::to_string(user))).has_value(), point == "committed")
          << point;
    }
    EXPECT_EQ(database_->ask("SELECT count(*) FROM writer_open"), "0");
    EXPECT_THAT(database_->outside("UPDATE users SET description = 'x' WHERE kind = 'system'"),
                HasSubstr("hold still"));
    EXPECT_EQ(store_->verify_activity().value(), std::nullopt) << point;
    store_.reset();
  }
}

TEST_P(SqliteFaults, AFullDiskIsTemporary) {
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto log = std::filesystem::file_size(path() + "-wal");
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit full{log, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &full);
    std::vector<plan::IdentityChange> changes;
    for (int i = 1; i < 200; ++i) changes.push_back(change_of(i, {put(i)}));
    const auto refused = store_->commit(term_, changes);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (refused || refused.error().kind != ErrorKind::Unavailable) return 1;
    if (observed(custom_key("user-1"))) return 2;
    return store_->commit(term_, changes) ? 0 : 3;
  });
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_P(SqliteFaults, AFileThatMayNotBeWrittenIsToldAsSuch) {
  store_.reset();
  std::filesystem::permissions(path(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::others_read);
  std::filesystem::permissions(std::filesystem::path(path()).parent_path(),
                               std::filesystem::perms::owner_all | std::filesystem::perms::others_read |
                                   std::filesystem::perms::others_exec);
  const int status = in_child([&] {
    if (::getuid() == 0 && ::setuid(65534) != 0) return 9;
    StoreOptions options;
    const auto store = open_store(database_->url(), std::move(options));
    if (!store) return store.error().kind == ErrorKind::Unavailable ? 0 : 1;
    const auto claimed = (*store)->claim(kCluster, 100, "reader");
    return !claimed && claimed.error().kind == ErrorKind::Unavailable ? 0 : 2;
  });
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_P(SqliteFaults, ALockThatSomebodyElseKeepsIsTemporary) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto refused = commit(change_of(1, {put(1)}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(refused.error().reason, "Busy");
  sqlite3_close(other);
  EXPECT_TRUE(commit(change_of(1, {put(1)})));
}

TEST_P(SqliteFaults, ADamagedFileIsRefusedWithTheWayToRestore) {
  for (int i = 1; i < 100; ++i) must(change_of(i, {put(i)}));
  database_->back_up();
  store_.reset();
  const auto size = std::filesystem::file_size(path());
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string garbage(4096, 'x');
    for (std::size_t at = 4096; at + 4096 < size; at += 8192) {
      file.seekp(static_cast<std::streamoff>(at));
      file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
    }
  }
  for (const Migration migration : {Migration::Apply, Migration::Refuse}) {
    const auto refused = open_store(database_->url(), migration);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "Damaged");
    EXPECT_THAT(refused.error().message, HasSubstr("neoid store restore"));
  }
  database_->restore();
  store_ = open();
  ASSERT_NE(store_, nullptr);
  EXPECT_TRUE(observed(custom_key("user-50")));
}

TEST_P(SqliteFaults, AWaitFollowsTheRestoredFile) {
  must(change_of(1, {put(1)}));
  database_->back_up();
  database_->restore();
  const FeedPosition before = store_->feed_end().value();
  auto waiting = std::async(std::launch::async, [&] {
    while (store_->feed_end().value() == before) store_->wait_for_change(std::chrono::seconds(20), {});
  });
  ASSERT_EQ(database_->outside("UPDATE users SET description = 'x'"), "");
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_P(SqliteFaults, WhatIsNoStoreIsNotRestored) {
  must(change_of(1, {put(1)}));
  const std::string folder = std::filesystem::path(path()).parent_path();
  std::ofstream(folder + "/text.db")
      << "this is no database at all, only a text that somebody kept beside it";
  const auto refused = restore_store(database_->url(), folder + "/text.db");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(observed(custom_key("user-1")));
  EXPECT_TRUE(commit(change_of(2, {put(2)}))) << "nothing was moved";
  EXPECT_FALSE(backup_store(database_->url(), path())) << "over a file that is there";
}

TEST_P(SqliteFaults, ABackupIsSoundWhileOthersWrite) {
  std::jthread writer([&](std::stop_token stop) {
    for (int i = 1; !stop.stop_requested(); ++i) EXPECT_TRUE(commit(change_of(i, {put(i)})));
  });
  const std::string to = path() + ".copy";
  for (int i = 0; i < 5; ++i) {
    const auto done = backup_store(database_->url(), to);
    ASSERT_TRUE(done) << done.error().describe();
    const auto copy = open_store("sqlite:" + to, Migration::Refuse);
    ASSERT_TRUE(copy) << copy.error().describe();
    EXPECT_EQ((*copy)->verify_activity().value(), std::nullopt);
    for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(to + ending);
  }
}

// --- PostgreSQL ----------------------------------------------------------------------------------

class PostgresFaults : public StoreTest {
 protected:
  void kill_sessions() {
    database_->ask(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'neoid'");
  }
  // The exit status of a program of PostgreSQL's.
  static int client(const std::string& command) {
    const auto folders = std::filesystem::directory_iterator("/usr/lib/postgresql");
    const std::string programs = folders->path().string() + "/bin";
    return std::system(("PATH=\"" + programs + ":$PATH\" " + command).c_str());
  }
  static plan::PutIdentity renamed_of(int user) {
    plan::PutIdentity renamed = put(user);
    renamed.config.display_name = "Renamed";
    return renamed;
  }
};
INSTANTIATE_TEST_SUITE_P(Forms, PostgresFaults, testing::Values(Form::Postgres), form_name);

TEST_P(PostgresFaults, AConnectionThatIsLostAtAnyPointLeavesNothingAndEndsTheTerm) {
  std::string next;
  store_ = open([&](std::string_view at) -> Result<void> {
    if (at == next) {
      next.clear();
      kill_sessions();
    }
    return {};
  });
  for (const std::string& point : kPoints) {
    term_ = claim(*store_);
    next = point;
    const auto result = commit(change_of(1, {put(1)}));
    ASSERT_FALSE(result) << point;
    EXPECT_EQ(result.error().kind, ErrorKind::Unavailable) << point;
    EXPECT_EQ(commit(change_of(1, {put(1)})).error().reason, "Fenced") << point;
    EXPECT_FALSE(observed(custom_key("user-1"))) << point;
  }
  term_ = claim(*store_);
  EXPECT_TRUE(commit(change_of(1, {put(1)})));
}

TEST_P(PostgresFaults, ACommitWhoseAnswerWasLostIsLookedUp) {
  PostgresProxy proxy(database_->url());
  auto opened = open_store(proxy.url(), Migration::Refuse);
  ASSERT_TRUE(opened) << opened.error().describe();
  store_ = std::move(*opened);
  for (const PostgresProxy::Cut cut :
       {PostgresProxy::Cut::AfterTheServerDidIt, PostgresProxy::Cut::BeforeTheServerSawIt}) {
    const bool done = cut == PostgresProxy::Cut::AfterTheServerDidIt;
    term_ = claim(*store_);
    const int number = done ? 1 : 2;
    proxy.cut_at("COMMIT", cut);
    const auto result = commit(change_of(number, {put(number)}));
    EXPECT_EQ(proxy.cuts(), done ? 1 : 2);
    EXPECT_EQ(result.has_value(), done) << (result ? "" : result.error().describe());
    EXPECT_EQ(observed(custom_key("user-" + std::to_string(number))).has_value(), done);
    EXPECT_EQ(commit(change_of(3, {put(3)})).error().reason, "Fenced");
  }
}

TEST_P(PostgresFaults, WhenNobodyCanTellWhatBecameOfACommitTheAnswerIsTimeout) {
  PostgresProxy proxy(database_->url());
  auto opened = open_store(proxy.url(), Migration::Refuse);
  ASSERT_TRUE(opened) << opened.error().describe();
  store_ = std::move(*opened);
  term_ = claim(*store_);
  proxy.cut_at("COMMIT", PostgresProxy::Cut::AfterTheServerDidIt);
  proxy.refuse_after_cut();
  const auto result = commit(change_of(1, {put(1)}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::Timeout);
}

TEST_P(PostgresFaults, AReadOnlyDatabaseIsTemporary) {
  ASSERT_EQ(database_->outside(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', "
                "current_database()); END $$"),
            "");
  kill_sessions();
  const auto refused = store_->claim(kCluster, 100, "test");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(refused.error().reason, "ReadOnly");
  EXPECT_TRUE(store_->observe(kCluster, {})) << "reading goes on";
}

TEST_P(PostgresFaults, AFullDiskIsTemporary) {
  // What the server says where a write finds no room, at the place where it would say it.
  ASSERT_EQ(database_->outside(
                "CREATE FUNCTION neoid.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
                "'could not extend file' USING ERRCODE = 'disk_full'; END $$; CREATE TRIGGER no_room "
                "BEFORE INSERT ON neoid.activity EXECUTE FUNCTION neoid.no_room()"),
            "");
  const auto refused = commit(change_of(1, {put(1)}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(refused.error().reason, "DiskFull");
  EXPECT_FALSE(observed(custom_key("user-1")));
  ASSERT_EQ(database_->outside("DROP TRIGGER no_room ON neoid.activity"), "");
  EXPECT_TRUE(commit(change_of(1, {put(1)}))) << "the term goes on";
}

TEST_P(PostgresFaults, ADeadlockThatWeAreTheVictimOfIsTriedAgain) {
  must(change_of(1, {put(1)}));
  must(change_of(2, {put(2)}));
  auto* server = test::PostgresServer::get();
  const test::PgConn other = server->connect(database_->ask("SELECT current_database()"));
  const auto lock = [&](int user) {
    return "SELECT 1 FROM neoid.users WHERE user_id = '" + uuid(1000 + user) + "' FOR UPDATE";
  };
  test::pg_ask(other.get(), "BEGIN");
  test::pg_ask(other.get(), "SET LOCAL deadlock_timeout = '60s'");  // so that it is us who notice
  ASSERT_EQ(test::pg_ask(other.get(), lock(2)).error, "");
  auto ours = std::async(std::launch::async, [&] {
    const std::vector<plan::IdentityChange> changes{change_of(1, {renamed_of(1)}),
                                                    change_of(2, {renamed_of(2)})};
    return store_->commit(term_, changes);
  });
  while (database_->ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") std::this_thread::yield();
  EXPECT_EQ(test::pg_ask(other.get(), lock(1)).error, "") << "the other one goes on, since we gave way";
  test::pg_ask(other.get(), "COMMIT");
  const auto results = ours.get();
  ASSERT_TRUE(results) << results.error().describe();
  for (const auto& result : *results) EXPECT_TRUE(result) << result.error().describe();
  EXPECT_EQ(observed(custom_key("user-1"))->config.display_name, "Renamed");
  EXPECT_EQ(store_->verify_activity().value(), std::nullopt);
}

TEST_P(PostgresFaults, ReadsMendThemselvesAfterEverySessionWasKilled) {
  must(change_of(1, {put(1)}));
  for (int i = 0; i < 3; ++i) {
    kill_sessions();
    EXPECT_TRUE(observed(custom_key("user-1")));
  }
}

// The commands of docs/how-to/restore-a-database.md, into the database that is in use.
TEST_P(PostgresFaults, ADumpThatIsRestoredIntoTheRunningDatabaseFencesAndHeals) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  must(system_change_of(5, {system_put(5)}));
  const std::filesystem::path dump =
      std::filesystem::temp_directory_path() / ("neoid-" + uuid(::getpid()) + ".dump");
  ASSERT_EQ(client("pg_dump --format=custom --file=" + dump.string() + " \"" + database_->url() + "\""), 0);
  must(change_of(1, {issue(2, now()), deliver(2, 1, {{1, std::nullopt}})}));
  must(change_of(2, {put(2)}));
  ASSERT_EQ(client("pg_restore --clean --if-exists --single-transaction --dbname=\"" + database_->url() +
                   "\" " + dump.string()),
            0);
  std::filesystem::remove(dump);

  EXPECT_EQ(commit(change_of(3, {put(3)})).error().reason, "Fenced")
      << "the same epoch and holder stand in the backup, and the session is the same";
  term_ = claim(*store_);
  EXPECT_FALSE(observed(custom_key("user-2")));
  plan::HealVersion heal;
  heal.number = 2;
  heal.hash = hash_of(2);
  heal.issued_at = now();
  heal.others.overlap = std::chrono::hours(1);
  must(change_of(1, {heal}));
  EXPECT_TRUE(store_->accepts(ClientId(uuid(3001)), hash_of(2))->accepted) << "rule 13";
  EXPECT_EQ(store_->verify_activity().value(), std::nullopt);
  EXPECT_THAT(database_->outside("UPDATE users SET description = 'x' WHERE kind = 'system'"),
              HasSubstr("hold still"));
}

// --- A server of one's own, to be stopped and replaced --------------------------------------------

class ServerFaults : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(server_.settings(), "") << "no PostgreSQL server: ./dev setup test installs one";
  }

  std::string tell(const std::string& command) {
    const std::string answer = server_.tell(command);
    EXPECT_TRUE(answer.starts_with("ok ")) << command << ": " << answer;
    return answer.starts_with("ok ") ? answer.substr(3) : "";
  }
  void open(const std::string& url, Migration migration = Migration::Apply) {
    auto opened = open_store(url, migration);
    ASSERT_TRUE(opened) << opened.error().describe();
    store_ = std::move(*opened);
  }
  WriterTerm claim(Epoch epoch) {
    const auto term = store_->claim(kCluster, epoch, "test");
    EXPECT_TRUE(term) << term.error().describe();
    return term.value_or(WriterTerm{});
  }
  Result<std::optional<plan::StoredIdentity>> commit(const WriterTerm& term,
                                                     const plan::IdentityChange& change) {
    auto results = store_->commit(term, std::span(&change, 1));
    if (!results) return fail(std::move(results).error());
    return std::move(results->front());
  }
  std::optional<plan::StoredIdentity> observed(int user) {
    const IdentityRef ref{change_of(user, {}).owner.resource, std::nullopt};
    return store_->observe(kCluster, std::span(&ref, 1)).value().identities.front().own;
  }

  test::PrivatePostgres server_;
  std::unique_ptr<IdentityStore> store_;
};

TEST_F(ServerFaults, AServerThatIsRestartedOrCrashesEndsTheTermAndNothingElse) {
  open(server_.settings() + "dbname='postgres'");
  Epoch epoch = 0;
  for (const char* end : {"stop", "kill"}) {
    const WriterTerm term = claim(++epoch);
    const int user = static_cast<int>(epoch);
    ASSERT_TRUE(commit(term, change_of(user, {put(user)}))) << end;
    tell(end);
    EXPECT_FALSE(commit(term, change_of(9, {put(9)}))) << end;
    EXPECT_EQ(store_->ping().error().kind, ErrorKind::Unavailable) << end;
    EXPECT_TRUE(store_->session_lost(term, std::chrono::seconds(5))) << end;
    tell("start");
    EXPECT_TRUE(store_->ping()) << "readers mend themselves";
    EXPECT_EQ(commit(term, change_of(9, {put(9)})).error().reason, "Fenced") << end;
    EXPECT_TRUE(observed(user)) << end;
  }
  EXPECT_TRUE(commit(claim(++epoch), change_of(9, {put(9)})));
  EXPECT_EQ(store_->verify_activity().value(), std::nullopt);
}

// Two servers with streaming replication; the replica has not heard of the last commits when it is promoted.
TEST_F(ServerFaults, AFailoverToAReplicaThatLaggedFencesAndHeals) {
  const std::string primary = server_.settings();
  const std::string replica = tell("replica");
  const auto word = [](const std::string& text, const std::string& name) {
    const std::size_t begin = text.find(name + "='") + name.size() + 2;
    return text.substr(begin, text.find('\'', begin) - begin);
  };
  open(primary + "dbname='postgres'");  // the replica hears of the schema
  open("host='" + word(primary, "host") + "," + word(replica, "host") + "' port='" + word(primary, "port") +
       "," + word(replica, "port") + "' user='postgres' dbname='postgres'");
  WriterTerm term = claim(1);
  const Instant now = store_->observe(kCluster, {})->now;
  ASSERT_TRUE(commit(term, change_of(1, {put(1), issue(1, now), deliver(1)})));
  // The lag begins when the replica has all of it.
  const test::PgConn there(PQconnectdb((replica + "dbname='postgres'").c_str()));
  while (test::pg_ask(there.get(), "SELECT count(*) FROM neoid.credential_versions WHERE state = 'delivered'")
             .value != "1")
    std::this_thread::yield();
  tell("detach");
  ASSERT_TRUE(commit(term, change_of(1, {issue(2, now), deliver(2, 1, {{1, std::nullopt}})})));
  ASSERT_TRUE(commit(term, change_of(2, {put(2)})));
  tell("kill");
  EXPECT_FALSE(commit(term, change_of(3, {put(3)})));
  tell("promote");

  EXPECT_EQ(commit(term, change_of(3, {put(3)})).error().reason, "Fenced") << "rule 14";
  EXPECT_FALSE(observed(2)) << "that commit is lost";
  term = claim(2);
  plan::HealVersion heal;
  heal.number = 2;
  heal.hash = hash_of(2);
  heal.issued_at = now;
  heal.others.overlap = std::chrono::hours(1);
  ASSERT_TRUE(commit(term, change_of(1, {heal})));
  EXPECT_TRUE(store_->accepts(ClientId(uuid(3001)), hash_of(2))->accepted) << "rule 13";
  EXPECT_TRUE(commit(term, change_of(2, {put(2)})));
  EXPECT_EQ(store_->verify_activity().value(), std::nullopt);
}

TEST_F(ServerFaults, OnlyAServerWithTheRightCertificateIsTalkedToAndThePasswordIsNeverTold) {
  {
    const test::PgConn admin(PQconnectdb((server_.settings() + "dbname='postgres'").c_str()));
    ASSERT_EQ(
        test::pg_ask(admin.get(), "CREATE ROLE tls_login SUPERUSER LOGIN PASSWORD 'hunter2hunter2'").error,
        "");
  }
  std::istringstream answer(tell("tls"));
  std::string port, folder;
  answer >> port >> folder;
  const auto url = [&, port = port, folder = folder](const std::string& password,
                                                     const std::string& options) {
    return "postgres://tls_login:" + password + "@localhost:" + port + "/postgres?" + options +
           "&sslrootcert=" + folder + "/";
  };
  open(url("hunter2hunter2", "sslmode=verify-full") + "root.crt");
  EXPECT_TRUE(store_->ping());
  EXPECT_TRUE(commit(claim(1), change_of(1, {put(1)})));
  const std::vector<std::string> refused{
      url("hunter2hunter2", "sslmode=verify-full") + "other.crt",  // another authority
      url("hunter2hunter2", "sslmode=verify-full&hostaddr=127.0.0.1&host=elsewhere") +
          "root.crt",  // another name
      url("hunter2hunter2", "sslmode=disable") + "root.crt",
      url("wrongwrongwrong", "sslmode=verify-full") + "root.crt",
  };
  for (const std::string& attempt : refused) {
    const auto opened = open_store(attempt, Migration::Refuse);
    ASSERT_FALSE(opened) << attempt;
    EXPECT_EQ(opened.error().kind, ErrorKind::Unavailable) << opened.error().describe();
    EXPECT_THAT(opened.error().describe(), testing::Not(HasSubstr("hunter2hunter2")));
    EXPECT_THAT(opened.error().describe(), testing::Not(HasSubstr("wrongwrongwrong")));
  }
  EXPECT_THAT(store_->location(), testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace neoid::store
