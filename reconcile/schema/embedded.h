// The apiVersion, kind and metadata of x-kubernetes-embedded-resource values. Internal to reconcile/schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/schema/path.h"
#include "reconcile/schema/program.h"

namespace neoid::schema::internal {

void validate_embedded(const Node& node, const Json& value, const Path& path,
                       std::vector<FieldError>& errors);

// What is wrong with a DNS label that begins with a letter ("a-b"), or a subdomain ("a-b.c"): Kubernetes' sentences.
std::vector<std::string> dns1035_label_errors(std::string_view text);
std::vector<std::string> dns1123_subdomain_errors(std::string_view text);

}  // namespace neoid::schema::internal
