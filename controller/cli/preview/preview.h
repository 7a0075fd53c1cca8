// `neoid plan`: what applying these files would change in the live store, per resource and field. Read-only.
//
// Flow: validate judges the files -> the store is asked what it holds -> with a kubeconfig the cluster is asked for its
// ID, its Scopes, the namespaces and the resources themselves -> every resource is decided as the controller would.
// Secrets are not read: that each holds the current credential is taken for granted, and said.
#pragma once

#include <optional>
#include <string>

#include "controller/cli/store_commands.h"
#include "controller/cli/validate/validate.h"
#include "controller/kube/kubeconfig.h"

namespace neoid::preview {

inline constexpr int kNothing = 0;
inline constexpr int kFailed =
    1;  // the files are invalid, something was not reached, or a resource is blocked
inline constexpr int kChanges = 2;  // as `terraform plan -detailed-exitcode`, `kubectl diff` has 1

enum class Format { Text, Json };

struct Options {
  validate::ValidateOptions files;  // paths, standard input, CRDs, default namespace, colour
  std::string store_url;
  std::optional<kube::ConnectionOptions> cluster;  // nothing: no cluster is asked
  std::string cluster_id;                          // empty: the cluster's, else the only one of the store
  Format format = Format::Text;
};

int plan(const Options& options, const cli::Streams& streams);

}  // namespace neoid::preview
