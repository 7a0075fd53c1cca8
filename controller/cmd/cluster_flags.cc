#include "controller/cmd/cluster_flags.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "controller/cli/cluster/requests.h"
#include "controller/cli/cluster/status.h"
#include "controller/cli/cluster/uninstall.h"
#include "controller/cli/completion.h"
#include "controller/cmd/flags.h"

namespace neoid::cmd {
namespace {

const cli::Streams kConsole{std::cout, std::cerr};

template <class Options>
struct Flags {
  cli::ClusterFlags cluster;
  Options options;
};

// kubectl's own flags, so that `kubectl neoid` takes what kubectl takes.
void add_cluster_flags(CLI::App& command, cli::ClusterFlags& flags) {
  command.add_option("--kubeconfig", flags.connection.kubeconfig, "kubeconfig file; as kubectl's");
  command.add_option("--context", flags.connection.context, "context of the kubeconfig");
  command.add_option("-n,--namespace", flags.ns,
                     "namespace of a NAME without one; that of the context by default");
}

// Opens the session and runs the command in it.
template <class Options, class Run>
void run_in_session(CLI::App& command, std::shared_ptr<Flags<Options>> flags, int& code, Run run) {
  command.callback([flags, &code, run] {
    const auto session = cli::Session::open(flags->cluster, kConsole);
    code = session ? run(*session, flags->options) : cli::report(std::cerr, session.error());
  });
}

void add_rotate(CLI::App& app, int& code) {
  auto flags = std::make_shared<Flags<cli::RotateOptions>>();
  auto* command = app.add_subcommand("rotate", "ask for a new client secret; the one before overlaps");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("USER", flags->options.user, "NAMESPACE/NAME, or NAME")->required();
  command->add_flag("--wait", flags->options.wait, "until the Secret holds the new one");
  duration_flag(*command, "--timeout", flags->options.timeout, "how long to wait");
  run_in_session(*command, flags, code, cli::rotate);
}

void add_deactivate(CLI::App& app, int& code) {
  auto flags = std::make_shared<Flags<cli::DeactivateOptions>>();
  auto* command =
      app.add_subcommand("deactivate", "switch an integration off now; no sync of git switches it on again");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("USER", flags->options.user, "NAMESPACE/NAME, or NAME")->required();
  command->add_option("--reason", flags->options.reason, "why; others will read it")->required();
  duration_flag(*command, "--timeout", flags->options.timeout, "how long to wait until it is inactive");
  run_in_session(*command, flags, code, cli::deactivate);
}

void add_reactivate(CLI::App& app, int& code) {
  auto flags = std::make_shared<Flags<cli::ReactivateOptions>>();
  auto* command =
      app.add_subcommand("reactivate", "lift a deactivation; client ID and credential are as before");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("USER", flags->options.user, "NAMESPACE/NAME, or NAME")->required();
  duration_flag(*command, "--timeout", flags->options.timeout, "how long to wait until it is active");
  run_in_session(*command, flags, code, cli::reactivate);
}

void add_lease_flags(CLI::App& command, kube::ObjectName& lease) {
  flag(command, "--lease-namespace", lease.ns, "namespace of the leader's Lease");
  flag(command, "--lease-name", lease.name, "name of the leader's Lease");
}

void add_status(CLI::App& app, int& code) {
  struct StatusFlags {
    cli::StatusOptions options;
    std::string format = "text";
    std::string color = "auto";
  };
  auto flags = std::make_shared<Flags<StatusFlags>>();
  auto& options = flags->options.options;
  auto* command = app.add_subcommand("status", "say what there is, what is wrong, and what to do about it");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("USER", options.user, "NAMESPACE/NAME, or NAME; all of them by default");
  flag(*command, "--store", options.store_url, "also ask the identity store: postgres://... or sqlite:PATH");
  add_lease_flags(*command, options.lease);
  command->add_option("-o,--output", flags->options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--color", flags->options.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command->footer("Exit codes: 0 nothing is wrong, 1 something is or cannot be read, 2 a wrong call.");
  run_in_session(*command, flags, code, [](const cli::Session& session, StatusFlags& given) {
    const bool terminal = ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
    const bool paint = given.color == "always" || (given.color == "auto" && terminal);
    given.options.paint = paint ? cli::Paint::Yes : cli::Paint::No;
    given.options.format = given.format == "json" ? cli::Format::Json : cli::Format::Table;
    return cli::status(session, given.options);
  });
}

bool ask(const std::string& question) {
  std::cout << question << " [y/N] " << std::flush;
  std::string answer;
  return static_cast<bool>(std::getline(std::cin, answer)) && (answer == "y" || answer == "yes");
}

void add_uninstall(CLI::App& app, int& code) {
  struct UninstallFlags {
    cli::UninstallOptions options;
    bool keep = false;
    bool remove = false;
  };
  auto flags = std::make_shared<Flags<UninstallFlags>>();
  auto& options = flags->options.options;
  auto* command = app.add_subcommand("uninstall", "take everything of neoid out of a cluster");
  add_cluster_flags(*command, flags->cluster);
  auto* keep = command->add_flag(
      "--keep", flags->options.keep,
      "identities stay in the store and go on working; resources that come back take them up");
  auto* remove =
      command->add_flag("--delete", flags->options.remove,
                        "identities are deleted first, by a controller that runs: credentials end");
  keep->excludes(remove);
  command->add_flag("--yes", options.yes, "do not ask");
  duration_flag(*command, "--timeout", options.timeout, "how long to wait for each step");
  add_lease_flags(*command, options.lease);
  flag(*command, "--webhook-configuration", options.webhook_configuration,
       "name of the webhook configurations to delete");
  run_in_session(*command, flags, code, [](const cli::Session& session, UninstallFlags& given) {
    if (given.keep == given.remove) {
      cli::report(std::cerr, {ErrorKind::Invalid, "say what becomes of the identities: --keep or --delete"});
      return cli::kWrongCall;
    }
    given.options.identities = given.keep ? cli::Identities::Keep : cli::Identities::Delete;
    if (::isatty(STDIN_FILENO) != 0) given.options.ask = ask;
    return cli::uninstall(session, given.options);
  });
}

// --- completion ---------------------------------------------------------------------------------

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// "auto, always or never" of a check like {auto,always,never}.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find('{'), end = type.find('}');
  std::vector<std::string> values;
  if (begin == std::string::npos || end == std::string::npos) return values;
  std::string word;
  for (std::size_t i = begin + 1; i <= end; ++i) {
    if (type[i] != ',' && i != end) {
      word += type[i];
      continue;
    }
    values.push_back(word);
    word.clear();
  }
  return values;
}

cli::CommandTree tree_of(const CLI::App& app) {
  cli::CommandTree tree{app.get_name(), first_line(app.get_description()), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    const bool takes_value = option->get_items_expected_max() > 0;
    const auto add = [&](const std::string& name) {
      tree.flags.push_back({name, first_line(option->get_description()), takes_value, choices_of(*option)});
    };
    for (const std::string& name : option->get_lnames()) add("--" + name);
    for (const std::string& name : option->get_snames()) add("-" + name);
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    tree.commands.push_back(tree_of(*command));
  return tree;
}

}  // namespace

void add_cluster(CLI::App& app, int& code) {
  add_rotate(app, code);
  add_deactivate(app, code);
  add_reactivate(app, code);
  add_status(app, code);
  add_uninstall(app, code);
}

void add_completion(CLI::App& app, int& code) {
  auto shell = std::make_shared<std::string>();
  auto* command =
      app.add_subcommand("completion", "print a script that completes commands and flags in a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "For this shell alone: source <(neoid completion bash). As a kubectl plugin: name the program (or a "
      "link to it)\n"
      "kubectl-neoid, somewhere in the PATH; then `kubectl neoid status` works.");
  command->callback([&app, shell, &code] {
    cli::CommandTree tree = tree_of(app);
    tree.name = "neoid";
    const auto wanted = cli::parse_shell(*shell);
    if (!wanted) {
      code = cli::kWrongCall;
      return;
    }
    std::cout << cli::completion_script(*wanted, tree);
  });
}

}  // namespace neoid::cmd
