// The decision: which token a client gets, or which error; and whether a token still holds. Pure and total.
//
// A token is issued if and only if the user is active, the presented version is accepted at the database's
// clock (plan::StoredVersion::accepted, the one rule) and every scope asked for is granted. A token holds while
// its user is active, its version accepted and all its scopes granted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/oauth/jwt.h"
#include "controller/oauth/request.h"
#include "controller/store/token_store.h"

namespace neoid::oauth {

struct GrantSettings {
  std::string issuer;
  std::vector<std::string> audiences;  // what `resource` may name; the first is the default. Not empty.
  Duration token_lifetime = std::chrono::minutes(10);
  std::map<std::string, Duration> scope_lifetimes;  // a token lives as long as its shortest scope

  Duration longest_lifetime() const { return token_lifetime; }  // scopes only shorten
};

// Which version of the client this secret is. Looks at every version, in constant time.
std::optional<store::TokenVersion> version_of(const store::TokenClient& client, const Sha256& secret_hash);
bool accepted(const store::TokenVersion& version, Instant now);

// The client of a request, as far as its secret proves it. Refused: invalid_client, the same words for every cause.
Outcome<store::TokenVersion> authenticate(const std::optional<store::TokenClient>& client,
                                          const Sha256& secret_hash, Instant now);

struct Grant {
  std::vector<std::string> scopes;    // sorted, not empty
  std::vector<std::string> audience;  // not empty
  Duration lifetime{};                // whole seconds, at least one
};
// Of an authenticated client. Refused: invalid_scope, invalid_target.
Outcome<Grant> decide_grant(const store::TokenClient& client, const TokenRequest& request,
                            const GrantSettings& settings);

// Whether the token of these claims, whose signature was verified, still holds for this client.
bool holds(const AccessClaims& claims, const std::optional<store::TokenClient>& client,
           const std::string& issuer, Instant now);

}  // namespace neoid::oauth
