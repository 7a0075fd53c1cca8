// Events about our resources (events.k8s.io/v1), told once and counted after that.
//
// A repeated event within the window becomes a series on the first one, as client-go does. Best effort: an event that
// cannot be written is logged and forgotten. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/kube/client.h"
#include "reconcile/api/resource_key.h"
#include "reconcile/base/ids.h"
#include "reconcile/status/user_status.h"

namespace neoid::reconcilers {

class EventRecorder {
 public:
  // `instance`: who reports, the pod's name.
  EventRecorder(const kube::Client& client, Clock& clock, std::string instance);

  void tell(const api::ResourceKey& about, const Uid& uid, const status::Event& event);

 private:
  struct Series {
    std::string name;
    Instant last;
    std::int64_t count = 1;
  };
  Json manifest(const api::ResourceKey& about, const Uid& uid, const status::Event& event,
                const std::string& name, Instant now) const;

  const kube::Client& client_;
  Clock& clock_;
  const std::string instance_;
  Mutex mutex_;
  std::map<std::string, Series> told_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::reconcilers
