// JSON Web Tokens signed with ES256, and the keys they are signed with, over OpenSSL's EVP.
//
// RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518 section 3.4 (ES256: the raw r||s, 64 bytes), RFC 7638 (a key's ID is the
// thumbprint of its public part), RFC 9068 (the claims of an access token). Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/ids.h"
#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"
#include "reconcile/base/time.h"

namespace neoid::oauth {

// A P-256 key pair. Immutable; copies share it.
class SigningKey {
 public:
  // Errors: Internal (OpenSSL failed).
  static Result<SigningKey> generate();
  // From PKCS#8 DER. Errors: Invalid (no P-256 key).
  static Result<SigningKey> from_der(const Secret& der);

  const std::string& kid() const { return data_->kid; }
  const std::string& jwk() const { return data_->jwk; }  // public JWK as JSON
  Secret der() const;                                    // PKCS#8

  // The whole compact JWS; `payload` is JSON.
  Result<std::string> sign(std::string_view payload) const;
  // Whether `signature` (raw r||s) is of `signed_part` ("header.payload").
  bool verify(std::string_view signed_part, std::string_view signature) const;

 private:
  struct Data {
    std::shared_ptr<void> key;  // EVP_PKEY
    std::string kid;
    std::string jwk;
    std::string header;  // encoded, with its dot
  };
  explicit SigningKey(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  static Result<SigningKey> of(std::shared_ptr<void> key);

  std::shared_ptr<const Data> data_;
};

// What an access token says (RFC 9068 section 2.2).
struct AccessClaims {
  std::string issuer;
  UserId subject;
  ClientId client_id;
  std::vector<std::string> audience;
  std::vector<std::string> scopes;
  Instant issued_at;   // whole seconds
  Instant expires_at;  // whole seconds
  std::string jti;
  VersionNumber credential_version = 0;  // private claim: the version that it was issued for
};
std::string claims_json(const AccessClaims& claims);

// A compact JWS taken apart; nothing of it is believed yet.
struct UnverifiedToken {
  std::string kid;
  std::string signed_part;
  std::string signature;
  AccessClaims claims;
};
// Nothing: no access token of this service (another alg or typ, a missing or ill-typed claim, a crit header).
std::optional<UnverifiedToken> parse_token(std::string_view token);

std::optional<std::string> unbase64url(std::string_view text);  // strict, not padded

}  // namespace neoid::oauth
