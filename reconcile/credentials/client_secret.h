// Client secrets: made from given random bytes, recognised, hashed, shown as a fingerprint.
//
// Text: "neoid_" + 43 characters (256 bits in base 62) + 6 characters (a checksum). The prefix and the
// checksum let a secret scanner find a leaked one, and tell a typing error from a wrong secret without a
// look-up. Pure and thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "reconcile/base/crypto.h"
#include "reconcile/base/ids.h"
#include "reconcile/base/secret.h"

namespace neoid::credentials {

inline constexpr std::string_view kSecretPrefix = "neoid_";
// A secret that somebody else made (`source: Reference`) must have at least this many characters.
inline constexpr std::size_t kLeastForeignLength = 32;

using RandomBytes = std::array<std::uint8_t, 32>;

Secret make_client_secret(const RandomBytes& random);

enum class SecretForm {
  Ours,      // prefix, length and checksum are right
  Mistyped,  // our prefix, but the rest cannot be one of ours
  Foreign,   // no prefix of ours
};
SecretForm form_of(std::string_view client_secret);

// What the store keeps. SHA-256 is enough for 256 bits of entropy.
Sha256 hash_client_secret(const Secret& client_secret);

// What status shows: 16 hexadecimal characters of an HMAC of the hash; says nothing without the store's key.
Fingerprint fingerprint(const Secret& fingerprint_key, const Sha256& hash);

// The identity's IDs where neither status nor store nor seal names one: UUIDv5 over cluster and resource, so
// that every replica and every restart derives the same.
UserId derive_user_id(const ClusterId& cluster, const Uid& resource);
ClientId derive_client_id(const ClusterId& cluster, const Uid& resource);

}  // namespace neoid::credentials
