// The built-in kinds' schemas: OpenAPI definitions with list types, patch strategies and short descriptions.
//
// Names are Kubernetes' own ("io.k8s.api.core.v1.Secret"); references are written "#/definitions/NAME".
// Enough for typing (apply, strategic merge), strict field validation, the OpenAPI documents and kubectl
// explain; not for validation of values. Built once, never freed; thread-safe. Source: kubernetes.io API
// reference, 1.26.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/value/json.h"

namespace neoid::openapi {

// All definitions: name -> schema.
const Json& builtin_definitions();
// Name of the definition of a kind that is served: ("", "v1", "Secret") -> "io.k8s.api.core.v1.Secret"; "" if
// none.
std::string definition_name(std::string_view group, std::string_view version, std::string_view kind);
// null where there is none.
const Json* builtin_schema(std::string_view group, std::string_view version, std::string_view kind);
// "#/definitions/X", "#/components/schemas/X" or "X" -> schema; null where unknown.
const Json* builtin_reference(std::string_view reference);

// One resource of a built-in group, for paths and documents.
struct BuiltinResource {
  std::string group, version, kind, plural;
  bool namespaced = false;
  std::vector<std::string> subresources;  // "status", "finalize", "scale"
  bool create_only = false;               // reviews
};
const std::vector<BuiltinResource>& builtin_resources();

// What the kind of `schema` does not know, as strict decoding names it: "spec.nope", "metadata.nope". Names are
// compared with their case. From the text in its own order, else in the order of the keys.
std::vector<std::string> unknown_fields(std::string_view json_text, const Json& schema);
std::vector<std::string> unknown_fields(const Json& object, const Json& schema);

// --- what protobuf.h reads: the fields of a type with their numbers ---
struct Field {
  std::string name;
  int number = 0;
  std::string type;  // "string", "[core.Container]"; names are complete: "io.k8s.api.core.v1.Container"
  bool is_inline = false;
};
// null where the definition is unknown.
const std::vector<Field>* builtin_fields(std::string_view definition);

}  // namespace neoid::openapi
