// metadata.ownerReferences: who an object goes away with. Pure and thread-safe.
// Source: kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/ids.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"

namespace neoid::meta {

struct OwnerReference {
  std::string api_version;  // "v1", "example.com/v1"
  std::string kind;
  std::string name;
  Uid uid;
  std::optional<bool> controller = std::nullopt;
  std::optional<bool> block_owner_deletion = std::nullopt;
  bool operator==(const OwnerReference&) const = default;
};

Json to_json(const OwnerReference& reference);
// Members of a wrong type are left out.
OwnerReference owner_reference_of(const Json& reference);
std::vector<OwnerReference> owner_references_of(const Json& object);
// The one with controller: true.
std::optional<OwnerReference> controller_of(const Json& object);
bool is_owned_by(const Json& object, const Uid& owner);

// A reference to `owner` as the one that manages the object; deletion of the owner waits for it.
OwnerReference controller_reference(const Json& owner);

std::vector<FieldError> validate_owner_references(const Json& references, std::string_view field);

}  // namespace neoid::meta
