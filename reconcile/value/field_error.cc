#include "reconcile/value/field_error.h"

#include <fmt/format.h>

#include <cstdint>

namespace neoid {
namespace {

std::string_view title(FieldErrorType type) {
  switch (type) {
    case FieldErrorType::NotFound: return "Not found";
    case FieldErrorType::Required: return "Required value";
    case FieldErrorType::Duplicate: return "Duplicate value";
    case FieldErrorType::Invalid: return "Invalid value";
    case FieldErrorType::NotSupported: return "Unsupported value";
    case FieldErrorType::Forbidden: return "Forbidden";
    case FieldErrorType::TooLong: return "Too long";
    case FieldErrorType::TooMany: return "Too many";
    case FieldErrorType::TypeInvalid: return "Invalid value";
    case FieldErrorType::Internal: return "Internal error";
  }
  return "Internal error";
}

bool prints_value(FieldErrorType type) {
  switch (type) {
    case FieldErrorType::Required:
    case FieldErrorType::Forbidden:
    case FieldErrorType::TooLong:
    case FieldErrorType::Internal: return false;
    default: return true;
  }
}

}  // namespace

std::string_view FieldError::reason() const {
  switch (type) {
    case FieldErrorType::NotFound: return "FieldValueNotFound";
    case FieldErrorType::Required: return "FieldValueRequired";
    case FieldErrorType::Duplicate: return "FieldValueDuplicate";
    case FieldErrorType::Invalid: return "FieldValueInvalid";
    case FieldErrorType::NotSupported: return "FieldValueNotSupported";
    case FieldErrorType::Forbidden: return "FieldValueForbidden";
    case FieldErrorType::TooLong: return "FieldValueTooLong";
    case FieldErrorType::TooMany: return "FieldValueTooMany";
    case FieldErrorType::TypeInvalid: return "FieldValueTypeInvalid";
    case FieldErrorType::Internal: return "InternalError";
  }
  return "InternalError";
}

std::string FieldError::message() const {
  std::string text(title(type));
  if (prints_value(type) && !value.empty()) text += ": " + value;
  if (!detail.empty()) text += ": " + detail;
  return text;
}

std::string go_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\v': out += "\\v"; break;
      default:
        if (byte < 0x20 || byte == 0x7F)
          out += fmt::format("\\x{:02x}", byte);
        else
          out += c;
    }
  }
  return out + '"';
}

std::string go_value(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::boolean: return value.get<bool>() ? "true" : "false";
    case Json::value_t::number_integer: return fmt::format("{}", value.get<std::int64_t>());
    case Json::value_t::number_unsigned: return fmt::format("{}", value.get<std::uint64_t>());
    case Json::value_t::number_float: return fmt::format("{}", value.get<double>());
    case Json::value_t::string: return go_quote(value.get_ref<const std::string&>());
    case Json::value_t::array: {
      std::string out = "[]interface {}{";
      for (std::size_t i = 0; i < value.size(); ++i) out += (i == 0 ? "" : ", ") + go_value(value[i]);
      return out + "}";
    }
    case Json::value_t::object: {
      std::string out = "map[string]interface {}{";
      bool first = true;
      for (const auto& [key, item] : value.items()) {
        out += (first ? "" : ", ") + go_quote(key) + ":" + go_value(item);
        first = false;
      }
      return out + "}";
    }
    default: return "null";
  }
}

}  // namespace neoid
