// The contract of IdentityStore: the change feed, the trail, and what outside hands do.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class Feed : public StoreTest {
 protected:
  std::vector<FeedEntry> after(FeedPosition position, IdentityStore& store) {
    auto entries = store.changes_after(kCluster, position, 10'000);
    EXPECT_TRUE(entries) << entries.error().describe();
    return entries.value_or(std::vector<FeedEntry>{});
  }
  std::vector<FeedEntry> after(FeedPosition position) { return after(position, *store_); }
  FeedPosition end() { return store_->feed_end().value(); }
  std::optional<std::int64_t> first_broken() {
    const auto broken = store_->verify_activity();
    EXPECT_TRUE(broken) << broken.error().describe();
    return *broken;
  }
  const std::string user_1_ = " WHERE user_id = '" + uuid(1001) + "'";
};
INSTANTIATE_TEST_SUITE_P(Forms, Feed, testing::ValuesIn(all_forms()), form_name);

TEST_P(Feed, OurChangesAreToldAsOursWithTheirOwner) {
  const FeedPosition before = end();
  must(change_of(1, {put(1)}));
  must(system_change_of(2, {system_put(2)}));
  const auto entries = after(before);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].position, before + 1);
  EXPECT_EQ(entries[0].resource, custom_key("user-1"));
  EXPECT_EQ(entries[0].user_id, UserId(uuid(1001)));
  EXPECT_EQ(entries[0].action, "IdentityCreated");
  EXPECT_EQ(entries[0].actor, "alice");
  EXPECT_TRUE(entries[0].ours);
  EXPECT_EQ(entries[1].resource, system_key("system-2"));
  EXPECT_EQ(end(), before + 2);

  const auto other = open();
  EXPECT_FALSE(after(before, *other)[0].ours) << "another program's object is not this one";
}

TEST_P(Feed, AnotherClustersUsersAreToldWithoutAResource) {
  must(change_of(1, {put(1)}));
  const auto entries = store_->changes_after(ClusterId("elsewhere"), end() - 1, 10);
  ASSERT_TRUE(entries);
  EXPECT_FALSE(entries->front().resource);
}

struct Edit {
  std::string what;
  std::string sql;
  bool touches_the_row = true;
};

TEST_P(Feed, AnOutsideEditIsToldAndRepairedByTheNextPut) {
  const std::vector<Edit> edits{
      {"a text", "UPDATE users SET description = 'stolen'" + user_1_},
      {"switched off", "UPDATE users SET active = false" + user_1_},
      {"another client ID", "UPDATE users SET client_id = 'mine'" + user_1_},
      {"a grant more", "INSERT INTO grants (user_id, scope) VALUES ('" + uuid(1001) + "', 'finance')"},
      {"a grant less", "DELETE FROM grants" + user_1_},
      {"a tag more", "INSERT INTO tags (user_id, tag) VALUES ('" + uuid(1001) + "', 'new')"},
      {"the digest", "UPDATE users SET digest = 'x'" + user_1_},
      {"given to another resource", "UPDATE users SET uid = 'other'" + user_1_},
  };
  const plan::StoredIdentity wanted = must(change_of(1, {put(1, {"documents"})}));
  for (const Edit& edit : edits) {
    const FeedPosition before = end();
    ASSERT_EQ(database_->outside(edit.sql), "") << edit.what;
    const auto entries = after(before);
    ASSERT_EQ(entries.size(), 1u) << edit.what;
    EXPECT_FALSE(entries[0].ours) << edit.what;
    EXPECT_EQ(entries[0].resource, custom_key("user-1")) << edit.what;
    const auto seen = observed(custom_key("user-1"));
    ASSERT_TRUE(seen) << edit.what;
    EXPECT_FALSE(seen->untouched) << edit.what;
    EXPECT_EQ(seen->touched_by, entries[0].actor) << edit.what;

    plan::StoredIdentity repaired = must(change_of(1, {put(1, {"documents"})}));
    EXPECT_TRUE(repaired.untouched) << edit.what;
    EXPECT_EQ(repaired.config, wanted.config) << edit.what;
    EXPECT_EQ(repaired.client_id, wanted.client_id) << edit.what;
    EXPECT_EQ(observed(custom_key("user-1")), repaired) << edit.what;
  }
  EXPECT_EQ(first_broken(), std::nullopt);
}

TEST_P(Feed, WhatIsDoneToATouchedRowLeavesItTouchedUntilItIsPut) {
  must(change_of(1, {put(1), issue(1, now())}));
  ASSERT_EQ(database_->outside("UPDATE users SET description = 'stolen'" + user_1_), "");
  EXPECT_FALSE(must(change_of(1, {deliver(1)})).untouched);
  EXPECT_FALSE(observed(custom_key("user-1"))->untouched);
}

TEST_P(Feed, AnEditWithTheTriggersOffIsFoundByItsDigest) {
  must(change_of(1, {put(1)}));
  must(change_of(2, {put(2)}));
  const FeedPosition before = end();
  ASSERT_EQ(database_->tamper("UPDATE users SET description = 'stolen'" + user_1_), "");
  EXPECT_EQ(end(), before);
  EXPECT_FALSE(observed(custom_key("user-1"))->untouched);
  std::vector<std::string> touched;
  ASSERT_TRUE(store_->sweep(kCluster, [&](const IdentityStore::SweepRow& row) {
    if (!row.untouched) touched.push_back(row.owner.resource.name);
    return true;
  }));
  EXPECT_THAT(touched, testing::ElementsAre("user-1"));
}

TEST_P(Feed, AnOutsideInsertAndDeleteAreTold) {
  const FeedPosition before = end();
  ASSERT_EQ(database_->outside("INSERT INTO users (user_id, kind, client_id) VALUES ('" + uuid(7) +
                               "', 'custom', 'theirs')"),
            "");
  ASSERT_EQ(database_->outside("DELETE FROM users WHERE user_id = '" + uuid(7) + "'"), "");
  EXPECT_EQ(after(before).size(), 2u);
  EXPECT_EQ(commit(change_of(8, {[] {
                               plan::PutIdentity taken = put(8);
                               taken.client_id = ClientId("theirs");
                               return taken;
                             }()}))
                .error()
                .reason,
            "ClientIdTaken");
}

TEST_P(Feed, AScopeThatOutsideHandsChangeIsTold) {
  const FeedPosition before = end();
  ASSERT_EQ(database_->outside("UPDATE scopes SET description = 'wider' WHERE name = 'finance'"), "");
  const auto entries = after(before);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].resource, (api::ResourceKey{api::Kind::Scope, "", "finance"}));
  EXPECT_FALSE(entries[0].ours);
}

TEST_P(Feed, CrossingWritersLeaveNoGapAndNoEntryThatAReaderWhoWasThereMissed) {
  constexpr int kOutside = 4;
  constexpr int kEach = 12;
  for (int i = 0; i <= kOutside; ++i) must(change_of(i, {put(i)}));
  const FeedPosition before = end();
  std::atomic<bool> done{false};
  auto reader = std::async(std::launch::async, [&] {
    std::vector<FeedEntry> seen;
    FeedPosition position = before;
    while (true) {
      const bool last = done;
      for (const FeedEntry& entry : after(position)) {
        seen.push_back(entry);
        position = entry.position;
      }
      if (last) return seen;
    }
  });
  std::vector<std::jthread> writers;
  for (int w = 1; w <= kOutside; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) {
        // Two users in crossing order.
        const std::string a = uuid(1000 + w);
        const std::string b = uuid(1000 + w % kOutside + 1);
        const std::string text = std::to_string(w * 100 + i);
        std::string error;
        do {
          error =
              database_->outside("BEGIN; UPDATE users SET description = '" + text + "' WHERE user_id = '" +
                                 std::min(a, b) + "'; UPDATE users SET description = '" + text +
                                 "' WHERE user_id = '" + std::max(a, b) + "'; COMMIT");
        } while (error.find("locked") != std::string::npos);
        EXPECT_EQ(error, "");
      }
    });
  }
  for (int i = 0; i < kEach; ++i) {
    plan::PutIdentity changed = put(0);
    changed.config.description = std::to_string(i);
    must(change_of(0, {changed}));
  }
  writers.clear();
  done = true;
  const std::vector<FeedEntry> seen = reader.get();
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kOutside * kEach * 2 + kEach));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(seen[i].position, before + 1 + static_cast<FeedPosition>(i));
  }
  must(change_of(0, {put(0)}));
  EXPECT_EQ(first_broken(), std::nullopt);
}

TEST_P(Feed, AWaitEndsWithACommitOfSomebodyElse) {
  must(change_of(1, {put(1)}));
  store_->wait_for_change(milliseconds(0), {});
  while (true) {  // whatever was told before
    const auto start = std::chrono::steady_clock::now();
    store_->wait_for_change(milliseconds(300), {});
    if (std::chrono::steady_clock::now() - start >= milliseconds(300)) break;
  }
  const FeedPosition before = end();
  auto waiting = std::async(std::launch::async, [&] {
    while (end() == before) store_->wait_for_change(milliseconds(20'000), {});
  });
  ASSERT_EQ(database_->outside("UPDATE users SET description = 'x'" + user_1_), "");
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_P(Feed, AWaitEndsWithACommitOfOursAndWithAStop) {
  auto waiting = std::async(std::launch::async, [&] {
    const FeedPosition before = end();
    while (end() == before) store_->wait_for_change(milliseconds(20'000), {});
  });
  for (int i = 1; waiting.wait_for(milliseconds(10)) != std::future_status::ready && i < 500; ++i) {
    must(change_of(i, {put(i)}));
  }
  std::stop_source stop;
  auto stopped = std::async(std::launch::async, [&] {
    while (!stop.stop_requested()) store_->wait_for_change(milliseconds(20'000), stop.get_token());
  });
  stop.request_stop();
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_P(Feed, TheTrailSaysWhoWhatWhyBeforeAndAfterAndNoSecrets) {
  must(change_of(1, {put(1), issue(1, now()), deliver(1)}));
  plan::PutIdentity renamed = put(1);
  renamed.config.display_name = "Renamed";
  must(change_of(1, {renamed}));
  ASSERT_EQ(database_->outside("UPDATE credential_versions SET state = 'revoked'" + user_1_), "");
  ActivityFilter filter;
  filter.name = "user-1";
  const auto entries = store_->activity(filter);
  ASSERT_TRUE(entries) << entries.error().describe();
  ASSERT_EQ(entries->size(), 3u);
  const ActivityEntry& update = (*entries)[1];
  EXPECT_EQ(update.action, "IdentityUpdated");
  EXPECT_EQ(update.actor, "alice");
  EXPECT_EQ(update.cause, "spec changed");
  EXPECT_EQ(update.subject, "IntegrationUser apps/user-1");
  EXPECT_EQ(update.before, R"({"displayName":"User 1"})");
  EXPECT_EQ(update.after, R"({"displayName":"Renamed"})");
  EXPECT_EQ((*entries)[2].cause, "outside");
  EXPECT_THAT((*entries)[2].before, HasSubstr("delivered"));
  for (const ActivityEntry& entry : *entries) {
    EXPECT_THAT(entry.before + entry.after, Not(HasSubstr(hex(hash_of(1)))));
    EXPECT_THAT(entry.before + entry.after, Not(HasSubstr("hash")));
  }
  filter.name = uuid(1001);
  EXPECT_EQ(store_->activity(filter)->size(), 3u);
  filter.limit = 1;
  EXPECT_EQ(store_->activity(filter)->front().cause, "outside") << "the newest";
  filter.name = "nobody";
  EXPECT_TRUE(store_->activity(filter)->empty());
  filter = ActivityFilter{};
  filter.since = now() + std::chrono::hours(24 * 365 * 50);
  EXPECT_TRUE(store_->activity(filter)->empty());
}

struct Tampering {
  std::string what;
  std::string sql;
  std::int64_t first;  // relative to the entry before the three
};

TEST_P(Feed, TheFirstEntryThatWasAlteredRemovedOrMovedIsNamed) {
  const std::vector<Tampering> tamperings{
      {"altered", "UPDATE activity SET actor = 'bob' WHERE number = {2}", 2},
      {"its hash altered", "UPDATE activity SET hash = 'x' WHERE number = {1}", 1},
      {"removed", "DELETE FROM activity WHERE number = {2}", 2},
      {"the last one removed", "DELETE FROM activity WHERE number = {3}", 3},
      {"the tail cut off, with the head's number but not its hash",
       "DELETE FROM activity WHERE number > {1}; UPDATE activity_head SET number = {1}", 1},
      {"moved",
       "UPDATE activity SET number = -1 WHERE number = {1}; UPDATE activity SET number = {1} WHERE number = "
       "{2}; "
       "UPDATE activity SET number = {2} WHERE number = -1",
       1},
      {"one put in between",
       "UPDATE activity SET number = {4} WHERE number = {3}; INSERT INTO activity (number, at, hash) "
       "SELECT {3}, at, hash FROM activity WHERE number = {2}",
       3},
  };
  for (const Tampering& tampering : tamperings) {
    SetUp();  // a fresh database
    const std::int64_t before = end();
    for (int i = 1; i <= 3; ++i) must(change_of(i, {put(i)}));
    EXPECT_EQ(first_broken(), std::nullopt);
    std::string sql = tampering.sql;
    for (int i = 1; i <= 4; ++i) {
      const std::string placeholder = "{" + std::to_string(i) + "}";
      for (auto at = sql.find(placeholder); at != std::string::npos; at = sql.find(placeholder)) {
        sql.replace(at, 3, std::to_string(before + i));
      }
    }
    ASSERT_EQ(database_->tamper(sql), "") << tampering.what;
    EXPECT_EQ(first_broken(), before + tampering.first) << tampering.what;
  }
}

TEST_P(Feed, OutsideEntriesAreChainedWithOurs) {
  must(change_of(1, {put(1)}));
  ASSERT_EQ(database_->outside("UPDATE users SET description = 'it''s \"quoted\" \xC3\xA9'" + user_1_), "");
  must(change_of(2, {put(2)}));
  ASSERT_EQ(database_->outside("UPDATE users SET active = false" + user_1_), "");
  EXPECT_EQ(first_broken(), std::nullopt);
  ASSERT_EQ(
      database_->tamper("UPDATE activity SET actor = 'nobody' WHERE number = " + std::to_string(end() - 2)),
      "");
  EXPECT_EQ(first_broken(), end() - 2);
}

}  // namespace
}  // namespace neoid::store
