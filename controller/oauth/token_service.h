// TokenService: the OAuth 2.0 token service over an identity store. One object is one replica.
//
// RFC 6749 (client credentials), RFC 9068 (JWT access tokens), RFC 8707 (resource), RFC 7662 (introspection), RFC
// 7009 (revocation), RFC 8414 (metadata), RFC 7517 (JWKS). docs/token-service.md is the page for users.
//
// Flow of a request: parse (pure), look the client up (cache, else the store), decide (pure), sign. What is refused by
// remembered data is looked up once more in the store, so that a credential works from the moment that it was stored.
// Guarantees: nothing is granted on knowledge older than max_staleness: 503 then. No log line, error or metric holds a
// secret, a token or a client ID that the store does not know (somebody may have exchanged the two).
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/http/server.h"
#include "controller/oauth/grant.h"
#include "controller/oauth/key_ring.h"
#include "controller/oauth/key_seal.h"
#include "controller/oauth/rate_limiter.h"
#include "controller/store/identity_store.h"

namespace neoid::oauth {

struct TokenServiceOptions {
  GrantSettings grant;
  KeySettings keys;  // longest_token is taken from `grant`
  RateLimits rates;
  std::string introspection_scope = "token-introspection";  // who may introspect: clients that hold it
  Duration max_staleness = std::chrono::seconds(2);
  Duration last_used_interval = std::chrono::seconds(10);
  std::size_t cached_clients = 200'000;
  store::StoreOptions store;
};

class TokenService {
 public:
  // Opens the store (which is not migrated) and reads everything once. Borrows clock and metrics for its life.
  // Errors: Invalid (settings, store URL, "WrongKey"), Unavailable.
  static Result<std::unique_ptr<TokenService>> open(const std::string& store_url, KeyEncryptionKeys kek,
                                                    TokenServiceOptions options, Clock& clock,
                                                    MetricsRegistry& metrics);
  ~TokenService();
  TokenService(const TokenService&) = delete;
  TokenService& operator=(const TokenService&) = delete;

  void start();
  void stop();

  http::Response handle(const http::Request& request);
  // Nothing: ready. Else why not, one line each.
  std::vector<std::string> unready() const;
  void sample() const;  // brings the gauges up to date
  std::size_t cached_clients() const;
  Result<void> flush_uses();

 private:
  class Impl;
  explicit TokenService(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace neoid::oauth
