#include "reconcile/cel/decl_type.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace neoid::cel {
namespace {

// Sizes of JSON texts, quotation marks included: of the shortest and the longest that a format allows.
constexpr std::int64_t kMinStringSize = 2;
constexpr std::int64_t kMinDurationSize = 3;  // "0"
constexpr std::int64_t kMaxDurationSize = 32;
constexpr std::int64_t kDateSize = 12;
constexpr std::int64_t kMinDateTimeSize = 21;
constexpr std::int64_t kMaxDateTimeSize = 32;
constexpr std::int64_t kMinBoolSize = 4;
constexpr std::int64_t kMinCollectionSize = 2;  // [] and {}
constexpr std::int64_t kLargestString = kMaxRequestBytes - 2;

std::int64_t not_negative(std::int64_t value) { return std::max<std::int64_t>(value, 0); }

std::shared_ptr<DeclType> make(DeclKind kind, std::string openapi_type, std::int64_t min_size) {
  auto type = std::make_shared<DeclType>();
  type->kind = kind;
  type->openapi_type = std::move(openapi_type);
  type->min_serialized_size = min_size;
  return type;
}

bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 21> kReserved = {
      "true",     "false",   "null",      "in",       "as",  "break",  "const",
      "continue", "else",    "for",       "function", "if",  "import", "let",
      "loop",     "package", "namespace", "return",   "var", "void",   "while"};
  return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

}  // namespace

const DeclField* DeclType::find_field(std::string_view name) const {
  const auto found =
      std::lower_bound(fields.begin(), fields.end(), name,
                       [](const DeclField& field, std::string_view key) { return field.cel_name < key; });
  return found != fields.end() && found->cel_name == name ? &*found : nullptr;
}

DeclTypePtr bool_type() {
  static const DeclTypePtr type = make(DeclKind::Bool, "boolean", kMinBoolSize);
  return type;
}

DeclTypePtr int_type() {
  static const DeclTypePtr type = make(DeclKind::Int, "integer", 1);
  return type;
}

DeclTypePtr double_type() {
  static const DeclTypePtr type = make(DeclKind::Double, "number", 1);
  return type;
}

DeclTypePtr int_or_string_type() {
  static const DeclTypePtr type = [] {
    auto made = make(DeclKind::IntOrString, "", 1);
    made->max_elements = kLargestString;
    return made;
  }();
  return type;
}

DeclTypePtr string_type(const StringFacts& facts) {
  if (facts.format == "byte") {
    auto type = make(DeclKind::Bytes, "string", kMinStringSize);
    type->max_elements = facts.max_length ? not_negative(*facts.max_length) : kLargestString;
    return type;
  }
  if (facts.format == "duration") {
    auto type = make(DeclKind::Duration, "string", kMinDurationSize);
    type->max_elements = kMaxDurationSize;
    return type;
  }
  if (facts.format == "date") {
    auto type = make(DeclKind::Date, "string", kDateSize);
    type->max_elements = kDateSize;
    return type;
  }
  if (facts.format == "date-time") {
    auto type = make(DeclKind::DateTime, "string", kMinDateTimeSize);
    type->max_elements = kMaxDateTimeSize;
    return type;
  }
  auto type = make(DeclKind::String, "string", kMinStringSize);
  if (facts.max_length) {
    // Code points to bytes.
    type->max_elements =
        std::min(not_negative(*facts.max_length), std::numeric_limits<std::int64_t>::max() / 4) * 4;
  } else if (!facts.enum_values.empty() && facts.version >= KubernetesVersion{1, 29}) {
    for (const std::string& value : facts.enum_values) {
      type->max_elements = std::max(type->max_elements, static_cast<std::int64_t>(value.size()));
    }
  } else {
    type->max_elements = kLargestString;
  }
  return type;
}

DeclTypePtr list_type(ListFacts facts) {
  auto type = make(DeclKind::List, "array", kMinCollectionSize);
  type->max_elements = facts.max_items ? not_negative(*facts.max_items)
                                       : (kMaxRequestBytes - 2) / (facts.element->min_serialized_size + 1);
  type->element = std::move(facts.element);
  type->element_nullable = facts.element_nullable;
  type->list_kind = facts.kind;
  type->list_keys = std::move(facts.keys);
  return type;
}

DeclTypePtr map_type(DeclTypePtr element, std::optional<std::int64_t> max_properties, bool element_nullable) {
  auto type = make(DeclKind::Map, "object", kMinCollectionSize);
  // An entry is at least `"":` and a comma around its value.
  type->max_elements = max_properties ? not_negative(*max_properties)
                                      : (kMaxRequestBytes - 2) / (element->min_serialized_size + 6);
  type->element = std::move(element);
  type->element_nullable = element_nullable;
  return type;
}

DeclTypePtr object_type(const std::vector<PropertyFacts>& properties, bool preserve_unknown) {
  auto type = make(DeclKind::Object, "object", kMinCollectionSize);
  type->preserve_unknown = preserve_unknown;
  for (const PropertyFacts& property : properties) {
    if (!property.type) continue;
    if (auto cel_name = escape_property(property.name)) {
      type->fields.push_back({property.name, *cel_name, property.type, property.nullable, property.required});
    }
    if (property.required && !property.has_default) {
      type->min_serialized_size +=
          static_cast<std::int64_t>(property.name.size()) + property.type->min_serialized_size + 4;
    }
  }
  std::sort(type->fields.begin(), type->fields.end(),
            [](const DeclField& a, const DeclField& b) { return a.cel_name < b.cel_name; });
  return type;
}

std::vector<PropertyFacts> resource_properties() {
  const DeclTypePtr text = string_type({});
  return {{.name = "apiVersion", .type = text},
          {.name = "kind", .type = text},
          {.name = "metadata",
           .type = object_type({{.name = "name", .type = text}, {.name = "generateName", .type = text}})}};
}

std::optional<std::string> escape_property(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return std::nullopt;
  if (is_reserved(name)) return "__" + std::string(name) + "__";
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      out += c;
    } else if (c == '_') {
      const bool two = i + 1 < name.size() && name[i + 1] == '_';
      out += two ? "__underscores__" : "_";
      i += two ? 1 : 0;
    } else if (c == '.') {
      out += "__dot__";
    } else if (c == '-') {
      out += "__dash__";
    } else if (c == '/') {
      out += "__slash__";
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::uint64_t max_cardinality(const DeclType& type) {
  // Between two values there is at least a comma.
  return static_cast<std::uint64_t>(kMaxRequestBytes / (type.min_serialized_size + 1));
}

}  // namespace neoid::cel
