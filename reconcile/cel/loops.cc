// Macros that are loops. Errors are absorbed and costs are counted as by the expressions that the macros stand for.
#include <fmt/format.h>

#include "reconcile/cel/cost.h"
#include "reconcile/cel/program.h"

namespace neoid::cel::loops {
namespace {

// What the expanded forms cost around the predicate of one element: the condition, then the step.
constexpr std::uint64_t kAllCondition = 2;
constexpr std::uint64_t kExistsCondition = 3;
constexpr std::uint64_t kStep = 1;
constexpr std::uint64_t kCountUp = 2;
constexpr std::uint64_t kAppend = 2 + kListCost;

Value no_overload() { return make_static_error("no such overload"); }

// As a server names the implementation of a value.
std::string_view go_name(const Value& value) {
  switch (value.kind) {
    case ValueKind::Null: return "types.Null";
    case ValueKind::Bool: return "types.Bool";
    case ValueKind::Int: return "types.Int";
    case ValueKind::Uint: return "types.Uint";
    case ValueKind::Double: return "types.Double";
    case ValueKind::String: return "types.String";
    case ValueKind::Bytes: return "types.Bytes";
    case ValueKind::Duration: return "types.Duration";
    case ValueKind::Timestamp: return "types.Timestamp";
    default: return type_name(value);
  }
}

// Calls `body` for each element, variables set, until it returns false. The error of a range that is none, or of an
// evaluation that cost too much; Null if all went well.
template <class Body>
Value each(const Instruction& self, Frame& frame, Body&& body) {
  const Value range = (*self.parts[0])(frame);
  if (range.is_error()) return range;
  if (range.is(ValueKind::List)) {
    for (std::size_t i = 0, size = list_size(range); i < size; ++i) {
      const Value item = list_item(range, i, frame.arena);
      if (self.slot2 != 0) {
        frame.slots[self.slot] = make_int(static_cast<std::int64_t>(i));
        frame.slots[self.slot2] = item;
      } else {
        frame.slots[self.slot] = item;
      }
      if (!body()) return {};
      if (frame.over()) return cancelled();
    }
    return {};
  }
  if (!range.is(ValueKind::Map)) {
    return make_error(frame.arena, fmt::format("got '{}', expected iterable type", go_name(range)));
  }
  MapKeys keys(range);
  Value key;
  while (keys.next(key)) {
    frame.slots[self.slot] = key;
    if (self.slot2 != 0 && !find_key(range, key, frame.arena, frame.slots[self.slot2])) continue;
    if (!body()) return {};
    if (frame.over()) return cancelled();
  }
  return {};
}

// all() and exists(): `decisive` ends the loop, errors wait for it.
Value quantify(const Instruction& self, Frame& frame, bool decisive, std::uint64_t condition_cost) {
  Value accu = make_bool(!decisive);
  const Value failure = each(self, frame, [&] {
    frame.cost += condition_cost + kStep;
    const Value result = (*self.parts[1])(frame);
    if (result.is(ValueKind::Bool)) {
      if (result.boolean == decisive) accu = result;
    } else if (!accu.is_error()) {
      accu = result.is_error() ? result : no_overload();
    }
    return !(accu.is(ValueKind::Bool) && accu.boolean == decisive) && !result.cancelled;
  });
  if (failure.is_error()) return failure;
  frame.cost += condition_cost + 1;
  return accu;
}

std::size_t last_part(const Instruction& self) { return self.parts.size() - 1; }

Value finish_list(Frame& frame, const std::vector<Value>& items) {
  Value* out = frame.arena.array<Value>(items.size());
  std::copy(items.begin(), items.end(), out);
  frame.cost += 1;
  return make_list(frame.arena, out, items.size());
}

// The predicate of one element: true, false, or an error that becomes the macro's.
struct Choice {
  bool take = false;
  Value error = {};
};
Choice choose(const Instruction& predicate, Frame& frame) {
  const Value result = predicate(frame);
  if (result.is(ValueKind::Bool)) return {result.boolean, {}};
  return {false, result.is_error() ? result : no_overload()};
}

Value collect(const Instruction& self, Frame& frame, const Instruction* predicate,
              const Instruction& transform) {
  std::vector<Value> items;
  Value accu;
  const Value failure = each(self, frame, [&] {
    if (predicate != nullptr) {
      const Choice choice = choose(*predicate, frame);
      if (choice.error.is_error()) accu = choice.error;
      if (!choice.take) {
        frame.cost += kStep;
        return !accu.cancelled;
      }
    }
    frame.cost += kAppend;
    const Value item = transform(frame);
    if (item.is_error()) {
      if (!accu.is_error()) accu = item;
      return !item.cancelled;
    }
    if (!accu.is_error()) items.push_back(item);
    return true;
  });
  if (failure.is_error()) return failure;
  return accu.is_error() ? accu : finish_list(frame, items);
}

// transformMap() and transformMapEntry(): `insert` adds what transform made.
template <class Insert>
Value collect_map(const Instruction& self, Frame& frame, Insert&& insert) {
  MapBuilder builder(frame.arena, 0);
  const Instruction* predicate = self.parts.size() > 2 ? self.parts[2] : nullptr;
  Value accu;
  const Value failure = each(self, frame, [&] {
    if (predicate != nullptr) {
      const Choice choice = choose(*predicate, frame);
      if (choice.error.is_error()) accu = choice.error;
      if (!choice.take) return !accu.cancelled;
    }
    frame.cost += kStep + 1;
    const Value made = (*self.parts[1])(frame);
    if (!accu.is_error()) accu = made.is_error() ? made : insert(builder, made);
    return !made.cancelled;
  });
  if (failure.is_error()) return failure;
  return accu.is_error() ? accu : builder.finish();
}

Value key_exists(Frame& frame, const Value& key) {
  const std::string name =
      key.is(ValueKind::String) ? std::string(key.str()) : fmt::format("{}", key.integer);
  return make_error(frame.arena, fmt::format("insert failed: key {} already exists", name));
}

}  // namespace

Value all(const Instruction& self, Frame& frame) { return quantify(self, frame, false, kAllCondition); }
Value exists(const Instruction& self, Frame& frame) { return quantify(self, frame, true, kExistsCondition); }

Value exists_one(const Instruction& self, Frame& frame) {
  std::size_t count = 0;
  Value error;
  const Value failure = each(self, frame, [&] {
    const Choice choice = choose(*self.parts[1], frame);
    if (choice.error.is_error()) error = choice.error;
    frame.cost += choice.take ? kCountUp : kStep;
    count += choice.take ? 1 : 0;
    return !error.cancelled;
  });
  if (failure.is_error()) return failure;
  if (error.is_error()) return error;
  frame.cost += 2;
  return make_bool(count == 1);
}

Value map(const Instruction& self, Frame& frame) {
  return collect(self, frame, nullptr, *self.parts[last_part(self)]);
}
Value map_filtered(const Instruction& self, Frame& frame) {
  return collect(self, frame, self.parts[1], *self.parts[last_part(self)]);
}
Value filter(const Instruction& self, Frame& frame) {
  return collect(self, frame, self.parts[1], *self.parts[last_part(self)]);
}

Value transform_map(const Instruction& self, Frame& frame) {
  return collect_map(self, frame, [&](MapBuilder& builder, const Value& value) {
    const Value key = frame.slots[self.slot];
    return builder.insert(key, value) ? Value() : key_exists(frame, key);
  });
}

Value transform_map_entry(const Instruction& self, Frame& frame) {
  return collect_map(self, frame, [&](MapBuilder& builder, const Value& entries) {
    if (!entries.is(ValueKind::Map)) return no_overload();
    MapKeys keys(entries);
    Value key;
    while (keys.next(key)) {
      Value value;
      find_key(entries, key, frame.arena, value);
      if (!builder.insert(key, value)) return key_exists(frame, key);
    }
    return Value();
  });
}

}  // namespace neoid::cel::loops
