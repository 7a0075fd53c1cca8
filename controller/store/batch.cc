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

// Asks only what the rows do not tell: who holds its place and its client ID keeps them, and a scope that is granted
// is in the catalogue.
void question(const IdentityChange& change, const plan::PutIdentity& put, const LoadedUsers& users,
              BatchQuestions& questions, BatchFacts& facts) {
  const auto loaded = users.find(change.user_id);
  const StoredIdentity* row = loaded == users.end() ? nullptr : &loaded->second.identity;
  const bool stays = row != nullptr && row->kind == put.kind && row->standing != plan::Standing::Unowned &&
                     row->owner.cluster == change.owner.cluster &&
                     row->owner.resource == change.owner.resource;
  if (stays)
    facts.places.emplace(change.owner.resource, change.user_id);
  else
    questions.places.insert(change.owner.resource);
  if (row != nullptr && row->client_id == put.client_id)
    facts.client_ids.emplace(put.client_id, change.user_id);
  else
    questions.client_ids.insert(put.client_id);
  if (row != nullptr) facts.scopes.insert(row->config.scopes.begin(), row->config.scopes.end());
  questions.scopes.insert(put.config.scopes.begin(), put.config.scopes.end());
}

Result<BatchFacts> find_out(WriteTransaction& transaction, const ClusterId& cluster,
                            std::span<const IdentityChange> changes, const LoadedUsers& users) {
  BatchFacts facts;
  BatchQuestions questions;
  questions.cluster = cluster;
  for (const IdentityChange& change : changes) {
    for (const plan::Operation& operation : change.operations) {
      if (const auto* put = std::get_if<plan::PutIdentity>(&operation))
        question(change, *put, users, questions, facts);
    }
  }
  std::erase_if(questions.scopes, [&](const std::string& scope) { return facts.scopes.contains(scope); });
  if (!questions.empty()) NEOID_TRY_VOID(transaction.ask(questions, facts));
  return facts;
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
  Batch(const ClusterId& cluster, const std::string& writer, Instant now, const LoadedUsers& users,
        BatchFacts facts)
      : cluster_(cluster), writer_(writer), now_(now), users_(users), facts_(std::move(facts)) {
    apply_facts_.now = now_;
    apply_facts_.scope_exists = [this](const std::string& scope) { return facts_.scopes.contains(scope); };
    apply_facts_.client_id_holder = [this](const ClientId& id) { return find(facts_.client_ids, id); };
    apply_facts_.occupant = [this](const api::ResourceKey& place) { return find(facts_.places, place); };
  }

  Result<Identity> apply(const IdentityChange& change) {
    if (change.owner.cluster != cluster_) {
      return fail(ErrorKind::Invalid, "the change is of another cluster than the writer's term");
    }
    const StoredIdentity* before = identity(change.user_id);
    NEOID_TRY(Identity after,
              apply_change(change, apply_facts_, before != nullptr ? Identity(*before) : Identity()));
    const bool same = after ? before != nullptr && *before == *after : before == nullptr;
    if (!same || restores_digest(change, after)) remember(change, before, after);
    return after;
  }

  // Borrows from this batch.
  std::vector<RowChange> rows() const {
    std::vector<RowChange> rows;
    rows.reserve(touched_.size());
    for (const auto& [user, touched] : touched_) {
      RowChange& row = rows.emplace_back();
      row.user_id = user;
      row.before = loaded(user);
      row.after = touched.after ? &*touched.after : nullptr;
      row.digest = touched.digest;
    }
    return rows;
  }

  std::vector<ActivityRecord> take_records() { return std::move(records_); }

 private:
  struct Touched {
    Identity after;
    std::string digest;
  };

  const StoredIdentity* loaded(const UserId& user) const {
    const auto found = users_.find(user);
    return found == users_.end() ? nullptr : &found->second.identity;
  }
  const StoredIdentity* identity(const UserId& user) const {
    const auto touched = touched_.find(user);
    if (touched == touched_.end()) return loaded(user);
    return touched->second.after ? &*touched->second.after : nullptr;
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

  void remember(const IdentityChange& change, const StoredIdentity* before, Identity& after) {
    std::string digest;
    if (after) {
      if (before == nullptr || before->untouched || puts(change)) {
        after->untouched = true;
        after->touched_by.clear();
        digest = plan::digest(*after);
      } else {
        digest = users_.at(change.user_id).digest;
      }
      facts_.client_ids[after->client_id] = change.user_id;
    }
    move_place(change.user_id, before, after);

    ActivityRecord record = record_of(change.user_id, after ? *after : *before,
                                      describe_change(before, after ? &*after : nullptr));
    record.at = now_;
    record.actor = change.actor.empty() ? "neoid" : change.actor;
    record.cause = change.cause;
    record.writer = writer_;
    records_.push_back(std::move(record));
    touched_[change.user_id] = Touched{after, std::move(digest)};  // `before` may end here
  }

  void move_place(const UserId& user, const StoredIdentity* before, const Identity& after) {
    const bool stays = before != nullptr && after && before->owner.resource == after->owner.resource;
    if (before != nullptr && !stays) {
      const auto place = facts_.places.find(before->owner.resource);
      if (place != facts_.places.end() && place->second == user) facts_.places.erase(place);
    }
    if (after) facts_.places[after->owner.resource] = user;
  }

  const ClusterId& cluster_;
  const std::string& writer_;
  Instant now_;
  const LoadedUsers& users_;
  BatchFacts facts_;
  ApplyFacts apply_facts_;
  std::map<UserId, Touched> touched_;
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
  std::set<UserId> ids;
  for (const IdentityChange& change : changes) ids.insert(change.user_id);
  NEOID_TRY(const LoadedUsers users, transaction->load(ids));
  NEOID_TRY(BatchFacts facts, find_out(*transaction, cluster, changes, users));
  Batch batch(cluster, writer, transaction->now(), users, std::move(facts));
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

// A row as it becomes, with what is stored of it.
struct Rewrite {
  const LoadedIdentity* loaded;
  StoredIdentity after;
  std::string digest;
};

RowChange row_of(const Rewrite& rewrite) {
  return {rewrite.after.user_id, &rewrite.loaded->identity, &rewrite.after, rewrite.digest};
}

// The grants of scopes that go: each holder's row as it is without them.
std::vector<Rewrite> rows_without(const LoadedUsers& holders, std::span<const std::string> scopes,
                                  Instant now) {
  std::vector<Rewrite> rewrites;
  for (const auto& [user, loaded] : holders) {
    Rewrite& rewrite = rewrites.emplace_back(Rewrite{&loaded, loaded.identity, loaded.digest});
    std::erase_if(rewrite.after.config.scopes, [&](const std::string& scope) {
      return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
    });
    rewrite.after.updated_at = now;
    if (rewrite.after.untouched) rewrite.digest = plan::digest(rewrite.after);
  }
  return rewrites;
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
  NEOID_TRY(const std::vector<UserId> holders, transaction->holders_of(gone));
  LoadedUsers users;
  if (!holders.empty()) {
    NEOID_TRY(users, transaction->load(std::set<UserId>(holders.begin(), holders.end())));
  }
  const std::vector<Rewrite> rewrites = rows_without(users, gone, transaction->now());
  std::vector<RowChange> rows;
  for (const Rewrite& rewrite : rewrites) {
    const RowChange& row = rows.emplace_back(row_of(rewrite));
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
  NEOID_TRY(const LoadedUsers users, transaction->load({user}));
  const auto loaded = users.find(user);
  if (loaded == users.end()) return fail(ErrorKind::NotFound, "no user " + user.value);
  Rewrite rewrite{&loaded->second, loaded->second.identity, loaded->second.digest};
  if (rewrite.after.kind == plan::UserKind::System) {
    return fail(ErrorKind::Invalid, "a system user is the platform's and cannot be released");
  }
  rewrite.after.standing = plan::Standing::Released;
  rewrite.after.released_to = to_namespace;
  if (rewrite.loaded->identity == rewrite.after) return {};
  const RowChange row = row_of(rewrite);
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
