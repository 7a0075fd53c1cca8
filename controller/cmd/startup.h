// Startup: what is not there when a process starts, and may come by itself, is waited for.
//
// A database that still boots, an API that does not answer, rights that are bound a moment later: each is told in one
// line of the log, and again only when the reason becomes another; readiness says the same, and liveness stays good.
// After `patience` the failure is final: the process ends, and whoever started it starts it again, with an environment
// (a Secret's value) that may be another by then. What waiting does not mend (Invalid, NotFound) is final at once.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/cmd/health.h"
#include "reconcile/base/result.h"

namespace neoid::cmd {

// Longer than a database needs to start again, shorter than a person waits for a reason.
inline constexpr Duration kStartupPatience = std::chrono::minutes(1);

class Startup {
 public:
  // `pause` waits so long, and answers true where a stop was asked for meanwhile.
  Startup(Clock& clock, Duration patience, std::function<bool(Duration)> pause);

  // The first success of `attempt`, or its last failure.
  template <class T>
  Result<T> wait_for(std::string_view what, const std::function<Result<T>()>& attempt) {
    const SteadyTime deadline = clock_.steady_now() + patience_;
    for (int failures = 0;; ++failures) {
      Result<T> result = attempt();
      if (result) {
        note({});
        return result;
      }
      if (!may_pass(what, result.error(), failures, deadline)) return result;
    }
  }
  // A stop was asked for while something was waited for; the failure that wait_for answered is not worth a word.
  bool stopped() const;

  // Everything is there: from now on these answer.
  void done(HealthProbes probes);
  std::vector<std::string> unready() const;
  void sample() const;

 private:
  // Tells of it and pauses, longer each time; false: it is final.
  bool may_pass(std::string_view what, const Error& error, int failures, SteadyTime deadline);
  void note(std::string problem);

  Clock& clock_;
  const Duration patience_;
  const std::function<bool(Duration)> pause_;
  mutable Mutex mutex_;
  std::string problem_ NEOID_GUARDED_BY(mutex_) = "starting";
  std::shared_ptr<const HealthProbes> probes_ NEOID_GUARDED_BY(mutex_);
  bool stopped_ NEOID_GUARDED_BY(mutex_) = false;
};

}  // namespace neoid::cmd
