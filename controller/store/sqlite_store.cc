#include "controller/store/sqlite_store.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "controller/base/random.h"
#include "controller/store/identity_row.h"
#include "controller/store/sqlite_sql.h"
#include "controller/store/sqlite_transaction.h"

namespace neoid::store {

class SqliteStore::Reader {
 public:
  Reader(SqliteStore& store, std::unique_ptr<SqliteConnection> connection, FileIdentity file)
      : store_(&store), connection_(std::move(connection)), file_(file) {}
  Reader(Reader&&) = default;
  Reader& operator=(Reader&&) = delete;
  ~Reader() {
    if (!connection_) return;
    if (connection_->in_transaction()) static_cast<void>(connection_->execute("ROLLBACK"));
    const std::scoped_lock lock(store_->readers_mutex_);
    if (store_->readers_file_ == file_) store_->readers_.push_back(std::move(connection_));
  }
  SqliteConnection* operator->() { return connection_.get(); }
  SqliteConnection& operator*() { return *connection_; }

 private:
  SqliteStore* store_;
  std::unique_ptr<SqliteConnection> connection_;
  FileIdentity file_;
};

Result<std::unique_ptr<IdentityStore>> SqliteStore::open(const std::string& path, StoreOptions options) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(path, std::move(options)));
  NEOID_TRY(store->writer_, open_sqlite_file(path, store->options_.migration));
  store->writer_file_ = file_identity(path);
  store->session_ = next_session();
  store->writer_id_ = random_uuid();
  NEOID_TRY(store->keys_, read_sqlite_keys(*store->writer_));
  NEOID_TRY(store->watch_, SqliteWatch::open(path));
  return store;
}

Instant SqliteStore::now() const {
  if (options_.clock) return options_.clock();
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

Result<SqliteStore::Reader> SqliteStore::reader() {
  const FileIdentity file = file_identity(path_);
  {
    const std::scoped_lock lock(readers_mutex_);
    if (readers_file_ != file) {
      readers_.clear();
      readers_file_ = file;
    }
    if (!readers_.empty()) {
      auto connection = std::move(readers_.back());
      readers_.pop_back();
      return Reader(*this, std::move(connection), file);
    }
  }
  NEOID_TRY(auto connection, SqliteConnection::open(path_, SqliteAccess::ReadWrite));
  NEOID_TRY_VOID(connection->execute("PRAGMA query_only = ON"));
  return Reader(*this, std::move(connection), file);
}

Result<SchemaStatus> SqliteStore::schema_status() {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY(const AppliedSteps applied, applied_sqlite_steps(*connection));
  return describe_schema("sqlite", applied);
}

Result<void> SqliteStore::ping() {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY(const std::string one, connection->pragma("SELECT number FROM activity_head"));
  static_cast<void>(one);
  return {};
}

// --- the right to write --------------------------------------------------------------------------

Result<void> SqliteStore::open_writer() {
  const FileIdentity file = file_identity(path_);
  if (writer_ && writer_file_ == file) return {};
  writer_.reset();
  session_ = next_session();
  NEOID_TRY(writer_, open_sqlite_file(path_, Migration::Refuse));
  writer_file_ = file;
  return {};
}

Result<WriterTerm> SqliteStore::claim(const ClusterId& cluster, Epoch epoch, const std::string& holder) {
  if (epoch < 1) return fail(ErrorKind::Invalid, "epochs begin with 1");
  const std::scoped_lock lock(write_mutex_);
  NEOID_TRY_VOID(open_writer());
  NEOID_TRY(SqliteCursor raise,
            writer_->prepare("INSERT INTO epochs (cluster, n, holder, claimed_at) VALUES (?, ?, ?, ?) "
                             "ON CONFLICT (cluster) DO UPDATE SET n = excluded.n, holder = excluded.holder, "
                             "claimed_at = excluded.claimed_at WHERE epochs.n < excluded.n"));
  NEOID_TRY_VOID(raise.bind(cluster.value).bind(epoch).bind(holder).bind(now()).run());
  if (writer_->changes() != 1) {
    return fail(ErrorKind::Conflict, "the stored epoch is not below the one that was to be claimed",
                "EpochTaken");
  }
  return WriterTerm{cluster, epoch, holder, session_};
}

Result<Epoch> SqliteStore::stored_epoch(const ClusterId& cluster) {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY(SqliteCursor rows, connection->prepare("SELECT n FROM epochs WHERE cluster = ?"));
  NEOID_TRY(const bool row, rows.bind(cluster.value).next());
  return row ? rows.integer(0) : Epoch{0};
}

Result<std::vector<ClusterId>> SqliteStore::clusters() {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY(SqliteCursor rows, connection->prepare("SELECT cluster FROM epochs ORDER BY cluster"));
  std::vector<ClusterId> clusters;
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return clusters;
    clusters.emplace_back(rows.text(0));
  }
}

bool SqliteStore::session_lost(const WriterTerm& term, std::chrono::milliseconds most) {
  const auto deadline = std::chrono::steady_clock::now() + most;
  while (true) {
    {
      const std::scoped_lock lock(write_mutex_);
      if (session_ != term.session || file_identity(path_) != writer_file_) return true;
    }
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::milliseconds(0)) return false;
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(50)));
  }
}

Result<std::unique_ptr<WriteTransaction>> SqliteStore::begin_now(const WriterTerm* term) {
  std::unique_lock lock(write_mutex_);
  NEOID_TRY_VOID(open_writer());
  if (term != nullptr && term->session != session_) {
    return fail(ErrorKind::Denied, "the session that the right to write belonged to has ended", "Fenced");
  }
  return SqliteTransaction::begin(std::move(lock), *writer_, now(), options_, term);
}

BeginTransaction SqliteStore::begin(const WriterTerm* term) {
  return [this, term] { return begin_now(term); };
}

template <class T>
T SqliteStore::woken(T result) {
  if (result) watch_->wake();
  return result;
}

Result<CommitResults> SqliteStore::commit(const WriterTerm& term,
                                          std::span<const plan::IdentityChange> changes) {
  return woken(commit_changes(begin(&term), term.cluster, writer_id_, changes));
}

Result<void> SqliteStore::put_scopes(const WriterTerm& term, std::span<const plan::StoredScope> put,
                                     std::span<const std::string> remove, const std::string& actor) {
  return woken(commit_scopes(begin(&term), writer_id_, put, remove, actor));
}

Result<void> SqliteStore::release(const UserId& user, const std::string& to_namespace,
                                  const std::string& actor) {
  return woken(commit_release(begin(nullptr), writer_id_, user, to_namespace, actor));
}

Result<void> SqliteStore::record_use(std::span<const CredentialUse> uses) {
  const std::scoped_lock lock(write_mutex_);
  NEOID_TRY_VOID(open_writer());
  NEOID_TRY_VOID(writer_->execute("BEGIN IMMEDIATE"));
  for (const CredentialUse& use : uses) {
    auto put = writer_->prepare(
        "INSERT INTO last_used (user_id, number, at) SELECT user_id, number, ? FROM credential_versions "
        "WHERE user_id = ? AND number = ? ON CONFLICT DO UPDATE SET at = excluded.at");
    Result<void> done = put ? put->bind(now()).bind(use.user_id.value).bind(use.version).run()
                            : Result<void>(fail(std::move(put).error()));
    if (!done) {
      static_cast<void>(writer_->execute("ROLLBACK"));
      return done;
    }
  }
  return writer_->execute("COMMIT");
}

// --- reading -------------------------------------------------------------------------------------

namespace {

Result<std::optional<plan::StoredIdentity>> one_identity(SqliteConnection& connection, SqliteCursor& rows) {
  NEOID_TRY(const bool row, rows.next());
  if (!row) return std::optional<plan::StoredIdentity>();
  NEOID_TRY(LoadedIdentity loaded, decode_identity(read_identity_row(rows)));
  NEOID_TRY_VOID(fill_touched_by(connection, loaded.identity));
  return std::optional<plan::StoredIdentity>(std::move(loaded.identity));
}

Result<ObservedIdentity> observe_one(SqliteConnection& connection, const ClusterId& cluster,
                                     const IdentityRef& ref) {
  ObservedIdentity observed;
  {
    NEOID_TRY(SqliteCursor rows,
              connection.prepare("SELECT " NEOID_SQLITE_IDENTITY
                                 "FROM users u WHERE u.kind = ? AND u.cluster = ? AND u.namespace = ? AND "
                                 "u.name = ? AND u.standing <> 'unowned'"));
    const bool system = ref.resource.kind == api::Kind::SystemIntegrationUser;
    rows.bind(std::string_view(system ? "system" : "custom")).bind(cluster.value);
    rows.bind(ref.resource.ns).bind(ref.resource.name);
    NEOID_TRY(observed.own, one_identity(connection, rows));
  }
  if (ref.adopt) {
    NEOID_TRY(SqliteCursor rows,
              connection.prepare("SELECT " NEOID_SQLITE_IDENTITY "FROM users u WHERE u.user_id = ?"));
    NEOID_TRY(observed.adoptable, one_identity(connection, rows.bind(ref.adopt->value)));
  }
  return observed;
}

}  // namespace

Result<Observation> SqliteStore::observe(const ClusterId& cluster, std::span<const IdentityRef> refs) {
  NEOID_TRY(Reader connection, reader());
  Observation observation;
  observation.now = now();
  NEOID_TRY_VOID(connection->execute("BEGIN"));
  observation.identities.reserve(refs.size());
  for (const IdentityRef& ref : refs) {
    NEOID_TRY(ObservedIdentity observed, observe_one(*connection, cluster, ref));
    observation.identities.push_back(std::move(observed));
  }
  return observation;
}

Result<std::vector<plan::StoredScope>> SqliteStore::scopes() {
  NEOID_TRY(Reader connection, reader());
  std::vector<plan::StoredScope> scopes;
  NEOID_TRY(SqliteCursor rows, connection->prepare("SELECT name, display_name, description, tool, "
                                                   "permissions, deprecated FROM scopes ORDER BY name"));
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return scopes;
    scopes.push_back(
        {rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.integer(5) != 0});
  }
}

Result<IdentityStore::Holders> SqliteStore::holders(const std::string& scope, int limit) {
  NEOID_TRY(Reader connection, reader());
  Holders holders;
  NEOID_TRY(SqliteCursor counts,
            connection->prepare("SELECT count(*) FILTER (WHERE u.kind = 'custom'), "
                                "count(*) FILTER (WHERE u.kind = 'system') FROM grants g "
                                "JOIN users u USING (user_id) WHERE g.scope = ? AND u.standing = 'owned'"));
  NEOID_TRY(const bool counted, counts.bind(scope).next());
  if (counted) {
    holders.custom = counts.integer(0);
    holders.system = counts.integer(1);
  }
  NEOID_TRY(SqliteCursor rows,
            connection->prepare("SELECT u.namespace, u.name FROM grants g JOIN users u USING (user_id) "
                                "WHERE g.scope = ? AND u.kind = 'custom' AND u.standing = 'owned' "
                                "ORDER BY u.namespace, u.name LIMIT ?"));
  rows.bind(scope).bind(static_cast<std::int64_t>(limit));
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return holders;
    holders.some.push_back({api::Kind::IntegrationUser, rows.text(0), rows.text(1)});
  }
}

Result<void> SqliteStore::sweep(const ClusterId& cluster, const std::function<bool(const SweepRow&)>& visit) {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY_VOID(connection->execute("BEGIN"));
  NEOID_TRY(SqliteCursor rows, connection->prepare("SELECT " NEOID_SQLITE_IDENTITY
                                                   "FROM users u WHERE u.cluster = ? ORDER BY u.user_id"));
  rows.bind(cluster.value);
  const Instant at = now();
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return {};
    NEOID_TRY(const LoadedIdentity loaded, decode_identity(read_identity_row(rows)));
    if (!visit(sweep_row(loaded.identity, at))) return {};
  }
}

// One statement, by one clock.
Result<Acceptance> SqliteStore::accepts(const ClientId& client_id, const Sha256& hash) {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY(
      SqliteCursor rows,
      connection->prepare(
          "SELECT u.user_id, u.kind, coalesce(v.number, 0), "
          "CASE WHEN u.active = 0 OR u.hold_since IS NOT NULL THEN 'Inactive' "
          "WHEN v.number IS NULL THEN 'UnknownVersion' WHEN v.state = 'revoked' THEN 'Revoked' "
          "WHEN v.valid_until <= ? THEN 'Expired' ELSE '' END, "
          "(SELECT json_group_array(g.scope) FROM grants g JOIN scopes s ON s.name = g.scope "
          "WHERE g.user_id = u.user_id) "
          "FROM users u LEFT JOIN credential_versions v ON v.user_id = u.user_id AND v.hash = ? "
          "WHERE u.client_id = ? "
          "ORDER BY v.state <> 'revoked' DESC, v.valid_until IS NULL DESC, v.valid_until DESC LIMIT 1"));
  rows.bind(now());
  rows.bind_blob(std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  NEOID_TRY(const bool row, rows.bind(client_id.value).next());
  if (!row) return unknown_client();
  return read_acceptance(rows);
}

// --- the trail -----------------------------------------------------------------------------------

Result<FeedPosition> SqliteStore::feed_end() {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY(SqliteCursor rows, connection->prepare("SELECT number FROM activity_head"));
  NEOID_TRY(const bool row, rows.next());
  return row ? rows.integer(0) : FeedPosition{0};
}

Result<std::vector<FeedEntry>> SqliteStore::changes_after(const ClusterId& cluster, FeedPosition position,
                                                          int limit) {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY(SqliteCursor rows,
            connection->prepare("SELECT number, user_id, cluster, kind, namespace, name, actor, action, "
                                "writer FROM activity WHERE number > ? ORDER BY number LIMIT ?"));
  rows.bind(position).bind(static_cast<std::int64_t>(limit));
  std::vector<FeedEntry> entries;
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return entries;
    entries.push_back(read_feed_entry(rows, cluster, writer_id_));
  }
}

void SqliteStore::wait_for_change(std::chrono::milliseconds most, std::stop_token stop) {
  watch_->wait(most, std::move(stop));
}

Result<std::vector<ActivityEntry>> SqliteStore::activity(const ActivityFilter& filter) {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY(SqliteCursor rows,
            connection->prepare("SELECT * FROM (SELECT number, at, user_id, cluster, kind, namespace, name, "
                                "actor, cause, action, before, after, writer, hash FROM activity "
                                "WHERE (?1 = '' OR name = ?1 OR user_id = ?1) AND at >= ?2 "
                                "ORDER BY number DESC LIMIT ?3) ORDER BY number"));
  rows.bind(filter.name).bind(filter.since.value_or(Instant())).bind(std::int64_t{filter.limit});
  std::vector<ActivityEntry> entries;
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return entries;
    entries.push_back(activity_entry(read_activity(rows)));
  }
}

Result<std::optional<std::int64_t>> SqliteStore::verify_activity() {
  NEOID_TRY(Reader connection, reader());
  NEOID_TRY_VOID(connection->execute("BEGIN"));
  ChainVerifier verifier;
  NEOID_TRY(SqliteCursor rows,
            connection->prepare("SELECT number, at, user_id, cluster, kind, namespace, name, actor, cause, "
                                "action, before, after, writer, hash FROM activity ORDER BY number"));
  while (!verifier.broken()) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) break;
    verifier.take(read_activity(rows), rows.text(13));
  }
  NEOID_TRY(SqliteCursor head, connection->prepare("SELECT number, hash FROM activity_head"));
  NEOID_TRY(const bool row, head.next());
  verifier.finish(row ? head.integer(0) : 0, row ? head.text(1) : std::string());
  return verifier.broken();
}

}  // namespace neoid::store
