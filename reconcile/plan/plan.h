// THE central header: desired + observed + now -> Plan. Pure and total; every rule of a user's life is
// decided here.
//
// Flow of one pass over one IntegrationUser or SystemIntegrationUser
//   gather   the database's clock, then the resource, the Secret, the stored identity, in this order
//   (UserView) decide   decide_user(view, context) (Plan) act      1. the finalizer, where it is missing one
//   API write
//            2. `before`                                   one fenced transaction
//            3. `secret`                                   one API write, sent at most once
//            4. `after`                                    one fenced transaction
//            5. the finalizer, where it is to go           one API write
//   status   reconcile/status makes the status out of what came of it
// A step that fails ends the pass. Nothing is remembered from one pass to the next: a pass that died anywhere
// is continued by the next one, of this replica or another, from what it then reads.
//
// Guarantees: docs/credential-protocol.md; the comments in the .cc file name its steps.
// Assumptions: the view is live (never a cache) whenever the plan does anything: needs_live() tells.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reconcile/api/user.h"
#include "reconcile/base/secret.h"
#include "reconcile/credentials/client_secret.h"
#include "reconcile/credentials/seal.h"
#include "reconcile/plan/identity.h"
#include "reconcile/policy/scopes.h"

namespace neoid::plan {

inline constexpr std::string_view kSecretType = "identity.neostella.com/oauth-client";
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedBy = "neoid";
inline constexpr std::string_view kResourceLabel = "identity.neostella.com/resource";

// --- observed ----------------------------------------------------------------------------------

// One value of a Secret. A cached view keeps the hash alone, so that no plaintext lives longer than a pass.
struct SecretValue {
  Sha256 hash{};
  Secret text;  // empty in a cached view
  static SecretValue of(Secret text);
  static SecretValue of(std::string_view text) { return of(Secret(std::string(text))); }
  bool operator==(const SecretValue& other) const { return hash == other.hash; }
};

struct SecretView {
  Uid uid;
  ResourceVersion resource_version;
  std::string type;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::map<std::string, SecretValue> data;  // decoded
  bool being_deleted = false;
};

struct UserView {
  api::UserResource resource;
  std::optional<SecretView> secret;  // nothing: a definite 404
  std::optional<StoredIdentity> own;
  std::optional<StoredIdentity> adoptable;
  Instant now;  // the database's clock, read before all of these
  policy::ScopeResolution scopes;
  bool namespace_terminating = false;
  bool kind_terminating = false;  // the CRD of the kind is going away: nothing is revoked or made
};

// What is the same for every resource of a pass.
struct PlanContext {
  ClusterId cluster;
  Epoch epoch = 0;
  Secret sealing_key;
  Secret fingerprint_key;
  Duration create_deadline = std::chrono::seconds(10);  // D
  Duration clock_margin = std::chrono::seconds(1);      // how much the database's clock may err over 2D
  bool may_create_secrets = true;  // false for 2D after a claim without a clean hand-over
  std::string token_url;           // empty: the key is left out
  std::string issuer;
};

// --- the plan ----------------------------------------------------------------------------------

// The whole of what the Secret shall be, as far as it is ours.
struct SecretContent {
  std::map<std::string, SecretValue> data;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
};
struct CreateSecret {
  SecretContent content;
  bool owner_reference =
      true;  // none on a system user's: the garbage collector would take it (product.md, rule 7)
};
// An update with the resourceVersion as its precondition; labels and annotations that others put there stay.
struct UpdateSecret {
  Uid uid;
  ResourceVersion resource_version;
  SecretContent content;
  std::vector<std::string> remove_keys;
};
struct DeleteSecret {
  Uid uid;  // the precondition
};
using SecretAction = std::variant<std::monostate, CreateSecret, UpdateSecret, DeleteSecret>;

enum class FinalizerAction { Keep, Add, Remove };

// Why something is as it is: what status and events are made of. Reasons are api::reason constants.
struct Finding {
  std::string reason;
  std::string message;
  bool stalled = false;  // only a person can mend it
};

struct Plan {
  FinalizerAction finalizer = FinalizerAction::Keep;
  std::optional<IdentityChange> before;
  SecretAction secret;
  std::optional<IdentityChange> after;
  bool again = false;                 // start again with a live read after this
  std::optional<Duration> come_back;  // at the latest

  // What was found on the way.
  std::optional<Finding> identity_problem;
  std::optional<Finding> credentials_problem;
  std::vector<std::string> drift;  // fields that outside hands changed, sorted
  std::string drift_by;            // who, where the database knows
  bool issues = false;             // a new version is made
  bool rotates = false;            // ... while an earlier one was in use
  bool secret_was_missing = false;
  bool observes = false;  // managementPolicy Observe
  bool paused = false;

  // Whether acting on it needs a view that was read live (a cached one may only find that nothing is to do).
  bool needs_live() const {
    return finalizer != FinalizerAction::Keep || before || after || again ||
           !std::holds_alternative<std::monostate>(secret);
  }
};

// `random` becomes the client secret, if one is made.
Plan decide_user(const UserView& view, const PlanContext& context, const credentials::RandomBytes& random);

}  // namespace neoid::plan
