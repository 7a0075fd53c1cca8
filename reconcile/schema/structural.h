// Structural: the OpenAPI v3 schema of a custom resource in the one form that a Kubernetes API server takes,
// read from openAPIV3Schema into plain data.
//
// A structural schema says the type of every field outside of allOf, anyOf, oneOf and not, so that
// defaulting, pruning and list merging follow from it without looking at values. Immutable after it was
// read; any number of threads may read it. Owns everything.
//
// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
// ("Specifying a structural schema"), apiextensions-apiserver/pkg/apiserver/schema.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcile/value/json.h"
#include "tl/expected.hpp"

namespace neoid::schema {

enum class Type { None, Object, Array, String, Integer, Number, Boolean, Unknown };
std::string_view to_string(Type type);  // "object"; "" for None

enum class ListType { Atomic, Set, Map };

// One rule of x-kubernetes-validations.
struct RuleText {
  std::string rule;
  std::string message;
  std::string message_expression;  // from 1.27 on
  std::string reason;              // from 1.28 on: FieldValueInvalid (also if empty), ...Required, ...
  std::string field_path;          // from 1.28 on: ".a.b" or ".a['b-c'][0]"
  std::optional<bool> optional_old_self;
};

// What narrows a value beyond its type. Absent means no limit.
struct ValueRules {
  std::string format;
  std::string pattern;
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<double> multiple_of;
  std::optional<std::int64_t> min_length, max_length;          // in code points
  std::optional<std::int64_t> min_items, max_items;            // entries
  std::optional<std::int64_t> min_properties, max_properties;  // entries
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  bool unique_items = false;          // refused in CRDs
  std::vector<Json> enum_values;      // as written
  std::vector<std::string> required;  // as written
  bool empty() const;                 // says nothing
};

struct NamedStructural;

struct Structural {
  Type type = Type::None;
  std::string type_text;  // the text of `type`, also of one that does not exist
  bool nullable = false;
  std::optional<Json> default_value;  // `default: null` counts as none
  std::string title, description;

  // Objects: either properties (sorted by name), or additional: the schema of every value.
  std::vector<NamedStructural> properties;
  std::unique_ptr<Structural> additional;
  std::optional<bool> additional_allowed;  // `additionalProperties: true` or `false`
  std::unique_ptr<Structural> items;       // of an array

  bool preserve_unknown = false;      // x-kubernetes-preserve-unknown-fields
  bool embedded_resource = false;     // x-kubernetes-embedded-resource
  bool int_or_string = false;         // x-kubernetes-int-or-string
  std::optional<ListType> list_type;  // absent counts as Atomic
  std::vector<std::string> list_keys;
  bool atomic_map = false;  // x-kubernetes-map-type: atomic

  ValueRules rules;
  std::vector<Structural> all_of, any_of,
      one_of;  // value rules only, properties and items inside of them too
  std::unique_ptr<Structural> not_;
  std::vector<RuleText> validations;

  const Structural* find_property(std::string_view name) const;  // null if it has none of that name
  // The schema of the member `name` of an object: its property, else `additional`; null if it has none.
  const Structural* find_member(std::string_view name) const;
};

// A property; a type of its own, since not every compiler takes a pair of an incomplete one.
struct NamedStructural {
  std::string name;
  Structural schema;
};

// Reads a JSONSchemaProps. Keywords that a structural schema cannot have ($ref, definitions, ...) are left
// out: validate_schema (schema_checks.h) refuses them. Never fails: what has the wrong JSON type is left out
// too, since read_crd (crd.h) has refused it before.
Structural read_structural(const Json& schema);

}  // namespace neoid::schema
