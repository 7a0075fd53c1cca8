// The OpenAPI validation of a value: types, limits, patterns, formats, allOf and its like. No rules, no list types.
// Internal to reconcile/schema. Source: kube-openapi/pkg/validation/validate.
#pragma once

#include <vector>

#include "reconcile/schema/path.h"
#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

// Appends the errors of `value`, in a server's order (members by name).
void validate_value(const Node& node, const Json& value, const Path& path, std::vector<FieldError>& errors);

// An int64 as Go decodes it: integers beyond it become floats.
bool is_go_integer(const Json& value);
// A number as Go's %v prints it: 1e+21, 100000, 0.5.
std::string go_number(double value);

}  // namespace neoid::schema::internal
