#include "reconcile/schema/decl_types.h"

#include <algorithm>

namespace neoid::schema::internal {
namespace {

std::optional<std::int64_t> not_negative(std::optional<std::int64_t> limit) {
  if (limit) return std::max<std::int64_t>(*limit, 0);
  return limit;
}

bool has_type(const Structural* schema, Type type) { return schema != nullptr && schema->type == type; }

// Then the schema's own types of kind, apiVersion and metadata hold; else all three are replaced.
bool declares_meta(const Structural& schema) {
  const Structural* metadata = schema.find_property("metadata");
  return has_type(schema.find_property("kind"), Type::String) &&
         has_type(schema.find_property("apiVersion"), Type::String) && has_type(metadata, Type::Object) &&
         has_type(metadata->find_property("name"), Type::String) &&
         has_type(metadata->find_property("generateName"), Type::String);
}

bool is_required(const Structural& schema, const std::string& name) {
  const auto& required = schema.rules.required;
  return std::find(required.begin(), required.end(), name) != required.end();
}

cel::ListKind list_kind(const Structural& schema) {
  switch (schema.list_type.value_or(ListType::Atomic)) {
    case ListType::Atomic: return cel::ListKind::Atomic;
    case ListType::Set: return cel::ListKind::Set;
    case ListType::Map: return cel::ListKind::Map;
  }
  return cel::ListKind::Atomic;
}

}  // namespace

cel::DeclTypePtr DeclTypes::of(const Structural& schema, NodeKind kind) {
  const auto it = made_.find(&schema);
  if (it != made_.end()) return it->second;
  cel::DeclTypePtr type = make(schema, kind);
  made_.emplace(&schema, type);
  return type;
}

cel::DeclTypePtr DeclTypes::make(const Structural& schema, NodeKind kind) {
  if (schema.int_or_string) return cel::int_or_string_type();
  switch (schema.type) {
    case Type::Boolean: return cel::bool_type();
    case Type::Integer: return cel::int_type();
    case Type::Number: return cel::double_type();
    case Type::String: {
      cel::StringFacts facts{schema.rules.format, not_negative(schema.rules.max_length), {}, version_};
      for (const Json& value : schema.rules.enum_values)
        if (value.is_string()) facts.enum_values.push_back(value.get<std::string>());
      return cel::string_type(facts);
    }
    case Type::Array: {
      cel::DeclTypePtr items = schema.items ? of(*schema.items) : nullptr;
      if (!items) return nullptr;
      return cel::list_type(
          {std::move(items), not_negative(schema.rules.max_items), list_kind(schema), schema.list_keys});
    }
    case Type::Object: return make_object(schema, kind);
    case Type::None:
    case Type::Unknown: return nullptr;
  }
  return nullptr;
}

cel::DeclTypePtr DeclTypes::make_object(const Structural& schema, NodeKind kind) {
  if (schema.additional) {
    cel::DeclTypePtr values = of(*schema.additional);
    return values ? cel::map_type(std::move(values), not_negative(schema.rules.max_properties)) : nullptr;
  }
  const bool add_meta = kind == NodeKind::Resource && !declares_meta(schema);
  std::vector<cel::PropertyFacts> facts;
  for (const auto& [name, property] : schema.properties) {
    if (add_meta && (name == "kind" || name == "apiVersion" || name == "metadata")) continue;
    cel::DeclTypePtr type = of(property);
    if (!type) continue;
    facts.push_back({name, std::move(type), property.nullable, is_required(schema, name),
                     property.default_value.has_value()});
  }
  if (add_meta)
    for (cel::PropertyFacts& fact : cel::resource_properties()) {
      fact.required = is_required(schema, fact.name);
      facts.push_back(std::move(fact));
    }
  return cel::object_type(facts, schema.preserve_unknown);
}

}  // namespace neoid::schema::internal
