#include "controller/oauth/store_follower.h"

#include <algorithm>
#include <utility>

#include "controller/base/log.h"

namespace neoid::oauth {
namespace {

constexpr std::chrono::milliseconds kBetweenPulses{250};
constexpr int kChangesPerRead = 1000;

Duration since_start(SteadyTime time) { return std::chrono::floor<Duration>(time.time_since_epoch()); }

}  // namespace

StoreFollower::StoreFollower(store::IdentityStore& feed, store::TokenStore& store, Clock& clock,
                             ClientCache& cache, KeyKeeper& keys, Revocations& revocations,
                             Duration max_staleness)
    : feed_(feed),
      store_(store),
      clock_(clock),
      cache_(cache),
      keys_(keys),
      revocations_(revocations),
      max_staleness_(max_staleness) {
  bounds_.fill(Duration::max());
}

void StoreFollower::measured(Instant database, SteadyTime asked) {
  const MutexLock lock(mutex_);
  fresh_at_ = asked;
  ever_ = true;
  failure_.clear();
  bounds_[next_bound_] = database.time_since_epoch() - since_start(asked);
  next_bound_ = (next_bound_ + 1) % kBounds;
}

bool StoreFollower::fresh() const {
  const SteadyTime now = clock_.steady_now();
  const MutexLock lock(mutex_);
  return ever_ && now - fresh_at_ <= max_staleness_;
}

Instant StoreFollower::database_now() const {
  const Duration now = since_start(clock_.steady_now());
  const MutexLock lock(mutex_);
  return Instant(*std::min_element(bounds_.begin(), bounds_.end()) + now);
}

std::string StoreFollower::failure() const {
  const MutexLock lock(mutex_);
  return failure_;
}

Result<void> StoreFollower::catch_up(const store::Pulse& pulse) {
  if (pulse.incarnation != incarnation_ || pulse.position < position_) {
    cache_.restart(pulse.position);
    revocations_.restart();
    keys_.restart();
    position_ = pulse.position;
    incarnation_ = pulse.incarnation;
  }
  while (position_ < pulse.position) {
    NEOID_TRY(const auto changes, store_.changes_after(position_, kChangesPerRead));
    if (changes.empty()) break;
    cache_.apply(changes);
    position_ = changes.back().position;
  }
  while (revocations_.read() < pulse.revocations) {
    NEOID_TRY(const auto revoked, store_.revocations_after(revocations_.read(), kChangesPerRead));
    // The last ones may be gone again, having expired.
    revocations_.apply(revoked, revoked.empty() ? pulse.revocations : revoked.back().number);
  }
  revocations_.forget_ended(pulse.now);
  return keys_.maintain(pulse.keys, pulse.now);
}

Result<void> StoreFollower::synchronise() {
  const SteadyTime asked = clock_.steady_now();
  auto pulse = store_.pulse();
  Result<void> done = pulse ? catch_up(*pulse) : Result<void>(fail(pulse.error()));
  if (done) {
    measured(pulse->now, asked);
    return {};
  }
  const MutexLock lock(mutex_);
  failure_ = done.error().describe();
  return done;
}

void StoreFollower::run(const std::stop_token& stop) {
  bool failing = false;
  while (!stop.stop_requested()) {
    feed_.wait_for_change(kBetweenPulses, stop);
    if (stop.stop_requested()) return;
    const Result<void> done = synchronise();
    if (!done && !failing) log::warn("the store cannot be followed", {{"error", done.error().describe()}});
    if (done && failing) log::info("the store is followed again");
    failing = !done.has_value();
  }
}

void StoreFollower::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void StoreFollower::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace neoid::oauth
