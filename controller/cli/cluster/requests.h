// What a person asks of one integration user: rotate, deactivate, reactivate.
//
// Each sets an annotation of the contract and waits for the status that answers it. Prints what came of it; answers the
// exit code: 0 done, 1 refused, failed or not done in time (what was asked for stays asked for; the message says so),
// 2 a wrong call.
#pragma once

#include <string>

#include "controller/cli/cluster/session.h"

namespace neoid::cli {

struct RotateOptions {
  std::string user;  // NAMESPACE/NAME or NAME
  bool wait = false;
  Duration timeout = std::chrono::minutes(2);
};
int rotate(const Session& session, const RotateOptions& options);

struct DeactivateOptions {
  std::string user;
  std::string reason;
  Duration timeout = std::chrono::minutes(1);
};
int deactivate(const Session& session, const DeactivateOptions& options);

struct ReactivateOptions {
  std::string user;
  Duration timeout = std::chrono::minutes(1);
};
int reactivate(const Session& session, const ReactivateOptions& options);

}  // namespace neoid::cli
