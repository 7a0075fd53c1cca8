// Object metadata: what a Kubernetes API server refuses of it, in its words and its order. Pure and thread-safe.
// Source: kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/meta/names.h"
#include "reconcile/value/field_error.h"
#include "reconcile/value/json.h"

namespace neoid::meta {

constexpr std::size_t kMaxAnnotationsBytes = std::size_t{256} << 10;  // of all keys and values together

struct MetaRules {
  bool namespaced = true;
  NameRule name = NameRule::Subdomain;
};

// metadata of an object that is to be stored, its name generated already. Members of a wrong type count as missing:
// check_object() says so beforehand.
std::vector<FieldError> validate_object_meta(const Json& object, const MetaRules& rules);
// What may not change from one version to the next, and what is checked again. (The rest of metadata has been
// checked when it was stored.)
std::vector<FieldError> validate_object_meta_update(const Json& object, const Json& old);

std::vector<FieldError> validate_labels(const Json& labels, std::string_view field);
std::vector<FieldError> validate_annotations(const Json& annotations, std::string_view field);
std::vector<FieldError> validate_finalizers(const Json& finalizers, std::string_view field);
// fieldManager of a request, metadata.managedFields[i].manager.
std::vector<FieldError> validate_field_manager(std::string_view manager, std::string_view field);

// Whether a document is an object at all: kind is there, metadata has the right types. Invalid, with what kubectl
// says ("Object 'Kind' is missing in '{}'").
Result<void> check_object(const Json& object);

// generateName and five random characters: at most 63 in all. `suffix` is made by the caller.
std::string generated_name(std::string_view prefix, std::string_view suffix);

// Members of metadata, "" where there is none.
std::string name_of(const Json& object);
std::string namespace_of(const Json& object);
std::string uid_of(const Json& object);
// metadata.labels, annotations, finalizers...: the member, or null. Does not add anything.
const Json& member_of(const Json& object, std::string_view member);

}  // namespace neoid::meta
