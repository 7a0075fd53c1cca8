#include "controller/cmd/controller_flags.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "controller/base/random.h"
#include "controller/cmd/cluster_controller.h"
#include "controller/cmd/flags.h"
#include "controller/cmd/standalone.h"

namespace neoid::cmd {
namespace {

std::string default_holder() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0) name[0] = '\0';
  return std::string(name) + "_" + random_uuid();
}

void add_reconciling_flags(CLI::App& app, reconcilers::ControllerOptions& options) {
  duration_flag(app, "--create-deadline", options.settings.create_deadline,
                "how long after a credential was recorded its Secret may still be created (D)");
  duration_flag(app, "--sweep-interval", options.sweep_interval, "how often everything is compared");
  flag(app, "--workers", options.workers, "batches of resources reconciled side by side")
      ->check(CLI::Range(1, 64));
  flag(app, "--connections", options.connections, "calls to the API side by side")->check(CLI::Range(1, 256));
  flag(app, "--token-url", options.settings.token_url, "token endpoint that goes into the Secrets");
  flag(app, "--issuer", options.settings.issuer, "OAuth issuer that goes into the Secrets");
}

void add_standalone_command(CLI::App& app, const std::function<void()>& configure_log, int& code) {
  auto options = std::make_shared<StandaloneOptions>();
  options->controller.lease.name = {"kube-system", "neoid"};
  // Always the same one: the data folder has one owner at a time, and after a crash nobody is to be waited for.
  options->controller.lease.holder = "standalone";
  auto* command =
      app.add_subcommand("standalone", "run the API, the store and the controller in one process");
  flag(*command, "--data", options->data, "folder that holds everything; made where there is none");
  flag(*command, "--listen", options->listen, "HOST:PORT of the Kubernetes-compatible API (port 0: any)");
  flag(*command, "--store", options->store_url, "identity store; SQLite in the data folder by default");
  flag(*command, "--token-auth-file", options->token_auth_file,
       "more users: token,user,uid,\"group1,group2\"");
  flag(*command, "--health-listen", options->health_address, "HOST:PORT for /livez, /readyz and /metrics");
  flag(*command, "--manifests", options->manifests,
       "folder (a git checkout) that the API is kept in step with: what appears is applied, what is gone is "
       "pruned");
  duration_flag(*command, "--prune-after", options->prune_after,
                "how long an object must have been missing in --manifests before it is pruned");
  add_reconciling_flags(*command, options->controller);
  command->callback([options, &configure_log, &code] {
    configure_log();
    code = run_standalone(*options);
  });
}

void add_controller_command(CLI::App& app, const std::function<void()>& configure_log, int& code) {
  auto options = std::make_shared<ClusterControllerOptions>();
  auto* command = app.add_subcommand("controller", "run the controller against a cluster and a store");
  flag(*command, "--kubeconfig", options->connection.kubeconfig,
       "kubeconfig file; $KUBECONFIG, ~/.kube/config or the pod's service account by default");
  flag(*command, "--context", options->connection.context, "context of the kubeconfig");
  flag(*command, "--store", options->store_url, "identity store: postgres://... or sqlite:PATH")->required();
  flag(*command, "--health-listen", options->health_address, "HOST:PORT for /livez, /readyz and /metrics");
  flag(*command, "--lease-namespace", options->controller.lease.name.ns, "namespace of the leader's Lease");
  flag(*command, "--lease-name", options->controller.lease.name.name, "name of the leader's Lease");
  flag(*command, "--holder", options->controller.lease.holder,
       "this replica's name in the Lease; host name and a random part by default");
  duration_flag(*command, "--lease-duration", options->controller.lease.duration,
                "how long a stand-by waits for a holder of the Lease that fell silent");
  duration_flag(*command, "--lease-renew-deadline", options->controller.lease.renew_deadline,
                "how long a leader that cannot renew the Lease goes on");
  duration_flag(*command, "--lease-retry-period", options->controller.lease.retry_period,
                "how often the Lease is renewed, or tried for");
  command->add_flag("--migrate", options->migrate, "bring the store's schema up to date at the start")
      ->envname("NEOID_MIGRATE");
  add_reconciling_flags(*command, options->controller);
  command->callback([options, &configure_log, &code] {
    configure_log();
    if (options->controller.lease.holder.empty()) options->controller.lease.holder = default_holder();
    const runtime::LeaseOptions& lease = options->controller.lease;
    if (lease.renew_deadline >= lease.duration || lease.retry_period >= lease.renew_deadline)
      throw CLI::ValidationError("--lease-duration",
                                 "must be longer than --lease-renew-deadline, and that than "
                                 "--lease-retry-period: else a leader loses the Lease while it renews it");
    code = run_cluster_controller(*options);
  });
}

}  // namespace

void add_controller(CLI::App& app, const std::function<void()>& configure_log, int& code) {
  add_standalone_command(app, configure_log, code);
  add_controller_command(app, configure_log, code);
}

}  // namespace neoid::cmd
