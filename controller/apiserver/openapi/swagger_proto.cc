#include "controller/apiserver/openapi/swagger_proto.h"

#include "controller/apiserver/openapi/wire.h"
#include "reconcile/value/json_text.h"

namespace neoid::openapi {
namespace {

// A member of a document that is there.
const Json* find(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

void put_text(WireWriter& out, int field, const Json& object, const char* name) {
  if (const Json* value = find(object, name); value != nullptr && value->is_string())
    out.text(field, value->get_ref<const std::string&>());
}

void put_texts(WireWriter& out, int field, const Json& object, const char* name) {
  if (const Json* list = find(object, name); list != nullptr && list->is_array())
    for (const Json& item : *list)
      if (item.is_string()) out.text(field, item.get_ref<const std::string&>());
}

void put_bool(WireWriter& out, int field, const Json& object, const char* name) {
  if (const Json* value = find(object, name); value != nullptr && value->is_boolean() && value->get<bool>())
    out.varint(field, 1);
}

void put_integer(WireWriter& out, int field, const Json& object, const char* name) {
  if (const Json* value = find(object, name); value != nullptr && value->is_number())
    out.varint(field, static_cast<std::uint64_t>(value->get<std::int64_t>()));
}

void put_double(WireWriter& out, int field, const Json& object, const char* name) {
  if (const Json* value = find(object, name); value != nullptr && value->is_number())
    out.number(field, value->get<double>());
}

// Any: the value as YAML, of which JSON is a part.
WireWriter any(const Json& value) {
  WireWriter out;
  out.text(2, to_json(value));
  return out;
}

void put_extensions(WireWriter& out, int field, const Json& object) {
  for (const auto& [name, value] : object.items()) {
    if (!name.starts_with("x-")) continue;
    WireWriter named;
    named.text(1, name);
    named.message(2, any(value));
    out.message(field, named);
  }
}

WireWriter named(std::string_view name, const WireWriter& value) {
  WireWriter out;
  out.text(1, name);
  out.message(2, value);
  return out;
}

WireWriter wrapped(int field, const WireWriter& value) {
  WireWriter out;
  out.message(field, value);
  return out;
}

WireWriter schema(const Json& value) {
  WireWriter out;
  put_text(out, 1, value, "$ref");
  put_text(out, 2, value, "format");
  put_text(out, 3, value, "title");
  put_text(out, 4, value, "description");
  if (const Json* member = find(value, "default")) out.message(5, any(*member));
  put_double(out, 6, value, "multipleOf");
  put_double(out, 7, value, "maximum");
  put_bool(out, 8, value, "exclusiveMaximum");
  put_double(out, 9, value, "minimum");
  put_bool(out, 10, value, "exclusiveMinimum");
  put_integer(out, 11, value, "maxLength");
  put_integer(out, 12, value, "minLength");
  put_text(out, 13, value, "pattern");
  put_integer(out, 14, value, "maxItems");
  put_integer(out, 15, value, "minItems");
  put_bool(out, 16, value, "uniqueItems");
  put_integer(out, 17, value, "maxProperties");
  put_integer(out, 18, value, "minProperties");
  put_texts(out, 19, value, "required");
  if (const Json* list = find(value, "enum"); list != nullptr && list->is_array())
    for (const Json& item : *list) out.message(20, any(item));
  if (const Json* member = find(value, "additionalProperties")) {
    WireWriter item;
    if (member->is_boolean())
      item.varint(2, member->get<bool>() ? 1 : 0);
    else
      item.message(1, schema(*member));
    out.message(21, item);
  }
  if (const Json* member = find(value, "type"); member != nullptr && member->is_string()) {
    WireWriter type;
    type.text(1, member->get_ref<const std::string&>());
    out.message(22, type);
  }
  if (const Json* member = find(value, "items"); member != nullptr && member->is_object())
    out.message(23, wrapped(1, schema(*member)));
  if (const Json* list = find(value, "allOf"); list != nullptr && list->is_array())
    for (const Json& item : *list) out.message(24, schema(item));
  if (const Json* members = find(value, "properties"); members != nullptr && members->is_object()) {
    WireWriter properties;
    for (const auto& [name, member] : members->items()) properties.message(1, named(name, schema(member)));
    out.message(25, properties);
  }
  put_extensions(out, 31, value);
  return out;
}

WireWriter parameter(const Json& value) {
  const std::string in = value.value("in", "");
  WireWriter out;
  if (in == "body") {
    put_text(out, 1, value, "description");
    put_text(out, 2, value, "name");
    put_text(out, 3, value, "in");
    put_bool(out, 4, value, "required");
    if (const Json* member = find(value, "schema")) out.message(5, schema(*member));
    return wrapped(1, wrapped(1, out));
  }
  const bool path = in == "path";
  put_bool(out, 1, value, "required");
  put_text(out, 2, value, "in");
  put_text(out, 3, value, "description");
  put_text(out, 4, value, "name");
  put_text(out, path ? 5 : 6, value, "type");
  put_bool(out, path ? 19 : 20, value, "uniqueItems");
  return wrapped(1, wrapped(2, wrapped(path ? 4 : 3, out)));
}

void put_parameters(WireWriter& out, int field, const Json& object) {
  if (const Json* list = find(object, "parameters"))
    for (const Json& item : *list) out.message(field, parameter(item));
}

WireWriter operation(const Json& value) {
  WireWriter out;
  put_texts(out, 1, value, "tags");
  put_text(out, 3, value, "description");
  put_text(out, 5, value, "operationId");
  put_texts(out, 6, value, "produces");
  put_texts(out, 7, value, "consumes");
  put_parameters(out, 8, value);
  WireWriter responses;
  if (const Json* codes = find(value, "responses"))
    for (const auto& [code, answer] : codes->items()) {
      WireWriter response;
      put_text(response, 1, answer, "description");
      if (const Json* member = find(answer, "schema")) response.message(2, wrapped(1, schema(*member)));
      responses.message(1, named(code, wrapped(1, response)));
    }
  out.message(9, responses);
  put_texts(out, 10, value, "schemes");
  put_extensions(out, 13, value);
  return out;
}

WireWriter path_item(const Json& value) {
  constexpr std::pair<const char*, int> kMethods[] = {
      {"get", 2}, {"put", 3}, {"post", 4}, {"delete", 5}, {"patch", 8}};
  WireWriter out;
  for (const auto& [method, field] : kMethods)
    if (const Json* member = find(value, method)) out.message(field, operation(*member));
  put_parameters(out, 9, value);
  return out;
}

}  // namespace

std::string swagger_to_proto(const Json& document) {
  WireWriter out;
  put_text(out, 1, document, "swagger");
  WireWriter info;
  if (const Json* member = find(document, "info")) {
    put_text(info, 1, *member, "title");
    put_text(info, 2, *member, "version");
  }
  out.message(2, info);
  WireWriter paths;
  if (const Json* members = find(document, "paths"))
    for (const auto& [name, member] : members->items()) paths.message(2, named(name, path_item(member)));
  out.message(8, paths);
  WireWriter definitions;
  if (const Json* members = find(document, "definitions"))
    for (const auto& [name, member] : members->items()) definitions.message(1, named(name, schema(member)));
  out.message(9, definitions);
  return out.take();
}

}  // namespace neoid::openapi
