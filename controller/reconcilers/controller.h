// Controller: the threads that keep resources and store in step, with one start and one stop order.
//
// Start: caches (they need nothing) -> leadership (waits for the store) -> workers (idle until a term starts and the
// caches are filled) -> feed and sweep. Stop: the other way round; what is in flight is finished, the Lease is released.
//
// Work comes from: watches (a resource, its Secret, its scopes, its namespace), the store's change feed (what was
// changed behind our back), timers (rotation, ends of overlaps, retries), and the sweep, which compares everything.
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/kube/client.h"
#include "controller/reconcilers/services.h"
#include "controller/store/identity_store.h"

namespace neoid::reconcilers {

struct ControllerOptions {
  Settings settings;
  runtime::LeaseOptions lease;
  bool always_clean = false;  // the API is in this process
  Duration sweep_interval = std::chrono::minutes(5);
  std::size_t workers = 2;
  std::size_t batch = 100;
  std::size_t connections = 8;  // API calls side by side
};

class Controller {
 public:
  // Reads the cluster's identity. Borrows client, store, clock and metrics for its life.
  static Result<std::unique_ptr<Controller>> create(const kube::Client& client, store::IdentityStore& store,
                                                    Clock& clock, MetricsRegistry& metrics,
                                                    ControllerOptions options);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  void start();
  void stop();

  bool leading() const;
  // No key is ready or in a worker's hands.
  bool idle() const;
  // What the watches know, on stand-bys too; for admission.
  const Caches& caches() const;
  // Nothing: ready to serve as leader or stand-by. Else why not, one line each.
  std::vector<std::string> unready() const;
  // Brings the gauges of the metrics up to date: before each text of them.
  void sample() const;

 private:
  class Impl;
  explicit Controller(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace neoid::reconcilers
