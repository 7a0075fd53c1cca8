#include "controller/cmd/store_flags.h"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "controller/base/clock.h"
#include "controller/cli/store_commands.h"
#include "controller/cmd/flags.h"

namespace neoid::cmd {
namespace {

struct StoreFlags {
  std::string store_url;
  std::string file;
  std::string client_id;
  cli::ActivityQuery activity;
  std::string format = "table";
  std::string user_id;
  std::string to_namespace;
  bool credentials = false;
};

const cli::Streams kStreams{std::cout, std::cerr};

CLI::App* add_store_flag(CLI::App* command, StoreFlags& flags) {
  flag(*command, "--store", flags.store_url, "identity store: postgres://... or sqlite:PATH")->required();
  return command;
}

void add_store_commands(CLI::App& app, int& code) {
  auto flags = std::make_shared<StoreFlags>();
  auto* store = app.add_subcommand("store", "look after the identity store");
  store->require_subcommand(1);
  auto* status = add_store_flag(store->add_subcommand("status", "say which schema version it has"), *flags);
  status->callback([flags, &code] { code = cli::store_status(flags->store_url, kStreams); });
  auto* migrate = add_store_flag(store->add_subcommand("migrate", "bring its schema up to date"), *flags);
  migrate->callback([flags, &code] { code = cli::store_migrate(flags->store_url, kStreams); });
  auto* backup =
      add_store_flag(store->add_subcommand("backup", "copy it while it is in use (SQLite)"), *flags);
  backup->add_option("FILE", flags->file, "file to make")->required();
  backup->callback([flags, &code] { code = cli::store_backup(flags->store_url, flags->file, kStreams); });
  auto* restore =
      add_store_flag(store->add_subcommand("restore", "put a backup in its place (SQLite)"), *flags);
  restore->add_option("FILE", flags->file, "backup to restore from")->required();
  restore->callback([flags, &code] { code = cli::store_restore(flags->store_url, flags->file, kStreams); });
  auto* accepts =
      add_store_flag(store->add_subcommand("accepts", "say whether it accepts a credential now"), *flags);
  accepts->add_option("--client-id", flags->client_id, "OAuth client ID")->required();
  accepts
      ->add_option("--client-secret-file", flags->file, "file with the client secret; - for standard input")
      ->required();
  accepts->callback([flags, &code] {
    code = cli::store_accepts(flags->store_url, flags->client_id, flags->file, kStreams);
  });
}

void add_activity(CLI::App& app, int& code) {
  auto flags = std::make_shared<StoreFlags>();
  auto* activity =
      add_store_flag(app.add_subcommand("activity", "show the audit trail: who changed what, when"), *flags);
  activity->add_option("NAME", flags->activity.name,
                       "name of a resource, or a user ID; `verify` checks the trail's chain");
  activity->add_option("--since", flags->activity.since, "a duration before now, or a time");
  activity->add_option("-o,--output", flags->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  activity->add_flag("--credentials", flags->credentials,
                     "show when each credential was last used, instead of what was changed");
  activity->footer(
      "`activity verify` names the first entry that was altered, removed or re-ordered. It cannot see that "
      "the newest "
      "entries were cut off where the chain's head was set back as well: keep the number and hash of a head "
      "elsewhere.");
  activity->callback([flags, &code] {
    if (flags->activity.name == "verify") {
      code = cli::verify_activity(flags->store_url, kStreams);
      return;
    }
    flags->activity.format = flags->format == "json" ? cli::Format::Json : cli::Format::Table;
    code = (flags->credentials ? cli::credential_uses : cli::activity)(flags->store_url, flags->activity,
                                                                       SystemClock().now(), kStreams);
  });
}

void add_release(CLI::App& app, int& code) {
  auto flags = std::make_shared<StoreFlags>();
  auto* release =
      add_store_flag(app.add_subcommand("release", "let a namespace adopt a user of the store"), *flags);
  release->add_option("USER-ID", flags->user_id, "the user")->required();
  release->add_option("--to", flags->to_namespace, "the namespace")->required();
  release->callback([flags, &code] {
    const char* who = std::getenv("USER");
    code = cli::release(flags->store_url, flags->user_id, flags->to_namespace,
                        who == nullptr ? "unknown" : who, kStreams);
  });
}

}  // namespace

void add_store(CLI::App& app, int& code) {
  add_store_commands(app, code);
  add_activity(app, code);
  add_release(app, code);
}

}  // namespace neoid::cmd
