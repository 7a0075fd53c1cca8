// The instructions that are no loops: run() functions for program.cc to choose from.
#pragma once

#include "reconcile/cel/program.h"

namespace neoid::cel::instructions {

Value constant(const Instruction& self, Frame& frame);
Value variable(const Instruction& self, Frame& frame);
Value select(const Instruction& self, Frame& frame);           // operand
Value has(const Instruction& self, Frame& frame);              // operand
Value optional_select(const Instruction& self, Frame& frame);  // operand
Value index(const Instruction& self, Frame& frame);            // operand, index
Value optional_index(const Instruction& self, Frame& frame);   // operand, index
Value list(const Instruction& self, Frame& frame);             // elements
Value map(const Instruction& self, Frame& frame);              // key, value, key, value...
Value logical_and(const Instruction& self, Frame& frame);
Value logical_or(const Instruction& self, Frame& frame);
Value conditional(const Instruction& self, Frame& frame);
Value bind(const Instruction& self, Frame& frame);         // value, result; slot
Value optional_or(const Instruction& self, Frame& frame);  // an optional, what is used if it is empty
Value optional_or_value(const Instruction& self, Frame& frame);
Value call(const Instruction& self, Frame& frame);            // arguments, the receiver first
Value operator_call(const Instruction& self, Frame& frame);   // one implementation for all overloads
Value match_constant(const Instruction& self, Frame& frame);  // text, pattern [, limit]
Value find_constant(const Instruction& self, Frame& frame);
Value find_all_constant(const Instruction& self, Frame& frame);

}  // namespace neoid::cel::instructions
