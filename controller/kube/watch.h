// WatchDecoder: the bytes of a watch, in pieces of any size, as events. Belongs to one thread.
//
// Shape: one JSON object a line, {"type": "ADDED", "object": {...}}. Source: Kubernetes page "API concepts", watches.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "controller/kube/client.h"
#include "reconcile/base/result.h"

namespace neoid::kube {

class WatchDecoder {
 public:
  // A line longer than `max_event_bytes` is an error.
  explicit WatchDecoder(std::size_t max_event_bytes = std::size_t{32} << 20)
      : max_event_bytes_(max_event_bytes) {}

  // Calls `on_event` for every event that is complete now, in order; false when it returned false. Errors: what an
  // ERROR event says; Internal for what is no event.
  Result<bool> feed(std::string_view bytes, const std::function<bool(WatchEvent)>& on_event);

 private:
  const std::size_t max_event_bytes_;
  std::string line_;  // begun, its end has not come
};

}  // namespace neoid::kube
