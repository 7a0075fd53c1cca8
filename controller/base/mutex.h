// Mutex, MutexLock, CondVar: the standard ones, annotated so that clang's -Wthread-safety proves who holds
// what.
//
// Group data under the mutex that guards it and mark it NEOID_GUARDED_BY(mutex_). Never call out under a
// lock. Waits have no predicate argument (the analysis cannot look into one): write
//     MutexLock lock(mutex_);
//     while (queue_.empty()) if (changed_.wait(mutex_, stop) == Wake::Stopped) return;
// Every wait takes a stop_token; waits with a deadline go through Clock (clock.h), so that tests own the
// time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#if defined(__clang__)
#define NEOID_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define NEOID_THREAD_ATTRIBUTE(x)
#endif
#define NEOID_CAPABILITY(name) NEOID_THREAD_ATTRIBUTE(capability(name))
#define NEOID_SCOPED_CAPABILITY NEOID_THREAD_ATTRIBUTE(scoped_lockable)
#define NEOID_GUARDED_BY(x) NEOID_THREAD_ATTRIBUTE(guarded_by(x))
#define NEOID_POINTEE_GUARDED_BY(x) NEOID_THREAD_ATTRIBUTE(pt_guarded_by(x))
#define NEOID_REQUIRES(...) NEOID_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define NEOID_EXCLUDES(...) NEOID_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define NEOID_ACQUIRE(...) NEOID_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define NEOID_RELEASE(...) NEOID_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define NEOID_TRY_ACQUIRE(...) NEOID_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define NEOID_NO_THREAD_SAFETY_ANALYSIS NEOID_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace neoid {

class NEOID_CAPABILITY("mutex") Mutex {
 public:
  void lock() NEOID_ACQUIRE() { mutex_.lock(); }
  void unlock() NEOID_RELEASE() { mutex_.unlock(); }
  bool try_lock() NEOID_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

// Holds a Mutex for its scope.
class NEOID_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) NEOID_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() NEOID_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Why a wait ended. Notified may be spurious: look at the condition again.
enum class Wake { Notified, TimedOut, Stopped };

class CondVar {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  // Lets go of `mutex` while it waits. Stopped at once when the stop was requested before.
  Wake wait(Mutex& mutex, std::stop_token stop) NEOID_REQUIRES(mutex);
  // In real time: for Clock and for code whose time is the network's. Others use Clock::wait_until.
  Wake wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline, std::stop_token stop)
      NEOID_REQUIRES(mutex);

 private:
  std::condition_variable_any condition_;
};

}  // namespace neoid
