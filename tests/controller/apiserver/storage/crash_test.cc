// kill -9 in the middle of a stream of writes: what was acknowledged is there, and revisions only grow.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "controller/apiserver/storage/storage.h"
#include "tests/controller/apiserver/storage/storage_support.h"

namespace neoid::storage {
namespace {

struct Acknowledged {
  int thread;
  int name;
  int size;  // -1: erased
  Revision revision;
};

// Each thread writes its own names, so that the last acknowledgement of a name says what must be there.
void write_until_killed(const std::filesystem::path& folder, int pipe) {
  auto storage = open_or_die(folder);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0;; ++i) {
        const int name = i % 20;
        const ObjectKey at = key(fmt::format("{}-{}", t, name));
        const bool exists = static_cast<bool>(storage->get(at));
        const bool erase = exists && i % 7 == 0;
        const auto result = erase    ? storage->erase(at)
                            : exists ? storage->update(at, object("x", i), 0)
                                     : storage->create(at, object("x", i));
        if (!result) ::_exit(3);
        const Acknowledged done{t, name, erase ? -1 : i, result->revision()};
        // Smaller than PIPE_BUF: one whole record or none.
        if (::write(pipe, &done, sizeof done) != static_cast<ssize_t>(sizeof done)) ::_exit(4);
      }
    });
  for (auto& thread : threads) thread.join();
}

TEST(CrashTest, WhatWasAcknowledgedSurvivesKillNine) {
  TemporaryFolder folder;
  std::map<std::pair<int, int>, Acknowledged> last;
  Revision highest = 0;
  for (int round = 0; round < 6; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(folder.path(), ends[1]);
      ::_exit(5);
    }
    ::close(ends[1]);
    Acknowledged done{};
    Revision first_of_round = 0;
    const int wanted = 200 + 137 * round;
    for (int i = 0; ::read(ends[0], &done, sizeof done) == static_cast<ssize_t>(sizeof done); ++i) {
      if (i == wanted) ::kill(child, SIGKILL);
      first_of_round = first_of_round == 0 ? done.revision : std::min(first_of_round, done.revision);
      last[{done.thread, done.name}] = done;
      highest = std::max(highest, done.revision);
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself with " << WEXITSTATUS(status);

    auto storage = open_or_die(folder.path());
    EXPECT_GE(storage->revision(), highest);
    for (const auto& [place, written] : last) {
      const auto found = storage->get(key(fmt::format("{}-{}", place.first, place.second)));
      // One write of each thread may have been stored without its acknowledgement having been read.
      if (found && found->revision() > written.revision) continue;
      if (!found && written.size != -1) {
        EXPECT_GT(storage->revision(), written.revision) << "only a later deletion may have taken it";
        continue;
      }
      ASSERT_EQ(static_cast<bool>(found), written.size != -1);
      if (!found) continue;
      EXPECT_EQ(found->revision(), written.revision);
      EXPECT_EQ((*found->value())["spec"]["size"], written.size);
    }
    const Revision next = storage->create(key(fmt::format("round-{}", round)), object("r"))->revision();
    EXPECT_GT(next, highest);
    highest = next;
  }
}

}  // namespace
}  // namespace neoid::storage
