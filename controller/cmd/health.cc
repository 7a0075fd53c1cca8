#include "controller/cmd/health.h"

#include <charconv>
#include <utility>

namespace neoid::cmd {
namespace {

http::Response plain(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body), nullptr};
}

}  // namespace

Result<HostPort> parse_host_port(const std::string& text) {
  const auto wrong = [&] {
    return fail(ErrorKind::Invalid, "'" + text + "' is not HOST:PORT, as in 127.0.0.1:6443 or [::1]:6443");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong();
  HostPort result;
  result.host = text.substr(0, colon);
  if (result.host.size() > 2 && result.host.front() == '[' && result.host.back() == ']')
    result.host = result.host.substr(1, result.host.size() - 2);
  if (result.host.empty()) result.host = "0.0.0.0";
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, result.port);
  if (error != std::errc() || stop != end || result.port < 0 || result.port > 65535) return wrong();
  return result;
}

Result<std::unique_ptr<http::Server>> serve_health(const std::string& address, MetricsRegistry& metrics,
                                                   HealthProbes probes) {
  NEOID_TRY(const HostPort where, parse_host_port(address));
  http::ServerOptions options;
  options.host = where.host;
  options.port = where.port;
  return http::Server::listen(
      std::move(options), [&metrics, probes = std::move(probes)](const http::Request& request) {
        if (request.path == "/livez") return plain(200, "ok");
        if (request.path == "/metrics") {
          probes.sample();
          metrics.gauge(metric::kReady).set(probes.unready().empty() ? 1 : 0);
          return http::Response{
              200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, metrics.text(), nullptr};
        }
        if (request.path != "/readyz") return plain(404, "there are /livez, /readyz and /metrics\n");
        std::string reasons;
        for (const std::string& reason : probes.unready()) reasons += reason + "\n";
        return reasons.empty() ? plain(200, "ok") : plain(503, std::move(reasons));
      });
}

}  // namespace neoid::cmd
