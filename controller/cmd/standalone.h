// `neoid standalone`: the whole system on one machine, with no cluster and no database server.
#pragma once

#include <filesystem>
#include <string>

#include "controller/reconcilers/controller.h"

namespace neoid::cmd {

struct StandaloneOptions {
  std::filesystem::path data = "neoid-data";
  std::string listen = "127.0.0.1:6443";
  std::string store_url;            // empty: SQLite in the data folder
  std::string token_auth_file;      // more users, in the form of a real API server's --token-auth-file
  std::string health_address;       // empty: none
  std::filesystem::path manifests;  // a folder to keep the API in step with; empty: none
  Duration prune_after = std::chrono::seconds(10);
  reconcilers::ControllerOptions controller;
};

// Until a stop signal. Answers the exit code; a failure to start is one line on standard error, and nothing is lost.
int run_standalone(StandaloneOptions options);

}  // namespace neoid::cmd
