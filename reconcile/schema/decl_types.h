// The CEL types of a schema's nodes. Internal to reconcile/schema.
// Source: apiextensions-apiserver/pkg/apiserver/schema/cel/model/schemas.go.
#pragma once

#include <unordered_map>

#include "reconcile/cel/decl_type.h"
#include "reconcile/schema/structural.h"

namespace neoid::schema::internal {

enum class NodeKind {
  Resource,
  Value
};  // a resource, the root's or an embedded one, has name, kind and apiVersion

// Remembers what it made: the types of a schema and of its parts share their nodes. Not thread-safe.
class DeclTypes {
 public:
  explicit DeclTypes(cel::KubernetesVersion version) : version_(version) {}
  // Null if rules cannot see values of this schema.
  cel::DeclTypePtr of(const Structural& schema, NodeKind kind);
  // An embedded resource is a resource, everything else a value.
  cel::DeclTypePtr of(const Structural& schema) {
    return of(schema, schema.embedded_resource ? NodeKind::Resource : NodeKind::Value);
  }

 private:
  cel::DeclTypePtr make(const Structural& schema, NodeKind kind);
  cel::DeclTypePtr make_object(const Structural& schema, NodeKind kind);

  cel::KubernetesVersion version_;
  std::unordered_map<const Structural*, cel::DeclTypePtr> made_;
};

}  // namespace neoid::schema::internal
