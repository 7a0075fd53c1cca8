// Kubernetes' list library: isSorted, sum, min, max, indexOf, lastIndexOf.
#include <fmt/format.h>

#include "reconcile/cel/functions.h"

namespace neoid::cel {
namespace {

Value is_sorted(const Call& call) {
  const Value& list = call.args[0];
  Value before;
  for (std::size_t i = 0, size = list_size(list); i < size; ++i) {
    const Value item = list_item(list, i, call.arena);
    if (item.is_error()) return item;
    if (i > 0) {
      const Order order = compare(before, item);
      if (order == Order::NotComparable) return make_static_error("no such overload");
      if (order == Order::Unordered) return make_static_error("NaN values cannot be ordered");
      if (order == Order::Greater) return make_bool(false);
    }
    before = item;
  }
  return make_bool(true);
}

Value sum(const Call& call, Value total) {
  const Value& list = call.args[0];
  for (std::size_t i = 0, size = list_size(list); i < size; ++i) {
    const Value item = list_item(list, i, call.arena);
    if (item.is_error()) return item;
    // Of a dynamic list the elements say what it is a list of.
    if (i == 0 && item.kind != total.kind) total = Value();
    const bool number = item.is(ValueKind::Int) || item.is(ValueKind::Uint) || item.is(ValueKind::Double) ||
                        item.is(ValueKind::Duration);
    if (!number || (i > 0 && item.kind != total.kind)) return make_static_error("no such overload");
    if (total.is(ValueKind::Null)) {
      total = item;
      continue;
    }
    switch (item.kind) {
      case ValueKind::Uint:
        if (__builtin_add_overflow(total.uinteger, item.uinteger, &total.uinteger)) {
          return make_static_error("unsigned integer overflow");
        }
        break;
      case ValueKind::Double: total.number += item.number; break;
      default:
        if (__builtin_add_overflow(total.integer, item.integer, &total.integer)) {
          return make_static_error(item.is(ValueKind::Int) ? "integer overflow" : "duration overflow");
        }
    }
  }
  return total;
}
Value sum_int(const Call& call) { return sum(call, make_int(0)); }
Value sum_uint(const Call& call) { return sum(call, make_uint(0)); }
Value sum_double(const Call& call) { return sum(call, make_double(0)); }
Value sum_duration(const Call& call) { return sum(call, make_duration(0)); }

Value extreme(const Call& call, std::string_view name, Order wanted) {
  const Value& list = call.args[0];
  const std::size_t size = list_size(list);
  if (size == 0) return make_error(call.arena, fmt::format("{} called on empty list", name));
  Value best = list_item(list, 0, call.arena);
  for (std::size_t i = 1; i < size && !best.is_error(); ++i) {
    const Value item = list_item(list, i, call.arena);
    if (item.is_error()) return item;
    const Order order = compare(item, best);
    if (order == Order::NotComparable) return make_static_error("no such overload");
    if (order == Order::Unordered) return make_static_error("NaN values cannot be ordered");
    if (order == wanted) best = item;
  }
  return best;
}
Value min(const Call& call) { return extreme(call, "min", Order::Less); }
Value max(const Call& call) { return extreme(call, "max", Order::Greater); }

Value index_of(const Call& call) {
  for (std::size_t i = 0, size = list_size(call.args[0]); i < size; ++i) {
    if (is_true(equal(call.args[1], list_item(call.args[0], i, call.arena), call.arena))) {
      return make_int(static_cast<std::int64_t>(i));
    }
  }
  return make_int(-1);
}

Value last_index_of(const Call& call) {
  for (std::size_t i = list_size(call.args[0]); i > 0; --i) {
    if (is_true(equal(call.args[1], list_item(call.args[0], i - 1, call.arena), call.arena))) {
      return make_int(static_cast<std::int64_t>(i - 1));
    }
  }
  return make_int(-1);
}

}  // namespace

std::span<const FunctionRow> list_rows() {
#define NEOID_COMPARABLE(name, result, function)                                                \
  {name, "list(int).() -> " result("int"), function, CostModel::ListTraversal},                 \
      {name, "list(uint).() -> " result("uint"), function, CostModel::ListTraversal},           \
      {name, "list(double).() -> " result("double"), function, CostModel::ListTraversal},       \
      {name, "list(bool).() -> " result("bool"), function, CostModel::ListTraversal},           \
      {name, "list(duration).() -> " result("duration"), function, CostModel::ListTraversal},   \
      {name, "list(timestamp).() -> " result("timestamp"), function, CostModel::ListTraversal}, \
      {name, "list(string).() -> " result("string"), function, CostModel::ListTraversal}, {     \
    name, "list(bytes).() -> " result("bytes"), function, CostModel::ListTraversal              \
  }
#define NEOID_BOOL(element) "bool"
#define NEOID_SAME(element) element
  static constexpr FunctionRow kRows[] = {
      NEOID_COMPARABLE("isSorted", NEOID_BOOL, is_sorted),
      {"sum", "list(int).() -> int", sum_int, CostModel::ListTraversal},
      {"sum", "list(uint).() -> uint", sum_uint, CostModel::ListTraversal},
      {"sum", "list(double).() -> double", sum_double, CostModel::ListTraversal},
      {"sum", "list(duration).() -> duration", sum_duration, CostModel::ListTraversal},
      NEOID_COMPARABLE("max", NEOID_SAME, max),
      NEOID_COMPARABLE("min", NEOID_SAME, min),
      {"indexOf", "list(A).(A) -> int", index_of, CostModel::ListTraversal},
      {"lastIndexOf", "list(A).(A) -> int", last_index_of, CostModel::ListTraversal},
  };
#undef NEOID_SAME
#undef NEOID_BOOL
#undef NEOID_COMPARABLE
  return kRows;
}

}  // namespace neoid::cel
