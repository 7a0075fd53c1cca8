// metadata of every object: names, labels, annotations, finalizers, owners, and what an update may not change,
// in the words of a kube-apiserver. Pure. Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/resource.h"

namespace neoid::apiserver {

std::vector<FieldError> check_metadata(const ResourceInfo& resource, const Json& object);
std::vector<FieldError> check_metadata_update(const Json& object, const Json& old);

// What is wrong with the key of a label, annotation or finalizer; with the value of a label.
std::vector<std::string> qualified_name_errors(std::string_view name);
std::vector<std::string> label_value_errors(std::string_view value);

}  // namespace neoid::apiserver
