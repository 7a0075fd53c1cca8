#include "controller/store/postgres_token_store.h"

#include <utility>

#include "controller/store/identity_row.h"
#include "controller/store/token_rows.h"
#include "reconcile/base/crypto.h"

namespace neoid::store {
namespace {

Error no_head() {
  return Error{ErrorKind::Unavailable, "the feed's head is missing in the store", "Damaged"};
}

}  // namespace

Result<std::unique_ptr<TokenStore>> PostgresTokenStore::open(const std::string& url) {
  NEOID_TRY(PgTarget target, parse_postgres_url(url));
  std::unique_ptr<PostgresTokenStore> store(new PostgresTokenStore(std::move(target)));
  if (auto pulse = store->pulse(); !pulse)
    return fail(
        wrap("the store cannot serve tokens (its login needs the role neoid_token, and `neoid store "
             "migrate` run with this version)",
             std::move(pulse).error()));
  return std::unique_ptr<TokenStore>(std::move(store));
}

Result<Pulse> PostgresTokenStore::pulse() {
  return pool_.read([](PgConnection& session) -> Result<Pulse> {
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT neoid.micros(neoid.neoid_now()), h.number, t.keys, t.revocations, "
                          "pg_postmaster_start_time()::text || ' ' || 'neoid.users'::regclass::oid::text "
                          "FROM neoid.activity_head h CROSS JOIN neoid.token_state t"));
    if (rows.empty()) return fail(no_head());
    const PgRow row(rows[0]);
    return Pulse{instant_of(row.integer(0)), row.integer(1), row.integer(2), row.integer(3), row.text(4)};
  });
}

// One statement, so one snapshot.
Result<ClientLookUp> PostgresTokenStore::find_client(const ClientId& client_id) {
  return pool_.read([&](PgConnection& session) -> Result<ClientLookUp> {
    NEOID_TRY(
        const pqxx::result rows,
        session.run("SELECT neoid.micros(neoid.neoid_now()), h.number, u.user_id, "
                    "(u.active AND u.hold_since IS NULL)::integer, "
                    "coalesce((SELECT json_agg(g.scope)::text FROM neoid.grants g "
                    "JOIN neoid.scopes s ON s.name = g.scope WHERE g.user_id = u.user_id), '[]'), "
                    "coalesce((SELECT json_agg(json_build_array(v.number, encode(v.hash, 'hex'), v.state, "
                    "neoid.micros(v.valid_until)))::text FROM neoid.credential_versions v "
                    "WHERE v.user_id = u.user_id AND v.state <> 'revoked'), '[]') "
                    "FROM neoid.activity_head h LEFT JOIN neoid.users u ON u.client_id = $1::text",
                    client_id.value));
    if (rows.empty()) return fail(no_head());
    const PgRow row(rows[0]);
    ClientLookUp found{instant_of(row.integer(0)), row.integer(1), std::nullopt};
    NEOID_TRY(found.client, read_token_client(row, 2));
    return found;
  });
}

Result<std::vector<TokenChange>> PostgresTokenStore::changes_after(FeedPosition position, int limit) {
  return pool_.read([&](PgConnection& session) -> Result<std::vector<TokenChange>> {
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT number, user_id, kind, name FROM neoid.activity "
                          "WHERE number > $1::bigint ORDER BY number LIMIT $2::bigint",
                          position, limit));
    std::vector<TokenChange> changes;
    for (const auto& row : rows) changes.push_back(read_token_change(PgRow(row)));
    return changes;
  });
}

Result<std::vector<SealedKey>> PostgresTokenStore::signing_keys() {
  return pool_.read([](PgConnection& session) -> Result<std::vector<SealedKey>> {
    NEOID_TRY(const pqxx::result rows, session.run("SELECT kid, created_at, encode(sealed, 'hex') "
                                                   "FROM neoid.signing_keys ORDER BY created_at, kid"));
    std::vector<SealedKey> keys;
    for (const auto& each : rows) {
      const PgRow row(each);
      keys.push_back({row.text(0), instant_of(row.integer(1)), unhex(row.text(2)).value_or("")});
    }
    return keys;
  });
}

Result<void> PostgresTokenStore::change_keys(std::int64_t expected, std::span<const SealedKey> add,
                                             std::span<const std::string> remove) {
  std::vector<std::string> kids;
  std::vector<std::int64_t> times;
  std::vector<std::string> sealed;
  for (const SealedKey& key : add) {
    kids.push_back(key.kid);
    times.push_back(microseconds_of(key.created_at));
    sealed.push_back(hex(key.sealed));
  }
  const std::vector<std::string> removed(remove.begin(), remove.end());
  NEOID_TRY(auto session, pool_.take());
  NEOID_TRY(const pqxx::result rows,
            session->run("WITH turn AS (UPDATE neoid.token_state SET keys = keys + 1 "
                         "WHERE keys = $1::bigint RETURNING keys), "
                         "put AS (INSERT INTO neoid.signing_keys (kid, created_at, sealed) "
                         "SELECT n.kid, n.at, decode(n.sealed, 'hex') FROM turn CROSS JOIN "
                         "unnest($2::text[], $3::bigint[], $4::text[]) AS n (kid, at, sealed)), "
                         "gone AS (DELETE FROM neoid.signing_keys WHERE kid = ANY ($5::text[]) "
                         "AND EXISTS (SELECT FROM turn)) "
                         "SELECT pg_notify('neoid', 'keys') FROM turn",
                         expected, pg_array(kids), pg_array(times), pg_array(sealed), pg_array(removed)));
  pool_.give_back(std::move(session));
  if (rows.empty()) return fail(keys_changed());
  return {};
}

Result<void> PostgresTokenStore::revoke(const std::string& jti, Instant expires_at) {
  // A second time changes nothing, so a lost connection is asked once more.
  return pool_.read([&](PgConnection& session) -> Result<void> {
    NEOID_TRY(const pqxx::result ignored,
              session.run("WITH turn AS (UPDATE neoid.token_state SET revocations = revocations + 1 "
                          "RETURNING revocations), "
                          "put AS (INSERT INTO neoid.token_revocations (number, jti, expires_at) "
                          "SELECT revocations, $1::text, neoid.instant($2::bigint) FROM turn "
                          "ON CONFLICT (jti) DO NOTHING), "
                          "gone AS (DELETE FROM neoid.token_revocations "
                          "WHERE expires_at < neoid.neoid_now() - $3::bigint * interval '1 microsecond') "
                          "SELECT pg_notify('neoid', 'revocation') FROM turn",
                          jti, microseconds_of(expires_at), kRevocationsKeptAfterwards.count()));
    static_cast<void>(ignored);
    return {};
  });
}

Result<std::vector<Revocation>> PostgresTokenStore::revocations_after(std::int64_t number, int limit) {
  return pool_.read([&](PgConnection& session) -> Result<std::vector<Revocation>> {
    NEOID_TRY(const pqxx::result rows,
              session.run("SELECT number, jti, neoid.micros(expires_at) FROM neoid.token_revocations "
                          "WHERE number > $1::bigint ORDER BY number LIMIT $2::bigint",
                          number, limit));
    std::vector<Revocation> revocations;
    for (const auto& each : rows) {
      const PgRow row(each);
      revocations.push_back({row.integer(0), row.text(1), instant_of(row.integer(2))});
    }
    return revocations;
  });
}

}  // namespace neoid::store
