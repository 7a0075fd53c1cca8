// How to reach a Kubernetes API: kubeconfig files, or the service account of the pod.
// Source: Kubernetes page "Organizing Cluster Access Using kubeconfig Files"; client-go's in-cluster configuration.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/http/headers.h"
#include "controller/http/tls.h"
#include "controller/kube/token_source.h"
#include "controller/kube/transport.h"
#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"

namespace neoid::kube {

// Everything that a connection needs, read and checked. Token files and exec plugins are asked again when they age.
struct ConnectionOptions {
  std::string kubeconfig;  // path; empty: $KUBECONFIG, then ~/.kube/config, then in-cluster
  std::string context;     // empty: current-context
};

// What connect() goes by, for tests and for what else a context says.
struct Environment {
  std::function<std::optional<std::string>(const std::string&)> variable;  // getenv
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
};
Environment process_environment();

struct Access {
  std::string server;  // URL
  http::ClientTlsOptions tls;
  std::string proxy_url;                // empty: none
  http::Headers headers;                // impersonation
  std::shared_ptr<TokenSource> tokens;  // null: no token
  std::string ns;                       // of the context or the pod; "default" if it names none
  std::string context;                  // empty in a pod
};
// Errors as connect().
Result<Access> load_access(const ConnectionOptions& options, const Environment& environment,
                           std::shared_ptr<const Clock> clock);
Result<std::shared_ptr<Transport>> connect(const Access& access);

// Invalid: the file cannot be read or makes no sense: one line with file, key and remedy. NotFound: there is none, and
// this is no pod either.
Result<std::shared_ptr<Transport>> connect(const ConnectionOptions& options);

// A kubeconfig of our own: one server, several users, one context for each; the first one is current.
struct KubeconfigUser {
  std::string name;              // of the user and of the context
  Secret token = {};             // empty: none
  http::Identity identity = {};  // client certificate; empty: none
  std::string ns = {};           // default namespace of the context; may be empty
};
std::string kubeconfig_text(const std::string& cluster_name, const std::string& server,
                            const std::string& ca_pem, const std::vector<KubeconfigUser>& users);
// Writes it for the owner's eyes alone (mode 0600), whole or not at all. Errors: Unavailable.
Result<void> write_kubeconfig(const std::string& path, const std::string& text);

}  // namespace neoid::kube
