// x-kubernetes-list-type set and map: items, or their keys, may not repeat. Internal to reconcile/schema.
#pragma once

#include <vector>

#include "reconcile/schema/path.h"
#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

void validate_lists(const Node& node, const Json& value, const Path& path, std::vector<FieldError>& errors);

}  // namespace neoid::schema::internal
