// Many threads at once: nobody loses an update, watchers see everything in order, readers see whole groups.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "controller/apiserver/storage/storage.h"
#include "tests/controller/apiserver/storage/storage_support.h"

namespace neoid::storage {
namespace {

const std::string kLoaded = "widgets.example.com";

TEST(LoadTest, NoUpdateIsLostUnderContention) {
  TemporaryFolder folder;
  auto storage = open_or_die(folder.path());
  storage->create(key("counter"), object("counter", 0)).value();
  constexpr int kThreads = 8, kRounds = 60;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds;) {
        const auto seen = storage->get(key("counter")).value();
        Json value = *seen.value();
        value["spec"]["size"] = value["spec"]["size"].get<int>() + 1;
        if (storage->update(key("counter"), std::move(value), seen.revision())) ++i;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ((*storage->get(key("counter"))->value())["spec"]["size"], kThreads * kRounds);
}

TEST(LoadTest, OneOfManyCreatesOfAName) {
  TemporaryFolder folder;
  auto storage = open_or_die(folder.path());
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        if (storage->create(key(std::to_string(i)), object("x"))) ++made;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 50);
}

TEST(LoadTest, WatchersSeeEveryEventOnceAndInOrderWhileListsStayConsistent) {
  TemporaryFolder folder;
  auto storage = open_or_die(folder.path());
  constexpr int kWriters = 6, kWrites = 250, kWatchers = 30;
  const Revision start = storage->revision();
  std::atomic<bool> wrong{false};
  std::vector<std::thread> watchers;
  for (int w = 0; w < kWatchers; ++w)
    watchers.emplace_back([&, watch = storage->watch(kLoaded).value()] {
      Revision last = start;
      for (int seen = 0; seen < kWriters * kWrites;) {
        const auto events = watch->next(std::chrono::seconds(30));
        if (!events || events->empty()) {
          wrong = true;
          return;
        }
        for (const Event& event : *events) {
          if (event.object.revision() != last + 1) wrong = true;  // one resource: no gaps
          last = event.object.revision();
          ++seen;
        }
      }
    });
  std::atomic<bool> writing{true};
  std::thread lister([&] {
    while (writing) {
      const Page now = storage->list({.resource = kLoaded}).value();
      // Creates only: a state of N objects is the one at start + N.
      if (static_cast<Revision>(now.items.size()) != now.revision - start) wrong = true;
      const auto past = storage->list({.resource = kLoaded, .at = start + (now.revision - start) / 2});
      if (!past || static_cast<Revision>(past->items.size()) != past->revision - start) wrong = true;
    }
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < kWriters; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i)
        if (!storage->create(key(fmt::format("{}-{}", t, i)), object("x", i))) wrong = true;
    });
  for (auto& writer : writers) writer.join();
  writing = false;
  lister.join();
  for (auto& watcher : watchers) watcher.join();
  EXPECT_FALSE(wrong);
  EXPECT_LT(storage->stats().groups, storage->stats().writes) << "writes were grouped";
}

TEST(LoadTest, ABackupUnderLoadIsOneState) {
  TemporaryFolder folder;
  auto storage = open_or_die(folder.path());
  const Revision start = storage->revision();
  std::atomic<bool> writing{true};
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; writing; ++i) storage->create(key(fmt::format("{}-{}", t, i)), object("x", i)).value();
    });
  ASSERT_TRUE(storage->wait_for(start + 100, std::chrono::seconds(30)));
  const auto copy = folder.path().parent_path() / "copied";
  std::filesystem::create_directory(copy);
  const auto backed_up = storage->backup(copy / "api.db");
  writing = false;
  for (auto& writer : writers) writer.join();
  ASSERT_TRUE(backed_up) << backed_up.error().describe();
  auto restored = open_or_die(copy);
  EXPECT_GE(restored->count(kLoaded), 100U);
  EXPECT_EQ(static_cast<Revision>(restored->count(kLoaded)), restored->revision() - 1'000'000 - start);
}

}  // namespace
}  // namespace neoid::storage
