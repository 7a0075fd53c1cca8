// Step 1 of docs/credential-protocol.md: what the Secret holds, and what follows from it.
#pragma once

#include <optional>

#include "reconcile/plan/plan.h"

namespace neoid::plan {

// Has our type, and its UID annotation names this resource (for a re-made system user: its recorded predecessor).
bool is_our_secret(const UserView& view);

// What is known about the value in the Secret.
struct CredentialFacts {
  std::optional<Finding> conflict;        // the Secret in the place is somebody else's
  const SecretValue* value = nullptr;     // the client secret in the Secret; borrowed from the view
  const StoredVersion* stored = nullptr;  // the version with this hash; borrowed from the view
  std::optional<credentials::Seal>
      seal;                       // verified, and of this resource; of which user is asked where it counts
  bool old = false;               // see "A version is old"
  ClientId referenced_client_id;  // `source: Reference`: what the Secret calls itself
};
CredentialFacts credential_facts(const UserView& view, const PlanContext& context);

struct IdentityNames {
  UserId user;
  ClientId client;
};

// Adds what is to be done about the credential: operations to `change`, and the Secret, `after`, `again`, `come_back`
// and findings to `plan`.
void add_credentials(const UserView& view, const PlanContext& context, const CredentialFacts& facts,
                     const IdentityNames& names, const credentials::RandomBytes& random,
                     IdentityChange& change, Plan& plan);

}  // namespace neoid::plan
