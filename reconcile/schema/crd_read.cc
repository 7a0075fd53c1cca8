// Decodes a CRD by the table of its fields, as Go's decoder and encoder would: unknown fields fall out, so does
// what is empty where the type says so; then the server's defaults are written.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>

#include "reconcile/schema/crd.h"
#include "reconcile/schema/crd_shape.h"
#include "reconcile/schema/keywords.h"
#include "reconcile/schema/values.h"

namespace neoid::schema {
namespace {

using internal::Field;
using internal::FieldKind;
using internal::Shape;

std::string_view found_type(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean: return "bool";
    case Json::value_t::string: return "string";
    case Json::value_t::array: return "array";
    case Json::value_t::object: return "object";
    default: return "number";
  }
}

class Reader {
 public:
  explicit Reader(KubernetesVersion version) : version_(version) {}

  Result<Json> read_object(const Json& value, const Shape& shape, const std::string& path,
                           const std::string& go_path);
  std::vector<std::string> take_unknown() { return std::move(unknown_); }

 private:
  struct Place {
    const Shape& shape;
    const std::string& path;     // "spec.versions[0].name"
    const std::string& go_path;  // "spec.versions.name"
  };
  Result<Json> read_field(const Json& value, const Field& field, const Place& place);
  Result<Json> read_list(const Json& value, const Field& field, const Place& place);
  Result<Json> read_map(const Json& value, const Field& field, const Place& place);
  Result<Json> read_texts(const Json& value, const Place& place);
  tl::unexpected<Error> wrong(const Json& value, const Place& place, std::string_view go_type) const {
    return fail(ErrorKind::Invalid,
                fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}",
                            found_type(value), place.shape.type, place.go_path, go_type));
  }

  // Schemas are walked by recursion: what is nested deeper than anybody writes is refused.
  static constexpr int kMaxDepth = 1000;

  KubernetesVersion version_;
  std::vector<std::string> unknown_;
  int depth_ = 0;
};

bool fits(const Json& value, FieldKind kind) {
  switch (kind) {
    case FieldKind::Text:
    case FieldKind::TextAlways:
    case FieldKind::TextPointer: return value.is_string();
    case FieldKind::Flag:
    case FieldKind::FlagAlways:
    case FieldKind::FlagPointer: return value.is_boolean();
    case FieldKind::Int32:
    case FieldKind::Int32Pointer:
    case FieldKind::Int64Pointer: return internal::is_go_integer(value);
    case FieldKind::NumberPointer: return value.is_number();
    default: return true;
  }
}

std::string_view go_type(FieldKind kind) {
  switch (kind) {
    case FieldKind::Text:
    case FieldKind::TextAlways:
    case FieldKind::TextPointer: return "string";
    case FieldKind::Flag:
    case FieldKind::FlagAlways:
    case FieldKind::FlagPointer: return "bool";
    case FieldKind::Int32:
    case FieldKind::Int32Pointer: return "int32";
    case FieldKind::Int64Pointer: return "int64";
    default: return "float64";
  }
}

// Whether Go's encoder leaves the value out (omitempty).
bool is_left_out(const Json& value, FieldKind kind) {
  switch (kind) {
    case FieldKind::Text: return value == "";
    case FieldKind::Flag: return value == false;
    case FieldKind::Int32: return value == 0;
    case FieldKind::Texts:
    case FieldKind::Anys:
    case FieldKind::Objects:
    case FieldKind::ObjectMap: return value.empty();
    default: return false;
  }
}

Result<Json> Reader::read_object(const Json& value, const Shape& shape, const std::string& path,
                                 const std::string& go_path) {
  if (++depth_ > kMaxDepth) return fail(ErrorKind::Invalid, "exceeded max depth");
  Json out = Json::object();
  for (const auto& [name, member] : value.items()) {
    const std::string at = path.empty() ? name : path + "." + name;
    const Field* field = shape.find(name, version_);
    if (field == nullptr) {
      unknown_.push_back(at);
      continue;
    }
    if (member.is_null()) continue;
    const std::string go_at = go_path.empty() ? name : go_path + "." + name;
    NEOID_TRY(Json read, read_field(member, *field, {shape, at, go_at}));
    if (!is_left_out(read, field->kind)) out[name] = std::move(read);
  }
  for (const Field& field : shape.fields) {
    if (field.kind == FieldKind::TextAlways && !out.contains(field.name)) out[std::string(field.name)] = "";
    if (field.kind == FieldKind::FlagAlways && !out.contains(field.name))
      out[std::string(field.name)] = false;
  }
  return out;
}

Result<Json> Reader::read_field(const Json& value, const Field& field, const Place& place) {
  switch (field.kind) {
    case FieldKind::Any: return value;
    case FieldKind::Texts: return read_texts(value, place);
    case FieldKind::Anys:
      if (!value.is_array()) return wrong(value, place, "[]v1.JSON");
      return value;
    case FieldKind::Object:
      if (!value.is_object()) return wrong(value, place, fmt::format("v1.{}", field.shape->type));
      return read_object(value, *field.shape, place.path, place.go_path);
    case FieldKind::Objects:
    case FieldKind::ObjectsAlways: return read_list(value, field, place);
    case FieldKind::ObjectMap: return read_map(value, field, place);
    case FieldKind::SchemaOrFlag:
      if (value.is_boolean()) return value;
      if (!value.is_object()) return fail(ErrorKind::Invalid, "boolean or JSON schema expected");
      return read_object(value, *field.shape, place.path, place.go_path);
    case FieldKind::SchemaOrList:
      if (value.is_array()) return read_list(value, field, place);
      if (!value.is_object()) return wrong(value, place, "v1.JSONSchemaProps");
      return read_object(value, *field.shape, place.path, place.go_path);
    default:
      if (!fits(value, field.kind)) return wrong(value, place, go_type(field.kind));
      return value;
  }
}

Result<Json> Reader::read_list(const Json& value, const Field& field, const Place& place) {
  if (!value.is_array()) return wrong(value, place, fmt::format("[]v1.{}", field.shape->type));
  Json out = Json::array();
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!value[i].is_object() && !value[i].is_null())
      return wrong(value[i], place, fmt::format("v1.{}", field.shape->type));
    const Json item = value[i].is_null() ? Json::object() : value[i];
    NEOID_TRY(Json read,
              read_object(item, *field.shape, fmt::format("{}[{}]", place.path, i), place.go_path));
    out.push_back(std::move(read));
  }
  return out;
}

Result<Json> Reader::read_map(const Json& value, const Field& field, const Place& place) {
  if (!value.is_object()) return wrong(value, place, fmt::format("map[string]v1.{}", field.shape->type));
  Json out = Json::object();
  for (const auto& [name, member] : value.items()) {
    if (!member.is_object() && !member.is_null())
      return wrong(member, place, fmt::format("v1.{}", field.shape->type));
    NEOID_TRY(out[name], read_object(member.is_null() ? Json::object() : member, *field.shape,
                                     place.path + "." + name, place.go_path));
  }
  return out;
}

Result<Json> Reader::read_texts(const Json& value, const Place& place) {
  if (!value.is_array()) return wrong(value, place, "[]string");
  for (const Json& item : value)
    if (!item.is_string()) return wrong(item, place, "string");
  return value;
}

void set_defaults(Json& spec) {
  Json& names = spec["names"];
  const std::string kind = internal::text_keyword(names, "kind");
  if (internal::text_keyword(names, "singular").empty() && !kind.empty()) {
    std::string singular = kind;
    std::transform(singular.begin(), singular.end(), singular.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    names["singular"] = singular;
  }
  if (internal::text_keyword(names, "listKind").empty() && !kind.empty()) names["listKind"] = kind + "List";
  Json& conversion = spec["conversion"];
  if (!conversion.is_object()) conversion = Json::object();
  if (internal::text_keyword(conversion, "strategy").empty()) conversion["strategy"] = "None";
  if (auto webhook = conversion.find("webhook"); webhook != conversion.end())
    if (auto client = webhook->find("clientConfig"); client != webhook->end())
      if (auto service = client->find("service"); service != client->end() && !service->contains("port"))
        (*service)["port"] = 443;
}

}  // namespace

Result<ReadCrd> read_crd(const Json& object, KubernetesVersion version) {
  if (!object.is_object()) return fail(ErrorKind::Invalid, "a CustomResourceDefinition must be an object");
  Reader reader(version);
  NEOID_TRY(Json read, reader.read_object(object, internal::crd_shape(), "", ""));
  Json& spec = read["spec"];
  if (!spec.is_object()) spec = Json{{"group", ""}, {"scope", ""}, {"versions", nullptr}};
  if (!spec.contains("names")) spec["names"] = Json{{"plural", ""}, {"kind", ""}};
  if (!spec.contains("versions")) spec["versions"] = nullptr;
  set_defaults(spec);
  return ReadCrd{std::move(read), reader.take_unknown()};
}

}  // namespace neoid::schema
