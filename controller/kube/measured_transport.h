// A Transport that measures the one below it: latency and answers of every request, watches apart.
#pragma once

#include <memory>
#include <string>

#include "controller/base/metrics.h"
#include "controller/kube/transport.h"

namespace neoid::kube {

// What a request is counted under.
struct RequestLabels {
  std::string verb;      // get, list, create, update, patch, delete
  std::string resource;  // the plural, "" for what is no resource
};
RequestLabels labels_of(const std::string& method, const std::string& target);

// Borrows the registry for the transport's life. Thread-safe, as the one below is.
std::shared_ptr<Transport> measured(std::shared_ptr<Transport> transport, MetricsRegistry& metrics);

}  // namespace neoid::kube
