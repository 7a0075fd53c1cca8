// `neoid token`: the credential from a Secret or from files, a token from its service, and what it means.
//
// The client secret goes to the token endpoint alone: over verified TLS (or loopback), by Basic authentication, once. It
// is never printed. The token is printed with TokenFormat::Token alone; JSON leaves it out, since JSON is what lands
// in logs and in CI.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/cli/cluster/session.h"
#include "controller/cli/output.h"

namespace neoid::cli {

enum class TokenFormat { Text, Json, Token };

struct TokenOptions {
  std::string secret;  // NAMESPACE/NAME or NAME of the Secret; empty: the next two
  std::string client_id;
  std::string client_secret_file;  // "-": standard input
  std::string token_url;           // empty: the Secret's, else that of the issuer's metadata (RFC 8414)
  std::string issuer;              // empty: the Secret's
  std::vector<std::string> scopes;
  std::vector<std::string> resources;
  std::string ca_file;  // PEM; empty: the system's roots
  Duration timeout = std::chrono::seconds(10);
  TokenFormat format = TokenFormat::Text;
};

// `cluster` is used with `secret` alone. Exit code 0: a token was issued; 1: refused or failed; 2: a wrong call.
int fetch_token(const ClusterFlags& cluster, const TokenOptions& options, Instant now,
                const Streams& streams);

// What a Secret of neoid's holds, whatever its keys are called. Takes the plaintext out of `secret`.
struct SecretContents {
  ClientId client_id;
  Secret client_secret;
  std::string token_url, issuer;
};
// `keys` as in spec.credentials.keys. Errors: Invalid, names the Secret and the key.
Result<SecretContents> read_contents(Json& secret, const std::string& name, const Json& keys);

}  // namespace neoid::cli
