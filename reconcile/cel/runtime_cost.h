// What a call costs when it runs, by the sizes of its actual arguments.
#pragma once

#include "reconcile/cel/functions.h"

namespace neoid::cel {

std::uint64_t runtime_cost(CostModel model, const Call& call, const Value& result);

}  // namespace neoid::cel
