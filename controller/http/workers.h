// Workers: threads that come when jobs wait and go when none came for a while. Private to this folder.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <thread>
#include <vector>

#include "controller/base/mutex.h"

namespace neoid::http {

// Thread-safe.
class Workers {
 public:
  explicit Workers(std::size_t max_threads) : max_threads_(max_threads) {}
  ~Workers();  // join()

  // Runs `job` on a thread of its own for as long as it takes; with max_threads busy it waits for one.
  void submit(std::function<void()> job);
  // Whether jobs wait because all threads are busy.
  bool saturated() const;
  // Takes no more jobs, drops those that wait, returns when those that run are done.
  void join();

 private:
  using Threads = std::list<std::thread>;
  void run(Threads::iterator self);
  void start_thread() NEOID_REQUIRES(mutex_);

  const std::size_t max_threads_;
  mutable Mutex mutex_;
  CondVar job_added_;
  std::deque<std::function<void()>> jobs_ NEOID_GUARDED_BY(mutex_);
  Threads threads_ NEOID_GUARDED_BY(mutex_);
  std::vector<std::thread> done_ NEOID_GUARDED_BY(mutex_);  // have left run() but for the last instructions
  std::size_t free_ NEOID_GUARDED_BY(mutex_) = 0;           // threads that wait for a job
  std::stop_source stop_;
};

}  // namespace neoid::http
