// Signing keys at rest: AES-256-GCM under a key-encryption key (KEK) that is never in the store.
//
// sealed = nonce (12 bytes) | ciphertext | tag (16 bytes); the associated data is the key's ID and the time that it
// was made, so that neither can be exchanged. NIST SP 800-38D. Pure but for the nonce; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/oauth/jwt.h"
#include "controller/store/token_store.h"
#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"

namespace neoid::oauth {

// The first seals; all are tried to open, so that one can be replaced by another.
class KeyEncryptionKeys {
 public:
  // Lines of 64 hexadecimal digits; empty lines and those that begin with # are left out.
  // Errors: Invalid (none, or a line is something else; the line is not repeated).
  static Result<KeyEncryptionKeys> parse(std::string_view text);
  // A line for a new file.
  static Secret make();

  // Errors: Internal.
  Result<store::SealedKey> seal(const SigningKey& key, Instant created_at) const;
  // Errors: Invalid "WrongKey": sealed under another KEK, or altered.
  Result<SigningKey> open(const store::SealedKey& sealed) const;

 private:
  explicit KeyEncryptionKeys(std::vector<Secret> keys) : keys_(std::move(keys)) {}
  std::vector<Secret> keys_;  // 32 bytes each
};

}  // namespace neoid::oauth
