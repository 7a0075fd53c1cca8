// The seal: what the Secret's annotations say about the version in it, under an HMAC that only neoid can
// make.
//
// It is how a restored store learns which credential is in use (docs/credential-protocol.md, "Restored
// store"), and how a Secret that was moved, edited or put back is recognised. Pure and thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "reconcile/api/resource_key.h"
#include "reconcile/base/crypto.h"
#include "reconcile/base/ids.h"
#include "reconcile/base/secret.h"
#include "reconcile/base/time.h"

namespace neoid::credentials {

namespace annotation {
inline constexpr std::string_view kVersion = "identity.neostella.com/version";
inline constexpr std::string_view kUserId = "identity.neostella.com/user-id";
inline constexpr std::string_view kClientId = "identity.neostella.com/client-id";
inline constexpr std::string_view kIssuedAt = "identity.neostella.com/issued-at";
inline constexpr std::string_view kAnswersRotate = "identity.neostella.com/answers-rotate";
inline constexpr std::string_view kResourceUid = "identity.neostella.com/resource-uid";
inline constexpr std::string_view kSeal = "identity.neostella.com/seal";
}  // namespace annotation

struct Seal {
  VersionNumber number = 0;
  UserId user_id;
  ClientId client_id;
  Instant issued_at;
  std::string rotation_request;
  Uid resource_uid;
  bool operator==(const Seal&) const = default;
};

// What the HMAC covers beside the seal and the hash of the client secret: where the Secret belongs.
struct SealContext {
  ClusterId cluster;
  api::ResourceKey resource;
};

using Annotations = std::map<std::string, std::string>;

// The annotations that carry the seal, the HMAC included.
Annotations seal_annotations(const Secret& sealing_key, const SealContext& context, const Seal& seal,
                             const Sha256& client_secret_hash);

// The seal as the annotations claim it; nothing where one of them is missing or malformed. Not verified.
std::optional<Seal> claimed_seal(const Annotations& annotations);

// The claimed seal if its HMAC is right for this key, place and value.
std::optional<Seal> verified_seal(const Secret& sealing_key, const SealContext& context,
                                  const Annotations& annotations, const Sha256& client_secret_hash);

// Version numbers: epoch * 2^20 + counter, above everything that is known.
VersionNumber next_version_number(Epoch epoch, VersionNumber highest_known);

}  // namespace neoid::credentials
