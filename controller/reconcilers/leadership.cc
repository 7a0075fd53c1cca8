#include "controller/reconcilers/leadership.h"

#include <algorithm>
#include <utility>

#include "controller/base/crash_point.h"
#include "controller/base/log.h"

namespace neoid::reconcilers {

Leadership::Leadership(const kube::Client& client, store::IdentityStore& store, Clock& clock,
                       LeadershipOptions options)
    : store_(store), clock_(clock), options_(std::move(options)), lease_(client, clock, options_.lease) {}

std::optional<Term> Leadership::current() const {
  MutexLock lock(mutex_);
  return term_;
}

std::optional<std::string> Leadership::trouble() const {
  MutexLock lock(mutex_);
  return trouble_;
}

std::optional<Error> Leadership::store_lost() const {
  MutexLock lock(mutex_);
  return store_lost_;
}

void Leadership::note(std::optional<std::string> trouble) {
  MutexLock lock(mutex_);
  trouble_ = std::move(trouble);
}

void Leadership::suspect() {
  {
    MutexLock lock(mutex_);
    suspected_ = true;
  }
  changed_.notify_all();
}

void Leadership::note_unanswered_create() {
  MutexLock lock(mutex_);
  unanswered_at_ = clock_.steady_now();
}

void Leadership::lose(const char* why) {
  bool had = false;
  {
    MutexLock lock(mutex_);
    had = term_.has_value();
    term_.reset();
  }
  if (had) log::warn("the right to write is lost", {{"reason", why}});
}

bool Leadership::claim(const runtime::LeaseTerm& lease, const std::function<void(const Term&)>& on_started) {
  auto writer = store_.claim(options_.cluster, lease.epoch, options_.lease.holder);
  if (!writer) {
    log::warn("the store did not grant the right to write",
              {{"epoch", lease.epoch}, {"error", writer.error().describe()}});
    note("the store did not grant the right to write: " + writer.error().message);
    return false;
  }
  const Term term{*writer, lease.clean || options_.always_clean, clock_.steady_now()};
  {
    MutexLock lock(mutex_);
    term_ = term;
    suspected_ = false;
    trouble_.reset();
    store_lost_.reset();
  }
  crash_point("store-claimed");
  log::info("leading", {{"epoch", lease.epoch}, {"cleanHandOver", term.clean}});
  on_started(term);
  return true;
}

Leadership::Step Leadership::acquire(const std::function<void(const Term&)>& on_started) {
  const auto stored = store_.stored_epoch(options_.cluster);
  if (!stored) {
    log::warn("the store does not answer; waiting to lead", {{"error", stored.error().describe()}});
    note("the store does not answer: " + stored.error().message);
    return Step::Acquire;
  }
  const SteadyTime asked_at = clock_.steady_now();
  const auto lease = lease_.acquire(*stored);
  {
    MutexLock lock(mutex_);
    store_lost_.reset();
  }
  if (!lease) {
    if (lease.error().kind != ErrorKind::Conflict) {
      log::warn("the Lease could not be taken", {{"error", lease.error().describe()}});
      note("the Lease could not be taken: " + lease.error().message);
    }
    return Step::Acquire;
  }
  note(std::nullopt);
  if (!*lease) return Step::Acquire;
  renewed_at_ = asked_at;
  crash_point("lease-claimed");
  return claim(**lease, on_started) ? Step::Hold : Step::Acquire;
}

Leadership::Step Leadership::hold(std::stop_token stop, const std::function<void(const Term&)>& on_started) {
  bool suspected = false;
  {
    MutexLock lock(mutex_);
    const SteadyTime until = clock_.steady_now() + options_.lease.retry_period;
    while (!suspected_ && !stop.stop_requested() && clock_.steady_now() < until)
      clock_.wait_until(mutex_, changed_, until, stop);
    suspected = suspected_;
  }
  if (stop.stop_requested()) return Step::Hold;
  const auto term = current();
  if (suspected || !term || store_.session_lost(term->writer)) {
    lose("the store session of the term has ended");
    const auto stored = store_.stored_epoch(options_.cluster);
    if (!stored) {
      MutexLock lock(mutex_);
      store_lost_ = stored.error();
      return Step::Hold;
    }
    const SteadyTime asked_at = clock_.steady_now();
    const auto raised = lease_.raise(*stored);
    if (raised) {
      renewed_at_ = asked_at;
      crash_point("lease-raised");
      claim(*raised, on_started);
      return Step::Hold;
    }
    return raised.error().reason == "NotHolder" ? Step::Acquire : Step::Hold;
  }
  crash_point("renewal-due");
  const SteadyTime asked_at = clock_.steady_now();
  const SteadyTime lost_at = renewed_at_ + options_.lease.renew_deadline;
  // A leader that slept past the deadline asks once more: the Lease may be its own still.
  const auto renewed = lease_.renew(std::max(lost_at, asked_at + options_.lease.retry_period));
  if (renewed) {
    renewed_at_ = asked_at;
    note(std::nullopt);
    crash_point("lease-renewed");
    return Step::Hold;
  }
  note("the Lease could not be renewed: " + renewed.error().message);
  if (renewed.error().reason == "NotHolder") {
    lose("another replica holds the Lease");
    return Step::Acquire;
  }
  if (clock_.steady_now() >= lost_at) {
    lose("the Lease could not be renewed in time");
    return Step::Acquire;
  }
  return Step::Hold;
}

void Leadership::run(std::stop_token stop, const std::function<void(const Term&)>& on_started) {
  Step step = Step::Acquire;
  while (!stop.stop_requested()) {
    if (step == Step::Hold) {
      step = hold(stop, on_started);
      continue;
    }
    step = acquire(on_started);
    if (step == Step::Acquire) clock_.sleep_for(options_.lease.retry_period, stop);
  }
  if (!current()) return;
  lose("shutting down");
  crash_point("stopping");
  bool clean = true;
  {
    MutexLock lock(mutex_);
    clean = !unanswered_at_ || clock_.steady_now() - *unanswered_at_ > options_.create_wait;
  }
  if (auto released = lease_.release(clean); !released)
    log::warn("the Lease could not be released; it runs out by itself",
              {{"error", released.error().describe()}});
  crash_point("lease-released");
}

}  // namespace neoid::reconcilers
