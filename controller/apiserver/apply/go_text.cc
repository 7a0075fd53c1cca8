#include "controller/apiserver/apply/go_text.h"

#include <cmath>

#include <fmt/format.h>

#include "reconcile/value/field_error.h"

namespace neoid::apply {
namespace {

// %v of a float64: the shortest text, with an exponent below 1e-4 and from 1e21 on.
std::string go_float(double value) {
  const double size = std::fabs(value);
  if (size != 0 && (size < 1e-4 || size >= 1e21)) {
    std::string text = fmt::format("{:e}", value);
    const std::string shortest = fmt::format("{}", value);
    return shortest.find('e') != std::string::npos ? shortest : text;
  }
  std::string text = fmt::format("{}", value);
  if (text.find('e') != std::string::npos) text = fmt::format("{:.0f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace

std::string go_print(const Json& value) {
  if (value.is_null()) return "<nil>";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return go_float(value.get<double>());
  if (value.is_object()) {
    std::string out;
    for (const auto& [name, member] : value.items())
      out += (out.empty() ? "" : " ") + name + ":" + go_print(member);
    return "map[" + out + "]";
  }
  if (value.is_array()) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) out += (i == 0 ? "" : " ") + go_print(value[i]);
    return "[" + out + "]";
  }
  return value.dump();
}

std::string go_syntax(const Json& value) { return value.is_null() ? "interface {}(nil)" : go_value(value); }

std::string go_type(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "<nil>";
    case Json::value_t::object: return "map[string]interface {}";
    case Json::value_t::array: return "[]interface {}";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "bool";
    case Json::value_t::number_float: return "float64";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return "int64";
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
  }
  return "invalid";
}

std::string go_kind(const Json& value) {
  if (value.is_boolean()) return "bool";
  if (value.is_number()) return "number";
  return value.type_name();
}

std::string without_place(std::string message) {
  const std::size_t at = message.rfind(" (at line ");
  if (at != std::string::npos && message.ends_with(")")) message.resize(at);
  return message;
}

}  // namespace neoid::apply
