// What a rule can call: names, signatures, implementations and costs, as tables by topic (functions_*.cc).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/cel/types.h"
#include "reconcile/cel/value.h"
#include "reconcile/cel/version.h"

namespace neoid::cel {

// What an implementation is given: arguments (the receiver first), none of them an Error.
struct Call {
  Arena& arena;
  const Value* args;
  std::size_t count;
};
using Function = Value (*)(const Call& call);

// How a call is charged, estimated (cost.cc) and when it runs (runtime_cost.cc).
enum class CostModel {
  One,
  LogicalAnd,
  LogicalOr,
  Conditional,
  Equality,  // ==, != and the order of strings and bytes: the shorter of both
  AddText,   // + of strings and bytes
  AddList,
  InList,
  IndexList,
  IndexMap,
  Prefix,  // startsWith, endsWith
  Contains,
  Matches,
  StringToBytes,
  BytesToString,
  ListTraversal,  // isSorted, sum, min, max, indexOf, lastIndexOf
  TextSameSize,   // lowerAscii, upperAscii, substring, trim
  ParseText,      // url, ip, quantity: the text is read once
  ParseTextTwice,
  Replace,
  Split,
  Join,
  Find,  // find, findAll
  ContainsIp,
  ContainsCidr,
  SetsContains,  // sets.contains, sets.intersects: m * n
  SetsEquivalent,
  Format,          // 'x'.format([...])
  ValidateFormat,  // format.x().validate('...')
};

inline constexpr KubernetesVersion kAlways{1, 0};
inline constexpr KubernetesVersion kNever{1000, 0};

struct FunctionRow {
  std::string_view name;
  // "string.(string, int) -> int" for a method, "(list(A)) -> int" for a function. A and B are type parameters.
  std::string_view signature;
  Function function = nullptr;  // null: the program has an instruction of its own
  CostModel cost = CostModel::One;
  KubernetesVersion since = kAlways;
  KubernetesVersion until = kNever;  // exclusive
};

struct Overload {
  std::string_view name;
  bool method = false;
  std::vector<const Type*> params;  // the receiver first
  const Type* result = nullptr;
  bool generic = false;  // has type parameters
  Function function = nullptr;
  CostModel cost = CostModel::One;
  KubernetesVersion since;
  KubernetesVersion until;
};

std::span<const FunctionRow> operator_rows();
std::span<const FunctionRow> conversion_rows();
std::span<const FunctionRow> string_rows();
std::span<const FunctionRow> list_rows();
std::span<const FunctionRow> time_rows();
std::span<const FunctionRow> regex_rows();
std::span<const FunctionRow> url_rows();
std::span<const FunctionRow> optional_rows();
std::span<const FunctionRow> quantity_rows();
std::span<const FunctionRow> address_rows();
std::span<const FunctionRow> set_rows();
std::span<const FunctionRow> semver_rows();
std::span<const FunctionRow> text_format_rows();
std::span<const FunctionRow> named_format_rows();

// The overloads of a name in a version, in order of declaration; empty if nobody declared it.
std::vector<const Overload*> find_overloads(std::string_view name, KubernetesVersion version);

// Whether a value can be an argument of that declared type.
bool accepts(const Type& param, const Value& value);

}  // namespace neoid::cel
