#include "controller/apiserver/storage/storage.h"

#include <gmock/gmock.h>

#include "tests/controller/apiserver/storage/storage_support.h"

namespace neoid::storage {
namespace {

using testing::ElementsAre;

class StorageTest : public testing::Test {
 protected:
  void reopen() {
    storage_.reset();
    storage_ = open_or_die(folder_.path());
  }
  TemporaryFolder folder_;
  std::unique_ptr<ApiStorage> storage_ = open_or_die(folder_.path());
};

TEST_F(StorageTest, WhatIsCreatedCarriesItsRevisionInBytesAndTree) {
  const auto made = storage_->create(key("a"), object("a"));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ((*made->value())["metadata"]["resourceVersion"], std::to_string(made->revision()));
  EXPECT_EQ(Json::parse(made->bytes()), *made->value());
  EXPECT_EQ(made->bytes(), made->value()->dump()) << "keys sorted, no white space";
  EXPECT_EQ(storage_->get(key("a"))->bytes(), made->bytes());
}

TEST_F(StorageTest, TheRevisionThatTheCallerBringsIsReplaced) {
  Json value = object("a");
  value["metadata"]["resourceVersion"] = "77";
  value["spec"]["resourceVersion"] = "77";  // a field of that name elsewhere is none of ours
  const auto made = storage_->create(key("a"), value);
  EXPECT_EQ((*made->value())["metadata"]["resourceVersion"], std::to_string(made->revision()));
  EXPECT_EQ((*made->value())["spec"]["resourceVersion"], "77");
}

TEST_F(StorageTest, ATreeIsParsedFromTheBytesWhenNobodyHoldsIt) {
  storage_->create(key("a"), object("a", 5)).value();
  reopen();
  const auto found = storage_->get(key("a")).value();
  EXPECT_EQ((*found.value())["spec"]["size"], 5);
  const auto held = found.value();
  EXPECT_EQ(storage_->get(key("a"))->value().get(), held.get()) << "shared while somebody holds it";
}

TEST_F(StorageTest, SaysWhatARealServerSays) {
  EXPECT_EQ(storage_->get(key("a")).error().message, "widgets.example.com \"a\" not found");
  EXPECT_EQ(storage_->get(key("a")).error().reason, "NotFound");
  EXPECT_EQ(storage_->update(key("a"), object("a"), 0).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(storage_->erase(key("a")).error().kind, ErrorKind::NotFound);
  const Revision first = storage_->create(key("a"), object("a"))->revision();
  const auto twice = storage_->create(key("a"), object("a")).error();
  EXPECT_EQ(twice.reason, "AlreadyExists");
  EXPECT_EQ(twice.message, "widgets.example.com \"a\" already exists");
  const auto late = storage_->update(key("a"), object("a", 2), first - 1).error();
  EXPECT_EQ(late.reason, "Conflict");
  EXPECT_EQ(
      late.message,
      "Operation cannot be fulfilled on widgets.example.com \"a\": the object has been modified; please "
      "apply your changes to the latest version and try again");
  EXPECT_EQ(storage_->erase(key("a"), first + 1).error().reason, "Conflict");
}

TEST_F(StorageTest, UpdatesWithTheRightRevisionGoOnAndNoOthers) {
  const Revision first = storage_->create(key("a"), object("a"))->revision();
  const auto second = storage_->update(key("a"), object("a", 2), first);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->revision(), first + 1);
  EXPECT_FALSE(storage_->update(key("a"), object("a", 3), first));
  EXPECT_TRUE(storage_->update(key("a"), object("a", 4), 0)) << "0: whatever is there";
}

TEST_F(StorageTest, AnUpdateThatChangesNothingIsNotWritten) {
  const auto made = storage_->create(key("a"), object("a"));
  const auto same = storage_->update(key("a"), *made->value(), made->revision());
  ASSERT_TRUE(same);
  EXPECT_EQ(same->revision(), made->revision());
  EXPECT_EQ(storage_->revision(), made->revision());
  EXPECT_EQ(storage_->update(key("a"), *made->value(), 1).error().reason, "Conflict")
      << "the precondition is checked first";
}

TEST_F(StorageTest, ADeletionReturnsTheLastStateWithItsOwnRevision) {
  const auto made = storage_->create(key("a"), object("a", 9));
  const auto gone = storage_->erase(key("a"), made->revision());
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->revision(), made->revision() + 1);
  EXPECT_EQ((*gone->value())["spec"]["size"], 9);
  EXPECT_EQ((*gone->value())["metadata"]["resourceVersion"], std::to_string(gone->revision()));
  EXPECT_FALSE(storage_->get(key("a")));
}

TEST_F(StorageTest, RevisionsGrowOverRestartsAlsoWhenTheLastWriteWasADeletion) {
  storage_->create(key("a"), object("a")).value();
  const Revision last = storage_->erase(key("a"))->revision();
  reopen();
  EXPECT_EQ(storage_->revision(), last);
  EXPECT_EQ(storage_->create(key("a"), object("a"))->revision(), last + 1);
}

TEST_F(StorageTest, EverythingIsThereAfterARestart) {
  storage_->create(key("a"), object("a", 1)).value();
  const Revision b = storage_->create(key("b"), object("b", 1))->revision();
  storage_->update(key("b"), object("b", 2), b).value();
  storage_->create(key("c", "", "namespaces"), object("c")).value();
  storage_->erase(key("a")).value();
  const std::string bytes = storage_->get(key("b"))->bytes();
  reopen();
  EXPECT_EQ(storage_->get(key("b"))->bytes(), bytes);
  EXPECT_FALSE(storage_->get(key("a")));
  EXPECT_THAT(storage_->resources(), ElementsAre("namespaces", "widgets.example.com"));
  EXPECT_EQ(storage_->count("widgets.example.com"), 1U);
  EXPECT_TRUE(storage_->erase(key("b"))) << "rows are found again by what was loaded";
  reopen();
  EXPECT_FALSE(storage_->get(key("b")));
}

TEST_F(StorageTest, RefusesWhatIsNoObject) {
  EXPECT_EQ(storage_->create(key("a"), Json::array()).error().kind, ErrorKind::Invalid);
  EXPECT_EQ(storage_->create(key("a"), Json{{"metadata", 1}}).error().kind, ErrorKind::Invalid);
  EXPECT_EQ(storage_->create(key("a"), Json{{"metadata", Json::object()}, {"x", "\xff"}}).error().kind,
            ErrorKind::Invalid);
  Json huge = object("a");
  huge["spec"]["text"] = std::string(9U << 20U, 'x');
  EXPECT_EQ(storage_->create(key("a"), huge).error().kind, ErrorKind::Invalid);
  EXPECT_EQ(storage_->revision(), storage_->list(ListOptions{.resource = "widgets.example.com"})->revision);
}

TEST_F(StorageTest, ManyWritesInOneCallEachSucceedOrFailByThemselves) {
  std::vector<Write> writes;
  writes.push_back({Write::Type::Create, key("a"), object("a"), 0, {}});
  writes.push_back({Write::Type::Create, key("a"), object("a"), 0, {}});
  writes.push_back({Write::Type::Update, key("a"), object("a", 7), 0, {}});
  writes.push_back({Write::Type::Create, key("b"), Json::array(), 0, {}});
  writes.push_back({Write::Type::Erase, key("a"), nullptr, 0, {}});
  writes.push_back({Write::Type::Create, key("a"), object("a", 8), 0, {}});
  const auto results = storage_->write(std::move(writes));
  ASSERT_EQ(results.size(), 6U);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().reason, "AlreadyExists");
  EXPECT_EQ(results[2]->revision(), results[0]->revision() + 1);
  EXPECT_EQ(results[3].error().kind, ErrorKind::Invalid);
  EXPECT_EQ((*results[4]->value())["spec"]["size"], 7);
  EXPECT_EQ(results[5]->revision(), results[0]->revision() + 3);
  reopen();
  EXPECT_EQ((*storage_->get(key("a"))->value())["spec"]["size"], 8);
}

TEST_F(StorageTest, MoreWritesThanOneTransactionTakesAreAllDone) {
  std::vector<Write> writes;
  for (int i = 0; i < 1500; ++i)
    writes.push_back({Write::Type::Create, key(std::to_string(i)), object("a", i), 0, {}});
  for (const auto& result : storage_->write(std::move(writes))) ASSERT_TRUE(result);
  EXPECT_EQ(storage_->count("widgets.example.com"), 1500U);
  EXPECT_GE(storage_->stats().groups, 3U);
}

TEST_F(StorageTest, ObjectsExpireWhenTheyAreToldTo) {
  const Instant noon = parse_time("2026-02-03T12:00:00Z").value();
  storage_->create(key("early"), object("early"), noon).value();
  storage_->create(key("late"), object("late"), noon + std::chrono::hours(1)).value();
  storage_->create(key("never"), object("never")).value();
  const Revision kept = storage_->create(key("kept"), object("kept"), noon)->revision();
  storage_->update(key("kept"), object("kept", 2), kept).value();  // written again without an expiry
  reopen();
  EXPECT_EQ(storage_->get(key("early"))->expires(), noon);
  EXPECT_EQ(storage_->erase_expired(noon - std::chrono::seconds(1)).value(), 0U);
  EXPECT_EQ(storage_->erase_expired(noon).value(), 1U);
  EXPECT_FALSE(storage_->get(key("early")));
  EXPECT_EQ(storage_->erase_expired(noon + std::chrono::hours(2)).value(), 1U);
  EXPECT_EQ(names(*storage_->list({.resource = "widgets.example.com"})),
            (std::vector<std::string>{"ns/kept", "ns/never"}));
}

TEST_F(StorageTest, AfterClosingReadsGoOnAndWritesAreRefused) {
  storage_->create(key("a"), object("a")).value();
  storage_->close();
  EXPECT_TRUE(storage_->get(key("a")));
  EXPECT_EQ(storage_->create(key("b"), object("b")).error().kind, ErrorKind::Unavailable);
}

}  // namespace
}  // namespace neoid::storage
