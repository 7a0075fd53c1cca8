// The checks of one node of a schema that look at its keywords alone. Internal to reconcile/schema.
#pragma once

#include <string>

#include "reconcile/schema/errors.h"
#include "reconcile/value/json.h"

namespace neoid::schema::internal {

struct NodePlace {
  bool in_metadata = false;         // within metadata, kind or apiVersion of a resource
  std::string why_no_default;       // " in top-level metadata": where defaults are refused; empty: allowed
  std::string uncorrelatable_path;  // the highest node whose children have no old value; empty: there is none
};

// Keywords that no CRD may use, and types.
Errors check_standard(const Json& schema, const NodePlace& place, const std::string& path);
// Extensions of lists and maps: types, keys, sets.
Errors check_list_and_map_types(const Json& schema, const std::string& path);
// The texts of x-kubernetes-validations.
Errors check_rule_texts(const Json& schema, const std::string& path);
// What may stand at the root of a schema whose status is a subresource.
Errors check_root_with_status(const Json& schema, const std::string& path);

}  // namespace neoid::schema::internal
