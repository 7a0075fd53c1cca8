// neoid: the subcommands and their flags. Every flag can be given as NEOID_<FLAG> in the environment.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "controller/base/log.h"
#include "controller/base/process.h"
#include "controller/base/random.h"
#include "controller/cli/store_commands.h"
#include "controller/cmd/cluster_controller.h"
#include "controller/cmd/standalone.h"
#include "controller/cmd/validate_flags.h"

namespace neoid::cmd {
namespace {

constexpr int kUsage = 2;

std::string default_holder() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0) name[0] = '\0';
  return std::string(name) + "_" + random_uuid();
}

std::string variable_of(std::string flag) {
  flag.erase(0, flag.find_first_not_of('-'));
  std::string variable = "NEOID_";
  for (const char c : flag)
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

template <class T>
CLI::Option* flag(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  return app.add_option(name, value, help)->envname(variable_of(name))->capture_default_str();
}

CLI::Option* duration_flag(CLI::App& app, const std::string& name, Duration& value, const std::string& help) {
  const std::string text = format_duration(value);
  return app
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& given) {
            const auto parsed = parse_duration(given);
            if (!parsed) throw CLI::ValidationError(name, "'" + given + "' is no duration like 10s or 5m");
            value = *parsed;
          },
          help)
      ->envname(variable_of(name))
      ->type_name("DURATION")
      ->default_str(text);
}

struct Flags {
  std::string log_level = "info";
  std::string log_format = "auto";
  StandaloneOptions standalone;
  ClusterControllerOptions cluster;
  std::string store_url;
  std::string file;
  std::string client_id;
  cli::ActivityQuery activity;
  std::string format = "table";
  std::string user_id;
  std::string to_namespace;
};

void add_controller_flags(CLI::App& app, reconcilers::ControllerOptions& options) {
  duration_flag(app, "--create-deadline", options.settings.create_deadline,
                "how long after a credential was recorded its Secret may still be created (D)");
  duration_flag(app, "--sweep-interval", options.sweep_interval, "how often everything is compared");
  flag(app, "--workers", options.workers, "batches of resources reconciled side by side")
      ->check(CLI::Range(1, 64));
  flag(app, "--connections", options.connections, "calls to the API side by side")->check(CLI::Range(1, 256));
  flag(app, "--token-url", options.settings.token_url, "token endpoint that goes into the Secrets");
  flag(app, "--issuer", options.settings.issuer, "OAuth issuer that goes into the Secrets");
}

CLI::App* add_standalone(CLI::App& app, Flags& flags) {
  auto* command =
      app.add_subcommand("standalone", "run the API, the store and the controller in one process");
  flag(*command, "--data", flags.standalone.data, "folder that holds everything; made where there is none");
  flag(*command, "--listen", flags.standalone.listen,
       "HOST:PORT of the Kubernetes-compatible API (port 0: any)");
  flag(*command, "--store", flags.standalone.store_url,
       "identity store; SQLite in the data folder by default");
  flag(*command, "--token-auth-file", flags.standalone.token_auth_file,
       "more users: token,user,uid,\"group1,group2\"");
  flag(*command, "--health-listen", flags.standalone.health_address,
       "HOST:PORT for /livez, /readyz and /metrics");
  add_controller_flags(*command, flags.standalone.controller);
  return command;
}

CLI::App* add_controller(CLI::App& app, Flags& flags) {
  auto* command = app.add_subcommand("controller", "run the controller against a cluster and a store");
  flag(*command, "--kubeconfig", flags.cluster.connection.kubeconfig,
       "kubeconfig file; $KUBECONFIG, ~/.kube/config or the pod's service account by default");
  flag(*command, "--context", flags.cluster.connection.context, "context of the kubeconfig");
  flag(*command, "--store", flags.cluster.store_url, "identity store: postgres://... or sqlite:PATH")
      ->required();
  flag(*command, "--health-listen", flags.cluster.health_address,
       "HOST:PORT for /livez, /readyz and /metrics");
  flag(*command, "--lease-namespace", flags.cluster.controller.lease.name.ns,
       "namespace of the leader's Lease");
  flag(*command, "--lease-name", flags.cluster.controller.lease.name.name, "name of the leader's Lease");
  flag(*command, "--holder", flags.cluster.controller.lease.holder,
       "this replica's name in the Lease; host name and a random part by default");
  command->add_flag("--migrate", flags.cluster.migrate, "bring the store's schema up to date at the start")
      ->envname("NEOID_MIGRATE");
  add_controller_flags(*command, flags.cluster.controller);
  return command;
}

CLI::App* add_store_flag(CLI::App* command, Flags& flags) {
  flag(*command, "--store", flags.store_url, "identity store: postgres://... or sqlite:PATH")->required();
  return command;
}

// Each subcommand's callback leaves its exit code in `code`.
void add_store_commands(CLI::App& app, Flags& flags, int& code) {
  const cli::Streams streams{std::cout, std::cerr};
  auto* store = app.add_subcommand("store", "look after the identity store");
  store->require_subcommand(1);
  auto* status = add_store_flag(store->add_subcommand("status", "say which schema version it has"), flags);
  status->callback([&flags, &code, streams] { code = cli::store_status(flags.store_url, streams); });
  auto* migrate = add_store_flag(store->add_subcommand("migrate", "bring its schema up to date"), flags);
  migrate->callback([&flags, &code, streams] { code = cli::store_migrate(flags.store_url, streams); });
  auto* backup =
      add_store_flag(store->add_subcommand("backup", "copy it while it is in use (SQLite)"), flags);
  backup->add_option("FILE", flags.file, "file to make")->required();
  backup->callback(
      [&flags, &code, streams] { code = cli::store_backup(flags.store_url, flags.file, streams); });
  auto* restore =
      add_store_flag(store->add_subcommand("restore", "put a backup in its place (SQLite)"), flags);
  restore->add_option("FILE", flags.file, "backup to restore from")->required();
  restore->callback(
      [&flags, &code, streams] { code = cli::store_restore(flags.store_url, flags.file, streams); });
  auto* accepts =
      add_store_flag(store->add_subcommand("accepts", "say whether it accepts a credential now"), flags);
  accepts->add_option("--client-id", flags.client_id, "OAuth client ID")->required();
  accepts->add_option("--client-secret-file", flags.file, "file with the client secret; - for standard input")
      ->required();
  accepts->callback([&flags, &code, streams] {
    code = cli::store_accepts(flags.store_url, flags.client_id, flags.file, streams);
  });
}

void add_activity(CLI::App& app, Flags& flags, int& code) {
  const cli::Streams streams{std::cout, std::cerr};
  auto* activity =
      add_store_flag(app.add_subcommand("activity", "show the audit trail: who changed what, when"), flags);
  activity->add_option("NAME", flags.activity.name,
                       "name of a resource, or a user ID; `verify` checks the trail's chain");
  activity->add_option("--since", flags.activity.since, "a duration before now, or a time");
  activity->add_option("-o,--output", flags.format, "table or json")->check(CLI::IsMember({"table", "json"}));
  activity->callback([&flags, &code, streams] {
    if (flags.activity.name == "verify") {
      code = cli::verify_activity(flags.store_url, streams);
      return;
    }
    flags.activity.format = flags.format == "json" ? cli::Format::Json : cli::Format::Table;
    code = cli::activity(flags.store_url, flags.activity, SystemClock().now(), streams);
  });
  auto* release =
      add_store_flag(app.add_subcommand("release", "let a namespace adopt a user of the store"), flags);
  release->add_option("USER-ID", flags.user_id, "the user")->required();
  release->add_option("--to", flags.to_namespace, "the namespace")->required();
  release->callback([&flags, &code, streams] {
    const char* who = std::getenv("USER");
    code = cli::release(flags.store_url, flags.user_id, flags.to_namespace, who == nullptr ? "unknown" : who,
                        streams);
  });
}

void configure_log(const Flags& flags) {
  log::Options options;
  options.level = log::parse_level(flags.log_level).value_or(log::Level::Info);
  if (flags.log_format == "json") options.format = log::Format::Json;
  if (flags.log_format == "text") options.format = log::Format::Human;
  log::configure(options);
}

int run(int argc, char** argv) {
  Flags flags;
  int code = 0;
  flags.standalone.controller.lease.name = {"kube-system", "neoid"};
  // Always the same one: the data folder has one owner at a time, and after a crash nobody is to be waited for.
  flags.standalone.controller.lease.holder = "standalone";

  CLI::App app("neoid keeps the machine-to-machine identities of the Neostella platform as declared YAML.",
               "neoid");
  app.require_subcommand(1);
  app.fallthrough();
  flag(app, "--log-level", flags.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  flag(app, "--log-format", flags.log_format, "auto (text on a terminal, else json), text or json")
      ->check(CLI::IsMember({"auto", "text", "json"}));
  app.footer(
      "Every flag is also read from the environment: --data from NEOID_DATA, --store from NEOID_STORE.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong call.");
  auto* standalone = add_standalone(app, flags);
  standalone->callback([&] {
    configure_log(flags);
    code = run_standalone(flags.standalone);
  });
  auto* controller = add_controller(app, flags);
  controller->callback([&] {
    configure_log(flags);
    if (flags.cluster.controller.lease.holder.empty())
      flags.cluster.controller.lease.holder = default_holder();
    code = run_cluster_controller(flags.cluster);
  });
  add_store_commands(app, flags, code);
  add_activity(app, flags, code);
  add_validate(app, NEOID_VERSION, code);
  app.add_subcommand("version", "print the version")->callback([] {
    std::cout << "neoid " << NEOID_VERSION << '\n';
  });
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
