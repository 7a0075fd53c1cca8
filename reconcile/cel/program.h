// A checked rule as a tree of instructions: names resolved to slots and fields, calls to function pointers, constants
// computed, constant patterns compiled. Immutable once made; runs in a Frame of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "reconcile/cel/ast.h"
#include "reconcile/cel/functions.h"
#include "reconcile/cel/value.h"
#include "tl/expected.hpp"

namespace re2 {
class RE2;
}

namespace neoid::cel {

// One evaluation.
struct Frame {
  Arena arena;
  Value* slots = nullptr;  // self, oldSelf, then the variables of macros
  std::uint64_t cost = 0;
  std::uint64_t limit = 0;

  bool over() const { return cost > limit; }
};

// What a call says whose arguments, known only now, fit no overload.
enum class Mismatch {
  Library,   // "no such overload: lowerAscii(int)"
  Standard,  // "no such overload: startsWith", or without the name if the receiver has methods at all
  Convert,   // "type conversion error from 'int' to 'bool'"
};

struct Instruction {
  using Run = Value (*)(const Instruction& self, Frame& frame);
  Run run = nullptr;
  std::vector<const Instruction*> parts;
  Value constant;
  std::string_view name;             // of a field or function
  std::size_t slot = 0;              // of a variable, of a macro's first
  std::size_t slot2 = 0;             // of a macro's second variable, 0: it has none
  const DeclType* decl = nullptr;    // of a selection: what the operand is declared as, if it is an object
  const DeclField* field = nullptr;  // and the field in it
  std::vector<const Overload*> overloads;
  Mismatch mismatch = Mismatch::Library;
  std::shared_ptr<const re2::RE2> pattern;
  std::vector<bool> optional;  // which parts of a literal are `?x`

  Value operator()(Frame& frame) const { return run(*this, frame); }
};

class Program {
 public:
  // `ast` is borrowed for the call. The error: a constant that does not convert, a pattern that is none.
  static tl::expected<Program, std::string> make(const Ast& ast);
  // The same over these variables in place of self and oldSelf; the first slots are theirs, in order.
  static tl::expected<Program, std::string> make(const Ast& ast, const std::vector<std::string>& variables);

  Value run(Frame& frame) const { return (*root_)(frame); }
  std::size_t slots() const { return slots_; }
  bool uses_old_self() const { return uses_old_self_; }

 private:
  friend class ProgramBuilder;
  std::deque<Instruction> instructions_;
  std::unique_ptr<Arena> constants_ = std::make_unique<Arena>();
  const Instruction* root_ = nullptr;
  std::size_t slots_ = 2;
  bool uses_old_self_ = false;
};

Value cancelled();

// The loops of macros, by what the macro makes; run() of their instructions. parts: range, then what the macro has.
namespace loops {
Value all(const Instruction& self, Frame& frame);
Value exists(const Instruction& self, Frame& frame);
Value exists_one(const Instruction& self, Frame& frame);
Value map(const Instruction& self, Frame& frame);           // range, transform
Value map_filtered(const Instruction& self, Frame& frame);  // range, predicate, transform
Value filter(const Instruction& self, Frame& frame);
Value transform_map(const Instruction& self, Frame& frame);        // range, transform[, predicate]
Value transform_map_entry(const Instruction& self, Frame& frame);  // range, transform[, predicate]
}  // namespace loops

}  // namespace neoid::cel
