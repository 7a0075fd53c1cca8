#include "controller/cli/validate/mend.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "reconcile/policy/similar.h"

namespace neoid::validate {
namespace {

constexpr std::size_t kFieldsShown = 8;

// "a.b[0].c" -> ("a.b[0]", "c"); a key in brackets counts as part of its parent.
std::pair<std::string_view, std::string_view> split_last(std::string_view field) {
  const std::size_t dot = field.rfind('.');
  if (dot == std::string_view::npos) return {{}, field};
  return {field.substr(0, dot), field.substr(dot + 1)};
}

std::string first_sentence(std::string_view text) {
  const std::size_t end = text.find(". ");
  return std::string(end == std::string_view::npos ? text : text.substr(0, end + 1));
}

std::string described(const schema::Structural* schema, std::string_view name) {
  if (schema == nullptr || schema->description.empty()) return {};
  return fmt::format("{}: {}", name, first_sentence(schema->description));
}

bool is_index(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

}  // namespace

const schema::Structural* schema_at(const schema::Structural& root, std::string_view field) {
  const schema::Structural* schema = &root;
  while (schema != nullptr && !field.empty()) {
    if (field.front() == '.') field.remove_prefix(1);
    if (!field.empty() && field.front() == '[') {
      const std::size_t end = field.find(']');
      if (end == std::string_view::npos) return nullptr;
      const std::string_view inside = field.substr(1, end - 1);
      schema = is_index(inside) && schema->items ? schema->items.get() : schema->find_member(inside);
      field.remove_prefix(end + 1);
    } else {
      const std::size_t end = std::min(field.find_first_of(".["), field.size());
      schema = schema->find_member(field.substr(0, end));
      field.remove_prefix(end);
    }
  }
  return schema;
}

std::string mend_unknown(const schema::Structural& root, std::string_view field) {
  const auto [parent, name] = split_last(field);
  const schema::Structural* schema = schema_at(root, parent);
  if (schema == nullptr || schema->properties.empty()) return "remove it";
  std::vector<std::string> names;
  for (const auto& [property, unused] : schema->properties) names.push_back(property);
  if (const auto similar = policy::most_similar(name, names))
    return fmt::format("did you mean \"{}\"?", *similar);
  const std::string where = parent.empty() ? "here" : fmt::format("in {}", parent);
  if (names.size() > kFieldsShown) return fmt::format("remove it; there is no such field {}", where);
  return fmt::format("remove it; the fields {} are {}", where, fmt::join(names, ", "));
}

std::string mend(const schema::Structural& root, const FieldError& error) {
  const schema::Structural* schema = schema_at(root, error.field == "<nil>" ? "" : error.field);
  const auto [parent, name] = split_last(error.field);
  switch (error.type) {
    case FieldErrorType::Required: {
      const std::string text = described(schema, name);
      return text.empty() ? fmt::format("add {}", name) : fmt::format("add {}", text);
    }
    case FieldErrorType::NotSupported: {
      std::vector<std::string> values;
      if (schema != nullptr)
        for (const Json& value : schema->rules.enum_values)
          if (value.is_string()) values.push_back(value.get<std::string>());
      if (const auto similar = policy::most_similar(unquoted(error.value), values))
        return fmt::format("did you mean \"{}\"?", *similar);
      return described(schema, name);
    }
    case FieldErrorType::Duplicate: return "remove one of the two";
    case FieldErrorType::TypeInvalid:
    case FieldErrorType::Invalid:
    case FieldErrorType::TooLong:
    case FieldErrorType::TooMany: return error.field.empty() ? std::string() : described(schema, name);
    case FieldErrorType::NotFound:
    case FieldErrorType::Forbidden:
    case FieldErrorType::Internal: break;
  }
  return {};
}

std::string_view rule_of(FieldErrorType type) {
  switch (type) {
    case FieldErrorType::NotFound: return "not-found";
    case FieldErrorType::Required: return "required";
    case FieldErrorType::Duplicate: return "duplicate";
    case FieldErrorType::Invalid: return "invalid";
    case FieldErrorType::NotSupported: return "not-supported";
    case FieldErrorType::Forbidden: return "forbidden";
    case FieldErrorType::TooLong: return "too-long";
    case FieldErrorType::TooMany: return "too-many";
    case FieldErrorType::TypeInvalid: return "type";
    case FieldErrorType::Internal: return "internal";
  }
  return "internal";
}

}  // namespace neoid::validate
