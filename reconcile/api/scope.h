// Scope as a typed value, decoded from objects that the contract accepted. Source of the fields:
// crd/scopes.yaml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcile/api/allowed_namespaces.h"
#include "reconcile/api/resource_key.h"
#include "reconcile/base/ids.h"
#include "reconcile/base/result.h"
#include "reconcile/base/time.h"
#include "reconcile/meta/conditions.h"
#include "reconcile/value/json.h"

namespace neoid::api {

struct ScopeSpec {
  std::string display_name;
  std::string description;
  std::string tool;
  Json permissions = Json::array();
  bool deprecated = false;
  std::string replacement;               // of a deprecated one; may be empty
  AllowedNamespaces allowed_namespaces;  // those that may ask for the scope
};

struct ScopeStatus {
  Generation observed_generation = -1;
  std::int64_t users = 0;  // how many custom users hold it
  meta::Conditions conditions;
};

struct ScopeResource {
  ResourceKey key;
  Uid uid;
  ResourceVersion resource_version;
  Generation generation = 0;
  std::optional<Instant> deleted_at;
  bool has_finalizer = false;
  std::string requested_by;
  ScopeSpec spec;
  ScopeStatus status;
};

// Invalid: a member of the wrong type, which the contract does not let through.
Result<ScopeResource> decode_scope(const Json& object);

Json encode_status(const ScopeStatus& status);

}  // namespace neoid::api
