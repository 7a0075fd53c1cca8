// JSON as values, under a declared type.
#include <fmt/format.h>

#include <limits>

#include "reconcile/base/crypto.h"
#include "reconcile/cel/time_text.h"
#include "reconcile/cel/value.h"

namespace neoid::cel {
namespace {

// As Go names what a JSON value was decoded to.
std::string_view go_type(const Json& json) {
  switch (json.type()) {
    case Json::value_t::object: return "map[string]interface {}";
    case Json::value_t::array: return "[]interface {}";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "bool";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return "int64";
    case Json::value_t::number_float: return "float64";
    default: return "<nil>";
  }
}

bool fits_int(const Json& json) {
  if (!json.is_number_integer()) return false;
  return !json.is_number_unsigned() ||
         *json.get_ptr<const Json::number_unsigned_t*>() <=
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

std::int64_t to_int(const Json& json) {
  return json.is_number_unsigned()
             ? static_cast<std::int64_t>(*json.get_ptr<const Json::number_unsigned_t*>())
             : *json.get_ptr<const Json::number_integer_t*>();
}

Value container(ValueKind kind, const Json& json, const DeclType& type) {
  Value out;
  out.kind = kind;
  out.extra = 1;
  out.json = &json;
  out.decl = &type;
  return out;
}

Value from_formatted(std::string_view text, const DeclType& type, Arena& arena) {
  switch (type.kind) {
    case DeclKind::Duration:
      if (const auto parsed = parse_any_duration(text)) return make_duration(*parsed);
      return make_error(arena, fmt::format("Invalid duration {}: unable to parse", text));
    case DeclKind::Date:
      if (const auto parsed = parse_date(text))
        return make_timestamp(parsed->seconds, parsed->nanoseconds, parsed->offset);
      return make_error(arena, fmt::format("Invalid date formatted string {}", text));
    case DeclKind::DateTime:
      if (const auto parsed = parse_date_time(text))
        return make_timestamp(parsed->seconds, parsed->nanoseconds, parsed->offset);
      return make_error(arena, fmt::format("Invalid date-time formatted string {}", text));
    case DeclKind::Bytes:
      if (const auto decoded = unbase64(text)) return make_bytes(arena.copy(*decoded));
      return make_error(arena, fmt::format("Invalid byte formatted string {}: illegal base64 data", text));
    default: return make_string(text);
  }
}

}  // namespace

Value from_json(const Json& json, const DeclType& type, Arena& arena, bool nullable) {
  if (json.is_null()) {
    return nullable ? make_null()
                    : make_static_error("invalid data, got null for schema with nullable=false");
  }
  switch (type.kind) {
    case DeclKind::Bool:
      if (const auto* value = json.get_ptr<const bool*>()) return make_bool(*value);
      return make_error(arena, fmt::format("invalid data, expected bool, got {}", go_type(json)));
    case DeclKind::Int:
      if (fits_int(json)) return make_int(to_int(json));
      return make_error(arena, fmt::format("invalid data, expected int, got {}", go_type(json)));
    case DeclKind::Double:
      if (json.is_number()) return make_double(json.get<double>());
      return make_error(arena, fmt::format("invalid data, expected float, got {}", go_type(json)));
    case DeclKind::IntOrString:
      if (const auto* text = json.get_ptr<const std::string*>()) return make_string(*text);
      if (fits_int(json)) return make_int(to_int(json));
      return make_static_error("invalid data, expected XIntOrString value to be either a string or integer");
    case DeclKind::String:
      if (const auto* text = json.get_ptr<const std::string*>()) return make_string(*text);
      return make_error(arena, fmt::format("invalid data, expected string, got {}", go_type(json)));
    case DeclKind::Bytes:
    case DeclKind::Duration:
    case DeclKind::Date:
    case DeclKind::DateTime:
      if (const auto* text = json.get_ptr<const std::string*>()) return from_formatted(*text, type, arena);
      return make_error(arena, fmt::format("invalid data, expected string, got {}", go_type(json)));
    case DeclKind::List:
      if (json.is_array()) return container(ValueKind::List, json, type);
      return make_static_error("invalid data, expected an array for the provided schema with type=array");
    case DeclKind::Map:
    case DeclKind::Object:
      if (json.is_object()) return container(ValueKind::Map, json, type);
      return make_static_error("invalid data, expected a map for the provided schema with type=object");
  }
  return make_static_error("invalid type");
}

}  // namespace neoid::cel
