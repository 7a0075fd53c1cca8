// Runs the x-kubernetes-validations of a value. Internal to reconcile/schema.
// Source: apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go.
#pragma once

#include <cstdint>
#include <vector>

#include "reconcile/schema/path.h"
#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

// `old` may be null: then transition rules do not run. Rules stop when `budget` is used up, with an error.
// Returns what is left of it; negative if the walk was ended.
std::int64_t run_rules(const Node& node, const Json& value, const Json* old, const Path& path,
                       std::int64_t budget, std::vector<FieldError>& errors);

}  // namespace neoid::schema::internal
