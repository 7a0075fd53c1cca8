// How much a rule can cost at most, from the sizes that its types allow: what makes a server refuse it.
#pragma once

#include "reconcile/cel/ast.h"
#include "reconcile/cel/rule.h"

namespace neoid::cel {

// Of a checked tree without issues.
CostRange estimate_cost(const Ast& ast, const DeclType& self, KubernetesVersion version);

// Units, shared with runtime_cost.h.
inline constexpr double kTextFactor = 0.1;      // a byte or code point that is read
inline constexpr double kPatternFactor = 0.25;  // a code point of a pattern
inline constexpr std::uint64_t kListCost = 10;
inline constexpr std::uint64_t kMapCost = 30;
inline constexpr std::uint64_t kMessageCost = 40;

}  // namespace neoid::cel
