// The fields of a CustomResourceDefinition, as a table: what a server decodes, and how it writes it again.
// Internal to reconcile/schema. Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go.
#pragma once

#include <span>
#include <string_view>

#include "reconcile/cel/version.h"

namespace neoid::schema::internal {

enum class FieldKind {
  Any,            // any JSON, kept as it is
  Text,           // left out if empty
  TextAlways,     // written even if empty
  TextPointer,    // kept if given
  Texts,          // left out if empty
  Flag,           // left out if false
  FlagAlways,     // written even if false
  FlagPointer,    // kept if given
  Int32,          // left out if 0
  Int32Pointer,   // kept if given
  Int64Pointer,   // kept if given
  NumberPointer,  // kept if given
  Anys,           // a list of any JSON, left out if empty
  Object,         // of a shape
  Objects,        // a list of a shape, left out if empty
  ObjectsAlways,  // a list of a shape
  ObjectMap,      // names to objects of a shape, left out if empty
  SchemaOrFlag,   // additionalProperties
  SchemaOrList,   // items
};

struct Shape;
struct Field {
  std::string_view name;
  FieldKind kind = FieldKind::Any;
  const Shape* shape = nullptr;  // of Object and its like
  int since_minor = 0;           // the Kubernetes 1.x that has it first
};
struct Shape {
  std::string_view type;  // the Go type, for messages
  std::span<const Field> fields;
  const Field* find(std::string_view name, cel::KubernetesVersion version) const;
};

const Shape& crd_shape();  // apiVersion, kind, metadata, spec, status

}  // namespace neoid::schema::internal
