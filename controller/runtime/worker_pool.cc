#include "controller/runtime/worker_pool.h"

namespace neoid::runtime {

struct WorkerPool::Job {
  std::size_t count = 0;
  const std::function<void(std::size_t)>* work = nullptr;
  std::size_t next = 0;  // the first part that nobody took
  std::size_t finished = 0;
  CondVar done;
};

WorkerPool::WorkerPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this](std::stop_token stop) { run(stop); });
}

WorkerPool::~WorkerPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void WorkerPool::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
  if (count == 0) return;
  if (count == 1) return work(0);
  const auto job = std::make_shared<Job>();
  job->count = count;
  job->work = &work;
  MutexLock lock(mutex_);
  jobs_.push_back(job);
  changed_.notify_all();
  while (job->finished < job->count) job->done.wait(mutex_, std::stop_token());
}

void WorkerPool::run(std::stop_token stop) {
  for (;;) {
    std::shared_ptr<Job> job;
    std::size_t part = 0;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty()) {
        if (changed_.wait(mutex_, stop) == Wake::Stopped) return;
      }
      job = jobs_.front();
      part = job->next++;
      if (job->next == job->count) jobs_.pop_front();
    }
    (*job->work)(part);
    MutexLock lock(mutex_);
    if (++job->finished == job->count) job->done.notify_all();
  }
}

}  // namespace neoid::runtime
