// The checks of a CRD outside of its schemas. Internal to reconcile/schema.
// Source: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go.
#pragma once

#include <string>
#include <vector>

#include "reconcile/schema/errors.h"
#include "reconcile/value/json.h"

namespace neoid::schema::internal {

// A server holds what all versions have in common once: its errors are then at "spec.validation" and the like.
struct Hoisted {
  bool schema = false, subresources = false, columns = false;
};
Hoisted find_hoisted(const Json& versions);

Errors check_group_and_scope(const Json& spec);
Errors check_version(const Json& version, const std::string& path);
Errors check_version_list(const Json& spec, const Hoisted& hoisted);
Errors check_names(const Json& spec);
Errors check_subresources(const Json* subresources, const std::string& path);
Errors check_columns(const Json& columns, const std::string& path);
Errors check_conversion(const Json& spec);
Errors check_stored_versions(const Json& spec, const Hoisted& hoisted, const Json* old);
Errors check_approval(const Json& crd);
Errors check_immutable(const Json& crd, const Json& old);

}  // namespace neoid::schema::internal
