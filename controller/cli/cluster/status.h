// `neoid status`: reads a cluster (and, where its URL is given, the store), and tells a person what there is, what is
// wrong and what to do; of everything, or of one resource.
#pragma once

#include <string>

#include "controller/cli/cluster/overview.h"
#include "controller/cli/cluster/session.h"

namespace neoid::cli {

enum class Paint { No, Yes };  // colours

struct StatusOptions {
  std::string user;       // NAMESPACE/NAME or NAME; empty: everything
  std::string store_url;  // empty: what only the store knows is left out
  kube::ObjectName lease{"neoid-system", "neoid"};
  std::string webhook_configuration = "neoid";
  Format format = Format::Table;
  Paint paint = Paint::No;
};

// Exit code 0: nothing is wrong (there may be warnings); 1: something is, or it could not be read; 2: a wrong call.
int status(const Session& session, const StatusOptions& options);

// Everything that `status` goes by. Errors: the cluster or the store cannot be asked at all.
Result<Facts> read_facts(const Session& session, const StatusOptions& options);

}  // namespace neoid::cli
