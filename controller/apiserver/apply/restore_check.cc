#include "controller/apiserver/apply/restore_check.h"

#include <cstddef>
#include <optional>

#include <fmt/format.h>

namespace neoid::apply {
namespace {

std::string kind_of(const Json& value) {
  if (value.is_object()) return "map";
  if (value.is_array()) return "slice";
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  return value.is_number_float() ? "float64" : "int64";
}

bool in_alphabet(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

// Where Go's decoder stops; nullopt: it does not.
std::optional<std::size_t> base64_error(const std::string& text) {
  std::size_t digits = 0, at = 0;
  const auto line_end = [](char c) { return c == '\r' || c == '\n'; };
  for (; at < text.size(); ++at) {
    if (line_end(text[at])) continue;
    if (text[at] == '=') break;
    if (!in_alphabet(text[at])) return at;
    ++digits;
  }
  if (at == text.size()) return digits % 4 == 0 ? std::nullopt : std::optional(text.size() - digits % 4);
  if (digits % 4 < 2) return at;
  std::size_t wanted = 4 - digits % 4;
  for (; at < text.size(); ++at) {
    if (line_end(text[at])) continue;
    if (text[at] != '=' || wanted == 0) return at;
    --wanted;
  }
  return wanted == 0 ? std::nullopt : std::optional(text.size());
}

std::string check_scalar(const Json& value, const Type& type) {
  const std::string kind = kind_of(value);
  if (type.bytes) {
    if (!value.is_string()) return value.is_array() ? "" : fmt::format("cannot restore slice from {}", kind);
    const auto error = base64_error(value.get_ref<const std::string&>());
    return error ? fmt::format("error decoding from json: illegal base64 data at input byte {}", *error) : "";
  }
  switch (*type.scalar) {
    case Scalar::String:
      if (value.is_string()) return "";
      return value.is_number_integer() ? fmt::format("cannot convert {} to string", kind)
                                       : "unrecognized type: string";
    case Scalar::Boolean: return value.is_boolean() ? "" : "unrecognized type: bool";
    case Scalar::Numeric: return value.is_number() ? "" : "unrecognized type: int32";
    case Scalar::Untyped: return "";
  }
  return "";
}

}  // namespace

std::string check_restorable(const Json& value, const Type& type) {
  if (value.is_null()) return "";
  if (type.scalar) return type.map || type.list ? "" : check_scalar(value, type);
  if (type.list) {
    if (!value.is_array()) return fmt::format("cannot restore slice from {}", kind_of(value));
    for (const Json& item : value)
      if (type.list->element)
        if (std::string error = check_restorable(item, *type.list->element); !error.empty()) return error;
    return "";
  }
  if (!type.map) return "";
  if (!value.is_object())
    return type.map->fields.empty() ? fmt::format("cannot restore map from {}", kind_of(value))
                                    : fmt::format("cannot restore struct from: {}", kind_of(value));
  for (const auto& [name, member] : value.items())
    if (const TypeRef& below = type.map->member(name))
      if (std::string error = check_restorable(member, *below); !error.empty()) return error;
  return "";
}

}  // namespace neoid::apply
