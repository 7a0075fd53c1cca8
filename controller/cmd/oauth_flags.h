// The flags of `neoid oauth`, and those of them that `neoid standalone` has too.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "controller/oauth/token_service.h"

namespace neoid::cmd {

// Their callbacks leave the exit code in `code`, which must outlive the app.
void add_oauth(CLI::App& app, const std::function<void()>& configure_log, int& code);
// What decides about tokens: --audience, --token-lifetime, --scope-lifetime, --introspection-scope, ...
void add_token_flags(CLI::App& command, oauth::TokenServiceOptions& options);

}  // namespace neoid::cmd
