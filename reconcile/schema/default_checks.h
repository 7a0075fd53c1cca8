// Whether the defaults of a schema are valid under it. Internal to reconcile/schema.
// Source: apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go.
#pragma once

#include <string>

#include "reconcile/schema/errors.h"
#include "reconcile/schema/program.h"
#include "reconcile/schema/rule_checks.h"

namespace neoid::schema::internal {

// The rules of the tree must have been compiled and the tree settled.
Errors check_defaults(const Node& root, const RuleVerdicts& verdicts, const std::string& path);

}  // namespace neoid::schema::internal
