// Deletion: of one object and of collections, with preconditions, propagation and finalizers.
// Source: k8s.io/apiserver/pkg/registry/generic/registry/store.go, registry/rest/delete.go.
#pragma once

#include "controller/apiserver/core.h"
#include "controller/apiserver/options.h"

namespace neoid::apiserver {

struct Deleted {
  bool gone = true;  // else it waits for finalizers
  Json object;       // as served: its last state, or how it waits
};
// Also what the controllers delete with: the call names user, resource, namespace and name.
Answer<Deleted> delete_object(const Core& core, Call& call, const DeleteOptions& options);

http::Response handle_delete(const Core& core, Call& call);
http::Response handle_delete_collection(const Core& core, Call& call);

}  // namespace neoid::apiserver
