// Types: every expression gets one, every call its overloads; what does not fit is an issue.
// Source: the CEL language definition, "Type checking", with homogeneous literals.
#pragma once

#include "reconcile/cel/ast.h"
#include "reconcile/cel/issues.h"
#include "reconcile/cel/types.h"
#include "reconcile/cel/version.h"

namespace neoid::cel {

struct CheckOptions {
  const DeclType* self = nullptr;
  bool optional_old_self = false;
  KubernetesVersion version;
  // The fields of `self` are the variables, under their own names; there is no self and no oldSelf.
  bool fields_are_variables = false;
};

// Annotates the tree; names that select from namespaces become identifiers. The tree's types live in `pool`.
void check(Ast& ast, const CheckOptions& options, TypePool& pool, Issues& issues);

}  // namespace neoid::cel
