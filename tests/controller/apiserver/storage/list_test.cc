#include <gmock/gmock.h>

#include <thread>

#include "controller/apiserver/storage/storage.h"
#include "tests/controller/apiserver/storage/storage_support.h"

namespace neoid::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ListTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* ns : {"b", "a-b", "a"})
      for (const char* name : {"z", "y", "x"}) storage_->create(key(name, ns), object(name)).value();
    storage_->create(key("other", "a", "secrets"), object("other")).value();
  }
  std::vector<std::string> list(const std::string& ns, Revision at = 0) {
    auto page = storage_->list({.resource = "widgets.example.com", .ns = ns, .at = at});
    return page ? names(*page) : std::vector<std::string>{page.error().reason};
  }
  TemporaryFolder folder_;
  std::unique_ptr<ApiStorage> storage_ = open_or_die(folder_.path(), {.history_events = 20});
};

TEST_F(ListTest, IsOrderedByNamespaceAndName) {
  // As the texts "namespace/name" are: a real server's keys.
  EXPECT_THAT(list(""), ElementsAre("a-b/x", "a-b/y", "a-b/z", "a/x", "a/y", "a/z", "b/x", "b/y", "b/z"));
  EXPECT_THAT(list("a"), ElementsAre("a/x", "a/y", "a/z"));
  EXPECT_THAT(list("none"), IsEmpty());
  EXPECT_THAT(storage_->list({.resource = "nothings"})->items, IsEmpty());
}

TEST_F(ListTest, PagesShowTheSnapshotOfTheFirstPage) {
  ListOptions options{.resource = "widgets.example.com", .limit = 4};
  const Page first = storage_->list(options).value();
  EXPECT_THAT(names(first), ElementsAre("a-b/x", "a-b/y", "a-b/z", "a/x"));
  EXPECT_EQ(first.remaining, 5U);

  storage_->erase(key("y", "a")).value();                  // was there: still seen
  storage_->create(key("new", "b"), object("n")).value();  // came later: not seen
  storage_->update(key("z", "b"), object("z", 99), 0).value();
  storage_->create(key("zz", "zz"), object("n")).value();
  storage_->erase(key("zz", "zz")).value();

  options.at = first.revision;
  options.start_after = first.next;
  const Page second = storage_->list(options).value();
  EXPECT_THAT(names(second), ElementsAre("a/y", "a/z", "b/x", "b/y"));
  EXPECT_EQ(second.remaining, 1U);
  EXPECT_EQ(second.revision, first.revision);
  options.start_after = second.next;
  const Page third = storage_->list(options).value();
  EXPECT_THAT(names(third), ElementsAre("b/z"));
  EXPECT_EQ((*third.items[0].value())["spec"]["size"], 1) << "the state of the snapshot";
  EXPECT_FALSE(third.next);
  EXPECT_FALSE(third.remaining);
}

TEST_F(ListTest, PagesWithinOneNamespaceStayInIt) {
  const Page first = storage_->list({.resource = "widgets.example.com", .ns = "a-b", .limit = 2}).value();
  EXPECT_THAT(names(first), ElementsAre("a-b/x", "a-b/y"));
  EXPECT_EQ(first.remaining, 1U);
  const Page second =
      storage_->list({.resource = "widgets.example.com", .ns = "a-b", .start_after = first.next, .limit = 2})
          .value();
  EXPECT_THAT(names(second), ElementsAre("a-b/z"));
  EXPECT_FALSE(second.next);
}

TEST_F(ListTest, AFilterCountsWhatItLetsThrough) {
  ListOptions options{.resource = "widgets.example.com",
                      .limit = 2,
                      .filter = [](const StoredObject& object) { return object.key().name == "y"; }};
  const Page first = storage_->list(options).value();
  EXPECT_THAT(names(first), ElementsAre("a-b/y", "a/y"));
  EXPECT_FALSE(first.remaining) << "a real server does not count either";
  options.start_after = first.next;
  const Page second = storage_->list(options).value();
  EXPECT_THAT(names(second), ElementsAre("b/y"));
  EXPECT_FALSE(second.next);
}

TEST_F(ListTest, AnExactFitHasNoNextPage) {
  const Page page = storage_->list({.resource = "widgets.example.com", .limit = 9}).value();
  EXPECT_EQ(page.items.size(), 9U);
  EXPECT_FALSE(page.next);
  EXPECT_FALSE(page.remaining);
}

TEST_F(ListTest, AStateThatHistoryLostIsExpiredAndOneThatIsToComeIsTooLarge) {
  const Revision now = storage_->revision();
  EXPECT_EQ(list("a", 1), std::vector<std::string>{"Expired"}) << "before the first write there was no state";
  EXPECT_EQ(list("a", now + 1), std::vector<std::string>{"Timeout"});
  EXPECT_EQ(storage_->list({.resource = "widgets.example.com", .at = now + 1}).error().message,
            fmt::format("Too large resource version: {}, current: {}", now + 1, now));
  for (int i = 0; i < 25; ++i) storage_->update(key("x", "a"), object("x", 100 + i), 0).value();
  EXPECT_EQ(list("a", now), std::vector<std::string>{"Expired"});
  EXPECT_EQ(list("a", now + 5).size(), 3U) << "twenty events are held";
}

TEST_F(ListTest, AResourceThatDidNotChangeIsReachableHoweverMuchOthersDid) {
  const Revision then = storage_->revision();
  for (int i = 0; i < 100; ++i) storage_->update(key("other", "a", "secrets"), object("x", i), 0).value();
  EXPECT_EQ(list("", then).size(), 9U);
}

TEST_F(ListTest, WaitsForARevision) {
  const Revision now = storage_->revision();
  EXPECT_TRUE(storage_->wait_for(now, std::chrono::milliseconds(0)));
  EXPECT_FALSE(storage_->wait_for(now + 1, std::chrono::milliseconds(1)));
  std::jthread writer([&] { storage_->create(key("late"), object("late")).value(); });
  EXPECT_TRUE(storage_->wait_for(now + 1, std::chrono::seconds(20)));
}

}  // namespace
}  // namespace neoid::storage
