#include "reconcile/cel/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconcile/cel/functions.h"

namespace neoid::cel {
namespace {

constexpr KubernetesVersion kUndeclaredIsError{1, 28};

// As the message about a field of something that has none names the type.
std::string wire_name(const Type& type) {
  switch (type.kind) {
    case TypeKind::Bool: return "primitive:BOOL";
    case TypeKind::Int: return "primitive:INT64";
    case TypeKind::Uint: return "primitive:UINT64";
    case TypeKind::Double: return "primitive:DOUBLE";
    case TypeKind::String: return "primitive:STRING";
    case TypeKind::Bytes: return "primitive:BYTES";
    case TypeKind::Timestamp: return "well_known:TIMESTAMP";
    case TypeKind::Duration: return "well_known:DURATION";
    case TypeKind::Null: return "null:NULL_VALUE";
    case TypeKind::List: return fmt::format("list_type:{{elem_type:{{{}}}}}", wire_name(*type.params[0]));
    case TypeKind::Map:
      return fmt::format("map_type:{{key_type:{{{}}} value_type:{{{}}}}}", wire_name(*type.params[0]),
                         wire_name(*type.params[1]));
    case TypeKind::Object: return fmt::format("message_type:\"{}\"", type.name);
    case TypeKind::Opaque: return fmt::format("abstract_type:{{name:\"{}\"}}", type.name);
    case TypeKind::Type:
      return type.params.empty() ? "type:{}" : fmt::format("type:{{{}}}", wire_name(*type.params[0]));
    case TypeKind::Unknown:
    case TypeKind::Error:
    case TypeKind::Dyn:
    case TypeKind::Param: break;
  }
  return format_type(type);
}

std::optional<std::string> qualified_name(const Expr& expr) {
  if (expr.kind == ExprKind::Ident) return expr.name;
  if (expr.kind != ExprKind::Select || expr.test_only) return std::nullopt;
  auto prefix = qualified_name(*expr.target);
  if (!prefix) return std::nullopt;
  return *prefix + "." + expr.name;
}

bool is_optional(const Type& type) { return type.kind == TypeKind::Opaque && type.name == "optional_type"; }

class Checker {
 public:
  Checker(Ast& ast, const CheckOptions& options, TypePool& pool, Issues& issues)
      : ast_(ast), options_(options), pool_(pool), issues_(issues), unifier_(pool) {
    if (options.fields_are_variables) {
      for (const DeclField& field : options.self->fields)
        declare(field.cel_name, pool_.of(*field.type, field.cel_name));
      return;
    }
    const Type* self = pool_.of(*options.self, "selfType");
    declare("self", self);
    declare("oldSelf", options.optional_old_self ? pool_.opaque("optional_type", {self}) : self);
  }

  void run() {
    check(ast_.root);
    finish(ast_.root);
  }

 private:
  struct Variable {
    std::string name;
    const Type* type;
  };

  void declare(std::string name, const Type* type) { scope_.push_back({std::move(name), type}); }

  const Type* basic(TypeKind kind) { return basic_type(kind); }

  // A variable, or the name of a type.
  const Type* lookup(std::string_view name) {
    if (name.starts_with('.')) name.remove_prefix(1);
    for (auto at = scope_.rbegin(); at != scope_.rend(); ++at) {
      if (at->name == name) return at->type;
    }
    static const std::map<std::string_view, TypeKind> kTypes = {
        {"bool", TypeKind::Bool},     {"int", TypeKind::Int},       {"uint", TypeKind::Uint},
        {"double", TypeKind::Double}, {"string", TypeKind::String}, {"bytes", TypeKind::Bytes},
        {"null_type", TypeKind::Null}};
    if (const auto found = kTypes.find(name); found != kTypes.end())
      return pool_.type_of(basic(found->second));
    const Type* dyn = basic(TypeKind::Dyn);
    if (name == "list") return pool_.type_of(pool_.list(dyn));
    if (name == "map") return pool_.type_of(pool_.map(dyn, dyn));
    if (name == "type") return pool_.type_of(basic(TypeKind::Type));
    if (name == "google.protobuf.Timestamp") return pool_.type_of(basic(TypeKind::Timestamp));
    if (name == "google.protobuf.Duration") return pool_.type_of(basic(TypeKind::Duration));
    const auto since = [&](int minor) { return options_.version >= KubernetesVersion{1, minor}; };
    if (name == "optional_type" && since(29)) return pool_.type_of(pool_.opaque("optional_type", {dyn}));
    if (name == "net.IP" && since(31)) return pool_.type_of(pool_.opaque("net.IP", {}));
    if (name == "net.CIDR" && since(31)) return pool_.type_of(pool_.opaque("net.CIDR", {}));
    return nullptr;
  }

  void undeclared(std::size_t offset, std::string_view name) {
    issues_.add(offset, fmt::format("undeclared reference to '{}' (in container '')", name));
  }

  void check(Expr* expr) {
    if (expr->type != nullptr) return;  // shared between parts of a macro
    switch (expr->kind) {
      case ExprKind::Literal: expr->type = literal_type(expr->literal); break;
      case ExprKind::Ident: check_ident(expr); break;
      case ExprKind::Select: check_select(expr); break;
      case ExprKind::Call: check_call(expr); break;
      case ExprKind::List: check_list(expr); break;
      case ExprKind::Map: check_map(expr); break;
      case ExprKind::Message: check_message(expr); break;
      case ExprKind::Comprehension: check_fold(expr); break;
    }
  }

  const Type* literal_type(LiteralKind kind) {
    switch (kind) {
      case LiteralKind::Null: return basic(TypeKind::Null);
      case LiteralKind::Bool: return basic(TypeKind::Bool);
      case LiteralKind::Int: return basic(TypeKind::Int);
      case LiteralKind::Uint: return basic(TypeKind::Uint);
      case LiteralKind::Double: return basic(TypeKind::Double);
      case LiteralKind::String: return basic(TypeKind::String);
      case LiteralKind::Bytes: return basic(TypeKind::Bytes);
    }
    return basic(TypeKind::Error);
  }

  void check_ident(Expr* expr) {
    expr->type = lookup(expr->name);
    if (expr->type != nullptr) return;
    expr->type = basic(TypeKind::Error);
    undeclared(expr->offset, expr->name);
  }

  void check_select(Expr* expr) {
    if (const auto name = qualified_name(*expr)) {
      if (const Type* type = lookup(*name)) {
        expr->kind = ExprKind::Ident;
        expr->name = *name;
        expr->target = nullptr;
        expr->type = type;
        return;
      }
    }
    check(expr->target);
    const Type* target = unifier_.substitute(expr->target->type, false);
    const bool optional = is_optional(*target);
    if (optional) target = unifier_.substitute(target->params[0], false);
    const Type* result = field_type(*target, expr->name, expr->offset);
    if (optional) result = pool_.opaque("optional_type", {result});
    if (expr->test_only) result = basic(TypeKind::Bool);
    expr->type = unifier_.substitute(result, false);
  }

  const Type* field_type(const Type& target, std::string_view field, std::size_t offset) {
    switch (target.kind) {
      case TypeKind::Map: return target.params[1];
      case TypeKind::Object: {
        const DeclField* found = target.decl == nullptr ? nullptr : target.decl->find_field(field);
        if (found != nullptr) return pool_.of(*found->type, target.name + "." + std::string(field));
        issues_.add(offset, fmt::format("undefined field '{}'", field));
        return basic(TypeKind::Error);
      }
      case TypeKind::Param: unifier_.assignable(basic(TypeKind::Dyn), &target); return basic(TypeKind::Dyn);
      case TypeKind::Dyn:
      case TypeKind::Error: return basic(TypeKind::Dyn);
      default:
        issues_.add(offset, fmt::format("type '{}' does not support field selection",
                                        options_.version < kUndeclaredIsError ? wire_name(target)
                                                                              : format_type(target)));
        return basic(TypeKind::Error);
    }
  }

  void check_call(Expr* expr) {
    if (expr->name == "_?._") return check_optional_select(expr);
    for (Expr* arg : expr->args) check(arg);
    if (expr->target == nullptr) {
      std::string_view name = expr->name;
      if (name.starts_with('.')) name.remove_prefix(1);
      const auto overloads = find_overloads(name, options_.version);
      if (overloads.empty()) {
        undeclared(expr->offset, expr->name);
        expr->type = basic(TypeKind::Error);
        return;
      }
      expr->name = std::string(name);
      return resolve(expr, overloads);
    }
    if (const auto prefix = qualified_name(*expr->target)) {
      const std::string name = *prefix + "." + expr->name;
      if (const auto overloads = find_overloads(name, options_.version); !overloads.empty()) {
        expr->name = name;
        expr->target = nullptr;
        return resolve(expr, overloads);
      }
    }
    check(expr->target);
    const auto overloads = find_overloads(expr->name, options_.version);
    if (!overloads.empty()) return resolve(expr, overloads);
    undeclared(expr->offset, expr->name);
    expr->type = basic(options_.version < kUndeclaredIsError ? TypeKind::Unknown : TypeKind::Error);
  }

  // operand.?field
  void check_optional_select(Expr* expr) {
    check(expr->args[0]);
    check(expr->args[1]);
    const Type* target = unifier_.substitute(expr->args[0]->type, false);
    if (is_optional(*target)) target = unifier_.substitute(target->params[0], false);
    const Type* result = field_type(*target, expr->args[1]->name, expr->offset);
    expr->type = pool_.opaque("optional_type", {unifier_.substitute(result, false)});
  }

  void resolve(Expr* expr, const std::vector<const Overload*>& overloads) {
    std::vector<const Type*> types;
    if (expr->target != nullptr) types.push_back(expr->target->type);
    for (const Expr* arg : expr->args) types.push_back(arg->type);
    const Type* result = nullptr;
    for (const Overload* overload : overloads) {
      if (overload->method != (expr->target != nullptr) || overload->params.size() != types.size()) continue;
      std::vector<std::pair<std::string_view, const Type*>> fresh;
      std::vector<const Type*> params;
      for (const Type* param : overload->params) params.push_back(instantiate(*overload, param, fresh));
      if (!unifier_.assignable(types, params)) continue;
      expr->overloads.push_back(overload);
      const Type* own = unifier_.substitute(instantiate(*overload, overload->result, fresh), false);
      if (result == nullptr) {
        result = own;
      } else if (!is_dyn(*result) && !same_type(*own, *result)) {
        result = basic(TypeKind::Dyn);
      }
    }
    if (result == nullptr) {
      issues_.add(expr->offset, fmt::format("found no matching overload for '{}' applied to '{}'", expr->name,
                                            signature(types, expr->target != nullptr)));
      result = basic(TypeKind::Error);
    }
    expr->type = result;
  }

  std::string signature(const std::vector<const Type*>& types, bool method) {
    std::string out;
    std::size_t first = 0;
    if (method) {
      out = format_type(*types[0]) + ".";
      first = 1;
    }
    out += "(";
    for (std::size_t i = first; i < types.size(); ++i) {
      if (i > first) out += ", ";
      out += format_type(*types[i]);
    }
    return out + ")";
  }

  // With variables of its own for the type parameters.
  const Type* instantiate(const Overload& overload, const Type* type,
                          std::vector<std::pair<std::string_view, const Type*>>& fresh) {
    if (!overload.generic) return type;
    if (type->kind == TypeKind::Param) {
      for (const auto& [name, variable] : fresh) {
        if (name == type->name) return variable;
      }
      return fresh.emplace_back(type->name, pool_.fresh_variable()).second;
    }
    if (type->params.empty()) return type;
    std::vector<const Type*> params;
    for (const Type* param : type->params) params.push_back(instantiate(overload, param, fresh));
    switch (type->kind) {
      case TypeKind::List: return pool_.list(params[0]);
      case TypeKind::Map: return pool_.map(params[0], params[1]);
      case TypeKind::Type: return pool_.type_of(params[0]);
      default: return pool_.opaque(type->name, std::move(params));
    }
  }

  // The type of all elements of a literal.
  const Type* join(std::size_t offset, const Type* before, const Type* next) {
    if (before == nullptr) return next;
    if (unifier_.assignable(before, next)) return as_general(*before, *next) ? before : next;
    issues_.add(offset,
                fmt::format("expected type '{}' but found '{}'", format_type(*before), format_type(*next)));
    return basic(TypeKind::Error);
  }

  // Of `?x` in a literal: what the optional holds.
  const Type* element_type(const Expr* expr, std::size_t index, const Expr* element) {
    if (index >= expr->optional.size() || !expr->optional[index]) return element->type;
    const Type* type = unifier_.substitute(element->type, false);
    if (is_optional(*type)) return type->params[0];
    if (!is_dyn(*type)) {
      issues_.add(element->offset,
                  fmt::format("expected type '{}' but found '{}'",
                              format_type(*pool_.opaque("optional_type", {type})), format_type(*type)));
    }
    return type;
  }

  void check_list(Expr* expr) {
    const Type* element = nullptr;
    for (std::size_t i = 0; i < expr->args.size(); ++i) {
      check(expr->args[i]);
      element = join(expr->args[i]->offset, element, element_type(expr, i, expr->args[i]));
    }
    expr->type = pool_.list(element != nullptr ? element : pool_.fresh_variable());
  }

  void check_map(Expr* expr) {
    const Type* key = nullptr;
    const Type* value = nullptr;
    for (std::size_t i = 0; i + 1 < expr->args.size(); i += 2) {
      check(expr->args[i]);
      key = join(expr->args[i]->offset, key, expr->args[i]->type);
      check(expr->args[i + 1]);
      value = join(expr->args[i + 1]->offset, value, element_type(expr, i / 2, expr->args[i + 1]));
    }
    if (key == nullptr) {
      key = pool_.fresh_variable();
      value = pool_.fresh_variable();
    }
    expr->type = pool_.map(key, value);
  }

  void check_message(Expr* expr) {
    expr->type = basic(TypeKind::Error);
    const Type* named = lookup(expr->name);
    if (named == nullptr) return undeclared(expr->offset, expr->name);
    issues_.add(expr->offset, fmt::format("'{}' is not a {}type", format_type(*named),
                                          named->kind == TypeKind::Type ? "message " : ""));
  }

  void check_fold(Expr* expr) {
    Fold& fold = *expr->fold;
    if (fold.init == nullptr) {
      expr->type = basic(TypeKind::Error);
      return;
    }
    check(fold.range);
    check(fold.init);
    const Type* accu = fold.init->type;
    const Type* range = unifier_.substitute(fold.range->type, false);
    const Type* first = basic(TypeKind::Dyn);
    const Type* second = first;
    switch (range->kind) {
      case TypeKind::List:
        second = range->params[0];
        first = fold.iter_var2.empty() ? second : basic(TypeKind::Int);
        break;
      case TypeKind::Map:
        first = range->params[0];
        second = range->params[1];
        break;
      case TypeKind::Dyn:
      case TypeKind::Error:
      case TypeKind::Param: unifier_.assignable(basic(TypeKind::Dyn), range); break;
      default:
        issues_.add(
            fold.range->offset,
            fmt::format("expression of type '{}' cannot be range of a comprehension (must be list, map, or "
                        "dynamic)",
                        format_type(*range)));
        first = second = basic(TypeKind::Error);
    }
    declare(fold.accu_var, accu);
    declare(fold.iter_var, first);
    if (!fold.iter_var2.empty()) declare(fold.iter_var2, second);
    check(fold.condition);
    assert_type(fold.condition, basic(TypeKind::Bool));
    check(fold.step);
    assert_type(fold.step, accu);
    if (!fold.iter_var2.empty()) scope_.pop_back();
    scope_.pop_back();
    check(fold.result);
    scope_.pop_back();
    expr->type = unifier_.substitute(fold.result->type, false);
  }

  void assert_type(const Expr* expr, const Type* wanted) {
    if (unifier_.assignable(wanted, expr->type)) return;
    issues_.add(expr->offset, fmt::format("expected type '{}' but found '{}'", format_type(*wanted),
                                          format_type(*expr->type)));
  }

  // Variables that stayed free are dyn.
  void finish(Expr* expr) {
    if (expr == nullptr || expr->type == nullptr || !finished_.insert({expr->id, true}).second) return;
    expr->type = unifier_.substitute(expr->type, true);
    finish(expr->target);
    for (Expr* arg : expr->args) finish(arg);
    if (!expr->fold) return;
    for (Expr* part :
         {expr->fold->range, expr->fold->init, expr->fold->condition, expr->fold->step, expr->fold->result}) {
      finish(part);
    }
  }

  Ast& ast_;
  const CheckOptions& options_;
  TypePool& pool_;
  Issues& issues_;
  Unifier unifier_;
  std::vector<Variable> scope_;
  std::map<int, bool> finished_;
};

}  // namespace

void check(Ast& ast, const CheckOptions& options, TypePool& pool, Issues& issues) {
  Checker(ast, options, pool, issues).run();
}

}  // namespace neoid::cel
