// neoid: the subcommands, a line a group; their flags stand in <group>_flags.cc.
#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <iostream>
#include <string>

#include "controller/base/log.h"
#include "controller/base/process.h"
#include "controller/cmd/cluster_flags.h"
#include "controller/cmd/controller_flags.h"
#include "controller/cmd/flags.h"
#include "controller/cmd/import_flags.h"
#include "controller/cmd/oauth_flags.h"
#include "controller/cmd/plan_flags.h"
#include "controller/cmd/store_flags.h"
#include "controller/cmd/token_flags.h"
#include "controller/cmd/validate_flags.h"

namespace neoid::cmd {
namespace {

constexpr int kUsage = 2;

struct LogFlags {
  std::string level = "info";
  std::string format = "auto";
};

void add_log_flags(CLI::App& app, LogFlags& flags) {
  flag(app, "--log-level", flags.level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  flag(app, "--log-format", flags.format, "auto (text on a terminal, else json), text or json")
      ->check(CLI::IsMember({"auto", "text", "json"}));
}

void configure_log(const LogFlags& flags) {
  log::Options options;
  options.level = log::parse_level(flags.level).value_or(log::Level::Info);
  if (flags.format == "json") options.format = log::Format::Json;
  if (flags.format == "text") options.format = log::Format::Human;
  log::configure(options);
}

// As a plugin of kubectl the program is called kubectl-neoid.
std::string name_of(const std::string& program) {
  const std::string name = program.substr(program.rfind('/') + 1);
  return name == "kubectl-neoid" ? "kubectl neoid" : "neoid";
}

int run(int argc, char** argv) {
  LogFlags log_flags;
  int code = 0;
  CLI::App app("neoid keeps the machine-to-machine identities of the Neostella platform as declared YAML.",
               name_of(argc > 0 ? argv[0] : ""));
  app.require_subcommand(1);
  app.fallthrough();
  add_log_flags(app, log_flags);
  app.footer(
      "Every flag is also read from the environment: --data from NEOID_DATA, --store from NEOID_STORE.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong call.");
  const std::function<void()> start_log = [&log_flags] { configure_log(log_flags); };
  add_controller(app, start_log, code);
  add_oauth(app, start_log, code);
  add_store(app, code);
  add_plan(app, code);
  add_validate(app, NEOID_VERSION, code);
  add_cluster(app, code);
  add_token(app, code);
  add_import(app, code);
  app.add_subcommand("version", "print the version")->callback([] {
    std::cout << "neoid " << NEOID_VERSION << '\n';
  });
  add_completion(app, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int answer = app.exit(error);
    return answer == 0 ? 0 : kUsage;
  }
  return code;
}

}  // namespace
}  // namespace neoid::cmd

int main(int argc, char** argv) {
  neoid::ignore_broken_pipes();
  try {
    return neoid::cmd::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "neoid: bug: " << error.what() << '\n';
    return 70;
  }
}
