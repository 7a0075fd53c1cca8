// DeclType: what a rule may know of a value before it sees it, its kind, its parts and its largest size.
//
// Made by reconcile/schema from a structural OpenAPI schema (with the factories below, which hold the size
// arithmetic of a real API server), then shared between rules: immutable, so any number of threads may use
// it. What has no type in a schema (no `type`, arrays without items, maps whose values have no type) has no
// DeclType either; a property without one is left out of its object's fields.
//
// Units: lengths of strings and bytes in bytes, of lists and maps in entries. Sizes are those of the JSON
// text. Source: Kubernetes, "Validation rules" and "Resource use by validation functions";
// k8s.io/apiserver/pkg/cel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/cel/version.h"

namespace neoid::cel {

// The largest request that an API server reads; what bounds a value whose schema does not.
inline constexpr std::int64_t kMaxRequestBytes = 3 * 1024 * 1024;

enum class DeclKind {
  Bool,
  Int,
  Double,  // OpenAPI's number; JSON integers are read as doubles
  String,
  Bytes,        // a string of format byte: base64
  Duration,     // a string of format duration
  Date,         // a string of format date: midnight UTC; for rules a timestamp
  DateTime,     // a string of format date-time: a timestamp
  IntOrString,  // x-kubernetes-int-or-string: `dyn` for the checker
  List,
  Map,     // an object with additionalProperties
  Object,  // an object with properties
};

// x-kubernetes-list-type: what `==` and `+` mean for the list.
enum class ListKind { Atomic, Set, Map };

struct DeclType;
using DeclTypePtr = std::shared_ptr<const DeclType>;

struct DeclField {
  std::string name;      // as it stands in JSON: "my-key"
  std::string cel_name;  // as a rule says it: "my__dash__key" (see escape_property)
  DeclTypePtr type;
  bool nullable =
      false;  // a null in an object is as good as absent, for has() and selection, whatever this says
  bool required = false;
};

struct DeclType {
  DeclKind kind = DeclKind::String;
  DeclTypePtr element;            // of a List its items, of a Map its values
  bool element_nullable = false;  // `nullable: true` on those: null is a value there
  std::vector<DeclField> fields;  // of an Object, sorted by cel_name
  ListKind list_kind = ListKind::Atomic;
  std::vector<std::string> list_keys;  // x-kubernetes-list-map-keys, JSON names; only for ListKind::Map
  bool preserve_unknown = false;  // fields of no type may stand beside the known; they count in `==` only
  std::int64_t max_elements = 0;  // the most bytes or entries; 0 for scalars of fixed size
  std::int64_t min_serialized_size = 1;
  std::string
      openapi_type;  // "string", "array", ...; empty for int-or-string: what field errors print as value

  // The field of that name in rules, or null.
  const DeclField* find_field(std::string_view cel_name) const;
};

// --- Making them: one factory a schema node; every optional is a limit of the schema, absent if it has none.
// ---

DeclTypePtr bool_type();
DeclTypePtr int_type();
DeclTypePtr double_type();
DeclTypePtr int_or_string_type();

struct StringFacts {
  std::string format;                         // "", "byte", "duration", "date", "date-time"; any other is ""
  std::optional<std::int64_t> max_length;     // in code points
  std::vector<std::string> enum_values = {};  // bounds the length from 1.29 on
  KubernetesVersion version = {};
};
DeclTypePtr string_type(const StringFacts& facts);

struct ListFacts {
  DeclTypePtr element;
  std::optional<std::int64_t> max_items;
  ListKind kind = ListKind::Atomic;
  std::vector<std::string> keys = {};
  bool element_nullable = false;
};
DeclTypePtr list_type(ListFacts facts);

DeclTypePtr map_type(DeclTypePtr element, std::optional<std::int64_t> max_properties,
                     bool element_nullable = false);

struct PropertyFacts {
  std::string name;
  DeclTypePtr type;
  bool nullable = false;
  bool required = false;
  bool has_default = false;  // a required property with a default does not add to the minimal size
};
// The root of a resource and embedded resources must be given their `apiVersion`, `kind` and `metadata` (of
// `name` and `generateName`) as properties; resource_properties() are those of them that the schema lacks.
DeclTypePtr object_type(const std::vector<PropertyFacts>& properties, bool preserve_unknown = false);

// apiVersion, kind (strings) and metadata (an object of the strings name and generateName), none required.
std::vector<PropertyFacts> resource_properties();

// The name of a property in rules: __dash__, __dot__, __slash__, __underscores__ for what an identifier
// cannot hold, __in__ for reserved words; nullopt for a name that no rule can say (spaces, other signs, a
// digit first).
std::optional<std::string> escape_property(std::string_view name);

// How often, at most, a value of this type can stand in one request where no maxItems or maxProperties above
// it says so: what a rule's cost is multiplied with inside of unbounded lists and maps.
std::uint64_t max_cardinality(const DeclType& type);

}  // namespace neoid::cel
