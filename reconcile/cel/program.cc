#include "reconcile/cel/program.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "reconcile/cel/instructions.h"
#include "reconcile/cel/regex.h"
#include "reconcile/cel/types.h"

namespace neoid::cel {

class ProgramBuilder {
 public:
  ProgramBuilder(Program& program, const std::vector<std::string>& variables) : program_(program) {
    for (const std::string& variable : variables) scope_.emplace_back(variable, scope_.size());
    next_slot_ = std::max(next_slot_, scope_.size());
    program_.slots_ = next_slot_;
  }

  // Empty if it went well.
  std::string build(const Ast& ast) {
    program_.root_ = make(ast.root);
    return error_;
  }

 private:
  using Run = Instruction::Run;

  Instruction* add(Run run, std::vector<const Instruction*> parts = {}) {
    Instruction& out = program_.instructions_.emplace_back();
    out.run = run;
    out.parts = std::move(parts);
    return &out;
  }

  const Instruction* constant(const Value& value) {
    Instruction* out = add(instructions::constant);
    out->constant = value;
    return out;
  }

  static bool is_constant(const Instruction* instruction) {
    return instruction->run == instructions::constant;
  }

  std::string_view keep(std::string_view text) { return program_.constants_->copy(text); }

  const Instruction* make(const Expr* expr) {
    switch (expr->kind) {
      case ExprKind::Literal: return constant(literal(*expr));
      case ExprKind::Ident: return ident(*expr);
      case ExprKind::Select: return select(*expr);
      case ExprKind::Call: return call(*expr);
      case ExprKind::List:
      case ExprKind::Map: return aggregate(*expr);
      case ExprKind::Message: break;  // never type-checks
      case ExprKind::Comprehension: return fold(*expr->fold);
    }
    return constant(make_static_error("no such overload"));
  }

  Value literal(const Expr& expr) {
    switch (expr.literal) {
      case LiteralKind::Null: return make_null();
      case LiteralKind::Bool: return make_bool(expr.bool_value);
      case LiteralKind::Int: return make_int(expr.int_value);
      case LiteralKind::Uint: return make_uint(expr.uint_value);
      case LiteralKind::Double: return make_double(expr.double_value);
      case LiteralKind::String: return make_string(keep(expr.name));
      case LiteralKind::Bytes: return make_bytes(keep(expr.name));
    }
    return {};
  }

  const Instruction* ident(const Expr& expr) {
    std::string_view name = expr.name;
    if (name.starts_with('.')) name.remove_prefix(1);
    for (auto at = scope_.rbegin(); at != scope_.rend(); ++at) {
      if (at->first != name) continue;
      if (at->second == 1) program_.uses_old_self_ = true;
      Instruction* out = add(instructions::variable);
      out->slot = at->second;
      return out;
    }
    return constant(make_type(keep(name)));
  }

  const Instruction* select(const Expr& expr) {
    Instruction* out = add(expr.test_only ? instructions::has : instructions::select, {make(expr.target)});
    name_field(out, expr.target->type, expr.name);
    return out;
  }

  void name_field(Instruction* out, const Type* operand, std::string_view field) {
    out->name = keep(field);
    if (operand->kind != TypeKind::Object || operand->decl == nullptr) return;
    out->decl = operand->decl;
    out->field = operand->decl->find_field(field);
    if (out->field == nullptr) out->decl = nullptr;
  }

  const Instruction* aggregate(const Expr& expr) {
    const bool map = expr.kind == ExprKind::Map;
    std::vector<const Instruction*> parts;
    for (const Expr* arg : expr.args) parts.push_back(make(arg));
    const bool fixed = expr.optional.empty() && std::all_of(parts.begin(), parts.end(), is_constant);
    Instruction* out = add(map ? instructions::map : instructions::list, std::move(parts));
    out->optional = expr.optional;
    return fixed ? constant(compute(*out)) : out;
  }

  // The value of an instruction whose parts are constants; it lives as long as the program.
  Value compute(const Instruction& instruction) {
    switch_to_constants_.push_back(std::make_unique<Frame>());
    Frame& frame = *switch_to_constants_.back();
    frame.limit = UINT64_MAX;
    Value out = instruction(frame);
    return keep_value(out);
  }

  // A copy in the program's own memory.
  Value keep_value(Value value) {
    Arena& arena = *program_.constants_;
    switch (value.kind) {
      case ValueKind::String:
      case ValueKind::Bytes:
      case ValueKind::Error:
      case ValueKind::Type: {
        const std::string_view text = keep(value.str());
        value.text = text.data();
        return value;
      }
      case ValueKind::List: {
        Value* items = arena.array<Value>(value.list->size);
        for (std::size_t i = 0; i < value.list->size; ++i) items[i] = keep_value(value.list->items[i]);
        return make_list(arena, items, value.list->size);
      }
      case ValueKind::Map: {
        MapBuilder builder(arena, value.map->size);
        for (std::size_t i = 0; i < value.map->size; ++i) {
          builder.insert(keep_value(value.map->entries[i].key), keep_value(value.map->entries[i].value));
        }
        return builder.finish();
      }
      default: return value;
    }
  }

  static bool is_conversion(std::string_view name) {
    static constexpr std::array<std::string_view, 10> kNames = {
        "bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
  }

  static bool is_standard(std::string_view name) {
    static constexpr std::array<std::string_view, 5> kNames = {"contains", "endsWith", "matches", "size",
                                                               "startsWith"};
    const bool part_of_time = name.starts_with("get") && !find_overloads(name, kAlways).empty() &&
                              find_overloads(name, kAlways)[0]->params[0]->kind == TypeKind::Timestamp;
    return part_of_time || std::find(kNames.begin(), kNames.end(), name) != kNames.end();
  }

  const Instruction* call(const Expr& expr) {
    std::vector<const Instruction*> parts;
    if (expr.target != nullptr) parts.push_back(make(expr.target));
    if (expr.name == "_?._") {
      Instruction* out = add(instructions::optional_select, {make(expr.args[0])});
      name_field(out, expr.args[0]->type, expr.args[1]->name);
      return out;
    }
    for (const Expr* arg : expr.args) parts.push_back(make(arg));
    static const std::map<std::string_view, Run> kOwn = {
        {"_&&_", instructions::logical_and},         {"_||_", instructions::logical_or},
        {"_?_:_", instructions::conditional},        {"_[_]", instructions::index},
        {"_[?_]", instructions::optional_index},     {"or", instructions::optional_or},
        {"orValue", instructions::optional_or_value}};
    if (const auto own = kOwn.find(expr.name); own != kOwn.end()) return add(own->second, std::move(parts));

    const bool is_operator = std::string_view("_!-@").find(expr.name[0]) != std::string_view::npos;
    Instruction* out = add(is_operator ? instructions::operator_call : instructions::call, std::move(parts));
    out->name = keep(expr.name);
    out->overloads = expr.overloads;
    if (is_conversion(expr.name)) out->mismatch = Mismatch::Convert;
    if (is_standard(expr.name)) out->mismatch = Mismatch::Standard;
    if (is_conversion(expr.name) && out->parts.size() == 1 && is_constant(out->parts[0]))
      return convert(*out);
    if (expr.overloads.size() == 1 && out->parts.size() > 1 && is_constant(out->parts[1])) use_pattern(*out);
    return out;
  }

  // Constants are converted now, and what fails, fails now.
  const Instruction* convert(const Instruction& conversion) {
    const Value value = compute(conversion);
    if (value.is_error() && error_.empty()) error_ = std::string(value.str());
    return constant(value);
  }

  void use_pattern(Instruction& out) {
    const bool match = out.name == "matches";
    const bool all = out.name == "findAll";
    if (!match && !all && out.name != "find") return;
    const Value& text = out.parts[1]->constant;
    if (!text.is(ValueKind::String)) return;
    auto pattern = compile_pattern(text.str());
    if (!pattern) {
      if (error_.empty()) error_ = pattern.error();
      return;
    }
    out.pattern = std::move(*pattern);
    out.run = match ? instructions::match_constant
                    : (all ? instructions::find_all_constant : instructions::find_constant);
  }

  std::size_t bind(const std::string& name) {
    const std::size_t slot = next_slot_++;
    program_.slots_ = std::max(program_.slots_, next_slot_);
    scope_.emplace_back(name, slot);
    return slot;
  }
  void unbind() {
    scope_.pop_back();
    --next_slot_;
  }

  const Instruction* fold(const Fold& fold) {
    if (fold.iter_var == "#unused") return bound(fold);
    std::vector<const Instruction*> parts = {make(fold.range)};
    const bool two = !fold.iter_var2.empty();
    const std::size_t slot = bind(fold.iter_var);
    const std::size_t slot2 = two ? bind(fold.iter_var2) : 0;
    const bool makes_map = fold.macro == Macro::TransformMap || fold.macro == Macro::TransformMapEntry;
    if (makes_map) parts.push_back(make(fold.transform));
    if (fold.predicate != nullptr) parts.push_back(make(fold.predicate));
    if (!makes_map && fold.transform != nullptr) parts.push_back(make(fold.transform));
    if (two) unbind();
    unbind();
    Instruction* out = add(loop(fold), std::move(parts));
    out->slot = slot;
    out->slot2 = slot2;
    return out;
  }

  const Instruction* bound(const Fold& fold) {
    std::vector<const Instruction*> parts = {make(fold.init)};
    const std::size_t slot = bind(fold.accu_var);
    parts.push_back(make(fold.result));
    unbind();
    Instruction* out = add(instructions::bind, std::move(parts));
    out->slot = slot;
    return out;
  }

  static Run loop(const Fold& fold) {
    switch (fold.macro) {
      case Macro::All: return loops::all;
      case Macro::Exists: return loops::exists;
      case Macro::ExistsOne: return loops::exists_one;
      case Macro::Map: return fold.predicate != nullptr ? loops::map_filtered : loops::map;
      case Macro::Filter: return loops::filter;
      case Macro::TransformMap: return loops::transform_map;
      case Macro::TransformMapEntry: return loops::transform_map_entry;
    }
    return loops::all;
  }

  Program& program_;
  std::vector<std::pair<std::string, std::size_t>> scope_;
  std::vector<std::unique_ptr<Frame>> switch_to_constants_;
  std::size_t next_slot_ = 2;
  std::string error_;
};

tl::expected<Program, std::string> Program::make(const Ast& ast) { return make(ast, {"self", "oldSelf"}); }

tl::expected<Program, std::string> Program::make(const Ast& ast, const std::vector<std::string>& variables) {
  Program program;
  std::string error = ProgramBuilder(program, variables).build(ast);
  if (!error.empty()) return tl::unexpected(std::move(error));
  return program;
}

}  // namespace neoid::cel
