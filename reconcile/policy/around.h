// What other resources have to do with a request: scopes that are not there or not allowed, a Secret named twice, a Scope
// that others hold.
//
// All of it is told and none refused: in a cluster resources come in any order (git's tools apply a user before its
// Scope, and prune the old one last), and reconciling grants nothing that is not there. `neoid validate`, which sees a
// whole set of files, makes errors of the same findings. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconcile/policy/admission.h"
#include "reconcile/policy/scopes.h"

namespace neoid::policy {

// A custom user that holds a scope.
struct Holder {
  std::string ns;
  std::string name;
  std::map<std::string, std::string> namespace_labels;
};

// From caches, so it may lag.
struct Around {
  Catalogue catalogue;                                                 // empty: nothing is known about scopes
  std::optional<std::map<std::string, std::string>> namespace_labels;  // of the request's namespace
  std::vector<Json>
      rivals;  // objects that name the Secret of a user's request; kind, metadata, spec.credentials
  std::vector<Holder> holders;  // of the Scope that the request is about; sorted
};

// One sentence each: "spec.scopes[0]: there is no Scope document (did you mean documents?)".
std::vector<std::string> around_warnings(const AdmissionFacts& facts, const Around& around);

}  // namespace neoid::policy
