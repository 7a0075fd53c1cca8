#include "controller/store/postgres_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "controller/base/random.h"
#include "controller/store/identity_row.h"
#include "controller/store/postgres_schema.h"
#include "controller/store/postgres_sql.h"
#include "controller/store/postgres_transaction.h"

namespace neoid::store {
namespace {

using std::chrono::milliseconds;

constexpr int kLookups = 20;
constexpr milliseconds kBetweenLookups{250};
constexpr int kSweepPage = 2000;

std::string_view kind_text(const api::ResourceKey& resource) {
  return resource.kind == api::Kind::SystemIntegrationUser ? "system" : "custom";
}

}  // namespace

Result<std::unique_ptr<IdentityStore>> PostgresStore::open(const std::string& url, StoreOptions options) {
  NEOID_TRY(PgTarget target, parse_postgres_url(url));
  NEOID_TRY(auto connection, PgConnection::connect(target));
  NEOID_TRY_VOID(prepare_postgres(*connection, options.migration));
  std::unique_ptr<PostgresStore> store(new PostgresStore(std::move(target), std::move(options)));
  store->writer_id_ = random_uuid();
  NEOID_TRY(store->keys_,
            store->pool_.read([](PgConnection& session) { return read_postgres_keys(session); }));
  return store;
}

Result<SchemaStatus> PostgresStore::schema_status() {
  return pool_.read([](PgConnection& session) -> Result<SchemaStatus> {
    NEOID_TRY(const AppliedSteps applied, applied_postgres_steps(session));
    return describe_schema("postgres", applied);
  });
}

Result<void> PostgresStore::ping() {
  return pool_.read([](PgConnection& session) -> Result<void> {
    NEOID_TRY(const pqxx::result one, session.run("SELECT 1"));
    static_cast<void>(one);
    return {};
  });
}

// --- the right to write --------------------------------------------------------------------------

bool PostgresStore::fenced_alive() {
  if (fenced_ && fenced_->alive()) return true;
  fenced_.reset();
  return false;
}

Result<bool> PostgresStore::raise_epoch(const ClusterId& cluster, Epoch epoch, const std::string& holder) {
  if (!fenced_alive()) {
    NEOID_TRY(auto connection, open_session(target_, PgRole::Controller));
    fenced_ = std::move(connection);
    session_ = next_session();
  }
  NEOID_TRY(
      const pqxx::result raised,
      fenced_->run("INSERT INTO neoid.epochs AS e (cluster, n, holder, claimed_at) "
                   "VALUES ($1::text, $2::bigint, $3::text, neoid.neoid_now()) "
                   "ON CONFLICT (cluster) DO UPDATE SET n = excluded.n, holder = excluded.holder, "
                   "claimed_at = excluded.claimed_at WHERE e.n < excluded.n RETURNING e.tableoid::bigint",
                   cluster.value, epoch, holder));
  if (raised.empty()) return false;
  fenced_->epochs_table = raised[0][0].as<std::int64_t>();
  return true;
}

Result<WriterTerm> PostgresStore::claim(const ClusterId& cluster, Epoch epoch, const std::string& holder) {
  if (epoch < 1) return fail(ErrorKind::Invalid, "epochs begin with 1");
  const std::scoped_lock lock(fenced_mutex_);
  auto raised = raise_epoch(cluster, epoch, holder);
  if (!raised && fenced_ && fenced_->broken()) raised = raise_epoch(cluster, epoch, holder);
  if (!raised) return fail(std::move(raised).error());
  if (!*raised) {
    return fail(ErrorKind::Conflict, "the stored epoch is not below the one that was to be claimed",
                "EpochTaken");
  }
  return WriterTerm{cluster, epoch, holder, session_};
}

Result<Epoch> PostgresStore::stored_epoch(const ClusterId& cluster) {
  return pool_.read([&](PgConnection& session) -> Result<Epoch> {
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT n FROM neoid.epochs WHERE cluster = $1::text", cluster.value));
    return rows.empty() ? Epoch{0} : rows[0][0].as<Epoch>();
  });
}

Result<std::vector<ClusterId>> PostgresStore::clusters() {
  return pool_.read([&](PgConnection& session) -> Result<std::vector<ClusterId>> {
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT cluster FROM neoid.epochs ORDER BY cluster COLLATE \"C\""));
    std::vector<ClusterId> clusters;
    for (const auto& row : rows) clusters.emplace_back(row[0].c_str());
    return clusters;
  });
}

bool PostgresStore::session_lost(const WriterTerm& term, milliseconds most) {
  const auto deadline = std::chrono::steady_clock::now() + most;
  while (true) {
    {
      // A transaction that is under way will find out by itself.
      const std::unique_lock lock(fenced_mutex_, std::try_to_lock);
      if (session_ != term.session || (lock.owns_lock() && !fenced_alive())) return true;
    }
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= milliseconds(0)) return false;
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, milliseconds(50)));
  }
}

Result<std::unique_ptr<WriteTransaction>> PostgresStore::begin_fenced(const WriterTerm& term) {
  std::unique_lock lock(fenced_mutex_);
  if (term.session != session_ || !fenced_alive()) {
    return fail(ErrorKind::Denied, "the session that the right to write belonged to has ended", "Fenced");
  }
  PostgresTransaction::Setting setting{
      options_, [this](std::int64_t number, const std::string& hash) { return was_committed(number, hash); }};
  return PostgresTransaction::begin(std::move(lock), fenced_, std::move(setting), &term);
}

Result<std::unique_ptr<WriteTransaction>> PostgresStore::begin_unfenced() {
  NEOID_TRY(std::shared_ptr<PgConnection> connection, open_session(target_, PgRole::Controller));
  PostgresTransaction::Setting setting{
      options_, [this](std::int64_t number, const std::string& hash) { return was_committed(number, hash); }};
  return PostgresTransaction::begin({}, std::move(connection), std::move(setting), nullptr);
}

// The head row is locked until the transaction in question has ended one way or the other; then its entry is
// in the trail, with its hash, or it never will be.
Result<bool> PostgresStore::was_committed(std::int64_t number, const std::string& hash) {
  for (int attempt = 0; attempt < kLookups; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kBetweenLookups);
    auto connection = open_session(target_, PgRole::Controller);
    if (!connection) continue;
    auto rows = (*connection)->run("SELECT 1 FROM neoid.activity_head FOR SHARE");
    if (!rows) continue;
    auto entry =
        (*connection)
            ->run("SELECT 1 FROM neoid.activity WHERE number = $1::bigint AND hash = $2::text", number, hash);
    if (entry) return !entry->empty();
  }
  return fail(ErrorKind::Timeout,
              "the connection was lost during a commit, and nobody can tell what became of it", "Unknown");
}

Result<CommitResults> PostgresStore::commit(const WriterTerm& term,
                                            std::span<const plan::IdentityChange> changes) {
  return commit_changes([&] { return begin_fenced(term); }, term.cluster, writer_id_, changes);
}

Result<void> PostgresStore::put_scopes(const WriterTerm& term, std::span<const plan::StoredScope> put,
                                       std::span<const std::string> remove, const std::string& actor) {
  return commit_scopes([&] { return begin_fenced(term); }, writer_id_, put, remove, actor);
}

Result<void> PostgresStore::release(const UserId& user, const std::string& to_namespace,
                                    const std::string& actor) {
  return commit_release([&] { return begin_unfenced(); }, writer_id_, user, to_namespace, actor);
}

Result<void> PostgresStore::record_use(std::span<const CredentialUse> uses) {
  std::vector<std::string> users;
  std::vector<std::int64_t> numbers;
  for (const CredentialUse& use : uses) {
    users.push_back(use.user_id.value);
    numbers.push_back(use.version);
  }
  return pool_.read([&](PgConnection& session) -> Result<void> {
    NEOID_TRY(const pqxx::result ignored,
              session.run("INSERT INTO neoid.last_used (user_id, number, at) "
                          "SELECT DISTINCT v.user_id, v.number, now() FROM unnest($1::uuid[], $2::bigint[]) "
                          "AS n (user_id, number) JOIN neoid.credential_versions v USING (user_id, number) "
                          "ON CONFLICT (user_id, number) DO UPDATE SET at = excluded.at",
                          pg_array(users), pg_array(numbers)));
    static_cast<void>(ignored);
    return {};
  });
}

// --- reading -------------------------------------------------------------------------------------

namespace {

Result<std::vector<plan::StoredIdentity>> identities_of(PgConnection& session, const pqxx::result& rows) {
  NEOID_TRY(std::vector<LoadedIdentity> loaded, decode_postgres_identities(session, rows));
  std::vector<plan::StoredIdentity> identities;
  for (LoadedIdentity& one : loaded) identities.push_back(std::move(one.identity));
  return identities;
}

Result<void> observe_own(PgConnection& session, const ClusterId& cluster, std::span<const IdentityRef> refs,
                         Observation& observation) {
  std::vector<std::string> kinds;
  std::vector<std::string> namespaces;
  std::vector<std::string> names;
  for (const IdentityRef& ref : refs) {
    kinds.emplace_back(kind_text(ref.resource));
    namespaces.push_back(ref.resource.ns);
    names.push_back(ref.resource.name);
  }
  NEOID_TRY(
      const pqxx::result rows,
      session.run("SELECT i.*, p.ord FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY "
                  "AS p (kind, namespace, name, ord) CROSS JOIN LATERAL (SELECT " NEOID_POSTGRES_IDENTITY
                  "FROM neoid.users u WHERE u.cluster = $1::text AND u.kind = p.kind AND "
                  "u.namespace = p.namespace AND u.name = p.name AND u.standing <> 'unowned' OFFSET 0) i",
                  cluster.value, pg_array(kinds), pg_array(namespaces), pg_array(names)));
  NEOID_TRY(std::vector<plan::StoredIdentity> identities, identities_of(session, rows));
  for (std::size_t i = 0; i < identities.size(); ++i) {
    const auto place = rows[static_cast<pqxx::result::size_type>(i)][22].as<std::size_t>() - 1;
    observation.identities[place].own = std::move(identities[i]);
  }
  return {};
}

Result<void> observe_adoptable(PgConnection& session, std::span<const IdentityRef> refs,
                               Observation& observation) {
  std::vector<std::string> users;
  for (const IdentityRef& ref : refs) {
    if (ref.adopt) users.push_back(ref.adopt->value);
  }
  if (users.empty()) return {};
  NEOID_TRY(const pqxx::result rows,
            session.run("SELECT " NEOID_POSTGRES_IDENTITY
                        "FROM neoid.users u WHERE u.user_id::text = ANY ($1::text[])",
                        pg_array(users)));
  NEOID_TRY(const std::vector<plan::StoredIdentity> identities, identities_of(session, rows));
  for (std::size_t i = 0; i < refs.size(); ++i) {
    for (const plan::StoredIdentity& identity : identities) {
      if (refs[i].adopt == identity.user_id) observation.identities[i].adoptable = identity;
    }
  }
  return {};
}

}  // namespace

Result<Observation> PostgresStore::observe(const ClusterId& cluster, std::span<const IdentityRef> refs) {
  return pool_.read([&](PgConnection& session) -> Result<Observation> {
    Observation observation;
    observation.identities.resize(refs.size());
    NEOID_TRY(const pqxx::result now, session.run("SELECT neoid.micros(neoid.neoid_now())"));
    observation.now = instant_of(now[0][0].as<std::int64_t>());
    if (refs.empty()) return observation;
    NEOID_TRY_VOID(observe_own(session, cluster, refs, observation));
    NEOID_TRY_VOID(observe_adoptable(session, refs, observation));
    return observation;
  });
}

Result<std::vector<plan::StoredScope>> PostgresStore::scopes() {
  return pool_.read([&](PgConnection& session) -> Result<std::vector<plan::StoredScope>> {
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT name, display_name, description, tool, permissions, deprecated "
                          "FROM neoid.scopes ORDER BY name"));
    std::vector<plan::StoredScope> scopes;
    for (const auto& row : rows) {
      scopes.push_back({row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str(), row[4].c_str(),
                        row[5].as<bool>()});
    }
    return scopes;
  });
}

Result<IdentityStore::Holders> PostgresStore::holders(const std::string& scope, int limit) {
  return pool_.read([&](PgConnection& session) -> Result<Holders> {
    Holders holders;
    NEOID_TRY(const pqxx::result counts,
              session.run("SELECT count(*) FILTER (WHERE u.kind = 'custom'), "
                          "count(*) FILTER (WHERE u.kind = 'system') FROM neoid.grants g "
                          "JOIN neoid.users u USING (user_id) "
                          "WHERE g.scope = $1::text AND u.standing = 'owned'",
                          scope));
    holders.custom = counts[0][0].as<std::int64_t>();
    holders.system = counts[0][1].as<std::int64_t>();
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT u.namespace, u.name FROM neoid.grants g JOIN neoid.users u USING (user_id) "
                          "WHERE g.scope = $1::text AND u.kind = 'custom' AND u.standing = 'owned' "
                          "ORDER BY u.namespace COLLATE \"C\", u.name COLLATE \"C\" LIMIT $2::bigint",
                          scope, limit));
    for (const auto& row : rows) {
      holders.some.push_back({api::Kind::IntegrationUser, row[0].c_str(), row[1].c_str()});
    }
    return holders;
  });
}

namespace {

// Fetches pages of a query until `take` has had enough, in one read-only transaction.
Result<void> fetch_all(PgConnection& session, const std::string& query,
                       const std::function<Result<bool>(const pqxx::result&)>& take) {
  NEOID_TRY(
      const pqxx::result opened,
      session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL cursor_tuple_fraction = 1; "
                  "SET LOCAL enable_seqscan = on; SET LOCAL statement_timeout = 0; "
                  "DECLARE page NO SCROLL CURSOR FOR " +
                  query));
  static_cast<void>(opened);
  const std::string fetch = fmt::format("FETCH {} FROM page", kSweepPage);
  Result<bool> more = true;
  while (more && *more) {
    NEOID_TRY(const pqxx::result rows, session.run(fetch));
    if (rows.empty()) break;
    more = take(rows);
  }
  NEOID_TRY(const pqxx::result closed, session.run(std::string("COMMIT")));
  static_cast<void>(closed);
  if (!more) return fail(std::move(more).error());
  return {};
}

}  // namespace

Result<void> PostgresStore::sweep(const ClusterId& cluster,
                                  const std::function<bool(const SweepRow&)>& visit) {
  NEOID_TRY(auto session, pool_.take());
  Result<void> swept = [&]() -> Result<void> {
    NEOID_TRY(const pqxx::result now, session->run("SELECT neoid.micros(neoid.neoid_now())"));
    const Instant at = instant_of(now[0][0].as<std::int64_t>());
    const std::string query = "SELECT " NEOID_POSTGRES_IDENTITY "FROM neoid.users u WHERE u.cluster = " +
                              session->quote(cluster.value);
    return fetch_all(*session, query, [&](const pqxx::result& rows) -> Result<bool> {
      for (const auto& row : rows) {
        NEOID_TRY(const LoadedIdentity loaded, decode_identity(read_identity_row(PgRow(row))));
        if (!visit(sweep_row(loaded.identity, at))) return false;
      }
      return true;
    });
  }();
  if (swept) pool_.give_back(std::move(session));
  return swept;
}

Result<Acceptance> PostgresStore::accepts(const ClientId& client_id, const Sha256& hash) {
  return pool_.read([&](PgConnection& session) -> Result<Acceptance> {
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT * FROM neoid.acceptance($1::text, decode($2::text, 'hex'))",
                          client_id.value, hex(hash)));
    if (rows.empty()) return unknown_client();
    return read_acceptance(PgRow(rows[0]));
  });
}

// --- the trail -----------------------------------------------------------------------------------

Result<FeedPosition> PostgresStore::feed_end() {
  return pool_.read([&](PgConnection& session) -> Result<FeedPosition> {
    NEOID_TRY(const pqxx::result rows, session.run("SELECT number FROM neoid.activity_head"));
    return rows.empty() ? FeedPosition{0} : rows[0][0].as<FeedPosition>();
  });
}

Result<std::vector<FeedEntry>> PostgresStore::changes_after(const ClusterId& cluster, FeedPosition position,
                                                            int limit) {
  return pool_.read([&](PgConnection& session) -> Result<std::vector<FeedEntry>> {
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT number, user_id, cluster, kind, namespace, name, actor, action, writer "
                          "FROM neoid.activity WHERE number > $1::bigint ORDER BY number LIMIT $2::bigint",
                          position, limit));
    std::vector<FeedEntry> entries;
    for (const auto& row : rows) entries.push_back(read_feed_entry(PgRow(row), cluster, writer_id_));
    return entries;
  });
}

void PostgresStore::wait_for_change(milliseconds most, std::stop_token stop) {
  listener_.wait(most, std::move(stop));
}

Result<std::vector<ActivityEntry>> PostgresStore::activity(const ActivityFilter& filter) {
  return pool_.read([&](PgConnection& session) -> Result<std::vector<ActivityEntry>> {
    NEOID_TRY(
        const pqxx::result rows,
        session.run("SELECT * FROM (SELECT number, neoid.micros(at), user_id, cluster, kind, namespace, "
                    "name, actor, cause, action, before, after, writer FROM neoid.activity "
                    "WHERE ($1::text = '' OR name = $1::text OR user_id = $1::text) "
                    "AND at >= neoid.instant($2::bigint) "
                    "ORDER BY number DESC LIMIT $3::bigint) newest ORDER BY number",
                    filter.name, microseconds_of(filter.since.value_or(Instant())), filter.limit));
    std::vector<ActivityEntry> entries;
    for (const auto& row : rows) entries.push_back(activity_entry(read_activity(PgRow(row))));
    return entries;
  });
}

Result<std::optional<std::int64_t>> PostgresStore::verify_activity() {
  NEOID_TRY(auto session, pool_.take());
  ChainVerifier verifier;
  // One snapshot for the entries and the head, which is told with each row.
  std::int64_t head_number = 0;
  std::string head_hash = first_hash();
  NEOID_TRY_VOID(fetch_all(
      *session,
      "SELECT a.number, neoid.micros(a.at), a.user_id, a.cluster, a.kind, a.namespace, a.name, a.actor, "
      "a.cause, a.action, a.before, a.after, a.writer, a.hash, h.number, h.hash "
      "FROM neoid.activity_head h LEFT JOIN neoid.activity a ON true ORDER BY a.number",
      [&](const pqxx::result& rows) -> Result<bool> {
        head_number = rows[0][14].as<std::int64_t>();
        head_hash = rows[0][15].c_str();
        for (const auto& row : rows) {
          if (row[0].is_null()) continue;
          // An entry without a hash was never sealed here: broken like a wrong one.
          const std::string hash = row[13].c_str();
          verifier.take(read_activity(PgRow(row)), hash.empty() ? "none" : hash);
        }
        return !verifier.broken().has_value();
      }));
  verifier.finish(head_number, head_hash);
  pool_.give_back(std::move(session));
  return verifier.broken();
}

}  // namespace neoid::store
