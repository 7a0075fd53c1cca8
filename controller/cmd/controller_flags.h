// The subcommands that run until they are told to stop: standalone, controller; and backup, of what standalone keeps.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace neoid::cmd {

// Their callbacks call `configure_log` first and leave the exit code in `code`; both must outlive the app.
void add_controller(CLI::App& app, const std::function<void()>& configure_log, int& code);

}  // namespace neoid::cmd
