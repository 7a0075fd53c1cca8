// IntegrationUser and SystemIntegrationUser as typed values, decoded from objects that the contract accepted.
//
// Both kinds share one type: what a system user has no choice about (active, policies, adoption) holds its
// fixed value. Source of the fields: crd/integrationusers.yaml, crd/systemintegrationusers.yaml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcile/api/resource_key.h"
#include "reconcile/base/ids.h"
#include "reconcile/base/result.h"
#include "reconcile/base/time.h"
#include "reconcile/meta/conditions.h"
#include "reconcile/value/json.h"

namespace neoid::api {

inline constexpr std::string_view kFinalizer = "identity.neostella.com/finalizer";

namespace annotation {
inline constexpr std::string_view kRotate = "identity.neostella.com/rotate";
inline constexpr std::string_view kDeactivated = "identity.neostella.com/deactivated";
inline constexpr std::string_view kReactivate = "identity.neostella.com/reactivate";
inline constexpr std::string_view kPaused = "identity.neostella.com/paused";
inline constexpr std::string_view kRetire = "identity.neostella.com/retire";
inline constexpr std::string_view kRequestedBy = "identity.neostella.com/requested-by";
}  // namespace annotation

enum class CredentialSource { Generate, Reference };
enum class DeletionPolicy { Delete, Deactivate };
enum class ManagementPolicy { Enforce, Observe };

// Names of the keys in the Secret's data.
struct CredentialKeys {
  std::string client_id = "client_id";
  std::string client_secret = "client_secret";
  std::string token_url = "token_url";
  std::string issuer = "issuer";
  std::string scopes = "scopes";
  std::string previous_client_secret;  // empty: the previous secret is not included
  bool operator==(const CredentialKeys&) const = default;
};

struct Rotation {
  std::optional<Duration> interval;  // nothing: rotation by hand only
  std::optional<Duration> overlap;
  // As declared; else 24 h, or half of the interval where that is shorter.
  Duration effective_overlap() const;
};

struct UserSpec {
  std::string display_name;
  std::string description;
  bool active = true;
  std::vector<std::string> scopes;  // as declared
  std::vector<std::string> tags;
  std::string secret_namespace;
  std::string secret_name;  // the effective one
  CredentialSource source = CredentialSource::Generate;
  CredentialKeys keys;
  Rotation rotation;
  DeletionPolicy deletion_policy = DeletionPolicy::Delete;
  ManagementPolicy management_policy = ManagementPolicy::Enforce;
  std::optional<UserId> adopt;
};

// status.credentials.versions: each accepted version that has an end, and the current one.
struct AcceptedVersion {
  VersionNumber number = 0;
  Fingerprint fingerprint;
  Instant issued_at;
  std::optional<Instant> valid_until;
  bool operator==(const AcceptedVersion&) const = default;
};

struct UserStatus {
  Generation observed_generation = -1;
  UserId user_id;
  ClientId client_id;
  bool active = false;
  std::vector<std::string> granted_scopes;
  std::string scope_summary;
  std::optional<Instant> last_updated;
  struct Credentials {
    std::string secret_name;
    VersionNumber version = 0;  // the current one
    std::optional<Instant> issued_at;
    std::optional<Instant> next_rotation;
    std::string last_rotate_request;
    std::vector<AcceptedVersion> versions;
  } credentials;
  std::vector<meta::Condition> conditions;
};

struct UserResource {
  ResourceKey key;
  Uid uid;
  ResourceVersion resource_version;
  Generation generation = 0;
  std::optional<Instant> created_at;
  std::optional<Instant> deleted_at;  // metadata.deletionTimestamp
  bool has_finalizer = false;
  // Annotations of ours; empty: not set.
  std::string rotate;
  std::string deactivated;
  std::string reactivate;
  std::string requested_by;
  bool paused = false;
  bool retire = false;
  UserSpec spec;
  UserStatus status;
  Json spec_json;  // as it stands, for system users' whole spec
};

// Invalid: a member of the wrong type, which the contract does not let through.
Result<UserResource> decode_user(Kind kind, const Json& object);

Json encode_status(const UserStatus& status);

}  // namespace neoid::api
