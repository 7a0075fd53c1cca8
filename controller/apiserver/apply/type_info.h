// Type: what a schema says about ownership and merging of a value, and nothing about its validity.
//
// Lists are atomic, sets, or maps by keys; objects are granular or atomic; a type may be several at once
// (untyped values). Made from OpenAPI: of a CRD version (the raw structural schema) or of a built-in kind.
// Immutable and shared; thread-safe. Source: sigs.k8s.io/structured-merge-diff/v4/schema,
// k8s.io/kube-openapi/pkg/schemaconv.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/value/json.h"

namespace neoid::apply {

enum class Scalar { Numeric, String, Boolean, Untyped };
enum class Relation { Atomic, Granular };  // granular lists are sets, or maps where they have keys

struct ListType;
struct MapType;

struct Type {
  std::optional<Scalar> scalar;
  std::shared_ptr<const ListType> list;
  std::shared_ptr<const MapType> map;
  bool bytes = false;  // a text that stands for bytes, in base64
  bool operator==(const Type&) const = default;
};
using TypeRef = std::shared_ptr<const Type>;

struct ListType {
  TypeRef element;
  Relation relation = Relation::Atomic;
  std::vector<std::string> keys;
};

struct FieldType {
  TypeRef type;
  std::optional<Json> default_value;
  std::string patch_strategy;   // "merge", "replace", "retainKeys" or a list of them: strategic merge patch
  std::string patch_merge_key;  // "uid"
  bool always_there = false;    // a struct of a built-in kind that is there, if only empty, in a new object
};

struct MapType {
  std::map<std::string, FieldType, std::less<>> fields;
  TypeRef element;  // of members that are not fields; null: there may be none
  Relation relation = Relation::Granular;
  const TypeRef& member(std::string_view name) const;  // field, else element
};

// The type of values that no schema describes: it is read off the value itself.
TypeRef deduced_type();

// How "$ref"s are found: "#/definitions/X" or "#/components/schemas/X" -> schema; null where unknown.
using SchemaLookup = std::function<const Json*(std::string_view reference)>;
TypeRef type_of_schema(const Json& schema, const SchemaLookup& lookup);
// Of one version of a CRD: its openAPIV3Schema with apiVersion, kind and metadata as the server adds them.
// `lookup` knows kObjectMetaReference (openapi::builtin_reference does).
TypeRef type_of_crd_schema(const Json& open_api_v3_schema, const SchemaLookup& lookup);
inline constexpr std::string_view kObjectMetaReference =
    "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

// One kind in every version it is served in: {"golden.example.com/v1": type}.
using VersionedTypes = std::map<std::string, TypeRef, std::less<>>;

// What a new object of a built-in kind holds before anything is said: the structs that are always there, and
// those nulls and empty texts of `wanted` that a server writes for members that were never set. Nothing for
// custom kinds.
Json empty_object(const Type& type, const Json& wanted);

// What of `object` does not fit `type`, in the words of the apply endpoint (".spec.size: expected numeric
// (int or float), got string"); empty: it fits.
std::string check_typed(const Json& object, const Type& type);

}  // namespace neoid::apply
