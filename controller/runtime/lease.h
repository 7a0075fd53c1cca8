// Leadership by a coordination.k8s.io Lease that also numbers the terms (epochs) of whoever holds it.
//
// Flow: acquire() takes the Lease when nobody holds it or its holder fell silent, and in the same write (with the
// resourceVersion as precondition) raises the epoch in an annotation, above the Lease's own and above `at_least`.
// renew() keeps it. release() gives it up, and says whether the next holder may trust that nothing is under way.
// Source: client-go tools/leaderelection, for the timing; docs/credential-protocol.md, "One writer", for the epoch.
//
// Failure modes: a holder that cannot renew within renew_deadline has lost it and must stop writing; that the store
// refuses its transactions anyway is the store's fence, not this class's. A request whose line hangs ends in time: the
// two requests of a call share half of renew_deadline, so that there is time for a second try.
// Not thread-safe: one thread owns it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "controller/base/clock.h"
#include "controller/kube/client.h"

namespace neoid::runtime {

struct LeaseOptions {
  kube::ObjectName name = {"neoid-system", "neoid"};
  std::string holder;  // unique to this process
  Duration duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);
};

struct LeaseTerm {
  Epoch epoch = 0;
  bool clean = false;  // nobody held it before, or the one before released it with nothing under way
};

class LeaseLock {
 public:
  LeaseLock(const kube::Client& client, Clock& clock, LeaseOptions options);

  // The term, or nothing while another one holds it. Conflict: somebody was faster, try again.
  Result<std::optional<LeaseTerm>> acquire(Epoch at_least);
  // A higher epoch under the same leadership (a lost store session). Conflict "NotHolder": another one holds it now.
  Result<LeaseTerm> raise(Epoch at_least);
  // Ends before `until`, too. Conflict "NotHolder": lost.
  Result<void> renew(SteadyTime until);
  Result<void> release(bool clean);

  const LeaseOptions& options() const { return options_; }

 private:
  SteadyTime limit() const;  // of a call that starts now
  std::chrono::milliseconds left(SteadyTime until) const;
  Result<std::optional<Json>> read(SteadyTime until);  // nothing: a definite 404
  Json manifest(const std::optional<Json>& before, Epoch epoch, bool fresh_holder) const;
  Result<Json> write(const std::optional<Json>& before, const Json& lease, SteadyTime until);
  bool held_by_us(const Json& lease) const;

  const kube::Client& client_;
  Clock& clock_;
  const LeaseOptions options_;
  // What another holder's Lease looked like when it last changed, by our own clock: never by the times in it.
  std::string observed_version_;
  SteadyTime observed_at_{};
};

}  // namespace neoid::runtime
