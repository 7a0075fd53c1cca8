// `neoid schema`: the contract in the forms that editors, kubeconform and generators of clients read.
#pragma once

#include <ostream>
#include <string>

#include "reconcile/schema/crd.h"
#include "reconcile/value/json.h"

namespace neoid::validate {

enum class SchemaForm {
  JsonSchema,  // draft-07; GROUP/KIND_VERSION.json, as kubeconform and the CRDs catalogue name them, and all.json
  OpenApi,  // 3.0; GROUP_VERSION.json, as a server answers at /openapi/v3/apis/GROUP/VERSION
};

// Writes the files of our kinds below `folder` (made where there is none) and prints their names. 0: done; 2: a file
// could not be written.
int write_schemas(SchemaForm form, const std::string& folder, std::ostream& out, std::ostream& err);

// One version as JSON Schema: unknown fields refused, apiVersion and kind fixed. CEL rules have no place in it. Pure.
Json json_schema(const schema::Crd& crd, const schema::Version& version);
// All versions of a name as one OpenAPI document without paths. Pure.
Json openapi_document(const std::vector<const schema::Crd*>& crds, const std::string& version);

}  // namespace neoid::validate
