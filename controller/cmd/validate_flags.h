// The subcommands that need neither a cluster nor a store: validate, schema.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace neoid::cmd {

// Their callbacks leave the exit code in `code`, which must outlive the app. `version`: of the program, for reports.
void add_validate(CLI::App& app, const std::string& version, int& code);

}  // namespace neoid::cmd
