#include "controller/apiserver/apply/type_info.h"

#include <algorithm>
#include <set>
#include <utility>

namespace neoid::apply {
namespace {

bool flag(const Json& schema, const char* name) {
  const auto found = schema.find(name);
  return found != schema.end() && found->is_boolean() && found->get<bool>();
}

std::string text_member(const Json& schema, const char* name) {
  const auto found = schema.find(name);
  return found != schema.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Relation map_relation(const Json& schema) {
  return text_member(schema, "x-kubernetes-map-type") == "atomic" ? Relation::Atomic : Relation::Granular;
}

bool has_strategy(std::string_view strategies, std::string_view wanted) {
  while (!strategies.empty()) {
    const std::size_t comma = strategies.find(',');
    if (strategies.substr(0, comma) == wanted) return true;
    strategies = comma == std::string_view::npos ? std::string_view() : strategies.substr(comma + 1);
  }
  return false;
}

class Builder {
 public:
  explicit Builder(const SchemaLookup& lookup) : lookup_(lookup) {}

  TypeRef build(const Json& schema, bool preserve) {
    if (!schema.is_object()) return deduced_type();
    if (const std::string reference = text_member(schema, "$ref"); !reference.empty())
      return referenced(reference, preserve);
    // Newer documents wrap a reference that has siblings.
    if (const auto all = schema.find("allOf");
        all != schema.end() && all->size() == 1 && !schema.contains("properties"))
      if (const std::string reference = text_member(all->front(), "$ref"); !reference.empty())
        return referenced(reference, preserve);
    const std::string type = text_member(schema, "type");
    if (type == "object" || (type.empty() && schema.contains("properties"))) return object(schema, preserve);
    if (type == "array") return list(schema, preserve);
    if (type.empty()) return deduced_type();
    return scalar(type, text_member(schema, "format"));
  }

 private:
  TypeRef referenced(const std::string& reference, bool preserve) {
    const Json* schema = lookup_ ? lookup_(reference) : nullptr;
    if (schema == nullptr) return deduced_type();
    if (reference.ends_with(".Quantity"))
      return std::make_shared<Type>(Type{.scalar = Scalar::Untyped, .list = {}, .map = {}});
    // A schema that contains itself (JSONSchemaProps) is read off the value from the second level on.
    if (!open_.insert(reference).second) return deduced_type();
    auto known = done_.find(reference);
    if (known == done_.end()) known = done_.emplace(reference, build(*schema, preserve)).first;
    open_.erase(reference);
    return known->second;
  }

  static TypeRef scalar(const std::string& type, const std::string& format) {
    Type out;
    if (type == "integer" || type == "number")
      out.scalar = Scalar::Numeric;
    else if (type == "boolean")
      out.scalar = Scalar::Boolean;
    else if (type == "string" && (format.empty() || format == "byte"))
      out.scalar = Scalar::String;
    else
      out.scalar = Scalar::Untyped;
    out.bytes = format == "byte";
    return std::make_shared<Type>(std::move(out));
  }

  TypeRef list(const Json& schema, bool preserve) {
    auto out = std::make_shared<ListType>();
    const auto items = schema.find("items");
    out->element = items == schema.end() ? deduced_type() : build(*items, preserve);
    const std::string list_type = text_member(schema, "x-kubernetes-list-type");
    if (list_type == "set" || list_type == "map") {
      out->relation = Relation::Granular;
      if (const auto keys = schema.find("x-kubernetes-list-map-keys");
          list_type == "map" && keys != schema.end())
        for (const Json& key : *keys)
          if (key.is_string()) out->keys.push_back(key.get<std::string>());
    } else if (list_type.empty() &&
               has_strategy(text_member(schema, "x-kubernetes-patch-strategy"), "merge")) {
      out->relation = Relation::Granular;
      if (const std::string key = text_member(schema, "x-kubernetes-patch-merge-key"); !key.empty())
        out->keys.push_back(key);
    }
    return std::make_shared<Type>(Type{.scalar = std::nullopt, .list = std::move(out), .map = {}});
  }

  TypeRef object(const Json& schema, bool preserve) {
    auto out = std::make_shared<MapType>();
    preserve = preserve || flag(schema, "x-kubernetes-preserve-unknown-fields");
    out->relation = map_relation(schema);
    if (const auto properties = schema.find("properties");
        properties != schema.end() && properties->is_object()) {
      for (const auto& [name, property] : properties->items()) out->fields[name] = field(property, preserve);
      if (preserve) out->element = deduced_type();
    } else if (!flag(schema, "x-kubernetes-embedded-resource")) {
      const auto additional = schema.find("additionalProperties");
      const bool typed = additional != schema.end() && additional->is_object();
      out->element = typed ? build(*additional, preserve) : deduced_type();
    } else if (preserve) {
      out->element = deduced_type();
    }
    if (flag(schema, "x-kubernetes-embedded-resource")) add_type_meta(*out);
    return std::make_shared<Type>(Type{.scalar = std::nullopt, .list = {}, .map = std::move(out)});
  }

  FieldType field(const Json& schema, bool preserve) {
    FieldType out{build(schema, preserve), std::nullopt, {}, {}, false};
    if (!schema.is_object()) return out;
    if (const auto value = schema.find("default"); value != schema.end()) {
      out.always_there = schema.contains("$ref");
      if (!out.always_there) out.default_value = *value;
    }
    out.patch_strategy = text_member(schema, "x-kubernetes-patch-strategy");
    out.patch_merge_key = text_member(schema, "x-kubernetes-patch-merge-key");
    return out;
  }

 public:
  void add_type_meta(MapType& out) {
    out.fields["apiVersion"].type = scalar("string", "");
    out.fields["kind"].type = scalar("string", "");
    out.fields["metadata"].type = referenced(std::string(kObjectMetaReference), false);
  }

 private:
  const SchemaLookup& lookup_;
  std::set<std::string> open_;
  std::map<std::string, TypeRef> done_;
};

}  // namespace

const TypeRef& MapType::member(std::string_view name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? element : found->second.type;
}

TypeRef deduced_type() {
  // The members of its objects are of the same type: a pointer that does not own closes the circle.
  static const TypeRef type = [] {
    auto self = std::make_shared<Type>();
    auto untyped = std::make_shared<Type>();
    auto list = std::make_shared<ListType>();
    auto map = std::make_shared<MapType>();
    untyped->scalar = Scalar::Untyped;
    untyped->list = list;
    auto untyped_map = std::make_shared<MapType>();
    untyped_map->element = TypeRef(TypeRef(), untyped.get());
    untyped_map->relation = Relation::Atomic;
    untyped->map = untyped_map;
    list->element = TypeRef(TypeRef(), untyped.get());
    map->element = TypeRef(TypeRef(), self.get());
    self->scalar = Scalar::Untyped;
    self->list = std::move(list);
    self->map = std::move(map);
    static const TypeRef keep = std::move(untyped);
    return TypeRef(std::move(self));
  }();
  return type;
}

namespace {

Json always_there(const Type& type, const Json& wanted) {
  Json out = Json::object();
  if (!type.map) return out;
  for (const auto& [name, field] : type.map->fields) {
    const auto value = wanted.is_object() ? wanted.find(name) : wanted.end();
    const bool sent = wanted.is_object() && value != wanted.end();
    if (field.always_there)
      out[name] = always_there(*field.type, sent ? *value : Json());
    else if (sent && (value->is_null() || *value == ""))
      out[name] = *value;
  }
  return out;
}

}  // namespace

Json empty_object(const Type& type, const Json& wanted) {
  const auto metadata = type.map ? type.map->fields.find("metadata") : decltype(type.map->fields.end()){};
  const bool built_in = type.map && metadata != type.map->fields.end() && metadata->second.always_there;
  return built_in ? always_there(type, wanted) : Json::object();
}

TypeRef type_of_schema(const Json& schema, const SchemaLookup& lookup) {
  return Builder(lookup).build(schema, false);
}

TypeRef type_of_crd_schema(const Json& open_api_v3_schema, const SchemaLookup& lookup) {
  Builder builder(lookup);
  Json schema = open_api_v3_schema.is_object() ? open_api_v3_schema
                                               : Json{{"x-kubernetes-preserve-unknown-fields", true}};
  schema["type"] = "object";
  if (!schema.contains("properties")) schema["properties"] = Json::object();
  TypeRef type = builder.build(schema, false);
  auto map = std::make_shared<MapType>(*type->map);
  builder.add_type_meta(*map);
  return std::make_shared<Type>(Type{.scalar = std::nullopt, .list = {}, .map = std::move(map)});
}

}  // namespace neoid::apply
