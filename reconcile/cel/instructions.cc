#include "reconcile/cel/instructions.h"

#include <fmt/format.h>

#include <array>

#include "reconcile/cel/cost.h"
#include "reconcile/cel/regex.h"
#include "reconcile/cel/runtime_cost.h"

namespace neoid::cel {

Value cancelled() {
  Value out = make_static_error("operation cancelled: actual cost limit exceeded");
  out.cancelled = true;
  return out;
}

namespace instructions {
namespace {

constexpr std::size_t kMaxArguments = 4;

Value no_overload() { return make_static_error("no such overload"); }

std::string key_text(const Value& key) {
  switch (key.kind) {
    case ValueKind::String: return std::string(key.str());
    case ValueKind::Bool: return key.boolean ? "true" : "false";
    case ValueKind::Int: return fmt::format("{}", key.integer);
    case ValueKind::Uint: return fmt::format("{}", key.uinteger);
    case ValueKind::Double: return fmt::format("{}", key.number);
    default: return std::string(type_name(key));
  }
}

Value no_such_key(Frame& frame, const Value& key) {
  return make_error(frame.arena, fmt::format("no such key: {}", key_text(key)));
}

Value some(Frame& frame, const Value& value) {
  Value out;
  out.kind = ValueKind::Optional;
  out.optional = frame.arena.make(OptionalNode{true, value});
  return out;
}

Value none() {
  static const OptionalNode kNone;
  Value out;
  out.kind = ValueKind::Optional;
  out.optional = &kNone;
  return out;
}

// The field of a value that has fields; false: it is not there. What cannot have any is an Error.
bool find_field(const Instruction& self, Frame& frame, const Value& operand, Value& out) {
  if (!operand.is(ValueKind::Map)) {
    out = no_overload();
    return true;
  }
  if (operand.is_json() && self.decl != nullptr && operand.decl == self.decl) {
    const auto found = operand.json->find(self.field->name);
    if (found == operand.json->end() || found->is_null()) return false;
    out = from_json(*found, *self.field->type, frame.arena, self.field->nullable);
    return true;
  }
  return find_key(operand, self.name, frame.arena, out);
}

// Whole numbers of any type can be an index.
bool as_index(const Value& value, std::int64_t& out) {
  if (value.is(ValueKind::Int)) {
    out = value.integer;
    return true;
  }
  if (value.is(ValueKind::Uint) && value.uinteger <= static_cast<std::uint64_t>(INT64_MAX)) {
    out = static_cast<std::int64_t>(value.uinteger);
    return true;
  }
  if (value.is(ValueKind::Double) && value.number >= -9e15 && value.number <= 9e15) {
    out = static_cast<std::int64_t>(value.number);
    return static_cast<double>(out) == value.number;
  }
  return false;
}

Value item_at(Frame& frame, const Value& list, const Value& position) {
  std::int64_t at = 0;
  if (list.is_json() && !position.is(ValueKind::Int)) {
    return make_error(frame.arena, fmt::format("unsupported index: {}", key_text(position)));
  }
  if (!as_index(position, at)) {
    return make_error(frame.arena, fmt::format("unsupported index type '{}' in list", type_name(position)));
  }
  std::size_t size = list_size(list);
  if (at >= 0 && static_cast<std::size_t>(at) < size)
    return list_item(list, static_cast<std::size_t>(at), frame.arena);
  const bool declared = list.is_json() || list.list->decl != nullptr;
  if (declared) return make_error(frame.arena, fmt::format("index out of bounds: {}", at));
  // Of a concatenation the part that the index falls into complains.
  if (list.list->first_part > 0) {
    const auto first = static_cast<std::int64_t>(list.list->first_part);
    const bool in_first = at < first;
    size = in_first ? list.list->first_part : size - list.list->first_part;
    if (!in_first) at -= first;
  }
  return make_error(frame.arena, fmt::format("index '{}' out of range in list size '{}'", at, size));
}

// Evaluates the arguments; the first error among them is the result.
bool arguments(const Instruction& self, Frame& frame, std::array<Value, kMaxArguments>& args, Value& error) {
  for (std::size_t i = 0; i < self.parts.size(); ++i) {
    args[i] = (*self.parts[i])(frame);
    if (args[i].cancelled) {
      error = args[i];
      return false;
    }
  }
  for (std::size_t i = 0; i < self.parts.size(); ++i) {
    if (!args[i].is_error()) continue;
    error = args[i];
    return false;
  }
  return true;
}

bool accepts_all(const Overload& overload, const std::array<Value, kMaxArguments>& args) {
  for (std::size_t i = 0; i < overload.params.size(); ++i) {
    if (!accepts(*overload.params[i], args[i])) return false;
  }
  return true;
}

bool has_methods(const Value& value) {
  return value.is(ValueKind::String) || value.is(ValueKind::Duration) || value.is(ValueKind::Timestamp);
}

Value no_overload_of(const Instruction& self, Frame& frame, const std::array<Value, kMaxArguments>& args) {
  std::string types;
  for (std::size_t i = 0; i < self.parts.size(); ++i) {
    if (i > 0) types += ", ";
    types += type_name(args[i]);
  }
  return make_error(frame.arena, fmt::format("no such overload: {}({})", self.name, types));
}

Value run_overload(const Overload& overload, Frame& frame, const std::array<Value, kMaxArguments>& args,
                   std::size_t count) {
  const Call call{frame.arena, args.data(), count};
  const Value result = overload.function(call);
  frame.cost += runtime_cost(overload.cost, call, result);
  return frame.over() ? cancelled() : result;
}

}  // namespace

Value constant(const Instruction& self, Frame&) { return self.constant; }

Value variable(const Instruction& self, Frame& frame) {
  frame.cost += 1;
  return frame.slots[self.slot];
}

Value select(const Instruction& self, Frame& frame) {
  const Value operand = (*self.parts[0])(frame);
  frame.cost += 1;
  if (operand.is_error()) return operand;
  Value out;
  if (operand.is(ValueKind::Optional)) {
    if (!operand.optional->has_value) return operand;
    return find_field(self, frame, operand.optional->value, out) ? (out.is_error() ? out : some(frame, out))
                                                                 : none();
  }
  return find_field(self, frame, operand, out) ? out : no_such_key(frame, make_string(self.name));
}

Value has(const Instruction& self, Frame& frame) {
  Value operand = (*self.parts[0])(frame);
  if (operand.is_error()) return operand;
  if (operand.is(ValueKind::Optional)) {
    if (!operand.optional->has_value) return make_bool(false);
    operand = operand.optional->value;
  }
  Value out;
  const bool found = find_field(self, frame, operand, out);
  return found && out.is_error() ? out : make_bool(found);
}

Value optional_select(const Instruction& self, Frame& frame) {
  Value operand = (*self.parts[0])(frame);
  frame.cost += 1;
  if (operand.is_error()) return operand;
  if (operand.is(ValueKind::Optional)) {
    if (!operand.optional->has_value) return operand;
    operand = operand.optional->value;
  }
  Value out;
  if (!find_field(self, frame, operand, out)) return none();
  return out.is_error() ? out : some(frame, out);
}

namespace {

Value element_of(Frame& frame, const Value& operand, const Value& key) {
  if (operand.is(ValueKind::List)) return item_at(frame, operand, key);
  if (!operand.is(ValueKind::Map)) return no_overload();
  Value out;
  return find_key(operand, key, frame.arena, out) ? out : no_such_key(frame, key);
}

bool has_element(Frame& frame, const Value& operand, const Value& key) {
  std::int64_t at = 0;
  if (operand.is(ValueKind::List)) {
    return as_index(key, at) && at >= 0 && static_cast<std::size_t>(at) < list_size(operand);
  }
  Value out;
  return operand.is(ValueKind::Map) && find_key(operand, key, frame.arena, out);
}

}  // namespace

Value index(const Instruction& self, Frame& frame) {
  const Value operand = (*self.parts[0])(frame);
  if (operand.is_error()) return operand;
  const Value key = (*self.parts[1])(frame);
  frame.cost += 1;
  if (key.is_error()) return key;
  if (!operand.is(ValueKind::Optional)) return element_of(frame, operand, key);
  if (!operand.optional->has_value || !has_element(frame, operand.optional->value, key)) return none();
  const Value out = element_of(frame, operand.optional->value, key);
  return out.is_error() ? out : some(frame, out);
}

Value optional_index(const Instruction& self, Frame& frame) {
  Value operand = (*self.parts[0])(frame);
  if (operand.is_error()) return operand;
  const Value key = (*self.parts[1])(frame);
  frame.cost += 1;
  if (key.is_error()) return key;
  if (operand.is(ValueKind::Optional)) {
    if (!operand.optional->has_value) return operand;
    operand = operand.optional->value;
  }
  if (!has_element(frame, operand, key)) return none();
  const Value out = element_of(frame, operand, key);
  return out.is_error() ? out : some(frame, out);
}

Value list(const Instruction& self, Frame& frame) {
  Value* items = frame.arena.array<Value>(self.parts.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < self.parts.size(); ++i) {
    Value item = (*self.parts[i])(frame);
    if (item.is_error()) return item;
    if (i < self.optional.size() && self.optional[i]) {
      if (!item.is(ValueKind::Optional)) return no_overload();
      if (!item.optional->has_value) continue;
      item = item.optional->value;
    }
    items[size++] = item;
  }
  frame.cost += kListCost;
  return make_list(frame.arena, items, size);
}

Value map(const Instruction& self, Frame& frame) {
  MapBuilder builder(frame.arena, self.parts.size() / 2);
  for (std::size_t i = 0; i + 1 < self.parts.size(); i += 2) {
    const Value key = (*self.parts[i])(frame);
    if (key.is_error()) return key;
    Value value = (*self.parts[i + 1])(frame);
    if (value.is_error()) return value;
    if (i / 2 < self.optional.size() && self.optional[i / 2]) {
      if (!value.is(ValueKind::Optional)) return no_overload();
      if (!value.optional->has_value) continue;
      value = value.optional->value;
    }
    builder.insert(key, value);
  }
  frame.cost += kMapCost;
  return builder.finish();
}

namespace {

// `decisive`: the operand that decides alone; an error on one side waits for it on the other.
Value logical(const Instruction& self, Frame& frame, bool decisive) {
  const Value left = (*self.parts[0])(frame);
  if (left.is(ValueKind::Bool) && left.boolean == decisive) return left;
  if (left.cancelled) return left;
  const Value right = (*self.parts[1])(frame);
  if (right.cancelled) return right;
  if (right.is(ValueKind::Bool) && right.boolean == decisive) return right;
  if (left.is_error()) return left;
  if (right.is_error()) return right;
  return left.is(ValueKind::Bool) && right.is(ValueKind::Bool) ? make_bool(!decisive) : no_overload();
}

}  // namespace

Value logical_and(const Instruction& self, Frame& frame) { return logical(self, frame, false); }
Value logical_or(const Instruction& self, Frame& frame) { return logical(self, frame, true); }

Value conditional(const Instruction& self, Frame& frame) {
  const Value condition = (*self.parts[0])(frame);
  if (condition.is_error()) return condition;
  if (!condition.is(ValueKind::Bool)) return no_overload();
  return (*self.parts[condition.boolean ? 1 : 2])(frame);
}

Value bind(const Instruction& self, Frame& frame) {
  frame.slots[self.slot] = (*self.parts[0])(frame);
  return (*self.parts[1])(frame);
}

Value optional_or(const Instruction& self, Frame& frame) {
  const Value first = (*self.parts[0])(frame);
  if (first.is_error()) return first;
  if (!first.is(ValueKind::Optional)) return no_overload();
  return first.optional->has_value ? first : (*self.parts[1])(frame);
}

Value optional_or_value(const Instruction& self, Frame& frame) {
  const Value first = (*self.parts[0])(frame);
  if (first.is_error()) return first;
  if (!first.is(ValueKind::Optional)) return no_overload();
  return first.optional->has_value ? first.optional->value : (*self.parts[1])(frame);
}

Value call(const Instruction& self, Frame& frame) {
  std::array<Value, kMaxArguments> args;
  Value error;
  if (!arguments(self, frame, args, error)) return error;
  for (const Overload* overload : self.overloads) {
    if (accepts_all(*overload, args)) return run_overload(*overload, frame, args, self.parts.size());
  }
  switch (self.mismatch) {
    case Mismatch::Library: return no_overload_of(self, frame, args);
    case Mismatch::Standard:
      if (has_methods(args[0])) return no_overload();
      return make_error(frame.arena, fmt::format("no such overload: {}", self.name));
    case Mismatch::Convert: return run_overload(*self.overloads[0], frame, args, self.parts.size());
  }
  return no_overload();
}

Value operator_call(const Instruction& self, Frame& frame) {
  std::array<Value, kMaxArguments> args;
  Value error;
  if (!arguments(self, frame, args, error)) return error;
  // Of several candidates the one that fits is charged.
  const Overload* charged = self.overloads[0];
  for (std::size_t i = 1; i < self.overloads.size() && !accepts_all(*charged, args); ++i)
    charged = self.overloads[i];
  const Call made{frame.arena, args.data(), self.parts.size()};
  const Value result = charged->function(made);
  const bool fits = self.overloads.size() == 1 || accepts_all(*charged, args);
  frame.cost += fits && !result.is_error() ? runtime_cost(charged->cost, made, result) : 1;
  return frame.over() ? cancelled() : result;
}

namespace {

template <class Use>
Value with_text(const Instruction& self, Frame& frame, Use&& use) {
  std::array<Value, kMaxArguments> args;
  Value error;
  if (!arguments(self, frame, args, error)) return error;
  if (!accepts_all(*self.overloads[0], args)) return no_overload();
  const Call made{frame.arena, args.data(), self.parts.size()};
  frame.cost += runtime_cost(self.overloads[0]->cost, made, args[0]);
  if (frame.over()) return cancelled();
  return use(args);
}

}  // namespace

Value match_constant(const Instruction& self, Frame& frame) {
  return with_text(self, frame, [&](const auto& args) { return matches(*self.pattern, args[0].str()); });
}
Value find_constant(const Instruction& self, Frame& frame) {
  return with_text(self, frame, [&](const auto& args) { return find(*self.pattern, args[0].str()); });
}
Value find_all_constant(const Instruction& self, Frame& frame) {
  return with_text(self, frame, [&](const auto& args) {
    return find_all(*self.pattern, args[0].str(), self.parts.size() > 2 ? args[2].integer : -1, frame.arena);
  });
}

}  // namespace instructions
}  // namespace neoid::cel
