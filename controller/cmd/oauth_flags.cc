#include "controller/cmd/oauth_flags.h"

#include <memory>
#include <string>
#include <vector>

#include "controller/cmd/flags.h"
#include "controller/cmd/oauth_server.h"

namespace neoid::cmd {
namespace {

void add_scope_lifetimes(CLI::App& command, oauth::TokenServiceOptions& options) {
  command
      .add_option_function<std::vector<std::string>>(
          "--scope-lifetime",
          [&options](const std::vector<std::string>& given) {
            for (const std::string& one : given) {
              const std::size_t equals = one.find('=');
              const auto lifetime =
                  equals == std::string::npos ? std::nullopt : parse_duration(one.substr(equals + 1));
              if (!lifetime || equals == 0 || *lifetime < std::chrono::seconds(1))
                throw CLI::ValidationError("--scope-lifetime",
                                           "'" + one + "' is not SCOPE=DURATION, as finance=5m");
              options.grant.scope_lifetimes[one.substr(0, equals)] = *lifetime;
            }
          },
          "tokens with this scope live at most so long: SCOPE=DURATION, any number of them")
      ->envname("NEOID_SCOPE_LIFETIME")
      ->delimiter(',');
}

}  // namespace

void add_token_flags(CLI::App& command, oauth::TokenServiceOptions& options) {
  options.grant.audiences = {"urn:neostella:platform"};
  flag(command, "--audience", options.grant.audiences,
       "resources that tokens are for (absolute URIs); the first is the default, the others are asked for by "
       "`resource`")
      ->delimiter(',');
  duration_flag(command, "--token-lifetime", options.grant.token_lifetime, "how long a token lives");
  add_scope_lifetimes(command, options);
  flag(command, "--introspection-scope", options.introspection_scope,
       "scope that a client needs to introspect tokens");
  duration_flag(command, "--key-rotation", options.keys.rotate_every, "how often a new signing key is taken");
  duration_flag(command, "--key-publish-ahead", options.keys.publish_ahead,
                "how long a signing key is in the JWKS before its first use");
  duration_flag(command, "--max-staleness", options.max_staleness,
                "without word from the store for so long, nothing is granted (503)");
  duration_flag(command, "--last-used-interval", options.last_used_interval,
                "how often the last use of credentials is written");
}

void add_oauth(CLI::App& app, const std::function<void()>& configure_log, int& code) {
  auto options = std::make_shared<OAuthOptions>();
  auto* command = app.add_subcommand("oauth", "run the OAuth 2.0 token service over an identity store");
  flag(*command, "--store", options->store_url, "identity store: postgres://... or sqlite:PATH")->required();
  flag(*command, "--listen", options->listen, "HOST:PORT of the token service (port 0: any)");
  flag(*command, "--issuer", options->service.grant.issuer,
       "its URL as clients see it, without a final slash")
      ->required();
  add_token_flags(*command, options->service);
  flag(*command, "--key-encryption-key-file", options->key_encryption_key_file,
       "file with the key that signing keys are encrypted with in the store: 64 hexadecimal digits; further "
       "lines "
       "open older ones")
      ->required();
  flag(*command, "--tls-cert-file", options->tls_cert_file,
       "certificate chain (PEM); read again when it changes");
  flag(*command, "--tls-key-file", options->tls_key_file, "its private key (PEM)");
  command
      ->add_flag("--insecure-http", options->insecure_http,
                 "plain HTTP beyond loopback: TLS ends in front of neoid")
      ->envname("NEOID_INSECURE_HTTP");
  flag(*command, "--health-listen", options->health_address, "HOST:PORT for /livez, /readyz and /metrics");
  command->callback([options, &configure_log, &code] {
    configure_log();
    code = run_oauth(*options);
  });
}

}  // namespace neoid::cmd
