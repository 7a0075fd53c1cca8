// Discovery: the documents that tell a client which groups, versions and resources there are, in the old form
// and in the aggregated one. Pure functions of a table of resources.
// Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/resource.h"

namespace neoid::apiserver {

Json api_versions(std::string_view server_address);                                 // /api
Json api_groups(const Resources& resources);                                        // /apis
std::optional<Json> api_group(const Resources& resources, std::string_view group);  // /apis/GROUP
// /api/v1, /apis/GROUP/VERSION.
std::optional<Json> api_resources(const Resources& resources, std::string_view group,
                                  std::string_view version);
// /api (`core`) or /apis as an APIGroupDiscoveryList of apidiscovery.k8s.io/VERSION.
Json aggregated_discovery(const Resources& resources, bool core, std::string_view version);

}  // namespace neoid::apiserver
