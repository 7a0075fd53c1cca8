// Creates and updates: what a kube-apiserver does between the decoded object and the stored one.
//
// Flow: managed fields -> admission (namespace lifecycle, hook) -> what the server owns (uid, times,
// generation, status where it is separate) -> validation -> validating hook -> storage.
// Guarantees: an update that changes nothing is not stored and leaves resourceVersion and times alone; an
// object without finalizers that is being deleted goes with the update that took the last one; a conflict
// with another writer repeats a patch and refuses a PUT. Assumptions: the caller authorised. Failure: an
// ApiError, nothing stored. Thread-safe. Source: k8s.io/apiserver/pkg/registry/generic/registry/store.go.
#pragma once

#include <functional>
#include <string>

#include "controller/apiserver/apply/managed_fields.h"
#include "controller/apiserver/core.h"
#include "controller/apiserver/options.h"

namespace neoid::apiserver {

enum class Endpoint { Main, Status, Finalize };

struct Written {
  Json object;  // as served
  bool created = false;
};

// `object` as decoded. `managed`: its managed fields are made already (by an apply).
enum class Managed { No, Yes };
Answer<Written> create_object(const Core& core, Call& call, Json object, const WriteOptions& options,
                              Managed managed = Managed::No);

struct UpdateRequest {
  Endpoint endpoint = Endpoint::Main;
  // The new object from the one that is there (as served; an object with apiVersion and kind only where
  // there is none and `may_create`). Called again after a conflict, if `retry`.
  std::function<Answer<Json>(const Json& live, bool exists)> make;
  bool may_create = false;
  bool retry = false;             // a patch: without a resourceVersion of its own it goes on
  Managed managed = Managed::No;  // `make` has made the managed fields (an apply)
  std::string uid;                // the object must have it, if not empty
};
Answer<Written> update_object(const Core& core, Call& call, const UpdateRequest& request,
                              const WriteOptions& options);

// The verbs.
http::Response handle_create(const Core& core, Call& call);
http::Response handle_update(const Core& core, Call& call);
http::Response handle_patch(const Core& core, Call& call);

// --- shared with deletion and controllers ---
// The Status of a storage error about the object.
ApiError storage_error(const ResourceInfo& resource, std::string_view name, const Error& error);
// Whether the namespace may take the write: 404, 403 while it is being deleted.
Answer<void> check_namespace(const Core& core, const Call& call, std::string_view ns, std::string_view name);
// Runs the hook and the webhooks of a phase; the object to go on with.
Answer<Json> admit(const Core& core, Call& call, Webhooks::Phase phase, std::string_view operation,
                   std::string_view name, Json object, const Json* old_object, bool dry_run);
Endpoint endpoint_of(const Call& call);
apply::Writer writer_of(const Core& core, const Call& call, const WriteOptions& options);

}  // namespace neoid::apiserver
