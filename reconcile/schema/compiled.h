// CompiledSchema: what one version of a CustomResourceDefinition does to a resource: fill in, cut off, judge.
//
// Flow in a server, for a write: prune -> apply_defaults -> (merge, apply, mutate) -> validate.
// Guarantees: immutable and cheap to copy (shared), so any number of threads may use it at once; patterns and
// rules were compiled when the CRD was loaded. Never throws; takes any JSON. Words and order of the errors
// are those of a kube-apiserver of the version that the CRD was loaded for.
// Source: apiextensions-apiserver/pkg/apiserver/schema (defaulting, pruning, listtype, cel), kube-openapi.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reconcile/schema/structural.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"

namespace neoid::schema {

namespace internal {
struct Program;
}

class CompiledSchema {
 public:
  CompiledSchema();  // takes everything, like `type: object, x-kubernetes-preserve-unknown-fields: true`
  explicit CompiledSchema(std::shared_ptr<const internal::Program> program);

  // Writes the defaults of absent fields into the object, nested ones too (also under status). A null where
  // the schema is not nullable and has a default is replaced by it.
  void apply_defaults(Json& object) const;

  // Removes what the schema does not know, and says what that was, as strict field validation names it
  // ("spec.a.b[0].c"), sorted. Kept: apiVersion, kind and metadata of the root and of embedded resources, and
  // whatever x-kubernetes-preserve-unknown-fields covers.
  std::vector<std::string> prune(Json& object) const;

  // The errors of the object under this schema; none if it is valid. In a server's order: types and values,
  // embedded resources' metadata, list sets and maps, then rules (`old`, borrowed, is the stored object: with
  // it transition rules run). `before` are errors found earlier (of the metadata): they come first in the
  // answer, and, as in a server, those that say the object is broken keep the rules from being run, which one
  // more error tells (says_rules_were_left_out).
  std::vector<FieldError> validate(const Json& object, const Json* old = nullptr,
                                   std::vector<FieldError> before = {}) const;

  const Structural& structural() const;
  bool has_rules() const;  // whether any x-kubernetes-validations stand anywhere

 private:
  std::shared_ptr<const internal::Program> program_;
};

// Whether it is no finding of its own, but the last word of a server that has found enough already.
bool says_rules_were_left_out(const FieldError& error);

}  // namespace neoid::schema
