#include "controller/base/process.h"

#include <csignal>

#include "reconcile/base/check.h"

namespace neoid {

void ignore_broken_pipes() { NEOID_CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR); }

}  // namespace neoid
