// A rule of x-kubernetes-validations: text in, a program out; values in, a verdict out.
//
// Flow: parse (parser.h) -> check types against self's DeclType (checker.h) -> estimate the cost (cost.h) ->
// resolve into a program (program.h). All of it is the CEL of one Kubernetes version, with its words.
//
// Guarantees: a Rule is immutable, and any number of threads may evaluate it at once. Text and values may
// come from anybody: length, depth and number of errors are bounded, evaluation stops at its cost limit.
// Whether a cost is too high is decided by the caller, who knows in how many places the rule stands.
//
// Source: https://kubernetes.io/docs/reference/using-api/cel/ and the CEL language definition.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/cel/decl_type.h"
#include "reconcile/cel/version.h"
#include "reconcile/value/json.h"
#include "tl/expected.hpp"

namespace neoid::cel {

// A server's limits, in cost units.
inline constexpr std::uint64_t kPerCallLimit = 1'000'000;            // of one evaluation
inline constexpr std::uint64_t kPerObjectBudget = 10'000'000;        // of all rules of one object
inline constexpr std::uint64_t kEstimatedRuleLimit = 10'000'000;     // of one rule, times its cardinality
inline constexpr std::uint64_t kEstimatedSchemaLimit = 100'000'000;  // of all rules of one CRD version

enum class ResultType { Bool, String };  // String: messageExpression

struct CompileOptions {
  KubernetesVersion version = {};
  ResultType result = ResultType::Bool;
  bool optional_old_self = false;  // optionalOldSelf: oldSelf is optional(T) (from 1.29)
  std::uint64_t per_call_limit = kPerCallLimit;
};

// Why a text is no rule: a detail for field.Invalid, as a server prints it. It is one of
//   compilation failed: ERROR: <input>:1:6: found no matching overload for '_>_' applied to '(string, int)'
//    | self > 3
//    | .....^                                  (more errors follow, each on new lines)
//   program instantiation failed: error parsing regexp: missing closing ): `(`
//   cel expression must evaluate to a bool     ("... a string" for ResultType::String)
// Lines and columns are 1-based code points. Empty rules are the caller's to refuse.
struct CompileError {
  std::string message;
};

struct CostRange {
  std::uint64_t min = 0;
  std::uint64_t max = 0;  // saturates
};

enum class Verdict {
  Passed,
  Failed,             // the rule says false
  Error,              // it could not say; `error` is the reason
  CallLimitExceeded,  // this one evaluation went past per_call_limit; `error` is the reason
  BudgetExceeded,     // it used up what is left for the object
};

struct Evaluation {
  Verdict verdict = Verdict::Passed;
  std::string error;       // "no such key: a", "division by zero"
  std::string text;        // with ResultType::String: the message
  std::uint64_t cost = 0;  // to be subtracted from the object's budget
};

class Rule {
 public:
  Rule(Rule&&) noexcept;
  Rule& operator=(Rule&&) noexcept;
  ~Rule();

  CostRange cost() const;      // of one evaluation, estimated
  bool uses_old_self() const;  // a transition rule: not to be run where there is no old value
  const DeclType& self_type() const;

  // `self` (and `old_self`, which a transition rule needs unless optional_old_self) must have passed the
  // schema's structural validation; what breaks the type all the same is an Error, never undefined behaviour.
  // Both are borrowed.
  Evaluation evaluate(const Json& self, const Json* old_self, std::uint64_t budget = kPerObjectBudget) const;

 private:
  friend tl::expected<Rule, CompileError> compile(std::string_view, DeclTypePtr, const CompileOptions&);
  struct State;
  explicit Rule(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

tl::expected<Rule, CompileError> compile(std::string_view text, DeclTypePtr self,
                                         const CompileOptions& options = {});

// The detail of the field error for an evaluation whose verdict is Error, CallLimitExceeded or BudgetExceeded
// (the last two end the validation of the object): "division by zero evaluating rule: self / 0 == 1". `rule`
// is the rule's message if it has one, else its text.
std::string describe_evaluation_error(const Evaluation& evaluation, std::string_view rule);

// "estimated rule cost exceeds budget by factor of more than 100x (try ...)": the detail of field.Forbidden.
// `name` is "estimated rule cost" or "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3
// schema".
std::string describe_cost_excess(std::string_view name, std::uint64_t cost, std::uint64_t limit);

}  // namespace neoid::cel
