#include "controller/http/workers.h"

#include <chrono>
#include <system_error>
#include <utility>

namespace neoid::http {
namespace {

constexpr auto kStay = std::chrono::seconds(10);

void join_all(std::vector<std::thread> threads) {
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

Workers::~Workers() { join(); }

void Workers::submit(std::function<void()> job) {
  std::vector<std::thread> done;
  {
    MutexLock lock(mutex_);
    if (stop_.stop_requested()) return;
    jobs_.push_back(std::move(job));
    if (jobs_.size() > free_ && threads_.size() < max_threads_) {
      start_thread();
    }
    done.swap(done_);
  }
  job_added_.notify_one();
  join_all(std::move(done));
}

void Workers::start_thread() {
  threads_.emplace_front();
  try {
    threads_.front() = std::thread(&Workers::run, this, threads_.begin());
  } catch (const std::system_error&) {
    threads_
        .pop_front();  // no more threads to be had: the job waits for one that runs, or for the next submit
  }
}

bool Workers::saturated() const {
  MutexLock lock(mutex_);
  return jobs_.size() > free_;
}

void Workers::join() {
  stop_.request_stop();
  for (;;) {
    std::vector<std::thread> done;
    {
      MutexLock lock(mutex_);
      jobs_.clear();
      for (std::thread& thread : threads_) done.push_back(std::move(thread));
      threads_.clear();
      for (std::thread& thread : done_) done.push_back(std::move(thread));
      done_.clear();
    }
    if (done.empty()) return;
    join_all(std::move(done));
  }
}

void Workers::run(Threads::iterator self) {
  const std::stop_token stop = stop_.get_token();
  for (;;) {
    std::function<void()> job;
    {
      MutexLock lock(mutex_);
      const auto deadline = std::chrono::steady_clock::now() + kStay;
      ++free_;
      Wake wake = Wake::Notified;
      while (jobs_.empty() && wake == Wake::Notified) wake = job_added_.wait_until(mutex_, deadline, stop);
      --free_;
      if (stop.stop_requested()) return;  // join() has taken, or takes, the thread object
      if (jobs_.empty()) {
        done_.push_back(std::move(*self));
        threads_.erase(self);
        return;
      }
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace neoid::http
