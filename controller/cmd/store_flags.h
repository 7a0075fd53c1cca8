// The subcommands that ask an identity store directly: store, activity, release.
#pragma once

#include <CLI/CLI.hpp>

namespace neoid::cmd {

// Their callbacks leave the exit code in `code`, which must outlive the app.
void add_store(CLI::App& app, int& code);

}  // namespace neoid::cmd
