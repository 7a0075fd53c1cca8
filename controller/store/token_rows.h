// Rows that both forms of TokenStore read the same way. `Row` has is_null(i), integer(i) and text(i).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "controller/store/identity_row.h"
#include "controller/store/token_store.h"

namespace neoid::store {

// Clocks of replicas may differ by so much and a token still be told as revoked until its end.
inline constexpr Duration kRevocationsKeptAfterwards = std::chrono::minutes(5);

Error keys_changed();
// [[number, hex hash, state, valid_until in microseconds or null]]. Internal: none that the schema allows.
Result<std::vector<TokenVersion>> decode_token_versions(const std::string& json_array);

// user_id (null: no such client), active, scopes (JSON), versions (JSON), from column `first` on.
template <class Row>
Result<std::optional<TokenClient>> read_token_client(const Row& row, int first) {
  if (row.is_null(first)) return std::optional<TokenClient>();
  TokenClient client;
  client.user_id = UserId(row.text(first));
  client.active = row.integer(first + 1) != 0;
  client.scopes = decode_names(row.text(first + 2));
  NEOID_TRY(client.versions, decode_token_versions(row.text(first + 3)));
  return std::optional<TokenClient>(std::move(client));
}

// number, user_id, kind, name
template <class Row>
TokenChange read_token_change(const Row& row) {
  TokenChange change;
  change.position = row.integer(0);
  if (std::string user = row.text(1); !user.empty()) change.user_id = UserId(std::move(user));
  if (row.text(2) == "Scope") change.scope = row.text(3);
  return change;
}

}  // namespace neoid::store
