#include <gmock/gmock.h>

#include <thread>

#include "controller/apiserver/storage/storage.h"
#include "tests/controller/apiserver/storage/storage_support.h"

namespace neoid::storage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kWidgets = "widgets.example.com";

std::string describe(const Event& event) {
  const char* type = event.type == Event::Type::Added      ? "ADDED"
                     : event.type == Event::Type::Modified ? "MODIFIED"
                                                           : "DELETED";
  return fmt::format("{} {} {}{}", type, event.object.key().name,
                     (*event.object.value())["spec"]["size"].dump(),
                     event.previous ? " was " + (*event.previous->value())["spec"]["size"].dump() : "");
}

std::vector<std::string> drain(Watch& watch) {
  std::vector<std::string> all;
  for (;;) {
    auto events = watch.next(milliseconds(0));
    if (!events) return {events.error().reason};
    if (events->empty()) return all;
    for (const Event& event : *events) all.push_back(describe(event));
  }
}

class WatchTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::unique_ptr<ApiStorage> storage_ = open_or_die(folder_.path());
};

TEST_F(WatchTest, SeesEveryEventOfItsResourceAfterItsRevisionInOrder) {
  const Revision start = storage_->create(key("before"), object("before", 0))->revision();
  storage_->create(key("a"), object("a", 1)).value();
  storage_->create(key("other", "ns", "secrets"), object("other")).value();
  storage_->update(key("a"), object("a", 2), 0).value();
  storage_->erase(key("a")).value();
  auto watch = storage_->watch(kWidgets, "", start).value();
  EXPECT_THAT(drain(*watch), ElementsAre("ADDED a 1", "MODIFIED a 2 was 1", "DELETED a 2 was 2"));
  EXPECT_EQ(watch->revision(), storage_->revision());
  EXPECT_THAT(drain(*watch), IsEmpty());
}

TEST_F(WatchTest, ADeletedEventCarriesTheRevisionOfTheDeletion) {
  const Revision made = storage_->create(key("a"), object("a", 1))->revision();
  auto watch = storage_->watch(kWidgets).value();
  storage_->erase(key("a")).value();
  const Event event = watch->next(seconds(20))->front();
  EXPECT_EQ(event.object.revision(), made + 1);
  EXPECT_EQ((*event.object.value())["metadata"]["resourceVersion"], std::to_string(made + 1));
  EXPECT_EQ(event.previous->revision(), made);
}

TEST_F(WatchTest, OfANamespaceSeesNoOther) {
  auto watch = storage_->watch(kWidgets, "mine").value();
  storage_->create(key("a", "mine"), object("a")).value();
  storage_->create(key("b", "theirs"), object("b")).value();
  EXPECT_THAT(drain(*watch), ElementsAre("ADDED a 1"));
  EXPECT_EQ(watch->revision(), storage_->revision()) << "bookmarks go on over what is not ours";
}

TEST_F(WatchTest, OfAResourceThatDoesNotExistYetWaitsForIt) {
  auto watch = storage_->watch("gadgets.example.com").value();
  EXPECT_THAT(drain(*watch), IsEmpty());
  storage_->create(key("a", "", "gadgets.example.com"), object("a")).value();
  EXPECT_THAT(drain(*watch), ElementsAre("ADDED a 1"));
}

TEST_F(WatchTest, IsWokenByAWriteAndByAStop) {
  auto watch = storage_->watch(kWidgets).value();
  std::jthread writer([&] { storage_->create(key("a"), object("a")).value(); });
  EXPECT_EQ(watch->next(seconds(20))->size(), 1U);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_TRUE(watch->next(seconds(20), stop.get_token())->empty());
}

TEST_F(WatchTest, IsWokenWhenTheStorageCloses) {
  auto watch = storage_->watch(kWidgets).value();
  std::jthread closer([&] { storage_->close(); });
  EXPECT_TRUE(watch->next(seconds(20))->empty());
  EXPECT_TRUE(watch->closed());
}

TEST_F(WatchTest, FromBeforeTheFirstRevisionIsTooOld) {
  const auto refused = storage_->watch(kWidgets, "", 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "Expired");
  EXPECT_EQ(refused.error().message, "too old resource version: 1 (1000)");
}

TEST_F(WatchTest, FromTheFutureWaitsWithoutAnAnswer) {
  const Revision future = storage_->revision() + 2;
  auto watch = storage_->watch(kWidgets, "", future).value();
  storage_->create(key("a"), object("a", 1)).value();
  storage_->create(key("b"), object("b", 1)).value();
  EXPECT_THAT(drain(*watch), IsEmpty());
  EXPECT_EQ(watch->revision(), future);
  storage_->create(key("c"), object("c", 1)).value();
  EXPECT_THAT(drain(*watch), ElementsAre("ADDED c 1")) << "only what is after the revision it named";
}

TEST_F(WatchTest, AQuietResourceIsWatchedOnOverARestartAndAChangedOneIsNot) {
  const Revision quiet = storage_->create(key("a"), object("a"))->revision();
  for (int i = 0; i < 5; ++i) storage_->create(key(std::to_string(i), "ns", "secrets"), object("s")).value();
  storage_.reset();
  storage_ = open_or_die(folder_.path());
  auto watch = storage_->watch(kWidgets, "", quiet);
  ASSERT_TRUE(watch) << "nothing of this resource was missed";
  EXPECT_EQ(storage_->watch("secrets", "", quiet).error().reason, "Expired") << "its events are gone";
  EXPECT_TRUE(storage_->watch("secrets", "", storage_->revision()));
  watch->reset();
}

TEST(WatchHistoryTest, ASlowWatcherIsToldExpiredAndCostsNothing) {
  TemporaryFolder folder;
  auto storage = open_or_die(folder.path(), {.history_events = 10});
  auto watch = storage->watch(kWidgets).value();
  for (int i = 0; i < 10; ++i) storage->create(key(std::to_string(i)), object("x")).value();
  auto other = storage->watch(kWidgets, "", watch->revision()).value();
  EXPECT_EQ(drain(*other).size(), 10U);
  storage->create(key("10"), object("x")).value();
  EXPECT_THAT(drain(*watch), ElementsAre("Expired"));
  EXPECT_THAT(drain(*other), ElementsAre("ADDED 10 1"));
  EXPECT_EQ(storage->stats().history_events, 10U);
}

TEST(WatchHistoryTest, HistoryIsBoundedInBytes) {
  TemporaryFolder folder;
  auto storage = open_or_die(folder.path(), {.history_bytes = 100'000});
  storage->create(key("a"), object("a")).value();
  Json large = object("a");
  for (int i = 0; i < 100; ++i) {
    large["spec"]["text"] = std::string(10'000, static_cast<char>('a' + i % 26));
    storage->update(key("a"), large, 0).value();
    ASSERT_LE(storage->stats().history_bytes, 100'000U);
  }
  EXPECT_GE(storage->stats().history_events, 8U);
  storage->erase(key("a")).value();
  EXPECT_LE(storage->stats().history_bytes, 100'000U);
}

TEST(WatchHistoryTest, WhatIsOldIsDroppedDownToTheIdleSize) {
  TemporaryFolder folder;
  auto storage = open_or_die(folder.path(), {.history_age = seconds(-1), .history_idle_bytes = 1'000});
  storage->create(key("a"), object("a")).value();
  for (int i = 0; i < 100; ++i) storage->update(key("a"), object("a", i + 10), 0).value();
  EXPECT_LE(storage->stats().history_bytes, 1'000U);
  EXPECT_GT(storage->stats().history_events, 0U);
}

TEST(WatchHistoryTest, AHundredWatchersShareTheBytes) {
  TemporaryFolder folder;
  auto storage = open_or_die(folder.path());
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < 100; ++i) watches.push_back(storage->watch(kWidgets).value());
  EXPECT_EQ(storage->stats().watches, 100U);
  const auto made = storage->create(key("a"), object("a")).value();
  for (auto& watch : watches)
    EXPECT_EQ(watch->next(milliseconds(0))->front().object.bytes().data(), made.bytes().data());
  watches.clear();
  EXPECT_EQ(storage->stats().watches, 0U);
}

}  // namespace
}  // namespace neoid::storage
