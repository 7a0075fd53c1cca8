// /livez, /readyz (with reasons) and /metrics on a port of their own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/base/metrics.h"
#include "controller/http/server.h"

namespace neoid::cmd {

struct HealthProbes {
  std::function<std::vector<std::string>()> unready;  // why not, one line each; empty: ready
  std::function<void()> sample;                       // brings the gauges up to date
};
// `address`: HOST:PORT. neoid_ready is what /readyz would answer, whatever is sampled. Errors: Invalid, Unavailable (port in use).
Result<std::unique_ptr<http::Server>> serve_health(const std::string& address, MetricsRegistry& metrics,
                                                   HealthProbes probes);

struct HostPort {
  std::string host;
  int port = 0;
};
// "127.0.0.1:6443", "[::1]:6443", ":8080" (every address). Invalid names the text.
Result<HostPort> parse_host_port(const std::string& text);

}  // namespace neoid::cmd
