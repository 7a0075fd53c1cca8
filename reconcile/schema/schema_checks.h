// Every check of one openAPIV3Schema, and its compiled form. Internal to reconcile/schema.
// Source: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go.
#pragma once

#include <memory>
#include <string>

#include "reconcile/schema/errors.h"
#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

enum class StatusSubresource { Off, On };

struct CheckedSchema {
  Errors errors;
  std::shared_ptr<const Program> program;  // null if there are errors
};

// `path` is that of what holds openAPIV3Schema ("spec.validation", "spec.versions[1].schema").
CheckedSchema check_schema(const Json& schema, const std::string& path, StatusSubresource status,
                           cel::KubernetesVersion version);

}  // namespace neoid::schema::internal
