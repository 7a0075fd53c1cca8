#include "reconcile/cel/macros.h"

#include <algorithm>
#include <memory>
#include <string>

namespace neoid::cel {
namespace {

constexpr const char* kAccumulator = "__result__";
constexpr KubernetesVersion kOptionals{1, 29};
constexpr KubernetesVersion kTwoVariables{1, 33};

// Makes nodes that stand where the macro does.
class Builder {
 public:
  Builder(Ast& ast, std::size_t offset) : ast_(ast), offset_(offset) {}

  Expr* boolean(bool value) {
    Expr* out = ast_.make(ExprKind::Literal, offset_);
    out->literal = LiteralKind::Bool;
    out->bool_value = value;
    return out;
  }
  Expr* integer(std::int64_t value) {
    Expr* out = ast_.make(ExprKind::Literal, offset_);
    out->literal = LiteralKind::Int;
    out->int_value = value;
    return out;
  }
  Expr* ident(std::string name) {
    Expr* out = ast_.make(ExprKind::Ident, offset_);
    out->name = std::move(name);
    return out;
  }
  Expr* accumulator() { return ident(kAccumulator); }
  Expr* call(std::string function, std::vector<Expr*> args) {
    Expr* out = ast_.make(ExprKind::Call, offset_);
    out->name = std::move(function);
    out->args = std::move(args);
    deepen(out);
    return out;
  }
  Expr* list(std::vector<Expr*> elements) {
    Expr* out = ast_.make(ExprKind::List, offset_);
    out->args = std::move(elements);
    deepen(out);
    return out;
  }
  Expr* map() { return ast_.make(ExprKind::Map, offset_); }
  Expr* not_false(Expr* condition) { return call("@not_strictly_false", {condition}); }
  Expr* add(Expr* element) { return call("_+_", {accumulator(), list({element})}); }
  Expr* choose(Expr* condition, Expr* yes, Expr* no) { return call("_?_:_", {condition, yes, no}); }

 private:
  static void deepen(Expr* expr) {
    for (const Expr* arg : expr->args) expr->depth = std::max(expr->depth, arg->depth + 1);
  }
  Ast& ast_;
  std::size_t offset_;
};

void fill_all(Builder& make, Fold& fold) {
  fold.init = make.boolean(true);
  fold.condition = make.not_false(make.accumulator());
  fold.step = make.call("_&&_", {make.accumulator(), fold.predicate});
  fold.result = make.accumulator();
}

void fill_exists(Builder& make, Fold& fold) {
  fold.init = make.boolean(false);
  fold.condition = make.not_false(make.call("!_", {make.accumulator()}));
  fold.step = make.call("_||_", {make.accumulator(), fold.predicate});
  fold.result = make.accumulator();
}

void fill_exists_one(Builder& make, Fold& fold) {
  fold.init = make.integer(0);
  fold.condition = make.boolean(true);
  fold.step = make.choose(fold.predicate, make.call("_+_", {make.accumulator(), make.integer(1)}),
                          make.accumulator());
  fold.result = make.call("_==_", {make.accumulator(), make.integer(1)});
}

void fill_list(Builder& make, Fold& fold) {
  fold.init = make.list({});
  fold.condition = make.boolean(true);
  fold.step = make.add(fold.transform);
  if (fold.predicate != nullptr) fold.step = make.choose(fold.predicate, fold.step, make.accumulator());
  fold.result = make.accumulator();
}

void fill_map(Builder& make, Fold& fold) {
  fold.init = make.map();
  fold.condition = make.boolean(true);
  fold.step =
      fold.macro == Macro::TransformMap
          ? make.call("cel.@mapInsert", {make.accumulator(), make.ident(fold.iter_var), fold.transform})
          : make.call("cel.@mapInsert", {make.accumulator(), fold.transform});
  if (fold.predicate != nullptr) fold.step = make.choose(fold.predicate, fold.step, make.accumulator());
  fold.result = make.accumulator();
}

struct LoopMacro {
  std::string_view name;
  std::size_t args;
  int variables;
  Macro macro;
  bool predicate;  // has one
  bool transform;
  KubernetesVersion since;
};

constexpr LoopMacro kLoops[] = {
    {"all", 2, 1, Macro::All, true, false, {1, 25}},
    {"exists", 2, 1, Macro::Exists, true, false, {1, 25}},
    {"exists_one", 2, 1, Macro::ExistsOne, true, false, {1, 25}},
    {"map", 2, 1, Macro::Map, false, true, {1, 25}},
    {"map", 3, 1, Macro::Map, true, true, {1, 25}},
    {"filter", 2, 1, Macro::Filter, true, false, {1, 25}},
    {"all", 3, 2, Macro::All, true, false, kTwoVariables},
    {"exists", 3, 2, Macro::Exists, true, false, kTwoVariables},
    {"existsOne", 3, 2, Macro::ExistsOne, true, false, kTwoVariables},
    {"existsOne", 2, 1, Macro::ExistsOne, true, false, kTwoVariables},
    {"transformList", 3, 2, Macro::Map, false, true, kTwoVariables},
    {"transformList", 4, 2, Macro::Map, true, true, kTwoVariables},
    {"transformMap", 3, 2, Macro::TransformMap, false, true, kTwoVariables},
    {"transformMap", 4, 2, Macro::TransformMap, true, true, kTwoVariables},
    {"transformMapEntry", 3, 2, Macro::TransformMapEntry, false, true, kTwoVariables},
    {"transformMapEntry", 4, 2, Macro::TransformMapEntry, true, true, kTwoVariables},
};

std::string_view name_complaint(const LoopMacro& loop) {
  if (loop.variables == 2) return "argument must be a simple name";
  return loop.macro == Macro::Map || loop.macro == Macro::Filter ? "argument is not an identifier"
                                                                 : "argument must be a simple name";
}

Expr* expand_loop(Ast& ast, const LoopMacro& loop, const MacroCall& call, Issues& issues) {
  Builder make(ast, call.offset);
  Expr* out = ast.make(ExprKind::Comprehension, call.offset);
  out->fold = std::make_unique<Fold>();
  Fold& fold = *out->fold;
  fold.macro = loop.macro;
  fold.accu_var = kAccumulator;
  fold.range = call.target;
  std::size_t next = 0;
  for (int i = 0; i < loop.variables; ++i, ++next) {
    const Expr* variable = call.args[next];
    if (variable->kind != ExprKind::Ident) {
      issues.add(variable->offset, std::string(name_complaint(loop)));
      return out;
    }
    (i == 0 ? fold.iter_var : fold.iter_var2) = variable->name;
  }
  if (loop.variables == 2 && fold.iter_var == fold.iter_var2) {
    issues.add(call.args[1]->offset, "duplicate variable name: " + fold.iter_var);
    return out;
  }
  if (loop.predicate) fold.predicate = call.args[next++];
  if (loop.transform) fold.transform = call.args[next++];
  switch (loop.macro) {
    case Macro::All: fill_all(make, fold); break;
    case Macro::Exists: fill_exists(make, fold); break;
    case Macro::ExistsOne: fill_exists_one(make, fold); break;
    case Macro::Filter: fold.transform = call.args[0]; [[fallthrough]];
    case Macro::Map: fill_list(make, fold); break;
    case Macro::TransformMap:
    case Macro::TransformMapEntry: fill_map(make, fold); break;
  }
  out->depth = std::max({fold.range->depth, fold.step->depth, fold.condition->depth}) + 1;
  return out;
}

Expr* expand_has(Ast& ast, const MacroCall& call, Issues& issues) {
  Expr* out = ast.make(ExprKind::Select, call.offset);
  const Expr* arg = call.args[0];
  if (arg->kind != ExprKind::Select) {
    issues.add(call.offset, "invalid argument to has() macro");
    out->kind = ExprKind::Literal;
    return out;
  }
  out->name = arg->name;
  out->target = arg->target;
  out->test_only = true;
  out->depth = arg->depth;
  return out;
}

// x.optMap(v, e): optional.none() if x has no value, else optional.of(e); optFlatMap: e is optional itself.
Expr* expand_optional_map(Ast& ast, const MacroCall& call, Issues& issues) {
  if (call.args[0]->kind != ExprKind::Ident) {
    issues.add(call.args[0]->offset, call.name == "optMap"
                                         ? "optMap() variable name must be a simple identifier"
                                         : "optFlatMap() variable name must be a simple identifier");
    return ast.make(ExprKind::Literal, call.offset);
  }
  Builder make(ast, call.offset);
  Expr* bind = ast.make(ExprKind::Comprehension, call.offset);
  bind->fold = std::make_unique<Fold>();
  Fold& fold = *bind->fold;
  fold.macro = Macro::Map;  // over nothing: the value is bound by init
  fold.iter_var = "#unused";
  fold.accu_var = call.args[0]->name;
  fold.range = make.list({});
  fold.init = make.call("value", {});
  fold.init->target = call.target;
  fold.init->depth = call.target->depth + 1;
  fold.condition = make.boolean(false);
  fold.step = make.ident(fold.accu_var);
  fold.result = call.args[1];
  bind->depth = std::max(fold.init->depth, fold.result->depth) + 1;
  Expr* has_value = make.call("hasValue", {});
  has_value->target = call.target;
  has_value->depth = call.target->depth + 1;
  Expr* yes = call.name == "optMap" ? make.call("optional.of", {bind}) : bind;
  return make.choose(has_value, yes, make.call("optional.none", {}));
}

}  // namespace

Expr* expand_macro(Ast& ast, const MacroCall& call, Issues& issues) {
  if (call.target == nullptr) {
    return call.name == "has" && call.args.size() == 1 ? expand_has(ast, call, issues) : nullptr;
  }
  for (const LoopMacro& loop : kLoops) {
    if (loop.name == call.name && loop.args == call.args.size() && loop.since <= call.version) {
      return expand_loop(ast, loop, call, issues);
    }
  }
  const bool optional_map = call.name == "optMap" || call.name == "optFlatMap";
  if (optional_map && call.args.size() == 2 && call.version >= kOptionals) {
    return expand_optional_map(ast, call, issues);
  }
  return nullptr;
}

}  // namespace neoid::cel
