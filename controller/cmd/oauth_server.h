// `neoid oauth`: the token service on a port of its own; also the part of `neoid standalone`.
#pragma once

#include <memory>
#include <string>

#include "controller/http/server.h"
#include "controller/oauth/token_service.h"

namespace neoid::cmd {

struct OAuthOptions {
  std::string store_url;
  std::string listen = "127.0.0.1:8443";
  std::string health_address;  // empty: none
  std::string tls_cert_file;   // PEM, leaf first; empty: plain HTTP
  std::string tls_key_file;
  bool insecure_http = false;  // plain HTTP elsewhere than on loopback
  std::string key_encryption_key_file;
  oauth::TokenServiceOptions service;
};

// Listens when it returns; borrows the service. Errors: Invalid, Unavailable (the port is taken: names `flag`).
Result<std::unique_ptr<http::Server>> serve_oauth(oauth::TokenService& service, const std::string& flag,
                                                  http::ServerOptions options);

// Until a stop signal. Answers the exit code.
int run_oauth(const OAuthOptions& options);

}  // namespace neoid::cmd
