// WorkerPool: runs the parts of one job side by side on a fixed number of threads, and waits for all of them.
//
// Several jobs may be under way at once; for_each() returns when its own is done. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "controller/base/mutex.h"

namespace neoid::runtime {

class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Calls work(0) ... work(count - 1), in any order, side by side. `work` must not throw.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  struct Job;
  void run(std::stop_token stop);

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Job>> jobs_ NEOID_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;
};

}  // namespace neoid::runtime
