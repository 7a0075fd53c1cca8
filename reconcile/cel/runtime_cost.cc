#include "reconcile/cel/runtime_cost.h"

#include <algorithm>
#include <cmath>

#include "reconcile/cel/cost.h"

namespace neoid::cel {
namespace {

std::uint64_t scaled(std::size_t size, double factor) {
  return static_cast<std::uint64_t>(std::ceil(static_cast<double>(size) * factor));
}

// The bytes of a text are as good as its code points here, and need no counting.
std::size_t quick_size(const Value& value) {
  return value.is(ValueKind::String) ? value.size : size_of(value);
}

std::uint64_t pattern_cost(const Value& text, const Value& pattern) {
  return scaled(1 + quick_size(text), kTextFactor) * scaled(quick_size(pattern), kPatternFactor);
}

std::uint64_t traversal(const Value& value, Arena& arena) {
  switch (value.kind) {
    case ValueKind::String:
    case ValueKind::Bytes: return static_cast<std::uint64_t>(static_cast<double>(value.size) * kTextFactor);
    case ValueKind::List: {
      std::uint64_t sum = 0;
      for (std::size_t i = 0, size = list_size(value); i < size; ++i)
        sum += traversal(list_item(value, i, arena), arena);
      return sum;
    }
    case ValueKind::Map: return map_size(value);
    default: return 1;
  }
}

}  // namespace

std::uint64_t runtime_cost(CostModel model, const Call& call, const Value& result) {
  const Value* args = call.args;
  switch (model) {
    case CostModel::Equality: {
      const std::size_t left = quick_size(args[0]);
      const std::size_t right = quick_size(args[1]);
      return scaled(std::min(left, right), kTextFactor);
    }
    case CostModel::AddText: return scaled(args[0].size + args[1].size, kTextFactor);
    case CostModel::InList: return quick_size(args[1]);
    case CostModel::Prefix:
    case CostModel::StringToBytes:
    case CostModel::BytesToString:
    case CostModel::TextSameSize:
    case CostModel::Format:
    case CostModel::ParseText:
    case CostModel::ParseTextTwice:
    case CostModel::Replace:
    case CostModel::Split: return scaled(quick_size(args[0]), 2 * kTextFactor);
    case CostModel::Join: return scaled(quick_size(result), 2 * kTextFactor);
    case CostModel::Contains:
      return scaled(quick_size(args[0]), kTextFactor) * scaled(quick_size(args[1]), kTextFactor);
    case CostModel::Matches:
    case CostModel::Find: return pattern_cost(args[0], args[1]);
    case CostModel::ListTraversal: return traversal(args[0], call.arena);
    case CostModel::ContainsIp:
    case CostModel::ContainsCidr: {
      const std::size_t range = size_of(args[0]);
      std::uint64_t cost = scaled(2 * range, kTextFactor);
      if (model == CostModel::ContainsCidr) cost += scaled(range, kTextFactor) + 1;
      if (args[1].is(ValueKind::String)) cost += scaled(args[1].size, kTextFactor);
      return cost;
    }
    case CostModel::SetsContains: return quick_size(args[0]) * quick_size(args[1]) + 1;
    case CostModel::SetsEquivalent: return quick_size(args[0]) * quick_size(args[1]) * 2 + 1;
    case CostModel::ValidateFormat:
      return scaled(1 + quick_size(args[1]), kTextFactor) * scaled(128, kPatternFactor);
    case CostModel::LogicalAnd:
    case CostModel::LogicalOr:
    case CostModel::Conditional: return 0;
    case CostModel::One:
    case CostModel::AddList:
    case CostModel::IndexList:
    case CostModel::IndexMap: break;
  }
  return 1;
}

}  // namespace neoid::cel
