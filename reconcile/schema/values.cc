// Each node of a value goes through eight validators in a fixed order, as in kube-openapi: type, compositions,
// string, format, number, list, enum, object. Every one of them counts what it found right: anyOf and oneOf
// answer with the errors of the alternative that came closest.
#include "reconcile/schema/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_set>

#include "reconcile/schema/walk.h"

namespace neoid::schema::internal {
namespace {

// Past this many errors of one value the rest is not told: a message of megabytes helps nobody.
constexpr std::size_t kMaxErrors = 10'000;

struct Outcome {
  std::vector<FieldError> errors;
  int matches = 0;

  bool valid() const { return errors.empty(); }
  bool full() const { return errors.size() >= kMaxErrors; }
  void add(FieldError error) { errors.push_back(std::move(error)); }
  // Of another place: what is told there is told nowhere else.
  void merge(Outcome other) {
    matches += other.matches;
    if (full()) return;
    errors.insert(errors.end(), std::make_move_iterator(other.errors.begin()),
                  std::make_move_iterator(other.errors.end()));
  }
  // Of the same place, under another schema: what was told before is not told again.
  void merge_distinct(Outcome other) {
    matches += other.matches;
    if (other.errors.empty() || full()) return;
    std::unordered_set<std::string> told;
    for (const FieldError& error : errors) told.insert(error.text());
    for (FieldError& error : other.errors)
      if (told.insert(error.text()).second) errors.push_back(std::move(error));
  }
};

Outcome validate_node(const Node& node, const Json& value, const Path& path);

FieldError invalid(const Path& path, std::string value, std::string_view wanted) {
  return {FieldErrorType::Invalid, path.dotted_field(), std::move(value),
          fmt::format("{} in body {}", path.dotted(), wanted)};
}

// What has no place of its own: errors about a combination of schemas.
FieldError composition(const Path& path, std::string_view wanted) {
  return {FieldErrorType::Invalid, path.prefix().empty() ? "<nil>" : std::string(path.prefix()), "\"\"",
          fmt::format("\"{}\" {}", path.dotted(), wanted)};
}

std::string_view json_type(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::boolean: return "boolean";
    case Json::value_t::string: return "string";
    case Json::value_t::array: return "array";
    case Json::value_t::object: return "object";
    default: return is_go_integer(value) ? "integer" : "number";
  }
}

// Whether a float is as good as an integer, with the tolerance that Go's swag allows.
bool is_integral(double value) {
  constexpr double kMaxExact = 9007199254740991.0;
  if (!std::isfinite(value) || std::fabs(value) > kMaxExact) return false;
  const double whole = std::trunc(value);
  if (value == whole) return true;
  const double difference = std::fabs(value - whole);
  if (whole == 0) return false;
  return difference / std::min(std::fabs(value) + std::fabs(whole), std::numeric_limits<double>::max()) <
         1e-9;
}

std::string expected_types(const Structural& schema) {
  if (schema.type != Type::None) return schema.type_text;
  return schema.int_or_string ? "integer,string" : "";
}

bool type_fits(const Structural& schema, const Json& value) {
  const bool integer = schema.type == Type::Integer || (schema.type == Type::None && schema.int_or_string);
  switch (value.type()) {
    case Json::value_t::boolean: return schema.type == Type::Boolean;
    case Json::value_t::string:
      return schema.type == Type::String || (schema.type == Type::None && schema.int_or_string);
    case Json::value_t::array: return schema.type == Type::Array;
    case Json::value_t::object: return schema.type == Type::Object;
    default: break;
  }
  if (schema.type == Type::Number) return true;
  return integer && (is_go_integer(value) || is_integral(value.get<double>()));
}

FieldError wrong_type(const Path& path, std::string_view wanted, std::string_view found) {
  const std::string quoted = fmt::format("\"{}\"", found);
  return {FieldErrorType::TypeInvalid, path.dotted_field(), quoted,
          fmt::format("{} in body must be of type {}: {}", path.dotted(), wanted, quoted)};
}

void check_type(const Node& node, const Json& value, const Path& path, Outcome& out) {
  const Structural& schema = *node.schema;
  const bool typed = schema.type != Type::None || schema.int_or_string;
  if (!typed && node.format == Format::None) return;
  if (value.is_null()) {
    if (typed && !schema.nullable) out.add(wrong_type(path, expected_types(schema), "null"));
    return;
  }
  const bool numeric = schema.type == Type::Number || schema.type == Type::Integer ||
                       (schema.type == Type::None && schema.int_or_string);
  if (node.format != Format::None) {
    const bool listy = value.is_string() || value.is_array();
    // The format stands for the type in the message, and what the value's own format would be for the value.
    if (!listy && !type_fits(schema, value)) {
      const std::string_view own = is_go_integer(value) ? "int64" : value.is_number() ? "float64" : "";
      out.add(wrong_type(path, schema.rules.format, own));
      return;
    }
    if (listy && !numeric) {
      out.matches += 2;
      return;
    }
  }
  if (typed && !type_fits(schema, value))
    out.add(wrong_type(path, expected_types(schema), json_type(value)));
  else
    out.matches += 1;
  out.matches += 1;
}

void check_any_of(const Node& node, const Json& value, const Path& path, Outcome& out) {
  if (node.any_of.empty()) return;
  Outcome best;
  bool first = true;
  for (const Node& alternative : node.any_of) {
    Outcome outcome = validate_node(alternative, value, path);
    if (outcome.valid()) return out.merge_distinct(std::move(outcome));
    if (first || outcome.matches > best.matches) best = std::move(outcome);
    first = false;
  }
  out.add(composition(path, "must validate at least one schema (anyOf)"));
  out.merge_distinct(std::move(best));
}

void check_one_of(const Node& node, const Json& value, const Path& path, Outcome& out) {
  if (node.one_of.empty()) return;
  Outcome best, success;
  bool first = true;
  int valid = 0;
  for (const Node& alternative : node.one_of) {
    Outcome outcome = validate_node(alternative, value, path);
    if (outcome.valid()) {
      if (++valid == 1) success = std::move(outcome);
      continue;
    }
    if (first || outcome.matches > best.matches) best = std::move(outcome);
    first = false;
  }
  if (valid == 1) return out.merge_distinct(std::move(success));
  out.add(composition(
      path, valid == 0
                ? "must validate one and only one schema (oneOf). Found none valid"
                : fmt::format("must validate one and only one schema (oneOf). Found {} valid alternatives",
                              valid)));
  if (valid == 0) out.merge_distinct(std::move(best));
}

void check_all_of(const Node& node, const Json& value, const Path& path, Outcome& out) {
  std::size_t valid = 0;
  for (const Node& part : node.all_of) {
    Outcome outcome = validate_node(part, value, path);
    if (outcome.valid()) ++valid;
    out.merge_distinct(std::move(outcome));
  }
  if (valid != node.all_of.size())
    out.add(composition(path, valid == 0 ? "must validate all the schemas (allOf). None validated"
                                         : "must validate all the schemas (allOf)"));
}

void check_compositions(const Node& node, const Json& value, const Path& path, Outcome& out) {
  check_any_of(node, value, path, out);
  check_one_of(node, value, path, out);
  check_all_of(node, value, path, out);
  if (node.not_ && validate_node(*node.not_, value, path).valid())
    out.add(composition(path, "must not validate the schema (not)"));
  out.matches += 2;
}

std::int64_t code_points(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;
  return count;
}

void check_string(const Node& node, const std::string& text, const Path& path, Outcome& out) {
  const ValueRules& rules = node.schema->rules;
  out.matches += 1;
  const std::int64_t length = rules.max_length || rules.min_length ? code_points(text) : 0;
  if (rules.max_length && length > *rules.max_length)
    return out.add({FieldErrorType::TooLong, path.dotted_field(), go_quote(text),
                    fmt::format("may not be longer than {}", *rules.max_length)});
  if (rules.min_length && length < *rules.min_length)
    return out.add(
        invalid(path, go_quote(text), fmt::format("should be at least {} chars long", *rules.min_length)));
  if (node.pattern && !re2::RE2::PartialMatch(text, *node.pattern))
    out.add(invalid(path, go_quote(text), fmt::format("should match '{}'", rules.pattern)));
}

void check_format(const Node& node, const std::string& text, const Path& path, Outcome& out) {
  if (node.format == Format::None) return;
  out.matches += 1;
  if (!matches(node.format, text))
    out.add({FieldErrorType::TypeInvalid, path.dotted_field(), go_quote(text),
             fmt::format("{} in body must be of type {}: {}", path.dotted(), node.schema->rules.format,
                         go_quote(text))});
}

bool is_multiple(const Json& value, double factor) {
  if (is_go_integer(value)) {
    const auto whole = static_cast<std::int64_t>(factor);
    return whole == 0 || value.get<std::int64_t>() % whole == 0;
  }
  const double number = value.get<double>();
  return is_integral(factor < 1 ? 1 / factor * number : number / factor);
}

// A limit as it is compared and printed: integers are compared with the limit's integral part.
std::string limit_text(const Json& value, double limit) {
  return is_go_integer(value) ? fmt::format("{}", static_cast<std::int64_t>(limit)) : go_number(limit);
}

// Negative, 0 or positive, as the value is below, at or above the limit.
int compare(const Json& value, double limit) {
  if (is_go_integer(value)) {
    const auto whole = static_cast<std::int64_t>(limit);
    const auto number = value.get<std::int64_t>();
    return number < whole ? -1 : number > whole ? 1 : 0;
  }
  const auto number = value.get<double>();
  return number < limit ? -1 : number > limit ? 1 : 0;
}

void check_number(const Node& node, const Json& value, const Path& path, Outcome& out) {
  const ValueRules& rules = node.schema->rules;
  out.matches += 2;
  const auto printed = [&] {
    return is_go_integer(value) ? fmt::format("{}", value.get<std::int64_t>())
                                : go_number(value.get<double>());
  };
  if (rules.multiple_of && !is_multiple(value, *rules.multiple_of))
    out.add(invalid(path, printed(), "should be a multiple of " + limit_text(value, *rules.multiple_of)));
  if (rules.minimum) {
    const int side = compare(value, *rules.minimum);
    if (side < 0 || (side == 0 && rules.exclusive_minimum))
      out.add(
          invalid(path, printed(),
                  fmt::format("should be greater than {}{}", rules.exclusive_minimum ? "" : "or equal to ",
                              limit_text(value, *rules.minimum))));
  }
  if (rules.maximum) {
    const int side = compare(value, *rules.maximum);
    if (side > 0 || (side == 0 && rules.exclusive_maximum))
      out.add(invalid(path, printed(),
                      fmt::format("should be less than {}{}", rules.exclusive_maximum ? "" : "or equal to ",
                                  limit_text(value, *rules.maximum))));
  }
}

FieldError too_many(const Path& path, std::size_t size, std::int64_t limit) {
  return {FieldErrorType::TooMany, path.dotted_field(), fmt::format("{}", size),
          fmt::format("must have at most {} items", limit)};
}

void check_list(const Node& node, const Json& value, const Path& path, Outcome& out) {
  const ValueRules& rules = node.schema->rules;
  const auto& list = value.get_ref<const Json::array_t&>();
  if (node.items)
    for (std::size_t i = 0; i < list.size() && !out.full(); ++i)
      out.merge(validate_node(*node.items, list[i], Path::index(path, i)));
  const auto size = static_cast<std::int64_t>(list.size());
  if (rules.min_items && size < *rules.min_items)
    out.add(invalid(path, fmt::format("{}", size),
                    fmt::format("should have at least {} items", *rules.min_items)));
  if (rules.max_items && size > *rules.max_items) out.add(too_many(path, list.size(), *rules.max_items));
  out.matches += 2;
}

void check_enum(const Node& node, const Json& value, const Path& path, Outcome& out) {
  out.matches += 1;
  const auto& values = node.schema->rules.enum_values;
  if (values.empty()) return;
  std::string list;
  for (const Json& allowed : values) {
    if (allowed == value && !value.is_null()) return;
    list += (list.empty() ? "" : ", ") +
            go_quote(allowed.is_string() ? allowed.get_ref<const std::string&>() : allowed.dump());
  }
  out.add({FieldErrorType::NotSupported, path.dotted_field(), value.is_null() ? "\"null\"" : go_value(value),
           "supported values: " + list});
}

void check_members(const Node& node, const Json::object_t& members, const Path& path, Outcome& out) {
  const Structural& schema = *node.schema;
  const bool closed = schema.additional_allowed == false && !schema.additional;
  // What is not a property comes first, then the properties, then what is missing.
  if (closed || node.additional)
    for_each_member(members, node, [&](const std::string& key, const Json& value, const Node* property) {
      if (property != nullptr) return;
      if (closed)
        out.add({FieldErrorType::Invalid, path.dotted_field(), go_quote(key),
                 fmt::format("{}.{} in body is a forbidden property", path.dotted(), key)});
      else
        out.merge(validate_node(*node.additional, value, Path::child(path, key)));
    });
  for_each_member(members, node, [&](const std::string& key, const Json& value, const Node* property) {
    if (property != nullptr) out.merge(validate_node(*property, value, Path::child(path, key)));
  });
  for (const std::string& name : schema.rules.required)
    if (members.find(name) == members.end())
      out.add({FieldErrorType::Required, Path::child(path, name).dotted_field(), "", ""});
}

void check_object(const Node& node, const Json& value, const Path& path, Outcome& out) {
  const ValueRules& rules = node.schema->rules;
  const auto& members = value.get_ref<const Json::object_t&>();
  out.matches += 1;
  const auto size = static_cast<std::int64_t>(members.size());
  if (rules.min_properties && size < *rules.min_properties)
    return out.add(invalid(path, fmt::format("{}", size),
                           fmt::format("should have at least {} properties", *rules.min_properties)));
  if (rules.max_properties && size > *rules.max_properties)
    return out.add(too_many(path, members.size(), *rules.max_properties));
  check_members(node, members, path, out);
}

Outcome validate_node(const Node& node, const Json& value, const Path& path) {
  Outcome out;
  check_type(node, value, path, out);
  if (value.is_null()) {
    check_enum(node, value, path, out);
    return out;
  }
  check_compositions(node, value, path, out);
  if (value.is_string()) {
    check_string(node, value.get_ref<const std::string&>(), path, out);
    check_format(node, value.get_ref<const std::string&>(), path, out);
  } else if (value.is_number()) {
    check_number(node, value, path, out);
  } else if (value.is_array()) {
    check_list(node, value, path, out);
  }
  check_enum(node, value, path, out);
  if (value.is_object()) check_object(node, value, path, out);
  out.matches += 1;
  return out;
}

}  // namespace

void validate_value(const Node& node, const Json& value, const Path& path, std::vector<FieldError>& errors) {
  Outcome outcome = validate_node(node, value, path);
  errors.insert(errors.end(), std::make_move_iterator(outcome.errors.begin()),
                std::make_move_iterator(outcome.errors.end()));
}

bool is_go_integer(const Json& value) {
  if (!value.is_number_integer()) return false;
  return !value.is_number_unsigned() ||
         value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

std::string go_number(double value) {
  if (value == std::trunc(value) && std::fabs(value) < 1e21) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

}  // namespace neoid::schema::internal
