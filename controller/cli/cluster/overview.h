// Overview: what there is, what is wrong, and what to do about it. Pure: facts in, findings out.
//
// An error is something that does not work or needs a person (exit code 1); a warning is something to know.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconcile/api/scope.h"
#include "reconcile/api/user.h"

namespace neoid::cli {

struct LeaseFacts {
  std::string name;    // "neoid-system/neoid"
  std::string holder;  // empty: nobody
  std::optional<Instant> renewed;
  std::chrono::seconds duration{15};
};

struct WebhookFacts {
  std::string name;  // of one entry
  bool has_bundle = false;
};

// A cluster-wide grant to read Secrets.
struct Exposure {
  std::string binding;
  std::string role;
  std::vector<std::string> subjects;  // "User alice", "Group devs", "ServiceAccount ci/deployer"
};

struct StoreVersion {
  VersionNumber number = 0;
  bool current = false;
  Instant issued_at;
  std::optional<Instant> valid_until;
  std::optional<Instant> last_used;
};

// An identity of this cluster in the store whose resource is not there.
struct Orphan {
  api::ResourceKey resource;
  UserId user_id;
  bool active = false;
  bool kind_is_gone = false;  // the whole CRD
};

struct StoreFacts {
  std::string location;
  std::map<api::ResourceKey, std::vector<StoreVersion>> accepted;
  std::vector<Orphan> orphans;
};

struct Facts {
  Instant now;
  std::vector<api::Kind> absent_kinds;      // no CRD
  std::vector<api::Kind> unreadable_kinds;  // this user may not list them
  std::vector<api::UserResource> users;     // of both kinds
  std::vector<api::ScopeResource> scopes;
  std::optional<LeaseFacts> lease;  // nothing: not found, or not readable
  bool lease_readable = true;
  std::vector<WebhookFacts> webhooks;  // empty: none, or not readable
  std::vector<Exposure> exposures;
  std::optional<StoreFacts> store;  // nothing: none was named
};

enum class Level { Error, Warning };

struct Finding {
  Level level = Level::Error;
  std::string subject;  // "IntegrationUser apps/billing", "the controller"
  std::string what;
  std::string remedy;
  bool operator==(const Finding&) const = default;
};

// Errors first, then by subject.
std::vector<Finding> judge(const Facts& facts);
// Of one resource alone.
std::vector<Finding> judge_user(const api::UserResource& user, const Facts& facts);

}  // namespace neoid::cli
