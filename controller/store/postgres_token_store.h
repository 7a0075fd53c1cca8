// TokenStore on PostgreSQL, over a pool of reading sessions; what it writes is one statement each. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "controller/store/postgres_pool.h"
#include "controller/store/token_store.h"

namespace neoid::store {

class PostgresTokenStore final : public TokenStore {
 public:
  static Result<std::unique_ptr<TokenStore>> open(const std::string& url);

  Result<Pulse> pulse() override;
  Result<ClientLookUp> find_client(const ClientId& client_id) override;
  Result<std::vector<TokenChange>> changes_after(FeedPosition position, int limit) override;
  Result<std::vector<SealedKey>> signing_keys() override;
  Result<void> change_keys(std::int64_t expected, std::span<const SealedKey> add,
                           std::span<const std::string> remove) override;
  Result<void> revoke(const std::string& jti, Instant expires_at) override;
  Result<std::vector<Revocation>> revocations_after(std::int64_t number, int limit) override;

 private:
  explicit PostgresTokenStore(PgTarget target) : pool_(std::move(target)) {}

  PgPool pool_;
};

}  // namespace neoid::store
