// Defaults, and the nulls that a schema does not allow. Internal to reconcile/schema.
#pragma once

#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

// A null that the schema does not take becomes its default, or goes away; what is absent becomes its default.
void apply_defaults(const Node& node, Json& value);

}  // namespace neoid::schema::internal
