// Text to syntax tree: CEL's grammar, its standard macros and, by version, those that Kubernetes added later.
// Bounded: at most 100,000 code points and 250 levels; what is longer or deeper is an issue, as in a server.
#pragma once

#include <string_view>

#include "reconcile/cel/ast.h"
#include "reconcile/cel/issues.h"
#include "reconcile/cel/version.h"

namespace neoid::cel {

// The tree is only of use if `issues` stayed empty.
Ast parse(std::string_view text, KubernetesVersion version, Issues& issues);

}  // namespace neoid::cel
