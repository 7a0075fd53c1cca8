// `neoid uninstall`: takes everything of neoid out of a cluster; the workload itself is helm's or kubectl's to delete.
//
// Flow, the order that cuts nobody off: webhook configurations and policies (closed ones would hold everything up) ->
// with Identities::Delete: the resources, by a controller that runs, which revokes and deletes what they stand for ->
// the CRDs -> finalizers of what still waits -> Secrets that have no owner -> the webhook's Secret and the Lease.
// Guarantees: while a CRD is going away nothing is revoked (docs/credential-protocol.md), so with Identities::Keep every
// identity stays in the store as it is, its credentials go on working, and resources that come back under their names
// take it up again. Every step may be run again; what is gone already is passed over.
#pragma once

#include <functional>
#include <string>

#include "controller/cli/cluster/session.h"

namespace neoid::cli {

enum class Identities { Keep, Delete };

struct UninstallOptions {
  Identities identities = Identities::Keep;
  bool yes = false;                                      // asked already
  std::function<bool(const std::string& question)> ask;  // empty: there is nobody to ask
  Duration timeout = std::chrono::minutes(5);
  kube::ObjectName lease{"neoid-system", "neoid"};
  kube::ObjectName webhook_secret{"neoid-system", "neoid-webhook-tls"};
  std::string webhook_configuration = "neoid";
};

// Exit code 0: nothing is left; 1: something is (what, and why), or it was not confirmed; 2: a wrong call.
int uninstall(const Session& session, const UninstallOptions& options);

}  // namespace neoid::cli
