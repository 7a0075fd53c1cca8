// The flags of `neoid token`.
#pragma once

#include <CLI/CLI.hpp>

namespace neoid::cmd {

// Its callback leaves the exit code in `code`, which must outlive the app.
void add_token(CLI::App& app, int& code);

}  // namespace neoid::cmd
