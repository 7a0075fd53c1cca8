// The syntax tree of a rule, macros expanded. Made by the parser, annotated by the checker, then turned into a program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace neoid::cel {

struct Type;
struct Overload;

enum class ExprKind { Literal, Ident, Select, Call, List, Map, Message, Comprehension };
enum class LiteralKind { Null, Bool, Int, Uint, Double, String, Bytes };

// Which macro a comprehension came from: the program runs a loop of its own for each.
enum class Macro {
  All,
  Exists,
  ExistsOne,
  Map,  // list of transform, for those that pass the predicate if there is one
  Filter,
  TransformMap,       // two variables: map of key to transform
  TransformMapEntry,  // two variables: the union of the maps that transform makes
};

struct Fold;

struct Expr {
  ExprKind kind = ExprKind::Literal;
  std::size_t offset = 0;  // bytes from the start of the rule: of an operator its sign, of a call its bracket
  int id = 0;              // unique in the tree, dense from 0
  int depth = 1;

  LiteralKind literal = LiteralKind::Null;
  bool bool_value = false;
  std::int64_t int_value = 0;
  std::uint64_t uint_value = 0;
  double double_value = 0;

  std::string name;            // a string's value, an identifier, a field, a function, a message
  bool test_only = false;      // of Select: has()
  Expr* target = nullptr;      // of Select and of Call with a receiver
  std::vector<Expr*> args;     // of Call; elements of List; key, value, key, value... of Map
  std::vector<bool> optional;  // of List and Map: which elements or entries are `?x`; empty if none
  std::unique_ptr<Fold> fold;  // of Comprehension

  // By the checker.
  const Type* type = nullptr;
  std::vector<const Overload*> overloads;
};

// accu = init; for each element of range, while condition: accu = step; then result.
struct Fold {
  Macro macro = Macro::All;
  std::string iter_var;
  std::string iter_var2;  // empty unless the macro has two variables
  std::string accu_var;
  Expr* range = nullptr;
  Expr* init = nullptr;
  Expr* condition = nullptr;
  Expr* step = nullptr;
  Expr* result = nullptr;
  // What the macro was written with.
  Expr* predicate = nullptr;  // may be null
  Expr* transform = nullptr;  // may be null
};

class Ast {
 public:
  Expr* make(ExprKind kind, std::size_t offset) {
    Expr& expr = nodes_.emplace_back();
    expr.kind = kind;
    expr.offset = offset;
    expr.id = static_cast<int>(nodes_.size()) - 1;
    return &expr;
  }
  std::size_t size() const { return nodes_.size(); }

  Expr* root = nullptr;

 private:
  std::deque<Expr> nodes_;  // stable addresses
};

}  // namespace neoid::cel
