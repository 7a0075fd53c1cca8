// Which credential versions opened the door, told to the store now and then in batches.
//
// However often a version is used, it is written once an interval; in a crash at most one interval is lost.
// Thread-safe.
#pragma once

#include <set>
#include <thread>
#include <utility>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/store/identity_store.h"

namespace neoid::oauth {

class UseRecorder {
 public:
  UseRecorder(store::IdentityStore& store, Clock& clock, Duration interval);

  void start();
  void stop();  // writes what is left
  void record(const UserId& user, VersionNumber version);
  // Writes now. What could not be written is kept for the next time.
  Result<void> flush();

 private:
  using Use = std::pair<UserId, VersionNumber>;

  store::IdentityStore& store_;
  Clock& clock_;
  const Duration interval_;
  Mutex mutex_;
  std::set<Use> used_ NEOID_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace neoid::oauth
