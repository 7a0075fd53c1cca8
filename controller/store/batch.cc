#include "controller/store/batch.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "controller/base/random.h"
#include "controller/store/apply.h"
#include "reconcile/value/json.h"

namespace neoid::store {
namespace {

using plan::IdentityChange;
using plan::StoredIdentity;
using Identity = std::optional<StoredIdentity>;

BatchQuestions questions_of(const ClusterId& cluster, std::span<const IdentityChange> changes) {
  BatchQuestions questions;
  questions.cluster = cluster;
  for (const IdentityChange& change : changes) {
    questions.users.insert(change.user_id);
    for (const plan::Operation& operation : change.operations) {
      if (const auto* put = std::get_if<plan::PutIdentity>(&operation)) {
        questions.places.insert(change.owner.resource);
        questions.client_ids.insert(put->client_id);
        questions.scopes.insert(put->config.scopes.begin(), put->config.scopes.end());
      }
    }
  }
  return questions;
}

ActivityRecord record_of(const UserId& user, const StoredIdentity& subject, ChangeText text) {
  ActivityRecord record;
  record.user_id = user.value;
  record.cluster = subject.owner.cluster.value;
  record.kind = resource_kind(subject.kind);
  record.ns = subject.owner.resource.ns;
  record.name = subject.owner.resource.name;
  record.action = std::move(text.action);
  record.before = std::move(text.before);
  record.after = std::move(text.after);
  return record;
}

// The identities of a batch while its changes are applied one after another.
class Batch {
 public:
  Batch(const ClusterId& cluster, const std::string& writer, Instant now, BatchFacts facts)
      : cluster_(cluster), writer_(writer), now_(now), facts_(std::move(facts)) {}

  Result<Identity> apply(const IdentityChange& change) {
    if (change.owner.cluster != cluster_) {
      return fail(ErrorKind::Invalid, "the change is of another cluster than the writer's term");
    }
    Identity before = identity(change.user_id);
    NEOID_TRY(Identity after, apply_change(change, apply_facts(), before));
    if (before == after && !restores_digest(change, after)) return after;
    remember(change, before, after);
    return after;
  }

  std::vector<RowChange> rows() const {
    std::vector<RowChange> rows;
    for (const UserId& user : touched_) {
      RowChange row;
      row.user_id = user;
      const auto loaded = facts_.users.find(user);
      if (loaded != facts_.users.end()) row.before = loaded->second.identity;
      row.after = identity(user);
      row.digest = digests_.at(user);
      rows.push_back(std::move(row));
    }
    return rows;
  }

  std::vector<ActivityRecord> take_records() { return std::move(records_); }

 private:
  Identity identity(const UserId& user) const {
    if (const auto after = after_.find(user); after != after_.end()) return after->second;
    const auto loaded = facts_.users.find(user);
    return loaded == facts_.users.end() ? Identity() : loaded->second.identity;
  }

  ApplyFacts apply_facts() const {
    ApplyFacts facts;
    facts.now = now_;
    facts.scope_exists = [this](const std::string& scope) { return facts_.scopes.contains(scope); };
    facts.client_id_holder = [this](const ClientId& id) { return find(facts_.client_ids, id); };
    facts.occupant = [this](const api::ResourceKey& place) { return find(facts_.places, place); };
    return facts;
  }

  template <class Key>
  static std::optional<UserId> find(const std::map<Key, UserId>& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional<UserId>(found->second);
  }

  // Only a Put makes the row's content ours again; whatever else is done to a row that outside hands touched
  // leaves it as touched as it was.
  static bool puts(const IdentityChange& change) {
    return std::any_of(change.operations.begin(), change.operations.end(), [](const auto& operation) {
      return std::holds_alternative<plan::PutIdentity>(operation);
    });
  }
  static bool restores_digest(const IdentityChange& change, const Identity& after) {
    return after && !after->untouched && puts(change);
  }

  void remember(const IdentityChange& change, const Identity& before, Identity& after) {
    if (after) {
      if (!before || before->untouched || puts(change)) {
        after->untouched = true;
        after->touched_by.clear();
        digests_[change.user_id] = plan::digest(*after);
      } else {
        digests_[change.user_id] = facts_.users.at(change.user_id).digest;
      }
      facts_.client_ids[after->client_id] = change.user_id;
    } else {
      digests_[change.user_id].clear();
    }
    if (before) std::erase_if(facts_.places, [&](const auto& at) { return at.second == change.user_id; });
    if (after) facts_.places[after->owner.resource] = change.user_id;

    ActivityRecord record =
        record_of(change.user_id, after ? *after : *before, describe_change(before, after));
    record.at = now_;
    record.actor = change.actor.empty() ? "neoid" : change.actor;
    record.cause = change.cause;
    record.writer = writer_;
    records_.push_back(std::move(record));
    touched_.insert(change.user_id);
    after_[change.user_id] = after;
  }

  const ClusterId& cluster_;
  const std::string& writer_;
  Instant now_;
  BatchFacts facts_;
  std::map<UserId, Identity> after_;
  std::map<UserId, std::string> digests_;
  std::set<UserId> touched_;
  std::vector<ActivityRecord> records_;
};

// What a row said, and not the connection, the disk or the fence.
bool is_about_a_row(const Error& error) {
  return error.kind == ErrorKind::Invalid || error.kind == ErrorKind::Conflict ||
         (error.kind == ErrorKind::Denied && error.reason != "Fenced");
}

// What the database gave up to settle a deadlock or a race did not happen: it is tried again.
constexpr int kAttempts = 6;

template <class Work>
auto retried(Work work) -> decltype(work()) {
  for (int attempt = 1;; ++attempt) {
    auto result = work();
    if (result || result.error().reason != "TryAgain" || attempt == kAttempts) return result;
    std::this_thread::sleep_for(jitter(std::chrono::milliseconds(5 * attempt), 0.5));
  }
}

Result<CommitResults> commit_together(const BeginTransaction& begin, const ClusterId& cluster,
                                      const std::string& writer, std::span<const IdentityChange> changes) {
  NEOID_TRY(auto transaction, begin());
  NEOID_TRY(BatchFacts facts, transaction->load(questions_of(cluster, changes)));
  Batch batch(cluster, writer, transaction->now(), std::move(facts));
  CommitResults results;
  results.reserve(changes.size());
  for (const IdentityChange& change : changes) results.push_back(batch.apply(change));

  const std::vector<RowChange> rows = batch.rows();
  if (rows.empty()) return results;
  NEOID_TRY_VOID(transaction->write(rows));
  NEOID_TRY_VOID(transaction->append(batch.take_records()));
  NEOID_TRY_VOID(transaction->commit());
  return results;
}

std::string scope_json(const std::optional<plan::StoredScope>& scope) {
  if (!scope) return {};
  const Json json = {
      {"name", scope->name}, {"displayName", scope->display_name}, {"description", scope->description},
      {"tool", scope->tool}, {"permissions", scope->permissions},  {"deprecated", scope->deprecated}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ActivityRecord scope_record(const ScopeChange& change) {
  ActivityRecord record;
  record.kind = "Scope";
  record.name = (change.after ? change.after : change.before)->name;
  record.action = !change.before ? "ScopeCreated" : change.after ? "ScopeUpdated" : "ScopeDeleted";
  record.before = scope_json(change.before);
  record.after = scope_json(change.after);
  return record;
}

std::vector<ScopeChange> scope_changes(const std::vector<plan::StoredScope>& stored,
                                       std::span<const plan::StoredScope> put,
                                       std::span<const std::string> remove) {
  std::map<std::string, ScopeChange> changes;
  for (const plan::StoredScope& scope : stored) changes[scope.name] = ScopeChange{scope, scope};
  for (const plan::StoredScope& scope : put) changes[scope.name].after = scope;
  for (const std::string& name : remove) {
    if (const auto found = changes.find(name); found != changes.end()) found->second.after.reset();
  }
  std::vector<ScopeChange> differing;
  for (auto& [name, change] : changes) {
    if (change.before != change.after) differing.push_back(std::move(change));
  }
  return differing;
}

// The grants of scopes that go: each holder's row as it is without them.
Result<std::vector<RowChange>> rows_without(WriteTransaction& transaction,
                                            std::span<const std::string> scopes) {
  std::vector<RowChange> rows;
  NEOID_TRY(const std::vector<UserId> holders, transaction.holders_of(scopes));
  if (holders.empty()) return rows;
  BatchQuestions questions;
  questions.users.insert(holders.begin(), holders.end());
  NEOID_TRY(BatchFacts facts, transaction.load(questions));
  for (auto& [user, loaded] : facts.users) {
    RowChange row;
    row.user_id = user;
    row.before = loaded.identity;
    row.after = std::move(loaded.identity);
    std::erase_if(row.after->config.scopes, [&](const std::string& scope) {
      return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
    });
    row.after->updated_at = transaction.now();
    row.digest = row.after->untouched ? plan::digest(*row.after) : loaded.digest;
    rows.push_back(std::move(row));
  }
  return rows;
}

void stamp(std::vector<ActivityRecord>& records, Instant now, const std::string& actor,
           const std::string& cause, const std::string& writer) {
  for (ActivityRecord& record : records) {
    record.at = now;
    record.actor = actor;
    record.cause = cause;
    record.writer = writer;
  }
}

}  // namespace

std::uint64_t next_session() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

Result<CommitResults> commit_changes(const BeginTransaction& begin, const ClusterId& cluster,
                                     const std::string& writer, std::span<const IdentityChange> changes) {
  if (changes.empty()) return CommitResults{};
  auto together = retried([&] { return commit_together(begin, cluster, writer, changes); });
  if (together || !is_about_a_row(together.error())) return together;
  CommitResults results;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto alone = retried([&] { return commit_together(begin, cluster, writer, changes.subspan(i, 1)); });
    if (alone) {
      results.push_back(std::move(alone->front()));
    } else {
      results.push_back(fail(std::move(alone).error()));
    }
  }
  return results;
}

namespace {

Result<void> commit_scopes_once(const BeginTransaction& begin, const std::string& writer,
                                std::span<const plan::StoredScope> put, std::span<const std::string> remove,
                                const std::string& actor) {
  NEOID_TRY(auto transaction, begin());
  NEOID_TRY(const std::vector<plan::StoredScope> stored, transaction->load_scopes());
  const std::vector<ScopeChange> changes = scope_changes(stored, put, remove);
  if (changes.empty()) return {};
  std::vector<std::string> gone;
  std::vector<ActivityRecord> records;
  for (const ScopeChange& change : changes) {
    records.push_back(scope_record(change));
    if (!change.after) gone.push_back(change.before->name);
  }
  NEOID_TRY(const std::vector<RowChange> rows, rows_without(*transaction, gone));
  for (const RowChange& row : rows) {
    records.push_back(record_of(row.user_id, *row.after, describe_change(row.before, row.after)));
  }
  stamp(records, transaction->now(), actor, gone.empty() ? "catalogue changed" : "scope removed", writer);
  if (!rows.empty()) NEOID_TRY_VOID(transaction->write(rows));
  NEOID_TRY_VOID(transaction->write_scopes(changes));
  NEOID_TRY_VOID(transaction->append(std::move(records)));
  return transaction->commit();
}

Result<void> commit_release_once(const BeginTransaction& begin, const std::string& writer, const UserId& user,
                                 const std::string& to_namespace, const std::string& actor) {
  NEOID_TRY(auto transaction, begin());
  BatchQuestions questions;
  questions.users.insert(user);
  NEOID_TRY(BatchFacts facts, transaction->load(questions));
  const auto loaded = facts.users.find(user);
  if (loaded == facts.users.end()) return fail(ErrorKind::NotFound, "no user " + user.value);
  RowChange row;
  row.user_id = user;
  row.before = loaded->second.identity;
  row.after = loaded->second.identity;
  row.digest = loaded->second.digest;
  if (row.after->kind == plan::UserKind::System) {
    return fail(ErrorKind::Invalid, "a system user is the platform's and cannot be released");
  }
  row.after->standing = plan::Standing::Released;
  row.after->released_to = to_namespace;
  if (row.before == row.after) return {};
  std::vector<ActivityRecord> records{record_of(user, *row.after, describe_change(row.before, row.after))};
  stamp(records, transaction->now(), actor, "released to namespace " + to_namespace, writer);
  NEOID_TRY_VOID(transaction->write(std::span(&row, 1)));
  NEOID_TRY_VOID(transaction->append(std::move(records)));
  return transaction->commit();
}

}  // namespace

Result<void> commit_scopes(const BeginTransaction& begin, const std::string& writer,
                           std::span<const plan::StoredScope> put, std::span<const std::string> remove,
                           const std::string& actor) {
  return retried([&] { return commit_scopes_once(begin, writer, put, remove, actor); });
}

Result<void> commit_release(const BeginTransaction& begin, const std::string& writer, const UserId& user,
                            const std::string& to_namespace, const std::string& actor) {
  return retried([&] { return commit_release_once(begin, writer, user, to_namespace, actor); });
}

}  // namespace neoid::store
