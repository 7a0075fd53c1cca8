// The contract of IdentityStore: only one writer (product.md, rule 14).
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using std::chrono::milliseconds;

class Writer : public StoreTest {
 protected:
  Result<std::optional<plan::StoredIdentity>> commit_with(IdentityStore& store, const WriterTerm& term,
                                                          const plan::IdentityChange& change) {
    auto results = store.commit(term, std::span(&change, 1));
    if (!results) return fail(std::move(results).error());
    return std::move(results->front());
  }
  static void expect_fenced(const Result<std::optional<plan::StoredIdentity>>& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::Denied);
    EXPECT_EQ(result.error().reason, "Fenced");
  }
};
INSTANTIATE_TEST_SUITE_P(Forms, Writer, testing::ValuesIn(all_forms()), form_name);
// SQLite's sessions: faults_dbtest.cc.
class PostgresWriter : public Writer {};
INSTANTIATE_TEST_SUITE_P(Forms, PostgresWriter, testing::Values(Form::Postgres), form_name);

TEST_P(Writer, AnEpochThatIsNotAboveTheStoredOneIsTaken) {
  EXPECT_EQ(store_->claim(kCluster, 0, "none").error().kind, ErrorKind::Invalid);
  term_ = claim(*store_);
  const Epoch epoch = store_->stored_epoch(kCluster).value();
  EXPECT_EQ(store_->claim(kCluster, epoch, "again").error().reason, "EpochTaken");
  EXPECT_EQ(store_->claim(kCluster, epoch - 1, "late").error().reason, "EpochTaken");
  EXPECT_TRUE(store_->claim(kCluster, epoch + 7, "next"));
  EXPECT_EQ(store_->stored_epoch(kCluster).value(), epoch + 7);
}

TEST_P(Writer, ADeposedWritersCommitChangesNothing) {
  const auto successor = open();
  const WriterTerm next = claim(*successor, "successor");
  expect_fenced(commit(change_of(1, {put(1)})));
  const std::vector<plan::StoredScope> scopes{scope("new")};
  EXPECT_EQ(store_->put_scopes(term_, scopes, {}, "late").error().reason, "Fenced");
  EXPECT_FALSE(observed(custom_key("user-1")));
  EXPECT_TRUE(commit_with(*successor, next, change_of(1, {put(1)})));
}

TEST_P(Writer, ATermOfTheSameEpochAndAnotherHolderIsFenced) {
  WriterTerm stolen = term_;
  stolen.holder = "somebody else";
  expect_fenced(commit_with(*store_, stolen, change_of(1, {put(1)})));
}

TEST_P(Writer, ATermBelongsToTheStoreSessionThatClaimedIt) {
  const auto other = open();
  expect_fenced(commit_with(*other, term_, change_of(1, {put(1)})));
}

TEST_P(Writer, ClustersThatShareAStoreDoNotDeposeEachOther) {
  const auto other = open();
  const auto term = other->claim(ClusterId("elsewhere"), 1, "theirs");
  ASSERT_TRUE(term);
  EXPECT_TRUE(commit(change_of(1, {put(1)})));
  plan::IdentityChange theirs = change_of(2, {put(2)});
  theirs.owner.cluster = ClusterId("elsewhere");
  EXPECT_TRUE(commit_with(*other, *term, theirs));
  const auto wrong = commit(theirs);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::Invalid);
}

TEST_P(Writer, AClaimWaitsForTheTransactionThatIsUnderWay) {
  const auto successor = open();
  std::future<Result<WriterTerm>> raised;
  store_ = open([&](std::string_view point) -> Result<void> {
    if (point != "committing" || raised.valid()) return {};
    raised = std::async(std::launch::async, [&] { return successor->claim(kCluster, 100, "successor"); });
    EXPECT_EQ(raised.wait_for(milliseconds(300)), std::future_status::timeout) << "the raise did not wait";
    return {};
  });
  term_ = claim(*store_);
  EXPECT_TRUE(commit(change_of(1, {put(1)})));
  const auto term = raised.get();
  ASSERT_TRUE(term) << term.error().describe();
  expect_fenced(commit(change_of(2, {put(2)})));
  EXPECT_TRUE(observed(custom_key("user-1")));
  EXPECT_FALSE(observed(custom_key("user-2")));
}

// The deposed leader has the next epoch in its way already when it wakes up.
TEST_P(PostgresWriter, AWriterThatIsPausedInATransactionDoesNotHoldItsSuccessorUp) {
  const auto successor = open();
  bool paused = false;
  store_ = open([&](std::string_view point) -> Result<void> {
    if (point != "written" || std::exchange(paused, true)) return {};
    const auto start = std::chrono::steady_clock::now();
    const auto term = successor->claim(kCluster, 100, "successor");
    EXPECT_TRUE(term) << term.error().describe();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    return {};
  });
  term_ = claim(*store_);
  const auto late = commit(change_of(1, {put(1)}));
  ASSERT_TRUE(paused);
  ASSERT_FALSE(late);
  EXPECT_FALSE(observed(custom_key("user-1")));
  expect_fenced(commit(change_of(1, {put(1)})));
}

TEST_P(PostgresWriter, TheRightToWriteEndsWithTheSession) {
  EXPECT_FALSE(store_->session_lost(term_));
  ASSERT_EQ(database_->ask("SELECT count(*) > 0 FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           "WHERE datname = current_database() AND application_name = 'neoid') t"),
            "t");
  EXPECT_TRUE(store_->session_lost(term_, std::chrono::seconds(10)));
  expect_fenced(commit(change_of(1, {put(1)})));
  EXPECT_TRUE(store_->session_lost(term_));
  EXPECT_EQ(store_->claim(kCluster, term_.epoch, term_.holder).error().reason, "EpochTaken");
  expect_fenced(commit(change_of(1, {put(1)})));
  term_ = claim(*store_);
  EXPECT_TRUE(commit(change_of(1, {put(1)})));
  EXPECT_TRUE(store_->observe(kCluster, {})) << "the reading pool has mended itself";
}

TEST_P(Writer, ManyThreadsCommitOneAfterAnother) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= 10; ++i) EXPECT_TRUE(commit(change_of(t * 100 + i, {put(t * 100 + i)})));
    });
  }
  threads.clear();
  EXPECT_EQ(store_->verify_activity().value(), std::nullopt);
  int rows = 0;
  ASSERT_TRUE(store_->sweep(kCluster, [&](const IdentityStore::SweepRow&) { return ++rows > 0; }));
  EXPECT_EQ(rows, 40);
}

}  // namespace
}  // namespace neoid::store
