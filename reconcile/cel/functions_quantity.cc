// quantity() (from 1.29) and semver() (from 1.34).
#include <limits>

#include "reconcile/cel/functions.h"
#include "reconcile/cel/quantity.h"
#include "reconcile/cel/semver.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kSince{1, 29};
constexpr KubernetesVersion kSemverSince{1, 34};
constexpr Int128 kNano = 1'000'000'000;

Value make_quantity(Arena& arena, Int128 nano) {
  Value out;
  out.kind = ValueKind::Quantity;
  out.quantity = arena.make(QuantityNode{nano});
  return out;
}

Int128 amount(const Value& value) {
  return value.is(ValueKind::Quantity) ? value.quantity->nano : static_cast<Int128>(value.integer) * kNano;
}

Value to_quantity(const Call& call) {
  const auto parsed = parse_quantity(call.args[0].str());
  if (!parsed) {
    return make_static_error(
        "quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  return make_quantity(call.arena, parsed->nano);
}
Value is_quantity(const Call& call) { return make_bool(parse_quantity(call.args[0].str()).has_value()); }
Value sign(const Call& call) {
  const Int128 nano = amount(call.args[0]);
  return make_int(static_cast<int>(nano > 0) - static_cast<int>(nano < 0));
}
bool whole(Int128 nano) {
  return nano % kNano == 0 && nano / kNano <= std::numeric_limits<std::int64_t>::max() &&
         nano / kNano >= std::numeric_limits<std::int64_t>::min();
}
Value is_integer(const Call& call) { return make_bool(whole(amount(call.args[0]))); }
Value as_integer(const Call& call) {
  const Int128 nano = amount(call.args[0]);
  return whole(nano) ? make_int(static_cast<std::int64_t>(nano / kNano))
                     : make_static_error("cannot convert value to integer");
}
Value as_float(const Call& call) { return make_double(static_cast<double>(amount(call.args[0])) / 1e9); }
int order(const Call& call) {
  const Int128 a = amount(call.args[0]);
  const Int128 b = amount(call.args[1]);
  return static_cast<int>(a > b) - static_cast<int>(a < b);
}
Value is_greater(const Call& call) { return make_bool(order(call) > 0); }
Value is_less(const Call& call) { return make_bool(order(call) < 0); }
Value compare_to(const Call& call) { return make_int(order(call)); }
Value add(const Call& call) { return make_quantity(call.arena, amount(call.args[0]) + amount(call.args[1])); }
Value subtract(const Call& call) {
  return make_quantity(call.arena, amount(call.args[0]) - amount(call.args[1]));
}

std::optional<SemverNode> read_version(const Call& call) {
  const bool normalize = call.count > 1 && call.args[1].boolean;
  if (!normalize) return parse_semver(call.args[0].str());
  return parse_semver(call.arena.copy(normalize_semver(call.args[0].str())));
}
Value to_semver(const Call& call) {
  const auto parsed = read_version(call);
  if (!parsed) return make_static_error("No Major.Minor.Patch elements found");
  Value out;
  out.kind = ValueKind::Semver;
  out.semver = call.arena.make(*parsed);
  return out;
}
Value is_semver(const Call& call) { return make_bool(read_version(call).has_value()); }
Value number(std::uint64_t value) { return make_int(static_cast<std::int64_t>(value)); }
Value major_of(const Call& call) { return number(call.args[0].semver->major); }
Value minor_of(const Call& call) { return number(call.args[0].semver->minor); }
Value patch_of(const Call& call) { return number(call.args[0].semver->patch); }
int version_order(const Call& call) {
  const int result = compare_versions(*call.args[0].semver, *call.args[1].semver);
  return static_cast<int>(result > 0) - static_cast<int>(result < 0);
}
Value version_greater(const Call& call) { return make_bool(version_order(call) > 0); }
Value version_less(const Call& call) { return make_bool(version_order(call) < 0); }
Value version_compare(const Call& call) { return make_int(version_order(call)); }

}  // namespace

std::span<const FunctionRow> quantity_rows() {
  static constexpr CostModel kOne = CostModel::One;
  static constexpr FunctionRow kRows[] = {
      {"quantity", "(string) -> quantity", to_quantity, CostModel::ParseText, kSince},
      {"isQuantity", "(string) -> bool", is_quantity, CostModel::ParseText, kSince},
      {"sign", "quantity.() -> int", sign, kOne, kSince},
      {"isGreaterThan", "quantity.(quantity) -> bool", is_greater, kOne, kSince},
      {"isLessThan", "quantity.(quantity) -> bool", is_less, kOne, kSince},
      {"compareTo", "quantity.(quantity) -> int", compare_to, kOne, kSince},
      {"asApproximateFloat", "quantity.() -> double", as_float, kOne, kSince},
      {"asInteger", "quantity.() -> int", as_integer, kOne, kSince},
      {"isInteger", "quantity.() -> bool", is_integer, kOne, kSince},
      {"add", "quantity.(quantity) -> quantity", add, kOne, kSince},
      {"add", "quantity.(int) -> quantity", add, kOne, kSince},
      {"sub", "quantity.(quantity) -> quantity", subtract, kOne, kSince},
      {"sub", "quantity.(int) -> quantity", subtract, kOne, kSince},
  };
  return kRows;
}

std::span<const FunctionRow> semver_rows() {
  static constexpr CostModel kOne = CostModel::One;
  static constexpr FunctionRow kRows[] = {
      {"semver", "(string) -> semver", to_semver, CostModel::ParseText, kSemverSince},
      {"semver", "(string, bool) -> semver", to_semver, CostModel::ParseText, kSemverSince},
      {"isSemver", "(string) -> bool", is_semver, CostModel::ParseText, kSemverSince},
      {"isSemver", "(string, bool) -> bool", is_semver, CostModel::ParseText, kSemverSince},
      {"major", "semver.() -> int", major_of, kOne, kSemverSince},
      {"minor", "semver.() -> int", minor_of, kOne, kSemverSince},
      {"patch", "semver.() -> int", patch_of, kOne, kSemverSince},
      {"isGreaterThan", "semver.(semver) -> bool", version_greater, kOne, kSemverSince},
      {"isLessThan", "semver.(semver) -> bool", version_less, kOne, kSemverSince},
      {"compareTo", "semver.(semver) -> int", version_compare, kOne, kSemverSince},
  };
  return kRows;
}

}  // namespace neoid::cel
