// Optional values (from 1.29): optional.of(x), x.?y, x[?y], orValue().
#include "reconcile/cel/functions.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kSince{1, 29};

Value make_optional(Arena& arena, bool has_value, const Value& value) {
  Value out;
  out.kind = ValueKind::Optional;
  out.optional = arena.make(OptionalNode{has_value, value});
  return out;
}

bool is_zero(const Value& value) {
  switch (value.kind) {
    case ValueKind::Null: return true;
    case ValueKind::Bool: return !value.boolean;
    case ValueKind::Int:
    case ValueKind::Duration: return value.integer == 0;
    case ValueKind::Uint: return value.uinteger == 0;
    case ValueKind::Double: return value.number == 0;
    case ValueKind::String:
    case ValueKind::Bytes: return value.size == 0;
    case ValueKind::List:
    case ValueKind::Map: return size_of(value) == 0;
    case ValueKind::Optional: return !value.optional->has_value;
    default: return false;
  }
}

Value of(const Call& call) { return make_optional(call.arena, true, call.args[0]); }
Value of_non_zero(const Call& call) {
  return make_optional(call.arena, !is_zero(call.args[0]), call.args[0]);
}
Value none(const Call& call) { return make_optional(call.arena, false, Value()); }
Value has_value(const Call& call) { return make_bool(call.args[0].optional->has_value); }
Value value(const Call& call) {
  const OptionalNode& self = *call.args[0].optional;
  return self.has_value ? self.value : make_static_error("optional.none() dereference");
}

}  // namespace

std::span<const FunctionRow> optional_rows() {
  static constexpr CostModel kOne = CostModel::One;
  static constexpr FunctionRow kRows[] = {
      {"optional.of", "(A) -> optional(A)", of, kOne, kSince},
      {"optional.ofNonZeroValue", "(A) -> optional(A)", of_non_zero, kOne, kSince},
      {"optional.none", "() -> optional(A)", none, kOne, kSince},
      {"hasValue", "optional(A).() -> bool", has_value, kOne, kSince},
      {"value", "optional(A).() -> A", value, kOne, kSince},
      {"or", "optional(A).(optional(A)) -> optional(A)", nullptr, kOne, kSince},
      {"orValue", "optional(A).(A) -> A", nullptr, kOne, kSince},
      {"_[_]", "(optional(list(A)), int) -> optional(A)", nullptr, kOne, kSince},
      {"_[_]", "(optional(map(A, B)), A) -> optional(B)", nullptr, kOne, kSince},
      {"_[?_]", "(list(A), int) -> optional(A)", nullptr, CostModel::IndexList, kSince},
      {"_[?_]", "(optional(list(A)), int) -> optional(A)", nullptr, kOne, kSince},
      {"_[?_]", "(map(A, B), A) -> optional(B)", nullptr, CostModel::IndexMap, kSince},
      {"_[?_]", "(optional(map(A, B)), A) -> optional(B)", nullptr, kOne, kSince},
      // What two-variable macros insert into.
      {"cel.@mapInsert", "(map(A, B), map(A, B)) -> map(A, B)", nullptr, kOne, {1, 33}},
      {"cel.@mapInsert", "(map(A, B), A, B) -> map(A, B)", nullptr, kOne, {1, 33}},
  };
  return kRows;
}

}  // namespace neoid::cel
