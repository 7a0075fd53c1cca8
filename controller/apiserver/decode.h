// Bodies: bytes of a request into the object that the verbs work on, as a kube-apiserver decodes them.
//
// Pure but for the warnings of the call. What comes out has apiVersion and kind; unknown fields are gone,
// defaults of the kind are written. Source: k8s.io/apimachinery/pkg/runtime/serializer,
// k8s.io/apiserver/pkg/endpoints/handlers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/core.h"
#include "controller/apiserver/options.h"

namespace neoid::apiserver {

// The body of a create or update. Refusals: 400, 415.
Answer<Json> decode_body(Call& call, FieldValidation validation);

// The same checks for an object that came about by a patch. `duplicates`: none can be told any more.
Answer<Json> decode_patched(Call& call, Json object, FieldValidation validation);

// Prunes, fills in and converts what a client sent, already known to be of the right kind. The unknown fields
// are told in the order of the tree.
struct Completed {
  Json object;
  std::vector<std::string> unknown_fields;
};
Result<Completed> complete_object(const ResourceInfo& resource, Json object);

}  // namespace neoid::apiserver
