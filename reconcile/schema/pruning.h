// Cuts off what a schema does not know. Internal to reconcile/schema.
#pragma once

#include <string>
#include <vector>

#include "reconcile/schema/path.h"
#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

enum class Root { Resource, Value };  // a resource keeps apiVersion, kind and metadata

// Appends the paths of what was cut off.
void prune(const Node& node, Json& value, Root root, const Path& path, std::vector<std::string>& unknown);

}  // namespace neoid::schema::internal
