// An expression over named variables: what a ValidatingAdmissionPolicy says of `object`, `oldObject` and `request`.
//
// Flow and limits as of a Rule (rule.h), without an estimate of the cost. Immutable; any number of threads may evaluate
// it at once. Source: Kubernetes page "Validating Admission Policy".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "reconcile/base/result.h"
#include "reconcile/cel/decl_type.h"
#include "reconcile/cel/rule.h"
#include "reconcile/value/json.h"

namespace neoid::cel {

class Expression {
 public:
  // `variables`: an object type; its fields are the variables. Invalid: the text is none, in a server's words.
  static Result<Expression> compile(std::string_view text, DeclTypePtr variables, KubernetesVersion version);

  // `values`: an object; a variable that is not in it, or null, is null. The answer is JSON: a boolean, number, text, or
  // a list or map of those. Invalid: it could not say ("no such key: a").
  Result<Json> evaluate(const Json& values, std::uint64_t limit = kPerCallLimit) const;

 private:
  struct State;
  explicit Expression(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace neoid::cel
