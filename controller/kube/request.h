// Requests to the Kubernetes API as values. Pure: tested without a server.
#pragma once

#include <chrono>
#include <string>

#include "controller/http/client.h"
#include "controller/kube/client.h"

namespace neoid::kube {

// "/apis/example.com/v1/namespaces/a/widgets"; without a namespace the type's whole collection.
std::string collection_path(const ResourceType& type, const std::string& ns);
// With "/name" and perhaps "/status" behind it.
std::string object_path(const ResourceType& type, const ObjectName& name,
                        const std::string& subresource = {});

http::ClientRequest get_request(const ResourceType& type, const ObjectName& name);
http::ClientRequest list_request(const ResourceType& type, const Selection& selection, int limit,
                                 const std::string& continue_token);
http::ClientRequest watch_request(const ResourceType& type, const Selection& selection,
                                  const std::string& resource_version, std::chrono::seconds server_timeout);
http::ClientRequest create_request(const ResourceType& type, const std::string& ns, const Json& object,
                                   const WriteOptions& options);
http::ClientRequest update_request(const ResourceType& type, const ObjectName& name, const Json& object,
                                   const WriteOptions& options);
http::ClientRequest patch_request(const ResourceType& type, const ObjectName& name, PatchType kind,
                                  const Json& body, const WriteOptions& options);
http::ClientRequest remove_request(const ResourceType& type, const ObjectName& name,
                                   const DeleteOptions& options);

}  // namespace neoid::kube
