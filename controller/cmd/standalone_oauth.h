// The token service inside `neoid standalone`: the folder's CA, its key-encryption key, a port beside the API's.
#pragma once

#include <memory>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/cmd/data_folder.h"
#include "controller/cmd/standalone.h"
#include "controller/http/server.h"
#include "controller/oauth/token_service.h"

namespace neoid::cmd {

struct StandaloneOAuth {
  std::unique_ptr<oauth::TokenService> service;  // null: none is wanted
  std::unique_ptr<http::Server> server;          // goes first
};

// Listens when it returns, and fills in token_url and issuer of the controller's settings where no flag named them.
// The store is migrated. Errors: Invalid, Unavailable (the port is taken: names --oauth-listen).
Result<StandaloneOAuth> open_standalone_oauth(StandaloneOptions& options, const DataFolder& folder,
                                              const std::string& store_url, Clock& clock,
                                              MetricsRegistry& metrics);

}  // namespace neoid::cmd
