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

#include "controller/base/backoff.h"
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

// What is told of each key: how long it waited when it is taken, how long it was held when it is given back, and that it
// is to be tried again. Called under the queue's lock. Empty: not asked for.
struct QueueMeters {
  std::function<void(std::chrono::nanoseconds)> waited = nullptr;
  std::function<void(std::chrono::nanoseconds)> worked = nullptr;
  std::function<void()> retried = nullptr;
};

template <class Key>
class WorkQueue {
 public:
  explicit WorkQueue(Clock& clock, BackoffOptions backoff = {}, QueueMeters meters = {})
      : clock_(clock), backoff_(backoff), meters_(std::move(meters)) {}

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

  // Ready again after this key's own exponential backoff, or after `at_least` where somebody asked for that; returns the
  // delay. forget() starts it anew.
  Duration retry(const Key& key, Duration at_least = Duration(0)) {
    Duration delay;
    {
      MutexLock lock(mutex_);
      delay = neoid::jitter(neoid::backoff(failures_[key]++, backoff_.first, backoff_.most), backoff_.jitter);
      delay = std::max(delay, at_least);
      if (meters_.retried) meters_.retried();
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
      const std::optional<Priority> again = held->second.again;
      if (meters_.worked) meters_.worked(clock_.steady_now() - held->second.since);
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
  std::size_t ready(Priority priority) const {
    MutexLock lock(mutex_);
    return ready_[static_cast<std::size_t>(priority)];
  }
  // Keys that wait for their time.
  std::size_t scheduled() const {
    MutexLock lock(mutex_);
    return schedule_.size();
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
  struct Waiting {
    Priority priority;
    SteadyTime since;
  };
  struct Held {
    std::optional<Priority> again;  // added meanwhile
    SteadyTime since;
  };

  void make_ready(const Key& key, Priority priority) NEOID_REQUIRES(mutex_) {
    unschedule(key);
    if (const auto held = held_.find(key); held != held_.end()) {
      std::optional<Priority>& again = held->second.again;
      again = again ? std::min(*again, priority) : priority;
      return;
    }
    const auto [place, fresh] = waiting_.try_emplace(key, Waiting{priority, clock_.steady_now()});
    if (!fresh && place->second.priority <= priority) return;
    if (!fresh) --ready_[static_cast<std::size_t>(place->second.priority)];
    ++ready_[static_cast<std::size_t>(priority)];
    place->second.priority = priority;  // an entry of a lower priority may stay in its line; pop() skips it
    lines_[static_cast<std::size_t>(priority)].push_back(key);
  }

  void schedule(const Key& key, SteadyTime due, Priority priority) NEOID_REQUIRES(mutex_) {
    if (waiting_.count(key) != 0) return;
    if (const auto held = held_.find(key); held != held_.end() && held->second.again) return;
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
        const auto waiting = waiting_.find(key);
        if (waiting == waiting_.end()) continue;  // taken before, from a line of higher priority
        const SteadyTime now = clock_.steady_now();
        if (meters_.waited) meters_.waited(now - waiting->second.since);
        --ready_[static_cast<std::size_t>(waiting->second.priority)];
        waiting_.erase(waiting);
        held_.emplace(key, Held{std::nullopt, now});
        batch.push_back(std::move(key));
      }
    }
    return batch;
  }

  Clock& clock_;
  const BackoffOptions backoff_;
  const QueueMeters meters_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::array<std::deque<Key>, 2> lines_ NEOID_GUARDED_BY(mutex_);
  std::array<std::size_t, 2> ready_ NEOID_GUARDED_BY(mutex_) = {};  // of each priority
  std::unordered_map<Key, Waiting> waiting_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<Key, Held> held_ NEOID_GUARDED_BY(mutex_);
  Schedule schedule_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<Key, typename Schedule::iterator> scheduled_ NEOID_GUARDED_BY(mutex_);
  std::unordered_map<Key, int> failures_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::runtime
