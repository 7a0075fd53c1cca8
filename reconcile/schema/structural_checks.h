// Whether a schema is structural, in a server's words. Internal to reconcile/schema.
// Source: apiextensions-apiserver/pkg/apiserver/schema/{validation,complete,convert}.go.
#pragma once

#include <string>

#include "reconcile/schema/errors.h"

namespace neoid::schema::internal {

// Sorted by their text. `path` is that of openAPIV3Schema.
Errors check_structural(const Json& schema, const std::string& path);

// A keyword that cannot stand in a structural schema at all, anywhere: the sentence about the first; else empty.
std::string unsupported_keyword(const Json& schema);

}  // namespace neoid::schema::internal
