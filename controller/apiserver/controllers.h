// Controllers: the one thread behind the server that does what happens "soon": CRDs, namespaces, garbage,
// aggregated roles, events past their time.
//
// Flow: every write is noted (note(), on the writer's thread, cheap; the CRD table, the RBAC snapshot and
// the webhooks are brought up to date at once, so that whoever wrote one finds it in force) -> the thread is woken -> each
// controller that has work runs to its end -> what must wait is tried again after a moment.
// Start: load() before the first request, then start(). Stop: stop() waits for the thread. Thread-safe.
#pragma once

#include <stop_token>
#include <thread>

#include "controller/apiserver/collector.h"
#include "controller/apiserver/core.h"
#include "controller/apiserver/crd_controller.h"
#include "controller/apiserver/namespace_controller.h"

namespace neoid::apiserver {

class Controllers {
 public:
  Controllers(const Core& core, Clock& clock);
  ~Controllers();

  void load();  // RBAC, CRDs and owners as they are stored
  void start();
  void stop();
  void note(const Change& change);

 private:
  // Which of the controllers have something to do.
  struct Work {
    bool crds = false;
    bool namespaces = false;
    bool garbage = false;
    bool roles = false;
    bool any() const { return crds || namespaces || garbage || roles; }
    void add(const Work& more);
  };
  void work(std::stop_token stop);
  Work run(Work due);  // what is to be tried again
  void read_rbac();
  bool aggregate_roles();
  void wake(const Work& work);

  const Core& core_;
  Clock& clock_;
  Mutex crd_mutex_;  // one run of the CRD controller at a time
  CrdController crds_;
  NamespaceController namespaces_;
  Collector collector_;
  Mutex rbac_mutex_;  // snapshots replace each other in order
  Mutex mutex_;
  CondVar woken_;
  Work work_ NEOID_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace neoid::apiserver
