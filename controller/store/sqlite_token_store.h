// TokenStore on one SQLite file: one handle reads, one writes. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "controller/store/sqlite_connection.h"
#include "controller/store/sqlite_file.h"
#include "controller/store/token_store.h"

namespace neoid::store {

class SqliteTokenStore final : public TokenStore {
 public:
  static Result<std::unique_ptr<TokenStore>> open(const std::string& path, StoreOptions options);

  Result<Pulse> pulse() override;
  Result<ClientLookUp> find_client(const ClientId& client_id) override;
  Result<std::vector<TokenChange>> changes_after(FeedPosition position, int limit) override;
  Result<std::vector<SealedKey>> signing_keys() override;
  Result<void> change_keys(std::int64_t expected, std::span<const SealedKey> add,
                           std::span<const std::string> remove) override;
  Result<void> revoke(const std::string& jti, Instant expires_at) override;
  Result<std::vector<Revocation>> revocations_after(std::int64_t number, int limit) override;

 private:
  // A handle that follows the path: another file may be under it, after a restore.
  struct Handle {
    std::mutex mutex;  // guards the others
    std::unique_ptr<SqliteConnection> connection;
    FileIdentity file;
  };

  SqliteTokenStore(std::string path, StoreOptions options)
      : path_(std::move(path)), options_(std::move(options)) {}
  Instant now() const;
  Result<SqliteConnection*> open_handle(Handle& handle);  // with its mutex held
  template <class Work>
  Result<void> write(Work work);

  const std::string path_;
  const StoreOptions options_;
  Handle reader_;
  Handle writer_;
};

}  // namespace neoid::store
