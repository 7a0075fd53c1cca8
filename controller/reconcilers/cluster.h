// Cluster: what reconciling asks of the Kubernetes API, as calls over our own values.
//
// Errors as in controller/kube/client.h. Reads answer "nothing" only for a definite 404. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "controller/kube/client.h"
#include "controller/reconcilers/secret_codec.h"
#include "reconcile/api/scope.h"
#include "reconcile/api/user.h"
#include "reconcile/status/user_status.h"

namespace neoid::reconcilers {

const kube::ResourceType& resource_type(api::Kind kind);
const kube::ResourceType& secret_type();
const kube::ResourceType& namespace_type();

// metadata.resourceVersion; "" where there is none.
std::string resource_version_of(const Json& object);

class Cluster {
 public:
  explicit Cluster(const kube::Client& client) : client_(client) {}

  // The UID of the namespace kube-system: what the store knows this cluster by.
  Result<ClusterId> identity() const;

  // The object as it is; its decoded form is the caller's.
  Result<std::optional<Json>> read(const api::ResourceKey& key) const;
  Result<std::optional<plan::SecretView>> read_secret(const std::string& ns, const std::string& name) const;
  // Whether the CRD of the kind is absent or going away.
  Result<bool> kind_is_going(api::Kind kind) const;

  // Adds or removes our finalizer under the object's resourceVersion; answers the object as it is then. Of `object` it
  // needs metadata.uid, resourceVersion and finalizers.
  Result<Json> set_finalizer(const api::ResourceKey& key, const Json& object, bool present) const;
  // Replaces the status under the object's resourceVersion.
  Result<Json> put_status(const api::ResourceKey& key, const Json& object, Json status) const;
  Result<void> create_resource(const api::ResourceKey& key, const Json& spec) const;

  // Sent at most once; `timeout` is what is left of the create's deadline, which the caller keeps.
  Result<plan::SecretView> create_secret(const Json& body, const std::string& ns,
                                         std::chrono::milliseconds timeout) const;
  Result<plan::SecretView> update_secret(const std::string& ns, const std::string& name,
                                         const Json& body) const;
  // "Already gone" is success.
  Result<void> delete_secret(const std::string& ns, const std::string& name, const Uid& uid) const;

 private:
  const kube::Client& client_;
};

}  // namespace neoid::reconcilers
