// Random operations, crashes (an error at some point, a killed process), outside edits, and restores of backups that
// were taken at random times; after each step the rules of DESIGN.md that a store keeps are checked. A seed that failed
// is a test of its own from then on: add it to kSeeds.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <random>
#include <set>

#include "tests/controller/store/store_support.h"

namespace neoid::store {
namespace {

using plan::StoredIdentity;
using plan::VersionState;

constexpr int kCustom = 4;
constexpr int kSystem = 2;
constexpr int kLastGeneration = 3;
constexpr int kSteps = 150;
const std::vector<unsigned> kSeeds{1, 2, 3};

class Rules : public StoreTest {
 protected:
  // --- choices -------------------------------------------------------------------------------
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  static bool is_system(int user) { return user > kCustom; }
  static api::ResourceKey key(int user) {
    return is_system(user) ? system_key("system-" + std::to_string(user))
                           : custom_key("user-" + std::to_string(user));
  }

  plan::Operation some_operation(int user, const std::optional<StoredIdentity>& now_stored) {
    static const std::vector<std::string> kScopes{"contacts", "documents", "finance", "unknown"};
    switch (below(10)) {
      case 0:
      case 1: {
        plan::PutIdentity made = is_system(user) ? system_put(user) : put(user);
        made.adopt = chance(70);
        made.config.description = std::to_string(below(3));
        if (!is_system(user)) made.config.active = chance(80);
        for (const std::string& scope : kScopes) {
          if (chance(40)) made.config.scopes.push_back(scope);
        }
        return made;
      }
      case 2:
      case 3: {
        plan::IssueVersion issued = issue(next_number_++, now());
        issued.for_absent_secret = chance(30);
        return issued;
      }
      case 4:
      case 5: {
        const bool any = now_stored && !now_stored->versions.empty();
        plan::DeliverVersion delivered = deliver(any ? now_stored->versions.back().number : 1);
        if (any && chance(70)) delivered.others.status_number = now_stored->versions.front().number;
        if (any && chance(50))
          delivered.others.listed = {{now_stored->versions.front().number, now() + Duration(5)}};
        return delivered;
      }
      case 6: {
        plan::HealVersion heal;
        heal.number = chance(50) && now_stored && !now_stored->versions.empty()
                          ? now_stored
                                ->versions[static_cast<std::size_t>(
                                    below(static_cast<int>(now_stored->versions.size())))]
                                .number
                          : next_number_++;
        heal.hash = hash_of(heal.number);
        heal.issued_at = now();
        heal.others.overlap = std::chrono::minutes(below(60));
        return heal;
      }
      case 7:
        return chance(50) ? plan::Operation(plan::PlaceHold{"why"}) : plan::Operation(plan::LiftHold{now()});
      case 8: return chance(50) ? plan::Operation(plan::RevokeAll{}) : plan::Operation(plan::ReleaseOwner{});
      default:
        return chance(70) ? plan::Operation(plan::LeaveBehind{}) : plan::Operation(plan::DeleteIdentity{});
    }
  }

  void commit_some() {
    std::vector<plan::IdentityChange> changes;
    std::vector<int> users;
    for (int i = 0; i <= below(3); ++i) {
      const int user = 1 + below(kCustom + kSystem);
      const auto stored = observed(key(user));
      std::vector<plan::Operation> operations;
      for (int k = 0; k <= below(3); ++k) operations.push_back(some_operation(user, stored));
      changes.push_back(is_system(user) ? system_change_of(user, operations)
                                        : change_of(user, operations, 1 + below(kLastGeneration)));
      users.push_back(user);
    }
    const auto before = everything();
    const auto results = store_->commit(term_, changes);
    const auto after = everything();
    if (!results) {
      EXPECT_EQ(results.error().kind, ErrorKind::Unavailable) << results.error().describe();
      EXPECT_EQ(after, before) << "a failed transaction left something";
      return;
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const bool last_of_its_user =
          std::find(users.begin() + static_cast<std::ptrdiff_t>(i) + 1, users.end(), users[i]) == users.end();
      if ((*results)[i] && last_of_its_user) {
        EXPECT_EQ(*(*results)[i], after.at(users[i])) << "the answer is the state that was left";
        if (is_system(users[i])) platform_[users[i]] = after.at(users[i]);
      }
    }
    for (const int user : users) {
      if (is_system(user)) platform_[user] = after.at(user);
    }
  }

  void edit_outside() {
    const int user = 1 + below(kCustom + kSystem);
    const std::string row = " WHERE user_id = '" + uuid(1000 + user) + "'";
    const std::vector<std::string> edits{
        "UPDATE users SET description = 'outside'" + row,
        "UPDATE users SET active = NOT active" + row,
        "UPDATE users SET client_id = 'stolen-" + std::to_string(below(3)) + "'" + row,
        "UPDATE users SET generation = 0" + row,
        "INSERT INTO grants (user_id, scope) VALUES ('" + uuid(1000 + user) + "', 'finance')",
        "DELETE FROM grants" + row,
        "DELETE FROM tags" + row,
        "UPDATE credential_versions SET state = 'revoked'" + row,
        "UPDATE credential_versions SET state = 'delivered'" + row,
        "UPDATE credential_versions SET valid_until = NULL" + row,
        "DELETE FROM credential_versions" + row,
        "UPDATE activity SET actor = 'nobody'",
        "DELETE FROM client_ids",
    };
    static_cast<void>(
        database_->outside(edits[static_cast<std::size_t>(below(static_cast<int>(edits.size())))]));
  }

  // Another process takes over, and is killed somewhere in a commit of two users: both are as they were, or both as
  // they were to be.
  void kill_a_writer() {
    static const std::vector<std::string> kMoments{"begun",    "loaded",     "written",
                                                   "appended", "committing", "committed"};
    const std::string point = kMoments[static_cast<std::size_t>(below(static_cast<int>(kMoments.size())))];
    const std::string mark = "by the killed " + std::to_string(++marks_);
    const Epoch epoch = store_->stored_epoch(kCluster).value() + 1;
    const FeedPosition end = store_->feed_end().value();
    const auto before = everything();
    store_.reset();  // a child must not find its file locks and sockets
    const pid_t child = ::fork();
    if (child == 0) {
      StoreOptions options = database_->options();
      options.fault = [&](std::string_view at) -> Result<void> {
        if (at == point) ::kill(::getpid(), SIGKILL);
        return {};
      };
      auto store = open_store(database_->url(), std::move(options));
      if (!store) ::_exit(1);
      const auto term = (*store)->claim(kCluster, epoch, "child");
      if (!term) ::_exit(2);
      std::vector<plan::IdentityChange> changes;
      for (const int user : {1, 2}) {
        plan::PutIdentity made = put(user);
        made.adopt = true;
        made.config.description = mark;
        changes.push_back(change_of(user, {made}, kLastGeneration));
      }
      static_cast<void>((*store)->commit(*term, changes));
      ::_exit(3);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    take_over("after the killed");
    const auto after = everything();
    const bool done = after.at(1) && after.at(1)->config.description == mark;
    EXPECT_EQ(done, after.at(2) && after.at(2)->config.description == mark)
        << point << ": half of a transaction";
    EXPECT_EQ(done, point == "committed") << point;
    if (!done) {
      EXPECT_EQ(after, before) << point;
      EXPECT_EQ(store_->feed_end().value(), end) << point;
    }
  }

  void take_over(const std::string& holder) {
    store_ = open([this](std::string_view point) { return fault(point); });
    term_ = claim(*store_, holder);
  }

  // --- restores ------------------------------------------------------------------------------
  void back_up() {
    database_->back_up();  // sessions may end with it
    term_ = claim(*store_, "after the backup");
    backup_ = Known{platform_, ended_, client_ids_, trail_};
  }

  // Back to the backup. What every Secret holds is healed, as the controller would, and works again (rule 13).
  void restore() {
    if (!backup_) return;
    std::map<int, std::optional<StoredIdentity>> secrets = everything();
    database_->restore();
    const plan::IdentityChange late = change_of(1, {put(1)});
    EXPECT_FALSE(store_->commit(term_, std::span(&late, 1))) << "rule 14: the session ended with the restore";
    term_ = claim(*store_, "after the restore");
    platform_ = backup_->platform;
    ended_ = backup_->ended;
    client_ids_ = backup_->client_ids;
    trail_ = backup_->trail;
    for (const auto& [user, before] : secrets) {
      if (before && before->standing == plan::Standing::Owned && before->current() != nullptr)
        heal_secret_of(user, *before, *before->current());
    }
  }

  void heal_secret_of(int user, const StoredIdentity& before, const plan::StoredVersion& held) {
    plan::PutIdentity again = is_system(user) ? system_put(user) : put(user);
    again.config = before.config;
    again.client_id = before.client_id;
    again.adopt = true;
    plan::HealVersion heal;
    heal.number = held.number;
    heal.hash = held.hash;
    heal.issued_at = held.issued_at;
    heal.rotation_request = held.rotation_request;
    heal.others.status_number = held.number;
    for (const plan::StoredVersion& version : before.versions) {
      if (version.accepted(now())) heal.others.listed.push_back({version.number, version.valid_until});
    }
    const auto healed = commit(is_system(user) ? system_change_of(user, {again, heal})
                                               : change_of(user, {again, heal}, kLastGeneration));
    if (!healed && healed.error().reason == "Ended") return;  // by the clock, and status says so
    ASSERT_TRUE(healed) << healed.error().describe();
    if (is_system(user)) platform_[user] = observed(key(user));
    if (!(*healed)->active()) return;
    EXPECT_TRUE(store_->accepts(before.client_id, held.hash)->accepted)
        << "rule 13: what the Secret of user " << user << " holds works again";
  }

  void step() {
    const int kind = below(104);
    if (kind >= 102) return restore();
    if (kind >= 100) return kill_a_writer();
    if (chance(4)) back_up();
    if (kind < 60) {
      crash_in_ = chance(20) ? 1 + below(5) : 0;
      commit_some();
      crash_in_ = 0;
    } else if (kind < 80) {
      edit_outside();
    } else if (kind < 90) {
      database_->advance(std::chrono::minutes(below(50)));
    } else if (kind < 96) {
      auto successor = open([this](std::string_view point) { return fault(point); });
      const WriterTerm late = term_;
      auto deposed = std::exchange(store_, std::move(successor));
      term_ = claim(*store_, "successor-" + std::to_string(below(1000)));
      const plan::IdentityChange change = change_of(1, {put(1)});
      EXPECT_EQ(deposed->commit(late, std::span(&change, 1)).error().reason, "Fenced");
    } else {
      const std::vector<std::string> gone{"finance"};
      const std::vector<plan::StoredScope> back{scope("finance")};
      EXPECT_TRUE(chance(50) ? store_->put_scopes(term_, {}, gone, "test")
                             : store_->put_scopes(term_, back, {}, "test"));
      for (int user = kCustom + 1; user <= kCustom + kSystem; ++user) platform_[user] = observed(key(user));
    }
  }

  Result<void> fault(std::string_view) {
    if (crash_in_ == 0 || --crash_in_ > 0) return {};
    return fail(ErrorKind::Unavailable, "crashed");
  }

  // --- rules ---------------------------------------------------------------------------------
  std::map<int, std::optional<StoredIdentity>> everything() {
    std::map<int, std::optional<StoredIdentity>> all;
    for (int user = 1; user <= kCustom + kSystem; ++user) all[user] = observed(key(user));
    return all;
  }

  void check() {
    const auto scopes = store_->scopes();
    ASSERT_TRUE(scopes);
    const auto all = everything();
    for (const auto& [user, identity] : all) {
      if (identity) check_identity(user, *identity, *scopes);
    }
    for (const auto& [user, identity] : platform_) {
      EXPECT_EQ(all.at(user), identity) << "rule 7: system users hold still";
    }
    EXPECT_EQ(database_->ask(
                  "SELECT count(*) FROM (SELECT user_id FROM credential_versions WHERE state = 'delivered' "
                  "AND valid_until IS NULL GROUP BY user_id HAVING count(*) > 1) t"),
              "0")
        << "rule 1: one current credential";
    EXPECT_EQ(
        database_->ask("SELECT count(*) FROM users u LEFT JOIN client_ids c ON c.client_id = u.client_id "
                       "WHERE c.user_id IS NULL OR c.user_id <> u.user_id"),
        "0")
        << "a client ID is one user's for ever";
    const std::int64_t ids = std::stoll(database_->ask("SELECT count(*) FROM client_ids"));
    EXPECT_GE(ids, client_ids_);
    client_ids_ = ids;
    check_trail();
  }

  void check_identity(int user, const StoredIdentity& identity,
                      const std::vector<plan::StoredScope>& catalogue) {
    for (const std::string& scope : identity.config.scopes) {
      EXPECT_TRUE(std::any_of(catalogue.begin(), catalogue.end(),
                              [&](const auto& known) { return known.name == scope; }))
          << "rule 6: " << scope << " is not in the catalogue";
    }
    for (const plan::StoredVersion& version : identity.versions) {
      const std::pair<int, VersionNumber> id{user, version.number};
      const auto acceptance = store_->accepts(identity.client_id, version.hash);
      ASSERT_TRUE(acceptance);
      EXPECT_EQ(acceptance->accepted, identity.active() && version.accepted(now()));
      EXPECT_FALSE(ended_.contains(id) && version.accepted(now())) << "rule 4: an ended version lives again";
      if (!version.accepted(now())) ended_.insert(id);
    }
    for (const auto& [of, number] : ended_) {
      if (of == user && identity.version(number) == nullptr) {
        EXPECT_FALSE(store_->accepts(identity.client_id, hash_of(number))->accepted);
      }
    }
  }

  void check_trail() {
    const FeedPosition end = store_->feed_end().value();
    EXPECT_GE(end, trail_);
    const auto entries = store_->changes_after(kCluster, trail_, 1000);
    ASSERT_TRUE(entries);
    EXPECT_EQ(static_cast<FeedPosition>(entries->size()), end - trail_) << "the feed has a gap";
    trail_ = end;
    EXPECT_EQ(store_->verify_activity().value(), std::nullopt) << "rule 12";
  }

  // What is known of the content, which a restore takes back.
  struct Known {
    std::map<int, std::optional<StoredIdentity>> platform;
    std::set<std::pair<int, VersionNumber>> ended;
    std::int64_t client_ids = 0;
    FeedPosition trail = 0;
  };

  std::mt19937 random_;
  std::optional<Known> backup_;
  int marks_ = 0;
  VersionNumber next_number_ = 1;
  int crash_in_ = 0;
  std::map<int, std::optional<StoredIdentity>> platform_;  // as the platform's writer left them
  std::set<std::pair<int, VersionNumber>> ended_;
  std::int64_t client_ids_ = 0;
  FeedPosition trail_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Forms, Rules, testing::ValuesIn(all_forms()), form_name);

TEST_P(Rules, HoldThroughWhateverHappens) {
  for (const unsigned seed : kSeeds) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    next_number_ = 1;
    platform_.clear();
    ended_.clear();
    client_ids_ = 0;
    SetUp();
    trail_ = store_->feed_end().value();
    backup_.reset();
    take_over("test");
    for (int i = 0; i < kSteps; ++i) {
      SCOPED_TRACE("step " + std::to_string(i));
      step();
      check();
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace neoid::store
