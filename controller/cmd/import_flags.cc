#include "controller/cmd/import_flags.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "controller/cli/import/import.h"

namespace neoid::cmd {
namespace {

// "OLD=NEW"; the last "=" parts them, since an old name may have one.
void take_mapping(const std::string& text, std::map<std::string, std::string>& map) {
  const auto equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0)
    throw CLI::ValidationError("--scope-map", "'" + text + "' is not of the form OLD=NEW");
  map[text.substr(0, equals)] = text.substr(equals + 1);
}

}  // namespace

void add_import(CLI::App& app, int& code) {
  auto options = std::make_shared<import::ImportOptions>();
  auto credentials = std::make_shared<std::string>("keep");
  auto* command = app.add_subcommand(
      "import", "turn clients of ory hydra-maester, Keycloak and Strimzi into integration users (YAML)");
  command->add_option("PATH", options->paths, "files, folders, or - for standard input")->required();
  command
      ->add_option(
          "--credentials", *credentials,
          "keep: refer to the Secret that is there (source: Reference); new: let neoid make new ones")
      ->check(CLI::IsMember({"keep", "new"}))
      ->capture_default_str();
  command
      ->add_option_function<std::vector<std::string>>(
          "--scope-map",
          [options](const std::vector<std::string>& mappings) {
            for (const std::string& mapping : mappings) take_mapping(mapping, options->wishes.scope_map);
          },
          "OLD=NEW: what a scope is called here; OLD= leaves it out; may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--with-scopes", options->with_scopes,
                    "also write a Scope for each scope, to be filled in");
  command
      ->add_option("-n,--namespace", options->wishes.default_namespace,
                   "namespace of resources that name none")
      ->capture_default_str();
  command->footer(
      "What is not carried over is told on standard error, a line each; nothing secret is ever written.\n"
      "Exit codes: 0 all of the known kinds were imported, 1 some were not, or a file could not be read.");
  command->callback([options, credentials, &code] {
    options->wishes.credentials =
        *credentials == "new" ? import::Credentials::New : import::Credentials::Keep;
    code = import::import_files(*options, std::cout, std::cerr);
  });
}

}  // namespace neoid::cmd
