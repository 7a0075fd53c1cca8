#include "controller/store/sqlite_token_store.h"

#include <fmt/format.h>

#include <utility>

#include "controller/store/identity_row.h"
#include "controller/store/token_rows.h"

namespace neoid::store {

Result<std::unique_ptr<TokenStore>> SqliteTokenStore::open(const std::string& path, StoreOptions options) {
  std::unique_ptr<SqliteTokenStore> store(new SqliteTokenStore(path, std::move(options)));
  NEOID_TRY(const Pulse pulse, store->pulse());
  static_cast<void>(pulse);
  return std::unique_ptr<TokenStore>(std::move(store));
}

Instant SqliteTokenStore::now() const {
  if (options_.clock) return options_.clock();
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

Result<SqliteConnection*> SqliteTokenStore::open_handle(Handle& handle) {
  const FileIdentity file = file_identity(path_);
  if (!handle.connection || handle.file != file) {
    handle.connection.reset();
    NEOID_TRY(handle.connection, open_sqlite_file(path_, Migration::Refuse));
    handle.file = file;
  }
  return handle.connection.get();
}

// BEGIN IMMEDIATE is the lock over all processes.
template <class Work>
Result<void> SqliteTokenStore::write(Work work) {
  const std::scoped_lock lock(writer_.mutex);
  NEOID_TRY(SqliteConnection * connection, open_handle(writer_));
  NEOID_TRY_VOID(connection->execute("BEGIN IMMEDIATE"));
  Result<void> done = work(*connection);
  if (done) done = connection->execute("COMMIT");
  if (!done && connection->in_transaction()) static_cast<void>(connection->execute("ROLLBACK"));
  return done;
}

Result<Pulse> SqliteTokenStore::pulse() {
  const std::scoped_lock lock(reader_.mutex);
  NEOID_TRY(SqliteConnection * connection, open_handle(reader_));
  Pulse pulse;
  pulse.now = now();
  pulse.incarnation = fmt::format("{}:{}", reader_.file.device, reader_.file.inode);
  NEOID_TRY(SqliteCursor rows,
            connection->prepare(
                "SELECT h.number, t.keys, t.revocations FROM activity_head h CROSS JOIN token_state t"));
  NEOID_TRY(const bool row, rows.next());
  if (!row) return fail(ErrorKind::Unavailable, "the feed's head is missing in " + path_, "Damaged");
  pulse.position = rows.integer(0);
  pulse.keys = rows.integer(1);
  pulse.revocations = rows.integer(2);
  return pulse;
}

// One statement, so one snapshot.
Result<ClientLookUp> SqliteTokenStore::find_client(const ClientId& client_id) {
  const std::scoped_lock lock(reader_.mutex);
  NEOID_TRY(SqliteConnection * connection, open_handle(reader_));
  ClientLookUp found;
  found.now = now();
  NEOID_TRY(SqliteCursor rows,
            connection->prepare(
                "SELECT h.number, u.user_id, u.active = 1 AND u.hold_since IS NULL, "
                "(SELECT json_group_array(g.scope) FROM grants g JOIN scopes s ON s.name = g.scope "
                "WHERE g.user_id = u.user_id), "
                "(SELECT json_group_array(json_array(v.number, lower(hex(v.hash)), v.state, v.valid_until)) "
                "FROM credential_versions v WHERE v.user_id = u.user_id AND v.state <> 'revoked') "
                "FROM activity_head h LEFT JOIN users u ON u.client_id = ?"));
  NEOID_TRY(const bool row, rows.bind(client_id.value).next());
  if (!row) return fail(ErrorKind::Unavailable, "the feed's head is missing in " + path_, "Damaged");
  found.position = rows.integer(0);
  NEOID_TRY(found.client, read_token_client(rows, 1));
  return found;
}

Result<std::vector<TokenChange>> SqliteTokenStore::changes_after(FeedPosition position, int limit) {
  const std::scoped_lock lock(reader_.mutex);
  NEOID_TRY(SqliteConnection * connection, open_handle(reader_));
  NEOID_TRY(SqliteCursor rows, connection->prepare("SELECT number, user_id, kind, name FROM activity "
                                                   "WHERE number > ? ORDER BY number LIMIT ?"));
  rows.bind(position).bind(static_cast<std::int64_t>(limit));
  std::vector<TokenChange> changes;
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return changes;
    changes.push_back(read_token_change(rows));
  }
}

Result<std::vector<SealedKey>> SqliteTokenStore::signing_keys() {
  const std::scoped_lock lock(reader_.mutex);
  NEOID_TRY(SqliteConnection * connection, open_handle(reader_));
  NEOID_TRY(SqliteCursor rows,
            connection->prepare("SELECT kid, created_at, sealed FROM signing_keys ORDER BY created_at, kid"));
  std::vector<SealedKey> keys;
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return keys;
    keys.push_back({rows.text(0), instant_of(rows.integer(1)), rows.blob(2)});
  }
}

Result<void> SqliteTokenStore::change_keys(std::int64_t expected, std::span<const SealedKey> add,
                                           std::span<const std::string> remove) {
  return write([&](SqliteConnection& connection) -> Result<void> {
    NEOID_TRY(SqliteCursor turn, connection.prepare("UPDATE token_state SET keys = keys + 1 WHERE keys = ?"));
    NEOID_TRY_VOID(turn.bind(expected).run());
    if (connection.changes() != 1) return fail(keys_changed());
    for (const SealedKey& key : add) {
      NEOID_TRY(SqliteCursor put,
                connection.prepare("INSERT INTO signing_keys (kid, created_at, sealed) VALUES (?, ?, ?)"));
      NEOID_TRY_VOID(put.bind(key.kid).bind(key.created_at).bind_blob(key.sealed).run());
    }
    for (const std::string& kid : remove) {
      NEOID_TRY(SqliteCursor gone, connection.prepare("DELETE FROM signing_keys WHERE kid = ?"));
      NEOID_TRY_VOID(gone.bind(kid).run());
    }
    return {};
  });
}

Result<void> SqliteTokenStore::revoke(const std::string& jti, Instant expires_at) {
  return write([&](SqliteConnection& connection) -> Result<void> {
    NEOID_TRY(SqliteCursor put, connection.prepare("INSERT INTO token_revocations (number, jti, expires_at) "
                                                   "SELECT revocations + 1, ?, ? FROM token_state WHERE true "
                                                   "ON CONFLICT (jti) DO NOTHING"));
    NEOID_TRY_VOID(put.bind(jti).bind(expires_at).run());
    if (connection.changes() == 0) return {};
    NEOID_TRY_VOID(connection.execute("UPDATE token_state SET revocations = revocations + 1"));
    NEOID_TRY(SqliteCursor gone, connection.prepare("DELETE FROM token_revocations WHERE expires_at < ?"));
    return gone.bind(now() - kRevocationsKeptAfterwards).run();
  });
}

Result<std::vector<Revocation>> SqliteTokenStore::revocations_after(std::int64_t number, int limit) {
  const std::scoped_lock lock(reader_.mutex);
  NEOID_TRY(SqliteConnection * connection, open_handle(reader_));
  NEOID_TRY(SqliteCursor rows, connection->prepare("SELECT number, jti, expires_at FROM token_revocations "
                                                   "WHERE number > ? ORDER BY number LIMIT ?"));
  rows.bind(number).bind(static_cast<std::int64_t>(limit));
  std::vector<Revocation> revocations;
  while (true) {
    NEOID_TRY(const bool row, rows.next());
    if (!row) return revocations;
    revocations.push_back({rows.integer(0), rows.text(1), instant_of(rows.integer(2))});
  }
}

}  // namespace neoid::store
