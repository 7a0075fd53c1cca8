// Events about our resources (events.k8s.io/v1), told once and counted after that.
//
// A repeated event within the window becomes a series on the first one, as client-go does. Best effort, and never in the
// way of work: a thread of its own writes them, one after the other; while there is urgent work it lets them wait for a
// few seconds, and then writes fifty a second. What does not fit into the line, or cannot be written, is forgotten;
// warnings have more room.
// Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/kube/client.h"
#include "reconcile/api/resource_key.h"
#include "reconcile/base/ids.h"
#include "reconcile/status/user_status.h"

namespace neoid::reconcilers {

struct EventOptions {
  std::string instance;                            // who reports, the pod's name
  std::function<bool()> busy = nullptr;            // urgent work waits
  std::function<void(const status::Event&)> told;  // for the metrics; called once for each that is taken
};

class EventRecorder {
 public:
  EventRecorder(const kube::Client& client, Clock& clock, EventOptions options);
  // Writes what is in the line, for at most a second, and ends.
  ~EventRecorder();

  void tell(const api::ResourceKey& about, const Uid& uid, const status::Event& event);

 private:
  struct Told {
    api::ResourceKey about;
    Uid uid;
    status::Event event;
    Instant at;
    SteadyTime since;
  };
  struct Series {
    std::string name;
    Instant last;
    std::int64_t count = 1;
  };
  void run(std::stop_token stop);
  void write(const Told& told);
  Json manifest(const Told& told, const std::string& name) const;

  const kube::Client& client_;
  Clock& clock_;
  const EventOptions options_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Told> line_ NEOID_GUARDED_BY(mutex_);
  std::map<std::string, Series> series_;  // the writing thread's own
  std::jthread thread_;
};

}  // namespace neoid::reconcilers
