// WorkQueue: which keys want a reconcile, in batches, each key in at most one worker's hands.
//
// Flow: add() from watches, feeds and timers; take() hands a worker a batch of ready keys; done() gives each of them
// back. A key that is added while a worker holds it becomes ready again when it is given back: no change is lost and
// no key runs twice at once.
//
// Guarantees
// - Urgent keys (new and changed resources) go ahead of Resync ones; within a priority, first come, first served.
// - add_after() and retry() never make a key come later than it was already due.
// - A key waits in one place only, whatever was added how often.
//
// Thread-safe. Waits go through the Clock.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/base/random.h"

namespace neoid::runtime {

enum class Priority { Urgent, Resync };

struct BackoffOptions {
  Duration first = std::chrono::milliseconds(50);
  Duration most = std::chrono::minutes(5);
  double jitter = 0.2;
};

template <class Key>
class WorkQueue {
 public:
  explicit WorkQueue(Clock& clock, BackoffOptions backoff = {}) : clock_(clock), backoff_(backoff) {}

  void add(const Key& key, Priority priority = Priority::Urgent) {
    {
      MutexLock lock(mutex_);
      make_ready(key, priority);
    }
    changed_.notify_one();
  }

  // Ready after `delay`, unless something makes it ready earlier.
  void add_after(const Key& key, Duration delay, Priority priority = Priority::Resync) {
    if (delay <= Duration(0)) return add(key, priority);
    {
      MutexLock lock(mutex_);
      schedule(key, clock_.steady_now() + delay, priority);
    }
    changed_.notify_one();
  }

  // Ready again after this key's own exponential backoff; returns the delay. forget() starts it anew.
  Duration retry(const Key& key) {
    Duration delay;
    {
      MutexLock lock(mutex_);
      const int failures = failures_[key]++;
      delay = backoff_.first;
      for (int i = 0; i < failures && delay < backoff_.most; ++i) delay *= 2;
      delay = neoid::jitter(std::min(delay, backoff_.most), backoff_.jitter);
      schedule(key, clock_.steady_now() + delay, Priority::Urgent);
    }
    changed_.notify_one();
    return delay;
  }

  void forget(const Key& key) {
    MutexLock lock(mutex_);
    failures_.erase(key);
  }

  // Waits until a key is ready; then as many ready ones as there are, `most` at the most. Empty: stop was requested.
  std::vector<Key> take(std::size_t most, std::stop_token stop) {
    MutexLock lock(mutex_);
    while (!stop.stop_requested()) {
      promote_due();
      std::vector<Key> batch = pop(most);
      if (!batch.empty()) return batch;
      if (schedule_.empty()) {
        if (changed_.wait(mutex_, stop) == Wake::Stopped) break;
      } else if (clock_.wait_until(mutex_, changed_, schedule_.begin()->first, stop) == Wake::Stopped) {
        break;
      }
    }
    return {};
  }

  // Gives a taken key back.
  void done(const Key& key) {
    bool ready = false;
    {
      MutexLock lock(mutex_);
      const auto held = held_.find(key);
      if (held == held_.end()) return;
      const std::optional<Priority> again = held->second;
      held_.erase(held);
      if (again) make_ready(key, *again);
      ready = again.has_value();
    }
    if (ready) changed_.notify_one();
  }

  // Ready now, not counting held and scheduled ones.
  std::size_t ready() const {
    MutexLock lock(mutex_);
    return waiting_.size();
  }
  std::size_t held() const {
    MutexLock lock(mutex_);
    return held_.size();
  }
  // True when no key is ready or in anybody's hands; scheduled ones may wait.
  bool idle() const {
    MutexLock lock(mutex_);
    return waiting_.empty() && held_.empty();
  }

 private:
  using Schedule = std::multimap<SteadyTime, std::pair<Key, Priority>>;

  void make_ready(const Key& key, Priority priority) NEOID_REQUIRES(mutex_) {
    unschedule(key);
    if (const auto held = held_.find(key); held != held_.end()) {
      held->second = held->second ? std::min(*held->second, priority) : priority;
      return;
    }
    const auto [place, fresh] = waiting_.try_emplace(key, priority);
    if (!fresh && place->second <= priority) return;
    place->second = priority;  // an entry of a lower priority may stay in its line; pop() skips it
    lines_[static_cast<std::size_t>(priority)].push_back(key);
  }

  void schedule(const Key& key, SteadyTime due, Priority priority) NEOID_REQUIRES(mutex_) {
    if (waiting_.count(key) != 0) return;
    if (const auto held = held_.find(key); held != held_.end() && held->second) return;
    if (const auto old = scheduled_.find(key); old != scheduled_.end()) {
      if (old->second->first <= due) return;
      schedule_.erase(old->second);
      scheduled_.erase(old);
    }
    scheduled_[key] = schedule_.emplace(due, std::make_pair(key, priority));
  }

  void unschedule(const Key& key) NEOID_REQUIRES(mutex_) {
    const auto old = scheduled_.find(key);
    if (old == scheduled_.end()) return;
    schedule_.erase(old->second);
    scheduled_.erase(old);
  }

  void promote_due() NEOID_REQUIRES(mutex_) {
    const SteadyTime now = clock_.steady_now();
    while (!schedule_.empty() && schedule_.begin()->first <= now) {
      const auto [key, priority] = schedule_.begin()->second;
      make_ready(key, priority);
    }
  }

  std::vector<Key> pop(std::size_t most) NEOID_REQUIRES(mutex_) {
    std::vector<Key> batch;
    for (auto& line : lines_) {
      while (!line.empty() && batch.size() < most) {
        Key key = std::move(line.front());
        line.pop_front();
        if (waiting_.erase(key) == 0) continue;  // taken before, from a line of higher priority
        held_.emplace(key, std::nullopt);
        batch.push_back(std::move(key));
      }
    }
    return batch;
  }

  Clock& clock_;
  const BackoffOptions backoff_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::array<std::deque<Key>, 2> lines_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<Key, Priority> waiting_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<Key, std::optional<Priority>> held_ NEOID_GUARDED_BY(mutex_);  // value: added meanwhile
  Schedule schedule_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<Key, typename Schedule::iterator> scheduled_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<Key, int> failures_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::runtime
