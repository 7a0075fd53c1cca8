// Leadership: the right to write, as a thread that wins it, keeps it and tells when it is gone.
//
// Flow (docs/credential-protocol.md, "One writer"): take the Lease and raise its epoch above the store's; claim that
// epoch in the store; renew. Whenever the store session is lost: read the Lease live, raise, claim again.
// Guarantees: current() is nothing as soon as this process knows that it may not write; that the store refuses a late
// transaction does not depend on it.
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/runtime/lease.h"
#include "controller/store/identity_store.h"

namespace neoid::reconcilers {

struct Term {
  store::WriterTerm writer;
  bool clean = false;  // nothing of an earlier holder can still be under way
  SteadyTime claimed_at;
};

struct LeadershipOptions {
  runtime::LeaseOptions lease;
  ClusterId cluster;
  bool always_clean = false;  // the API and the writer share this process: nothing outlives it
  Duration create_wait =
      std::chrono::seconds(21);  // how long a create may still land (Settings::create_wait)
};

class Leadership {
 public:
  Leadership(const kube::Client& client, store::IdentityStore& store, Clock& clock,
             LeadershipOptions options);

  // Until stop; then releases the Lease. `on_started` is called for each new term, from this thread.
  void run(std::stop_token stop, const std::function<void(const Term&)>& on_started);

  std::optional<Term> current() const;
  // Why this replica can neither lead nor find out who does; nothing: it leads, or stands by in good order.
  std::optional<std::string> trouble() const;
  // This replica holds the Lease and has no term, since the store does not answer: what came of asking it.
  std::optional<Error> store_lost() const;
  // A transaction was refused as fenced: find out at once where we stand.
  void suspect();
  // A create of a Secret went unanswered: the next hand-over is not clean.
  void note_unanswered_create();

 private:
  enum class Step { Acquire, Hold };
  Step acquire(const std::function<void(const Term&)>& on_started);
  Step hold(std::stop_token stop, const std::function<void(const Term&)>& on_started);
  bool claim(const runtime::LeaseTerm& lease, const std::function<void(const Term&)>& on_started);
  void lose(const char* why);
  // The last word on whether Lease and store can be asked; nothing: they can.
  void note(std::optional<std::string> trouble);

  store::IdentityStore& store_;
  Clock& clock_;
  const LeadershipOptions options_;
  runtime::LeaseLock lease_;
  SteadyTime renewed_at_{};  // when the last request that renewed it was sent: others count from later on
  mutable Mutex mutex_;
  CondVar changed_;
  std::optional<std::string> trouble_ NEOID_GUARDED_BY(mutex_);
  std::optional<Term> term_ NEOID_GUARDED_BY(mutex_);
  std::optional<Error> store_lost_ NEOID_GUARDED_BY(mutex_);
  bool suspected_ NEOID_GUARDED_BY(mutex_) = false;
  std::optional<SteadyTime> unanswered_at_ NEOID_GUARDED_BY(mutex_);  // of the last one
};

}  // namespace neoid::reconcilers
