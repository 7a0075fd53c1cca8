// How to reach a Kubernetes API: kubeconfig files, or the service account of the pod.
// Source: Kubernetes page "Organizing Cluster Access Using kubeconfig Files"; client-go's in-cluster configuration.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/kube/transport.h"
#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"

namespace neoid::kube {

// Everything that a connection needs, read and checked. Token files and exec plugins are asked again when they age.
struct ConnectionOptions {
  std::string kubeconfig;  // path; empty: $KUBECONFIG, then ~/.kube/config, then in-cluster
  std::string context;     // empty: current-context
};

// Invalid: the file cannot be read or makes no sense: one line with file, key and remedy. NotFound: there is none, and
// this is no pod either.
Result<std::shared_ptr<Transport>> connect(const ConnectionOptions& options);

// A kubeconfig of our own: one server, several users, one context for each; the first one is current.
struct KubeconfigUser {
  std::string name;  // of the user and of the context
  Secret token;
  std::string ns;  // default namespace of the context; may be empty
};
std::string kubeconfig_text(const std::string& cluster_name, const std::string& server,
                            const std::string& ca_pem, const std::vector<KubeconfigUser>& users);

}  // namespace neoid::kube
