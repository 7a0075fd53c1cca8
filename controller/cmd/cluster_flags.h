// The subcommands that ask a cluster: rotate, deactivate, reactivate, status, uninstall; and shell completion.
#pragma once

#include <CLI/CLI.hpp>

namespace neoid::cmd {

// Their callbacks leave the exit code in `code`, which must outlive the app.
void add_cluster(CLI::App& app, int& code);

// `app` with all its subcommands is what is completed; call it last.
void add_completion(CLI::App& app, int& code);

}  // namespace neoid::cmd
