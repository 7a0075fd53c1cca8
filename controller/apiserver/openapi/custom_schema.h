// The schema of a custom kind as documents show it. Pure. Source: k8s.io/apiextensions-apiserver controller/openapi (1.26).
#pragma once

#include <string>

#include "controller/apiserver/openapi/documents.h"
#include "controller/apiserver/openapi/paths.h"

namespace neoid::openapi {

// golden.example.com, v1, Widget -> com.example.golden.v1.Widget
std::string custom_definition_name(const std::string& group, const std::string& version,
                                   const std::string& kind);
// V2 leaves out what the older kubectl cannot read: defaults, junctors, types that may be null, and what stands
// below unknown fields.
Json custom_schema(const CustomKind& kind, Format format);
Json custom_list_schema(const CustomKind& kind, Format format);

}  // namespace neoid::openapi
