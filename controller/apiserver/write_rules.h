// Rules of writes that need no storage: what the server sets, what it keeps, what makes it refuse. Pure.
// Source: k8s.io/apiserver/pkg/registry/rest/{create,update}.go.
#pragma once

#include <string>
#include <vector>

#include "controller/apiserver/write.h"

namespace neoid::apiserver {

// Takes away what only the server says: uid, times of creation and deletion.
void wipe_system_fields(Json& object);
// The namespace of the path into the object. 400: it says another one.
Answer<void> match_namespace(const ResourceInfo& resource, const std::string& ns, Json& object);
// 400: no name, or another one than the path's.
Answer<void> match_name(const std::string& name, const Json& object);
// Owner references that came twice are left out once, with a warning.
void drop_duplicate_owners(Call& call, Json& object);
// gen-x7k2p.
std::string generate_name(const std::string& prefix);

// What the server writes into a new object, after admission.
void prepare_create(const ResourceInfo& resource, Json& object, Instant now);
std::vector<FieldError> validate_create(const ResourceInfo& resource, Json& object);
// What an update may not touch, and the generation.
void prepare_update(const ResourceInfo& resource, Endpoint endpoint, Json& object, const Json& old);
std::vector<FieldError> validate_update(const ResourceInfo& resource, Endpoint endpoint, Json& object,
                                        const Json& old);
// The kind that an invalid object is told with: a custom one says its own.
ApiError invalid_object(const ResourceInfo& resource, const Json& object,
                        const std::vector<FieldError>& errors);

// Cuts off what the version that is stored does not know.
void fit_storage_version(const ResourceInfo& resource, Json& object);

bool is_being_deleted(const Json& object);
bool has_finalizers(const Json& object);
bool is_crd(const ResourceInfo& resource);

}  // namespace neoid::apiserver
