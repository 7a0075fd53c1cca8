// The data folder: its owner, its format, its damage, its disk, its backup.
#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "controller/apiserver/storage/storage.h"
#include "tests/controller/apiserver/storage/storage_support.h"

namespace neoid::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FolderTest : public testing::Test {
 protected:
  fs::path file() const { return folder_.path() / "api.db"; }
  void fill(int count) {
    auto storage = open_or_die(folder_.path());
    for (int i = 0; i < count; ++i) storage->create(key(std::to_string(i)), object("x", i)).value();
  }
  Error open_error() {
    auto opened = ApiStorage::open(folder_.path());
    if (opened) {
      ADD_FAILURE() << "opened";
      return {};
    }
    return opened.error();
  }
  // What somebody with a shell does.
  void sql(const std::string& text) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &db), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_close(db);
  }
  static unsigned mode(const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777U;
  }
  TemporaryFolder folder_;
};

TEST_F(FolderTest, IsMadeForItsOwnerAlone) {
  auto storage = open_or_die(folder_.path());
  storage->create(key("a"), object("a")).value();
  EXPECT_EQ(mode(folder_.path()), 0700U);
  for (const char* name : {"api.db", "api.db-wal", "api.lock", "api.format"})
    EXPECT_EQ(mode(folder_.path() / name), 0600U) << name;
}

TEST_F(FolderTest, HasOneOwnerAndNamesIt) {
  auto storage = open_or_die(folder_.path());
  const Error error = open_error();
  EXPECT_EQ(error.kind, ErrorKind::Conflict);
  EXPECT_EQ(error.message,
            fmt::format(
                "data folder {0} is in use by process {1} (lock file {0}/api.lock): stop it, or use another "
                "folder",
                folder_.path().string(), ::getpid()));
  storage.reset();
  EXPECT_TRUE(ApiStorage::open(folder_.path())) << "the lock goes with its owner";
}

TEST_F(FolderTest, OfAnotherFormatIsRefused) {
  fill(1);
  std::ofstream(folder_.path() / "api.format") << "neoid-api 7\n";
  const Error error = open_error();
  EXPECT_EQ(error.kind, ErrorKind::Invalid);
  EXPECT_EQ(
      error.message,
      fmt::format(
          "data folder {} has format \"neoid-api 7\", this program needs \"neoid-api 1\": use the program "
          "that made it, or another folder",
          folder_.path().string()));
  EXPECT_EQ(std::count(error.message.begin(), error.message.end(), '\n'), 0);
}

TEST_F(FolderTest, AFileOfAnotherFormatIsRefusedToo) {
  fill(1);
  sql("PRAGMA user_version=9");
  EXPECT_THAT(open_error().message, HasSubstr("api.db has format 9, this program needs format 1"));
  sql("PRAGMA user_version=1; PRAGMA application_id=5");
  EXPECT_THAT(open_error().message, HasSubstr("has format unknown"));
}

TEST_F(FolderTest, ThatCannotBeMadeIsUnavailable) {
  std::ofstream(folder_.path()) << "a file";
  const Error error = open_error();
  EXPECT_EQ(error.kind, ErrorKind::Unavailable);
  EXPECT_THAT(error.message, HasSubstr(folder_.path().string()));
}

TEST_F(FolderTest, AFileThatIsNoDatabaseIsDamaged) {
  fill(1);
  fs::remove(file().string() + "-wal");
  std::ofstream(file(), std::ios::trunc) << std::string(8192, 'x');
  const Error error = open_error();
  EXPECT_EQ(error.kind, ErrorKind::Invalid);
  EXPECT_EQ(error.reason, "Damaged");
  EXPECT_THAT(error.message, HasSubstr("copy a backup to " + file().string()));
}

TEST_F(FolderTest, AFlippedBitInAnObjectIsFound) {
  fill(3);
  sql("UPDATE objects SET value=replace(value, '\"size\":1', '\"size\":7') WHERE name='1'");
  EXPECT_THAT(open_error().message, HasSubstr("is damaged (checksum of widgets.example.com ns/1"));
}

TEST_F(FolderTest, PagesThatWereOverwrittenAreFound) {
  fill(300);
  const auto size = fs::file_size(file());
  ASSERT_GT(size, 40'000U);
  std::fstream damage(file(), std::ios::in | std::ios::out | std::ios::binary);
  damage.seekp(static_cast<std::streamoff>(size / 2 / 4096 * 4096));
  damage << std::string(4096, '\x5a');
  damage.close();
  EXPECT_EQ(open_error().reason, "Damaged");
}

TEST_F(FolderTest, ALostCounterIsFound) {
  fill(1);
  sql("DELETE FROM meta");
  EXPECT_THAT(open_error().message, HasSubstr("the revision counter is missing"));
}

TEST_F(FolderTest, ARowThatSomebodyPutThereByHandFailsItsNameAndNothingElse) {
  auto storage = open_or_die(folder_.path());
  const Revision before = storage->revision();
  sql("INSERT INTO objects(resource, namespace, name, revision, digits_at, checksum, value) "
      "VALUES('widgets.example.com', 'ns', 'a', 1, 1, 1, 'x')");
  EXPECT_EQ(storage->create(key("a"), object("a")).error().kind, ErrorKind::Unavailable);
  EXPECT_FALSE(storage->get(key("a")));
  EXPECT_EQ(storage->create(key("b"), object("b"))->revision(), before + 1) << "rolled back as a whole";
}

TEST_F(FolderTest, ABackupIsMadeWhileItRunsAndRestoresTheState) {
  const fs::path copy = folder_.path().parent_path() / "backup.db";
  auto storage = open_or_die(folder_.path());
  const Revision made = storage->create(key("a"), object("a", 1))->revision();
  ASSERT_TRUE(storage->backup(copy));
  EXPECT_EQ(mode(copy), 0600U);
  storage->update(key("a"), object("a", 2), 0).value();
  const Revision later = storage->create(key("b"), object("b"))->revision();
  EXPECT_EQ(storage->backup(copy).error().reason, "AlreadyExists") << "nothing is overwritten";
  storage.reset();

  for (const char* end : {"", "-wal", "-shm"}) fs::remove(file().string() + end);
  fs::copy_file(copy, file());
  storage = open_or_die(folder_.path());
  EXPECT_EQ((*storage->get(key("a"))->value())["spec"]["size"], 1);
  EXPECT_EQ(storage->get(key("a"))->revision(), made);
  EXPECT_FALSE(storage->get(key("b")));
  EXPECT_GT(storage->create(key("c"), object("c"))->revision(), later + 500'000)
      << "no revision of the lost time is given out again";
  const auto lost = storage->watch("widgets.example.com", "", later);
  ASSERT_FALSE(lost) << "who watched the lost time must list";
  EXPECT_EQ(lost.error().reason, "Expired");
}

TEST_F(FolderTest, ABackupThatFailsLeavesNothingBehind) {
  auto storage = open_or_die(folder_.path());
  const fs::path nowhere = folder_.path() / "no" / "such" / "backup.db";
  EXPECT_EQ(storage->backup(nowhere).error().kind, ErrorKind::Unavailable);
  EXPECT_FALSE(fs::exists(nowhere));
}

// A limit on the size of files stands for a disk that is full: SQLite sees the same failing writes.
int survive_a_full_disk(const fs::path& folder) {
  ::signal(SIGXFSZ, SIG_IGN);
  auto storage = open_or_die(folder);
  if (!storage->create(key("before"), object("before"))) return 1;
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t unlimited = limit.rlim_cur;
  limit.rlim_cur = 200'000;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  Json large = object("large");
  large["spec"]["text"] = std::string(20'000, 'x');
  std::vector<std::string> stored;
  std::optional<Error> refused;
  for (int i = 0; i < 100 && !refused; ++i) {
    auto result = storage->create(key(std::to_string(i)), large);
    if (result)
      stored.push_back(std::to_string(i));
    else
      refused = result.error();
  }
  if (!refused) return 2;
  if (refused->kind != ErrorKind::Unavailable || refused->message.find("api.db") == std::string::npos)
    return 3;
  const Revision held = storage->revision();
  if (storage->count("widgets.example.com") != stored.size() + 1) return 4;  // the refused one is not seen
  if (storage->create(key("again"), large)) return 5;                        // still full
  limit.rlim_cur = unlimited;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  auto after = storage->create(key("after"), large);
  if (!after) return 6;  // goes on by itself
  if (after->revision() <= held) return 7;
  storage.reset();
  storage = open_or_die(folder);
  for (const auto& name : stored)
    if (!storage->get(key(name))) return 8;
  if (!storage->get(key("before")) || !storage->get(key("after"))) return 9;
  return storage->get(key("again")) ? 10 : 0;
}

TEST_F(FolderTest, AFullDiskRefusesWritesAndLosesNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::fclose(stderr);  // the expected failures are logged
    ::_exit(survive_a_full_disk(folder_.path()));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "the step of survive_a_full_disk that failed";
}

}  // namespace
}  // namespace neoid::storage
