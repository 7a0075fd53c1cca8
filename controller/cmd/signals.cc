#include "controller/cmd/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace neoid::cmd {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void hold_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool stop_signal_within(Duration time) {
  const sigset_t set = stop_signals();
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  const timespec timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  return sigtimedwait(&set, nullptr, &timeout) > 0;
}

void wait_for_stop_signal() {
  const sigset_t set = stop_signals();
  int which = 0;
  sigwait(&set, &which);
  struct sigaction action = {};
  action.sa_handler = [](int) { _exit(130); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace neoid::cmd
