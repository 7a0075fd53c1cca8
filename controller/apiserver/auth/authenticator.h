// Authentication: what a request presents -> who asks.
//
// A verified client certificate comes first (CN is the user, each O a group), then a bearer token, then the
// anonymous user. A bearer token that nobody has is a 401 even where anonymous requests are allowed; an
// authorization header of another scheme counts as none. Everybody known is put into system:authenticated.
//
// Tokens are held as SHA-256 and compared in constant time; the text of a token is not kept.
// Thread-safe; tokens may come and go while requests are answered.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controller/apiserver/auth/user_info.h"
#include "controller/base/mutex.h"
#include "reconcile/base/crypto.h"
#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"

namespace neoid::auth {

struct TokenEntry {
  Secret token;
  UserInfo user;
};

// The lines `token,user,uid,"group1,group2"` of a --token-auth-file: CSV, a line starting with # is skipped,
// groups are optional. Invalid names the line, never the token.
Result<std::vector<TokenEntry>> parse_token_file(std::string_view text);

// What a request carries; borrows for the call.
struct Presented {
  std::string_view authorization = {};  // the header's value, empty: none
  std::string_view common_name = {};    // of a VERIFIED client certificate, empty: none
  const std::vector<std::string>* organizations = nullptr;
};

class Authenticator {
 public:
  struct Options {
    bool anonymous = true;  // else a request that presents nothing is a 401
  };
  Authenticator() = default;
  explicit Authenticator(Options options) : options_(options) {}

  // A token that is there already now stands for `user`.
  void add_token(const Secret& token, UserInfo user);
  void add_tokens(const std::vector<TokenEntry>& entries);
  bool remove_token(const Secret& token);
  // Drops every token of the user (a service account that was deleted); how many.
  std::size_t remove_user(std::string_view user_name);
  // The user of a token, without system:authenticated added (TokenReview adds it as it needs); null: nobody.
  std::shared_ptr<const UserInfo> find_token(std::string_view token) const;

  // Denied with message and reason "Unauthorized".
  Result<UserInfo> authenticate(const Presented& presented) const;

 private:
  struct Entry {
    Sha256 digest;
    std::shared_ptr<const UserInfo> user;
  };
  Options options_;
  mutable Mutex mutex_;
  // By the first eight bytes of the digest; the rest is compared in constant time.
  std::unordered_multimap<std::uint64_t, Entry> tokens_ NEOID_GUARDED_BY(mutex_);
};

// The token of "Bearer TOKEN" (the scheme in any case); empty: another scheme, or nothing after it.
std::string_view bearer_token(std::string_view authorization);

}  // namespace neoid::auth
