// `neoid controller`: the controller against a cluster's API and a store.
#pragma once

#include <string>

#include "controller/cmd/webhook.h"
#include "controller/kube/kubeconfig.h"
#include "controller/reconcilers/controller.h"

namespace neoid::cmd {

struct ClusterControllerOptions {
  kube::ConnectionOptions connection;
  std::string store_url;
  bool migrate = false;
  std::string health_address = ":8080";  // empty: none
  WebhookFlags webhook;
  reconcilers::ControllerOptions controller;
};

// Until a stop signal. Answers the exit code; a failure to start is one line on standard error.
int run_cluster_controller(const ClusterControllerOptions& options);

}  // namespace neoid::cmd
