// Macros: calls that are loops or presence tests. Expanded while parsing, into the forms that a server expands them
// to, because types, costs and errors are those of the expanded tree.
#pragma once

#include <string_view>
#include <vector>

#include "reconcile/cel/ast.h"
#include "reconcile/cel/issues.h"
#include "reconcile/cel/version.h"

namespace neoid::cel {

struct MacroCall {
  std::string_view name;
  std::size_t offset = 0;
  Expr* target = nullptr;  // null for a global call
  std::vector<Expr*>& args;
  KubernetesVersion version;
};

// The expression that stands for the call; null if it is no macro. What is wrong with it goes to issues.
Expr* expand_macro(Ast& ast, const MacroCall& call, Issues& issues);

}  // namespace neoid::cel
