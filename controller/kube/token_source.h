// TokenSource: the bearer token to send now. From the configuration, from a file that is rotated, from a plugin.
//
// Thread-safe. Errors: Denied (the plugin or file gave no token), with the file or command and the remedy.
// Source: KEP-541 (exec plugins, client.authentication.k8s.io/v1); bound service account tokens.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/clock.h"
#include "controller/http/tls.h"
#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"

namespace neoid::kube {

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual Result<Secret> token() = 0;
  // The server said 401: do not give this one from memory again.
  virtual void reject() {}
};

std::shared_ptr<TokenSource> fixed_token(Secret token);
// Read again when a minute has passed, as the kubelet rotates it in place. If it cannot be read then, the last
// one is given.
std::shared_ptr<TokenSource> token_file(std::string path, std::shared_ptr<const Clock> clock);

struct ExecPlugin {
  std::string command;  // a name to be looked up in PATH, or a path
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> variables;  // on top of our own environment
  std::string api_version;
  std::string install_hint;
};
struct ExecCredential {
  Secret token;             // may be empty
  http::Identity identity;  // may be empty
  std::optional<Instant> expires;
};
// Runs the command (at most one minute, at most 1 MiB of output, no terminal). Errors: Denied.
Result<ExecCredential> run_exec_plugin(const ExecPlugin& plugin);
// `first`: what it said already; run again a minute before that expires and after reject().
std::shared_ptr<TokenSource> exec_token(ExecPlugin plugin, ExecCredential first,
                                        std::shared_ptr<const Clock> clock);

}  // namespace neoid::kube
