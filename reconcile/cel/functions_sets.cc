// Lists as sets (from 1.30).
#include "reconcile/cel/functions.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kSince{1, 30};

bool has(const Value& list, const Value& wanted, Arena& arena) {
  for (std::size_t i = 0, size = list_size(list); i < size; ++i) {
    if (is_true(equal(list_item(list, i, arena), wanted, arena))) return true;
  }
  return false;
}

bool has_all(const Value& list, const Value& wanted, Arena& arena) {
  for (std::size_t i = 0, size = list_size(wanted); i < size; ++i) {
    if (!has(list, list_item(wanted, i, arena), arena)) return false;
  }
  return true;
}

Value contains(const Call& call) { return make_bool(has_all(call.args[0], call.args[1], call.arena)); }
Value equivalent(const Call& call) {
  return make_bool(has_all(call.args[0], call.args[1], call.arena) &&
                   has_all(call.args[1], call.args[0], call.arena));
}
Value intersects(const Call& call) {
  for (std::size_t i = 0, size = list_size(call.args[1]); i < size; ++i) {
    if (has(call.args[0], list_item(call.args[1], i, call.arena), call.arena)) return make_bool(true);
  }
  return make_bool(false);
}

}  // namespace

std::span<const FunctionRow> set_rows() {
  static constexpr FunctionRow kRows[] = {
      {"sets.contains", "(list(A), list(A)) -> bool", contains, CostModel::SetsContains, kSince},
      {"sets.equivalent", "(list(A), list(A)) -> bool", equivalent, CostModel::SetsEquivalent, kSince},
      {"sets.intersects", "(list(A), list(A)) -> bool", intersects, CostModel::SetsContains, kSince},
  };
  return kRows;
}

}  // namespace neoid::cel
