// `neoid standalone`: the whole system on one machine, with no cluster and no database server.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "controller/oauth/token_service.h"
#include "controller/reconcilers/controller.h"

namespace neoid::cmd {

struct StandaloneOptions {
  std::filesystem::path data = "neoid-data";
  std::string listen = "127.0.0.1:6443";
  // HOST:PORT of the token service; empty: none; not given: beside `listen`, the same host and the next port (any
  // where that is any, and the same one again after a restart if it is free).
  std::optional<std::string> oauth_listen;
  oauth::TokenServiceOptions oauth;
  std::string store_url;            // empty: SQLite in the data folder
  std::string token_auth_file;      // more users, in the form of a real API server's --token-auth-file
  std::string health_address;       // empty: none
  std::filesystem::path manifests;  // a folder to keep the API in step with; empty: none
  Duration prune_after = std::chrono::seconds(10);
  bool api_only = false;  // no store and no controller: one that runs elsewhere works against this API
  reconcilers::ControllerOptions controller;
};

// Until a stop signal. Answers the exit code; a failure to start is one line on standard error, and nothing is lost.
int run_standalone(StandaloneOptions options);

}  // namespace neoid::cmd
