// Operators: what stands between operands, and size(), type() and dyn().
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reconcile/cel/functions.h"
#include "reconcile/cel/time_text.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kCrossNumeric{1, 29};
constexpr std::int64_t kNanos = 1'000'000'000;

Value int_overflow() { return make_static_error("integer overflow"); }
Value uint_overflow() { return make_static_error("unsigned integer overflow"); }
Value duration_overflow() { return make_static_error("duration overflow"); }
Value timestamp_overflow() { return make_static_error("timestamp overflow"); }
Value no_overload() { return make_static_error("no such overload"); }

Value no_overload(const Call& call, std::string_view name) {
  return make_error(call.arena, fmt::format("no such overload: {}", name));
}

Value shifted(const Value& time, std::int64_t nanoseconds) {
  std::int64_t seconds = time.integer;
  std::int64_t fraction = static_cast<std::int64_t>(time.extra) + nanoseconds % kNanos;
  if (fraction < 0) {
    fraction += kNanos;
    --seconds;
  }
  seconds += nanoseconds / kNanos + fraction / kNanos;
  if (seconds < kMinSeconds || seconds > kMaxSeconds) return timestamp_overflow();
  return make_timestamp(seconds, static_cast<std::uint32_t>(fraction % kNanos), time.offset);
}

bool set_contains(const Value* items, std::size_t size, const Value& wanted, Arena& arena) {
  return std::any_of(items, items + size, [&](const Value& item) {
    return item.kind == wanted.kind && is_true(equal(item, wanted, arena));
  });
}

// The declared type that a list came of, if it did.
const DeclType* declared(const Value& list) { return list.is_json() ? list.decl : list.list->decl; }

bool same_map_key(const Value& a, const Value& b, const DeclType& type) {
  if (!a.is_json() || !b.is_json()) return false;
  for (const std::string& key : type.list_keys) {
    const auto in_a = a.json->find(key);
    const auto in_b = b.json->find(key);
    const bool has_a = in_a != a.json->end();
    if (has_a != (in_b != b.json->end())) return false;
    if (has_a && *in_a != *in_b) return false;
  }
  return true;
}

// X + Y of lists: of sets a union, of map lists a merge in which Y wins.
Value add_lists(const Call& call) {
  const Value& left = call.args[0];
  const Value& right = call.args[1];
  const std::size_t left_size = list_size(left);
  const std::size_t right_size = list_size(right);
  const DeclType* type = declared(left);
  Value* items = call.arena.array<Value>(left_size + right_size);
  std::size_t size = 0;
  for (; size < left_size; ++size) items[size] = list_item(left, size, call.arena);
  const ListKind kind = type != nullptr ? type->list_kind : ListKind::Atomic;
  for (std::size_t i = 0; i < right_size; ++i) {
    const Value item = list_item(right, i, call.arena);
    if (kind == ListKind::Set) {
      if (set_contains(items, size, item, call.arena)) continue;
    } else if (kind == ListKind::Map) {
      std::size_t at = 0;
      while (at < size && !same_map_key(items[at], item, *type)) ++at;
      if (at < size) {
        items[at] = item;
        continue;
      }
    }
    items[size++] = item;
  }
  Value out;
  out.kind = ValueKind::List;
  out.list = call.arena.make(ListNode{items, size, type == nullptr ? left_size : 0, type});
  return out;
}

Value add_text(const Call& call, Value (*make)(std::string_view)) {
  const std::string_view left = call.args[0].str();
  const std::string_view right = call.args[1].str();
  char* out = call.arena.array<char>(left.size() + right.size());
  std::copy(left.begin(), left.end(), out);
  std::copy(right.begin(), right.end(), out + left.size());
  return make({out, left.size() + right.size()});
}

Value add_durations(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? duration_overflow() : make_duration(sum);
}

Value add(const Call& call) {
  const Value& a = call.args[0];
  const Value& b = call.args[1];
  switch (a.kind) {
    case ValueKind::Int: {
      std::int64_t sum = 0;
      if (!b.is(ValueKind::Int)) return no_overload();
      return __builtin_add_overflow(a.integer, b.integer, &sum) ? int_overflow() : make_int(sum);
    }
    case ValueKind::Uint: {
      std::uint64_t sum = 0;
      if (!b.is(ValueKind::Uint)) return no_overload();
      return __builtin_add_overflow(a.uinteger, b.uinteger, &sum) ? uint_overflow() : make_uint(sum);
    }
    case ValueKind::Double: return b.is(ValueKind::Double) ? make_double(a.number + b.number) : no_overload();
    case ValueKind::String: return b.is(ValueKind::String) ? add_text(call, make_string) : no_overload();
    case ValueKind::Bytes: return b.is(ValueKind::Bytes) ? add_text(call, make_bytes) : no_overload();
    case ValueKind::List: return b.is(ValueKind::List) ? add_lists(call) : no_overload();
    case ValueKind::Duration:
      if (b.is(ValueKind::Duration)) return add_durations(a.integer, b.integer);
      return b.is(ValueKind::Timestamp) ? shifted(b, a.integer) : no_overload();
    case ValueKind::Timestamp: return b.is(ValueKind::Duration) ? shifted(a, b.integer) : no_overload();
    default: return no_overload(call, "_+_");
  }
}

Value subtract_times(const Value& a, const Value& b) {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  if (__builtin_sub_overflow(a.integer, b.integer, &seconds) ||
      __builtin_mul_overflow(seconds, kNanos, &nanoseconds) ||
      __builtin_add_overflow(nanoseconds,
                             static_cast<std::int64_t>(a.extra) - static_cast<std::int64_t>(b.extra),
                             &nanoseconds)) {
    return timestamp_overflow();
  }
  return make_duration(nanoseconds);
}

Value subtract(const Call& call) {
  const Value& a = call.args[0];
  const Value& b = call.args[1];
  std::int64_t difference = 0;
  switch (a.kind) {
    case ValueKind::Int:
      if (!b.is(ValueKind::Int)) return no_overload();
      return __builtin_sub_overflow(a.integer, b.integer, &difference) ? int_overflow()
                                                                       : make_int(difference);
    case ValueKind::Uint:
      if (!b.is(ValueKind::Uint)) return no_overload();
      return b.uinteger > a.uinteger ? uint_overflow() : make_uint(a.uinteger - b.uinteger);
    case ValueKind::Double: return b.is(ValueKind::Double) ? make_double(a.number - b.number) : no_overload();
    case ValueKind::Duration:
      if (!b.is(ValueKind::Duration)) return no_overload();
      return __builtin_sub_overflow(a.integer, b.integer, &difference) ? duration_overflow()
                                                                       : make_duration(difference);
    case ValueKind::Timestamp:
      if (b.is(ValueKind::Timestamp)) return subtract_times(a, b);
      if (!b.is(ValueKind::Duration)) return no_overload();
      if (b.integer == std::numeric_limits<std::int64_t>::min()) return timestamp_overflow();
      return shifted(a, -b.integer);
    default: return no_overload(call, "_-_");
  }
}

Value multiply(const Call& call) {
  const Value& a = call.args[0];
  const Value& b = call.args[1];
  if (a.is(ValueKind::Int) && b.is(ValueKind::Int)) {
    std::int64_t product = 0;
    return __builtin_mul_overflow(a.integer, b.integer, &product) ? int_overflow() : make_int(product);
  }
  if (a.is(ValueKind::Uint) && b.is(ValueKind::Uint)) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a.uinteger, b.uinteger, &product) ? uint_overflow() : make_uint(product);
  }
  if (a.is(ValueKind::Double) && b.is(ValueKind::Double)) return make_double(a.number * b.number);
  const bool number = a.is(ValueKind::Int) || a.is(ValueKind::Uint) || a.is(ValueKind::Double);
  return number ? no_overload() : no_overload(call, "_*_");
}

Value divide(const Call& call) {
  const Value& a = call.args[0];
  const Value& b = call.args[1];
  if (a.is(ValueKind::Int) && b.is(ValueKind::Int)) {
    if (b.integer == 0) return make_static_error("division by zero");
    if (a.integer == std::numeric_limits<std::int64_t>::min() && b.integer == -1) return int_overflow();
    return make_int(a.integer / b.integer);
  }
  if (a.is(ValueKind::Uint) && b.is(ValueKind::Uint)) {
    return b.uinteger == 0 ? make_static_error("division by zero") : make_uint(a.uinteger / b.uinteger);
  }
  if (a.is(ValueKind::Double) && b.is(ValueKind::Double)) return make_double(a.number / b.number);
  const bool number = a.is(ValueKind::Int) || a.is(ValueKind::Uint) || a.is(ValueKind::Double);
  return number ? no_overload() : no_overload(call, "_/_");
}

Value modulo(const Call& call) {
  const Value& a = call.args[0];
  const Value& b = call.args[1];
  if (a.is(ValueKind::Int) && b.is(ValueKind::Int)) {
    if (b.integer == 0) return make_static_error("modulus by zero");
    if (a.integer == std::numeric_limits<std::int64_t>::min() && b.integer == -1) return int_overflow();
    return make_int(a.integer % b.integer);
  }
  if (a.is(ValueKind::Uint) && b.is(ValueKind::Uint)) {
    return b.uinteger == 0 ? make_static_error("modulus by zero") : make_uint(a.uinteger % b.uinteger);
  }
  return a.is(ValueKind::Int) || a.is(ValueKind::Uint) ? no_overload() : no_overload(call, "_%_");
}

Value negate(const Call& call) {
  const Value& a = call.args[0];
  if (a.is(ValueKind::Double)) return make_double(-a.number);
  const bool smallest = a.integer == std::numeric_limits<std::int64_t>::min();
  if (a.is(ValueKind::Int)) return smallest ? int_overflow() : make_int(-a.integer);
  if (a.is(ValueKind::Duration)) return smallest ? duration_overflow() : make_duration(-a.integer);
  if (a.is(ValueKind::Bool)) return no_overload();
  return no_overload(call, "-_");
}

Value logical_not(const Call& call) {
  switch (call.args[0].kind) {
    case ValueKind::Bool: return make_bool(!call.args[0].boolean);
    // These know what a minus is, and so are asked.
    case ValueKind::Int:
    case ValueKind::Double:
    case ValueKind::Duration: return no_overload();
    default: return no_overload(call, "!_");
  }
}

// Whether `order` is what the operator asks for.
template <bool (*Accept)(Order)>
Value ordered(const Call& call) {
  const Order order = compare(call.args[0], call.args[1]);
  if (order == Order::NotComparable) return no_overload();
  if (order == Order::Unordered) return make_static_error("NaN values cannot be ordered");
  return make_bool(Accept(order));
}
bool is_less(Order order) { return order == Order::Less; }
bool is_less_equal(Order order) { return order != Order::Greater; }
bool is_greater(Order order) { return order == Order::Greater; }
bool is_greater_equal(Order order) { return order != Order::Less; }

Value equals(const Call& call) { return equal(call.args[0], call.args[1], call.arena); }
Value not_equals(const Call& call) {
  Value result = equal(call.args[0], call.args[1], call.arena);
  if (result.is(ValueKind::Bool)) result.boolean = !result.boolean;
  return result;
}

Value in(const Call& call) {
  const Value& wanted = call.args[0];
  const Value& container = call.args[1];
  if (container.is(ValueKind::Map)) {
    Value found;
    const bool has = find_key(container, wanted, call.arena, found);
    return has && found.is_error() ? found : make_bool(has);
  }
  if (!container.is(ValueKind::List)) return no_overload();
  Value error;
  for (std::size_t i = 0, size = list_size(container); i < size; ++i) {
    const Value same = equal(list_item(container, i, call.arena), wanted, call.arena);
    if (is_true(same)) return same;
    if (same.is_error() && !error.is_error()) error = same;
  }
  return error.is_error() ? error : make_bool(false);
}

Value size(const Call& call) {
  switch (call.args[0].kind) {
    case ValueKind::String:
    case ValueKind::Bytes:
    case ValueKind::List:
    case ValueKind::Map: return make_int(static_cast<std::int64_t>(size_of(call.args[0])));
    default: return no_overload(call, "size");
  }
}

Value type_of(const Call& call) { return make_type(type_name(call.args[0])); }
Value identity(const Call& call) { return call.args[0]; }
Value not_strictly_false(const Call& call) {
  return make_bool(!call.args[0].is(ValueKind::Bool) || call.args[0].boolean);
}

}  // namespace

std::span<const FunctionRow> operator_rows() {
#define NEOID_COMPARISON(name, function)                                            \
  {name, "(bool, bool) -> bool", function}, {name, "(int, int) -> bool", function}, \
      {name, "(int, double) -> bool", function, CostModel::One, kCrossNumeric},     \
      {name, "(int, uint) -> bool", function, CostModel::One, kCrossNumeric},       \
      {name, "(uint, uint) -> bool", function},                                     \
      {name, "(uint, double) -> bool", function, CostModel::One, kCrossNumeric},    \
      {name, "(uint, int) -> bool", function, CostModel::One, kCrossNumeric},       \
      {name, "(double, double) -> bool", function},                                 \
      {name, "(double, int) -> bool", function, CostModel::One, kCrossNumeric},     \
      {name, "(double, uint) -> bool", function, CostModel::One, kCrossNumeric},    \
      {name, "(string, string) -> bool", function, CostModel::Equality},            \
      {name, "(bytes, bytes) -> bool", function, CostModel::Equality},              \
      {name, "(timestamp, timestamp) -> bool", function}, {                         \
    name, "(duration, duration) -> bool", function                                  \
  }
  static constexpr FunctionRow kRows[] = {
      {"_?_:_", "(bool, A, A) -> A", nullptr, CostModel::Conditional},
      {"_&&_", "(bool, bool) -> bool", nullptr, CostModel::LogicalAnd},
      {"_||_", "(bool, bool) -> bool", nullptr, CostModel::LogicalOr},
      {"!_", "(bool) -> bool", logical_not},
      {"@not_strictly_false", "(bool) -> bool", not_strictly_false},
      {"_==_", "(A, A) -> bool", equals, CostModel::Equality},
      {"_!=_", "(A, A) -> bool", not_equals, CostModel::Equality},
      {"_-_", "(int, int) -> int", subtract},
      {"_-_", "(uint, uint) -> uint", subtract},
      {"_-_", "(double, double) -> double", subtract},
      {"_-_", "(timestamp, timestamp) -> duration", subtract},
      {"_-_", "(timestamp, duration) -> timestamp", subtract},
      {"_-_", "(duration, duration) -> duration", subtract},
      {"_*_", "(int, int) -> int", multiply},
      {"_*_", "(uint, uint) -> uint", multiply},
      {"_*_", "(double, double) -> double", multiply},
      {"_/_", "(int, int) -> int", divide},
      {"_/_", "(uint, uint) -> uint", divide},
      {"_/_", "(double, double) -> double", divide},
      {"_%_", "(int, int) -> int", modulo},
      {"_%_", "(uint, uint) -> uint", modulo},
      {"_+_", "(int, int) -> int", add},
      {"_+_", "(uint, uint) -> uint", add},
      {"_+_", "(double, double) -> double", add},
      {"_+_", "(string, string) -> string", add, CostModel::AddText},
      {"_+_", "(bytes, bytes) -> bytes", add, CostModel::AddText},
      {"_+_", "(list(A), list(A)) -> list(A)", add, CostModel::AddList},
      {"_+_", "(timestamp, duration) -> timestamp", add},
      {"_+_", "(duration, timestamp) -> timestamp", add},
      {"_+_", "(duration, duration) -> duration", add},
      {"-_", "(int) -> int", negate},
      {"-_", "(double) -> double", negate},
      {"_[_]", "(list(A), int) -> A", nullptr, CostModel::IndexList},
      {"_[_]", "(map(A, B), A) -> B", nullptr, CostModel::IndexMap},
      {"size", "string.() -> int", size},
      {"size", "bytes.() -> int", size},
      {"size", "list(A).() -> int", size},
      {"size", "map(A, B).() -> int", size},
      {"size", "(string) -> int", size},
      {"size", "(bytes) -> int", size},
      {"size", "(list(A)) -> int", size},
      {"size", "(map(A, B)) -> int", size},
      {"@in", "(A, list(A)) -> bool", in, CostModel::InList},
      {"@in", "(A, map(A, B)) -> bool", in},
      {"type", "(A) -> type(A)", type_of},
      {"dyn", "(A) -> dyn", identity},
      NEOID_COMPARISON("_<_", ordered<is_less>),
      NEOID_COMPARISON("_<=_", ordered<is_less_equal>),
      NEOID_COMPARISON("_>_", ordered<is_greater>),
      NEOID_COMPARISON("_>=_", ordered<is_greater_equal>),
  };
#undef NEOID_COMPARISON
  return kRows;
}

}  // namespace neoid::cel
