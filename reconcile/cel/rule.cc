#include "reconcile/cel/rule.h"

#include <fmt/format.h>

#include <utility>

#include "reconcile/cel/checker.h"
#include "reconcile/cel/cost.h"
#include "reconcile/cel/parser.h"
#include "reconcile/cel/program.h"

namespace neoid::cel {

struct Rule::State {
  DeclTypePtr self;
  Program program;
  CostRange cost;
  CompileOptions options;
};

Rule::Rule(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Rule::Rule(Rule&&) noexcept = default;
Rule& Rule::operator=(Rule&&) noexcept = default;
Rule::~Rule() = default;

CostRange Rule::cost() const { return state_->cost; }
bool Rule::uses_old_self() const { return state_->program.uses_old_self(); }
const DeclType& Rule::self_type() const { return *state_->self; }

tl::expected<Rule, CompileError> compile(std::string_view text, DeclTypePtr self,
                                         const CompileOptions& options) {
  const bool message = options.result == ResultType::String;
  const auto refuse = [&](std::string_view what) {
    return tl::unexpected(CompileError{(message ? "messageExpression " : "") + std::string(what)});
  };
  Issues issues(text);
  Ast ast = parse(text, options.version, issues);
  TypePool types;
  if (issues.empty()) check(ast, {self.get(), options.optional_old_self, options.version}, types, issues);
  if (!issues.empty()) return refuse("compilation failed: " + issues.render());
  if (ast.root->type->kind != (message ? TypeKind::String : TypeKind::Bool)) {
    return tl::unexpected(CompileError{message ? "messageExpression must evaluate to a string"
                                               : "cel expression must evaluate to a bool"});
  }
  auto program = Program::make(ast);
  if (!program)
    return refuse((message ? "instantiation failed: " : "program instantiation failed: ") + program.error());
  auto state = std::make_unique<Rule::State>();
  state->cost = estimate_cost(ast, *self, options.version);
  state->program = std::move(*program);
  state->self = std::move(self);
  state->options = options;
  return Rule(std::move(state));
}

namespace {

Value make_old_self(const Json* old_self, const DeclType& type, bool optional, Frame& frame) {
  if (!optional) {
    return old_self == nullptr ? make_static_error("no such attribute: oldSelf")
                               : from_json(*old_self, type, frame.arena);
  }
  Value out;
  out.kind = ValueKind::Optional;
  OptionalNode node;
  if (old_self != nullptr) {
    node.has_value = true;
    node.value = from_json(*old_self, type, frame.arena);
  }
  out.optional = frame.arena.make(node);
  return out;
}

}  // namespace

Evaluation Rule::evaluate(const Json& self, const Json* old_self, std::uint64_t budget) const {
  Frame frame;
  frame.limit = state_->options.per_call_limit;
  frame.slots = frame.arena.array<Value>(state_->program.slots());
  frame.slots[0] = from_json(self, *state_->self, frame.arena);
  if (uses_old_self()) {
    frame.slots[1] = make_old_self(old_self, *state_->self, state_->options.optional_old_self, frame);
  }
  const Value result = state_->program.run(frame);
  Evaluation out;
  out.cost = frame.cost;
  if (result.cancelled || frame.over()) {
    out.verdict = Verdict::CallLimitExceeded;
    out.error = std::string(cancelled().str());
  } else if (out.cost > budget) {
    out.verdict = Verdict::BudgetExceeded;
  } else if (result.is_error()) {
    out.verdict = Verdict::Error;
    out.error = std::string(result.str());
  } else if (state_->options.result == ResultType::String) {
    out.verdict = result.is(ValueKind::String) ? Verdict::Passed : Verdict::Error;
    if (result.is(ValueKind::String)) {
      out.text = std::string(result.str());
    } else {
      out.error = "no such overload";
    }
  } else {
    out.verdict = is_true(result) ? Verdict::Passed : Verdict::Failed;
  }
  return out;
}

std::string describe_evaluation_error(const Evaluation& evaluation, std::string_view rule) {
  if (evaluation.verdict == Verdict::BudgetExceeded) {
    return "validation failed due to running out of cost budget, no further validation rules will be run";
  }
  if (evaluation.verdict == Verdict::CallLimitExceeded) {
    return fmt::format(
        "'{}': no further validation rules will be run due to call cost exceeds limit for rule: {}",
        evaluation.error, rule);
  }
  if (evaluation.error.starts_with("no such overload")) {
    return fmt::format(
        "'{}': call arguments did not match a supported operator, function or macro signature for "
        "rule: {}",
        evaluation.error, rule);
  }
  return fmt::format("{} evaluating rule: {}", evaluation.error, rule);
}

std::string describe_cost_excess(std::string_view name, std::uint64_t cost, std::uint64_t limit) {
  const double factor = static_cast<double>(cost) / static_cast<double>(limit);
  std::string by = "more than 100x";
  if (factor < 1.5) {
    by = fmt::format("{:f}x", factor);  // not "1.0x"
  } else if (factor <= 100) {
    by = fmt::format("{:.1f}x", factor);
  }
  return fmt::format(
      "{} exceeds budget by factor of {} (try simplifying the rule, or adding maxItems, maxProperties, "
      "and maxLength where arrays, maps, and strings are declared)",
      name, by);
}

}  // namespace neoid::cel
