#include "reconcile/cel/expression.h"

#include <utility>
#include <vector>

#include "reconcile/cel/checker.h"
#include "reconcile/cel/parser.h"
#include "reconcile/cel/program.h"

namespace neoid::cel {
namespace {

Result<Json> to_json(const Value& value, Arena& arena) {
  if (value.is_error()) return fail(ErrorKind::Invalid, std::string(value.str()));
  if (value.is_json()) return *value.json;
  switch (value.kind) {
    case ValueKind::Null: return Json();
    case ValueKind::Bool: return Json(value.boolean);
    case ValueKind::Int: return Json(value.integer);
    case ValueKind::Uint: return Json(value.uinteger);
    case ValueKind::Double: return Json(value.number);
    case ValueKind::String: return Json(value.str());
    case ValueKind::List: {
      Json list = Json::array();
      for (std::size_t i = 0; i < list_size(value); ++i) {
        NEOID_TRY(Json item, to_json(list_item(value, i, arena), arena));
        list.push_back(std::move(item));
      }
      return list;
    }
    case ValueKind::Map: {
      Json map = Json::object();
      MapKeys keys(value);
      for (Value key; keys.next(key);) {
        Value member;
        if (!key.is(ValueKind::String) || !find_key(value, key, arena, member)) continue;
        NEOID_TRY(map[std::string(key.str())], to_json(member, arena));
      }
      return map;
    }
    case ValueKind::Error:
    case ValueKind::Bytes:
    case ValueKind::Duration:
    case ValueKind::Timestamp:
    case ValueKind::Type:
    case ValueKind::Url:
    case ValueKind::Optional:
    case ValueKind::Quantity:
    case ValueKind::Ip:
    case ValueKind::Cidr:
    case ValueKind::Semver:
    case ValueKind::Format: break;
  }
  return fail(ErrorKind::Invalid, "a " + std::string(type_name(value)) + " has no form in JSON");
}

}  // namespace

struct Expression::State {
  DeclTypePtr variables;
  Program program;
};

Result<Expression> Expression::compile(std::string_view text, DeclTypePtr variables,
                                       KubernetesVersion version) {
  Issues issues(text);
  Ast ast = parse(text, version, issues);
  TypePool types;
  CheckOptions options;
  options.self = variables.get();
  options.version = version;
  options.fields_are_variables = true;
  if (issues.empty()) check(ast, options, types, issues);
  if (!issues.empty()) return fail(ErrorKind::Invalid, "compilation failed: " + issues.render());
  std::vector<std::string> names;
  for (const DeclField& field : variables->fields) names.push_back(field.cel_name);
  auto program = Program::make(ast, names);
  if (!program) return fail(ErrorKind::Invalid, "program instantiation failed: " + program.error());
  auto state = std::make_shared<State>();
  state->variables = std::move(variables);
  state->program = std::move(*program);
  return Expression(std::move(state));
}

Result<Json> Expression::evaluate(const Json& values, std::uint64_t limit) const {
  Frame frame;
  frame.limit = limit;
  frame.slots = frame.arena.array<Value>(state_->program.slots());
  for (std::size_t i = 0; i < state_->variables->fields.size(); ++i) {
    const DeclField& field = state_->variables->fields[i];
    const auto found = values.find(field.name);
    frame.slots[i] =
        found == values.end() || found->is_null() ? make_null() : from_json(*found, *field.type, frame.arena);
  }
  const Value result = state_->program.run(frame);
  if (result.cancelled || frame.over()) return fail(ErrorKind::Invalid, std::string(cancelled().str()));
  return to_json(result, frame.arena);
}

}  // namespace neoid::cel
