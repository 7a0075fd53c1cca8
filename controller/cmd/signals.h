// How a person or a service manager asks the process to stop.
#pragma once

#include "reconcile/base/time.h"

namespace neoid::cmd {

// Blocks SIGINT and SIGTERM for this thread and those it starts; call it before the first thread.
void hold_stop_signals();
// Waits for one of them. A second one during the shutdown ends the process at once, with exit code 130.
void wait_for_stop_signal();
// The same for at most so long; false: none came.
bool stop_signal_within(Duration duration);

}  // namespace neoid::cmd
