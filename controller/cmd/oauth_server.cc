#include "controller/cmd/oauth_server.h"

#include <iostream>
#include <utility>

#include "controller/base/file.h"
#include "controller/base/log.h"
#include "controller/cli/output.h"
#include "controller/cmd/health.h"
#include "controller/cmd/signals.h"
#include "controller/cmd/startup.h"
#include "controller/http/certificate_keeper.h"
#include "controller/oauth/request.h"

namespace neoid::cmd {
namespace {

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<http::ServerOptions> server_options(const OAuthOptions& options) {
  NEOID_TRY(const HostPort where, parse_host_port(options.listen));
  http::ServerOptions server;
  server.host = where.host;
  server.port = where.port;
  if (options.tls_cert_file.empty() != options.tls_key_file.empty())
    return fail(ErrorKind::Invalid, "--tls-cert-file and --tls-key-file belong together");
  if (options.tls_cert_file.empty()) {
    if (!options.insecure_http && !is_loopback(where.host))
      return fail(ErrorKind::Invalid,
                  "--listen " + options.listen +
                      " is not loopback, and client secrets must not cross a network in the clear: "
                      "give --tls-cert-file and --tls-key-file, or --insecure-http where TLS ends "
                      "in front of neoid");
    return server;
  }
  auto identity = http::read_certificate_files(options.tls_cert_file, options.tls_key_file);
  if (!identity) return fail(wrap("--tls-cert-file and --tls-key-file", identity.error()));
  server.tls = http::TlsOptions{std::move(*identity), {}};
  return server;
}

std::unique_ptr<http::CertificateKeeper> keep_certificate(http::Server& server, const http::Identity& first,
                                                          const OAuthOptions& options, Clock& clock) {
  http::CertificateKeeperOptions keeper;
  keeper.what = "the token service's certificate";
  keeper.source = [certificate = options.tls_cert_file, key = options.tls_key_file] {
    return http::read_certificate_files(certificate, key);
  };
  return std::make_unique<http::CertificateKeeper>(server, first, std::move(keeper), clock);
}

Result<oauth::KeyEncryptionKeys> read_key_encryption_keys(const OAuthOptions& options) {
  auto text = read_file(options.key_encryption_key_file);
  if (!text) return fail(wrap("--key-encryption-key-file", text.error()));
  auto keys = oauth::KeyEncryptionKeys::parse(*text);
  cleanse(*text);
  if (!keys) return fail(wrap("--key-encryption-key-file " + options.key_encryption_key_file, keys.error()));
  return keys;
}

Result<void> run_until_stopped(const OAuthOptions& options) {
  SystemClock clock;
  MetricsRegistry metrics;
  Startup startup(clock, kStartupPatience, stop_signal_within);
  NEOID_TRY(http::ServerOptions listening, server_options(options));
  std::unique_ptr<http::Server> health;
  if (!options.health_address.empty()) {
    auto served = serve_health(options.health_address, metrics,
                               {[&] { return startup.unready(); }, [&] { startup.sample(); }});
    if (!served) return fail(wrap("--health-listen", served.error()));
    health = std::move(*served);
  }
  const auto service = startup.wait_for<std::unique_ptr<oauth::TokenService>>(
      "the store", [&]() -> Result<std::unique_ptr<oauth::TokenService>> {
        NEOID_TRY(auto keys, read_key_encryption_keys(options));
        return oauth::TokenService::open(options.store_url, std::move(keys), options.service, clock, metrics);
      });
  if (startup.stopped()) return {};
  if (!service) return fail(service.error());
  const auto tls = listening.tls;
  NEOID_TRY(const auto server, serve_oauth(**service, "--listen " + options.listen, std::move(listening)));
  const auto keeper = tls ? keep_certificate(*server, tls->identity, options, clock) : nullptr;
  startup.done({[&] { return (*service)->unready(); }, [&] { (*service)->sample(); }});
  (*service)->start();
  log::info("token service ready", {{"issuer", options.service.grant.issuer}, {"port", server->port()}});
  wait_for_stop_signal();
  log::info("stopping");
  health.reset();
  server->stop(std::chrono::seconds(5));
  (*service)->stop();
  return {};
}

}  // namespace

Result<std::unique_ptr<http::Server>> serve_oauth(oauth::TokenService& service, const std::string& flag,
                                                  http::ServerOptions options) {
  options.limits.body_bytes = oauth::kMaxBody_bytes;
  options.limits.head_bytes = 16 << 10;
  options.limits.body = std::chrono::seconds(10);
  auto server = http::Server::listen(
      std::move(options), [&service](const http::Request& request) { return service.handle(request); });
  if (!server) return fail(wrap(flag + " cannot be used", std::move(server).error()));
  return server;
}

int run_oauth(const OAuthOptions& options) {
  hold_stop_signals();
  if (auto result = run_until_stopped(options); !result) return cli::report(std::cerr, result.error());
  return cli::kDone;
}

}  // namespace neoid::cmd
