// Who is asking: look-ups of clients through the cache, and their authentication with its rate limits.
//
// A right secret of neoid's making is never refused for somebody else's failures: it has 256 bits, so guessing is
// hopeless, and a pod with an old secret must not cut off its sisters behind the same address. Failures beyond the limit
// are answered 429 without asking the store. Secrets of other making (`source: Reference`) may be weaker: once the client
// at this address is over its limit, they are not even compared. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "controller/oauth/client_cache.h"
#include "controller/oauth/grant.h"
#include "controller/oauth/rate_limiter.h"
#include "controller/oauth/request.h"
#include "controller/oauth/store_follower.h"
#include "controller/store/token_store.h"

namespace neoid::oauth {

struct AuthenticatedClient {
  ClientId client_id;
  store::TokenClient client;
  store::TokenVersion version;
  bool remembered = false;  // from the cache: a refusal is to be decided again with what the store has
};

class ClientDirectory {
 public:
  ClientDirectory(store::TokenStore& store, ClientCache& cache, const StoreFollower& follower,
                  RateLimiter& limiter, const Clock& clock)
      : store_(store), cache_(cache), follower_(follower), limiter_(limiter), clock_(clock) {}

  Outcome<AuthenticatedClient> authenticate(const ClientCredential& credential, const std::string& address);
  // The client as the store has it now.
  Outcome<std::optional<store::TokenClient>> look_up(const ClientId& client_id);
  // `decide` over what is remembered; where that says no, over what the store has.
  Outcome<bool> judge(const ClientId& client_id,
                      const std::function<bool(const std::optional<store::TokenClient>&)>& decide);

 private:
  OAuthError failed(const ClientCredential& credential, const std::string& address, OAuthError error);

  store::TokenStore& store_;
  ClientCache& cache_;
  const StoreFollower& follower_;
  RateLimiter& limiter_;
  const Clock& clock_;
};

OAuthError not_now();  // temporarily_unavailable

}  // namespace neoid::oauth
