#include "controller/cmd/signals.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace neoid::cmd {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

void end_at_the_next_one(const sigset_t& set) {
  struct sigaction action = {};
  action.sa_handler = [](int) { _exit(130); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

void hold_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void wait_for_stop_signal() {
  const sigset_t set = stop_signals();
  int which = 0;
  sigwait(&set, &which);
  end_at_the_next_one(set);
}

bool stop_signal_within(Duration duration) {
  const sigset_t set = stop_signals();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const timespec limit{seconds.count(), std::chrono::nanoseconds(duration - seconds).count()};
  int which = 0;
  do {
    which = sigtimedwait(&set, nullptr, &limit);
  } while (which < 0 && errno == EINTR);
  if (which < 0) return false;
  end_at_the_next_one(set);
  return true;
}

}  // namespace neoid::cmd
