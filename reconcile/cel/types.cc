#include "reconcile/cel/types.h"

#include <fmt/format.h>

#include <array>

namespace neoid::cel {
namespace {

std::string_view plain_name(TypeKind kind) {
  switch (kind) {
    case TypeKind::Unknown: return "<nil>";
    case TypeKind::Error: return "!error!";
    case TypeKind::Dyn: return "dyn";
    case TypeKind::Null: return "null";
    case TypeKind::Bool: return "bool";
    case TypeKind::Int: return "int";
    case TypeKind::Uint: return "uint";
    case TypeKind::Double: return "double";
    case TypeKind::String: return "string";
    case TypeKind::Bytes: return "bytes";
    case TypeKind::Timestamp: return "timestamp";
    case TypeKind::Duration: return "duration";
    case TypeKind::List: return "list";
    case TypeKind::Map: return "map";
    case TypeKind::Type: return "type";
    case TypeKind::Object:
    case TypeKind::Opaque:
    case TypeKind::Param: break;
  }
  return "";
}

bool takes_null(const Type& type) {
  switch (type.kind) {
    case TypeKind::Opaque:
    case TypeKind::Object:
    case TypeKind::Null:
    case TypeKind::Timestamp:
    case TypeKind::Duration: return true;
    default: return false;
  }
}

}  // namespace

std::string format_type(const Type& type) {
  std::string name(plain_name(type.kind));
  if (name.empty()) name = type.name;
  if (type.params.empty()) return name;
  std::string out = name + "(";
  for (std::size_t i = 0; i < type.params.size(); ++i) {
    if (i > 0) out += ", ";
    out += format_type(*type.params[i]);
  }
  return out + ")";
}

bool same_type(const Type& a, const Type& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.name != b.name || a.variable != b.variable ||
      a.params.size() != b.params.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.params.size(); ++i) {
    if (!same_type(*a.params[i], *b.params[i])) return false;
  }
  return true;
}

const Type* basic_type(TypeKind kind) {
  static const auto types = [] {
    std::array<Type, static_cast<std::size_t>(TypeKind::Param) + 1> all;
    for (std::size_t i = 0; i < all.size(); ++i) all[i].kind = static_cast<TypeKind>(i);
    return all;
  }();
  return &types[static_cast<std::size_t>(kind)];
}

const Type* TypePool::of(const DeclType& decl, const std::string& path) {
  switch (decl.kind) {
    case DeclKind::Bool: return basic_type(TypeKind::Bool);
    case DeclKind::Int: return basic_type(TypeKind::Int);
    case DeclKind::Double: return basic_type(TypeKind::Double);
    case DeclKind::String: return basic_type(TypeKind::String);
    case DeclKind::Bytes: return basic_type(TypeKind::Bytes);
    case DeclKind::Duration: return basic_type(TypeKind::Duration);
    case DeclKind::Date:
    case DeclKind::DateTime: return basic_type(TypeKind::Timestamp);
    case DeclKind::IntOrString: return basic_type(TypeKind::Dyn);
    case DeclKind::List: return list(of(*decl.element, path + ".@idx"));
    case DeclKind::Map: return map(basic_type(TypeKind::String), of(*decl.element, path + ".@elem"));
    case DeclKind::Object: return object(path, &decl);
  }
  return basic_type(TypeKind::Error);
}

const Type* TypePool::add(Type type) {
  constexpr int kMaxWeight = 10'000;
  for (const Type* param : type.params) type.weight += param->weight;
  if (type.weight > kMaxWeight) return basic_type(TypeKind::Dyn);
  return &types_.emplace_back(std::move(type));
}

const Type* TypePool::fresh_variable() {
  Type type{TypeKind::Param, fmt::format("_var{}", variables_)};
  type.variable = variables_++;
  return add(std::move(type));
}

bool is_dyn(const Type& type) { return type.kind == TypeKind::Dyn; }
bool is_dyn_or_error(const Type& type) { return type.kind == TypeKind::Dyn || type.kind == TypeKind::Error; }

bool as_general(const Type& a, const Type& b) {
  if (is_dyn(a) || a.kind == TypeKind::Param) return true;
  if (is_dyn(b) || b.kind == TypeKind::Param || a.kind != b.kind) return false;
  switch (a.kind) {
    case TypeKind::Opaque:
    case TypeKind::List:
    case TypeKind::Map:
      if (a.name != b.name || a.params.size() != b.params.size()) return false;
      for (std::size_t i = 0; i < a.params.size(); ++i) {
        if (!as_general(*a.params[i], *b.params[i])) return false;
      }
      return true;
    case TypeKind::Type: return true;
    default: return same_type(a, b);
  }
}

bool Unifier::assignable(const Type* from, const Type* to) {
  const std::size_t mark = trail_.size();
  if (check(from, to)) return true;
  roll_back(mark);
  return false;
}

bool Unifier::assignable(const std::vector<const Type*>& from, const std::vector<const Type*>& to) {
  const std::size_t mark = trail_.size();
  if (check_all(from, to)) return true;
  roll_back(mark);
  return false;
}

const Type* Unifier::substitute(const Type* type, bool unknown_to_dyn) {
  if (const Type* bound = find(type)) return substitute(bound, unknown_to_dyn);
  if (type->kind == TypeKind::Param) return unknown_to_dyn ? basic_type(TypeKind::Dyn) : type;
  if (type->params.empty()) return type;
  std::vector<const Type*> params;
  bool changed = false;
  for (const Type* param : type->params) {
    params.push_back(substitute(param, unknown_to_dyn));
    changed = changed || params.back() != param;
  }
  if (!changed) return type;
  switch (type->kind) {
    case TypeKind::List: return pool_.list(params[0]);
    case TypeKind::Map: return pool_.map(params[0], params[1]);
    case TypeKind::Type: return pool_.type_of(params[0]);
    default: return pool_.opaque(type->name, std::move(params));
  }
}

const Type* Unifier::find(const Type* type) const {
  if (type->variable < 0 || static_cast<std::size_t>(type->variable) >= bindings_.size()) return nullptr;
  return bindings_[static_cast<std::size_t>(type->variable)];
}

void Unifier::bind(const Type* variable, const Type* type) {
  const auto index = static_cast<std::size_t>(variable->variable);
  if (index >= bindings_.size()) bindings_.resize(index + 1, nullptr);
  trail_.push_back({variable->variable, bindings_[index]});
  bindings_[index] = type;
}

void Unifier::roll_back(std::size_t mark) {
  for (; trail_.size() > mark; trail_.pop_back()) {
    bindings_[static_cast<std::size_t>(trail_.back().variable)] = trail_.back().before;
  }
}

bool Unifier::check_all(const std::vector<const Type*>& from, const std::vector<const Type*>& to) {
  if (from.size() != to.size()) return false;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!check(from[i], to[i])) return false;
  }
  return true;
}

bool Unifier::check(const Type* from, const Type* to) {
  if (to->kind == TypeKind::Param) {
    const Substitution result = try_bind(from, to);
    if (result.valid) return true;
    if (result.bound) return false;
  }
  if (from->kind == TypeKind::Param) return try_bind(to, from).valid;
  if (is_dyn_or_error(*from) || is_dyn_or_error(*to)) return true;
  if (from->kind == TypeKind::Null) return takes_null(*to);
  if (from->kind != to->kind) return false;
  switch (from->kind) {
    case TypeKind::Type: return true;
    case TypeKind::Unknown: return false;
    default: return from->name == to->name && check_all(from->params, to->params);
  }
}

Unifier::Substitution Unifier::try_bind(const Type* type, const Type* variable) {
  if (same_type(*type, *variable)) return {true, true};
  if (const Type* bound = find(variable)) {
    if (same_type(*type, *bound)) return {true, true};
    if (!check(type, bound)) return {false, true};
    const Type* general = as_general(*type, *bound) ? type : bound;
    if (!occurs(variable, general)) bind(variable, general);
    return {true, true};
  }
  if (variable->variable < 0 || occurs(variable, type)) return {false, false};
  bind(variable, type);
  return {true, false};
}

bool Unifier::occurs(const Type* variable, const Type* within) const {
  if (same_type(*variable, *within)) return true;
  if (within->kind == TypeKind::Param) {
    const Type* bound = find(within);
    return bound != nullptr && occurs(variable, bound);
  }
  for (const Type* param : within->params) {
    if (occurs(variable, param)) return true;
  }
  return false;
}

}  // namespace neoid::cel
