// The compiled form of a schema: what CompiledSchema is made of. Internal to reconcile/schema.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcile/cel/rule.h"
#include "reconcile/schema/formats.h"
#include "reconcile/schema/structural.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"

namespace neoid::schema::internal {

struct CompiledRule {
  const RuleText* text = nullptr;
  cel::Rule rule;
  std::optional<cel::Rule> message;  // messageExpression
};

struct Property;

// One node of the schema. Children stand in the order of their names, so that an object and its schema can be
// walked side by side.
struct Node {
  const Structural* schema = nullptr;  // owned by Program::root
  std::shared_ptr<const re2::RE2> pattern;
  Format format = Format::None;
  std::vector<Property> properties;
  std::unique_ptr<Node> additional, items;
  std::vector<Node> all_of, any_of, one_of;
  std::unique_ptr<Node> not_;
  std::vector<CompiledRule> rules;
  bool rules_below = false;     // here or deeper: what a walk for rules need not enter
  bool lists_below = false;     // sets and maps, here or deeper
  bool embedded_below = false;  // embedded resources, here or deeper
};

struct Property {
  std::string_view name;
  Node node;
};

struct Program {
  Structural root;
  Node node;
};

// Patterns are compiled, rules are not: see rule_checks.h for those.
Node make_node(const Structural& schema);
// Sets the flags *_below from the leaves up.
void settle(Node& node);

const Node* find_property(const Node& node, std::string_view name);

}  // namespace neoid::schema::internal
