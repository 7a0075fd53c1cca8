// Types of expressions, and when one may stand for another: CEL's type system with free type variables.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/cel/decl_type.h"

namespace neoid::cel {

enum class TypeKind {
  Unknown,  // of a call to a method that nobody declared
  Error,
  Dyn,
  Null,
  Bool,
  Int,
  Uint,
  Double,
  String,
  Bytes,
  Timestamp,
  Duration,
  List,
  Map,
  Object,  // of a DeclType, or one of Kubernetes' own ("kubernetes.URL")
  Type,    // the type of a type
  Opaque,  // with parameters: optional_type(T), net.IP
  Param,   // a type variable
};

struct Type {
  TypeKind kind = TypeKind::Unknown;
  std::string name = {};                 // of Object, Opaque and Param
  std::vector<const Type*> params = {};  // of List, Map, Opaque; of Type the type it names, if known
  const DeclType* decl = nullptr;        // of Object: null for Kubernetes' own
  int variable = -1;                     // of a Param that the checker made
  int weight = 1;                        // how many types it is made of
};

// As messages name it: "list(string)", "map(string, !error!)", "<nil>".
std::string format_type(const Type& type);
bool same_type(const Type& a, const Type& b);

// Basic types, shared by all.
const Type* basic_type(TypeKind kind);

// Owns the types of one compilation (or of the function tables). A type of more than 10,000 parts becomes dyn.
class TypePool {
 public:
  const Type* list(const Type* element) { return add({TypeKind::List, {}, {element}}); }
  const Type* map(const Type* key, const Type* value) { return add({TypeKind::Map, {}, {key, value}}); }
  const Type* type_of(const Type* named) { return add({TypeKind::Type, {}, {named}}); }
  const Type* object(std::string name, const DeclType* decl = nullptr) {
    return add({TypeKind::Object, std::move(name), {}, decl});
  }
  const Type* opaque(std::string name, std::vector<const Type*> params) {
    return add({TypeKind::Opaque, std::move(name), std::move(params)});
  }
  const Type* param(std::string name) { return add({TypeKind::Param, std::move(name)}); }
  // What a rule sees of a declared type; objects inside are named after the path to them.
  const Type* of(const DeclType& decl, const std::string& path);
  const Type* fresh_variable();

 private:
  const Type* add(Type type);
  std::deque<Type> types_;
  int variables_ = 0;
};

// What type variables stand for. Attempts that fail leave no trace.
class Unifier {
 public:
  explicit Unifier(TypePool& pool) : pool_(pool) {}

  bool assignable(const Type* from, const Type* to);
  bool assignable(const std::vector<const Type*>& from, const std::vector<const Type*>& to);
  // With all known variables replaced; the unknown ones stay, or become dyn.
  const Type* substitute(const Type* type, bool unknown_to_dyn);

 private:
  struct Binding {
    int variable;
    const Type* before;
  };
  const Type* find(const Type* type) const;
  void bind(const Type* variable, const Type* type);
  void roll_back(std::size_t mark);
  bool check(const Type* from, const Type* to);
  bool check_all(const std::vector<const Type*>& from, const std::vector<const Type*>& to);
  struct Substitution {
    bool valid;
    bool bound;
  };
  Substitution try_bind(const Type* type, const Type* variable);
  bool occurs(const Type* variable, const Type* within) const;

  TypePool& pool_;
  std::vector<const Type*> bindings_;  // by variable
  std::vector<Binding> trail_;
};

bool is_dyn(const Type& type);
bool is_dyn_or_error(const Type& type);
// Whether `a` is as general as `b` or more.
bool as_general(const Type& a, const Type& b);

}  // namespace neoid::cel
