#include "controller/cmd/standalone_oauth.h"

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <utility>

#include "controller/cmd/health.h"
#include "controller/cmd/oauth_server.h"

namespace neoid::cmd {
namespace {

constexpr const char* kPortFile = "oauth-port";

// The port of the last run; 0: none is known.
int kept_port(const DataFolder& folder) {
  const auto text = private_text(folder, kPortFile, "0\n");
  int port = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), port);
  return port > 0 && port < 65536 ? port : 0;
}

// The issuer is the URL, so the port must be known before the service is made: a listener takes it first, and is
// handed the service when there is one.
using ServiceSlot = std::atomic<oauth::TokenService*>;

Result<std::unique_ptr<http::Server>> listen_on(const StandaloneOptions& options, const DataFolder& folder,
                                                const HostPort& where, int port, Instant now,
                                                http::Handler handler) {
  http::ServerOptions server;
  server.host = where.host;
  server.port = port;
  server.limits.body_bytes = oauth::kMaxBody_bytes;
  server.limits.head_bytes = 16 << 10;
  NEOID_TRY(http::Identity identity, make_server_identity(folder, where.host, now));
  server.tls = http::TlsOptions{std::move(identity), {}};
  auto listening = http::Server::listen(std::move(server), std::move(handler));
  if (listening) return listening;
  const std::string what =
      options.oauth_listen ? "--oauth-listen " + *options.oauth_listen + " cannot be used"
                           : fmt::format(
                                 "port {} (the one after --listen's) cannot be used for the token service: "
                                 "name another with --oauth-listen HOST:PORT, or none with --oauth-listen ''",
                                 port);
  return fail(wrap(what, std::move(listening).error()));
}

std::string host_text(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

Result<StandaloneOAuth> open_standalone_oauth(StandaloneOptions& options, const DataFolder& folder,
                                              const std::string& store_url, Clock& clock,
                                              MetricsRegistry& metrics) {
  StandaloneOAuth result;
  if (options.oauth_listen && options.oauth_listen->empty()) return result;
  NEOID_TRY(HostPort where, parse_host_port(options.oauth_listen.value_or(options.listen)));
  if (!options.oauth_listen && where.port != 0) ++where.port;

  const auto slot = std::make_shared<ServiceSlot>(nullptr);
  const http::Handler handler = [slot](const http::Request& request) {
    if (oauth::TokenService* service = slot->load()) return service->handle(request);
    return http::Response{503, {{"Retry-After", "1"}}, "the token service is starting\n", nullptr};
  };
  // Any port would do, but another one after each restart would be written into every Secret.
  if (const int kept = where.port == 0 ? kept_port(folder) : 0; kept != 0) {
    if (auto again = listen_on(options, folder, where, kept, clock.now(), handler))
      result.server = std::move(*again);
  }
  if (!result.server) {
    NEOID_TRY(result.server, listen_on(options, folder, where, where.port, clock.now(), handler));
  }
  if (where.port == 0)
    NEOID_TRY_VOID(keep_text(folder, kPortFile, fmt::format("{}\n", result.server->port())));

  auto& settings = options.controller.settings;
  const std::string url = fmt::format("https://{}:{}", host_text(where.host), result.server->port());
  if (settings.issuer.empty()) settings.issuer = url;
  if (settings.token_url.empty()) settings.token_url = settings.issuer + "/oauth2/token";
  options.oauth.grant.issuer = settings.issuer;
  NEOID_TRY(std::string text, private_text(folder, "key-encryption-key",
                                           std::string(oauth::KeyEncryptionKeys::make().reveal())));
  auto kek = oauth::KeyEncryptionKeys::parse(text);
  cleanse(text);
  if (!kek) return fail(wrap((folder.path / "key-encryption-key").string(), kek.error()));
  NEOID_TRY(result.service,
            oauth::TokenService::open(store_url, std::move(*kek), options.oauth, clock, metrics));
  slot->store(result.service.get());
  return result;
}

}  // namespace neoid::cmd
