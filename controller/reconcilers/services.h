// What every reconciler works with. main wires it once; nothing here owns.
#pragma once

#include <string>

#include "controller/base/clock.h"
#include "controller/reconcilers/caches.h"
#include "controller/reconcilers/cluster.h"
#include "controller/reconcilers/events.h"
#include "controller/reconcilers/leadership.h"
#include "controller/reconcilers/meters.h"
#include "controller/runtime/worker_pool.h"
#include "controller/store/identity_store.h"

namespace neoid::reconcilers {

struct Settings {
  Duration create_deadline = std::chrono::seconds(10);  // D of docs/credential-protocol.md
  Duration clock_margin = std::chrono::seconds(1);
  // How long a create that went unanswered may still land.
  Duration create_wait() const { return 2 * create_deadline + clock_margin; }
  std::string token_url;
  std::string issuer;
};

struct Services {
  const Cluster& cluster;
  ClusterId cluster_id;
  store::IdentityStore& store;
  Clock& clock;
  EventRecorder& events;
  Leadership& leadership;
  Caches& caches;
  Queue& queue;
  runtime::WorkerPool& pool;
  Meters& meters;
  const Settings& settings;
};

}  // namespace neoid::reconcilers
