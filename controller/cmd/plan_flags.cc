#include "controller/cmd/plan_flags.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "controller/cli/preview/preview.h"
#include "controller/cmd/flags.h"

namespace neoid::cmd {
namespace {

struct PlanFlags {
  preview::Options options;
  kube::ConnectionOptions cluster;
  std::string format = "text";
  std::string color = "auto";
};

bool wants_color(const std::string& color) {
  if (color != "auto") return color == "always";
  return ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
}

int run_plan(PlanFlags& flags) {
  flags.options.format = flags.format == "json" ? preview::Format::Json : preview::Format::Text;
  flags.options.files.color = wants_color(flags.color) ? validate::Color::Always : validate::Color::Never;
  if (!flags.cluster.kubeconfig.empty()) flags.options.cluster = flags.cluster;
  return preview::plan(flags.options, {std::cout, std::cerr});
}

}  // namespace

void add_plan(CLI::App& app, int& code) {
  auto flags = std::make_shared<PlanFlags>();
  preview::Options& options = flags->options;
  auto* command =
      app.add_subcommand("plan", "say what applying resource files would change in the identity store");
  command->add_option("PATH", options.files.paths, "files, folders, or - for standard input")->required();
  flag(*command, "--store", options.store_url, "identity store: postgres://... or sqlite:PATH")->required();
  flag(*command, "--kubeconfig", flags->cluster.kubeconfig,
       "also ask this cluster for its ID, Scopes, namespaces and the live resources");
  flag(*command, "--context", flags->cluster.context, "context of the kubeconfig; empty: the current one");
  flag(*command, "--cluster-id", options.cluster_id,
       "which cluster's users are meant, where several share the store (the UID of its namespace "
       "kube-system)");
  command->add_option("--crd", options.files.crds, "more CRDs: a file or a folder; may be repeated")
      ->allow_extra_args(false);
  command
      ->add_option("-n,--namespace", options.files.default_namespace, "namespace of resources that name none")
      ->capture_default_str();
  command->add_option("-o,--output", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--color", flags->color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command->footer(
      "Nothing is changed. Exit codes: 0 nothing would change, 2 something would, 1 invalid files, a "
      "resource that is "
      "blocked, or a failure. (A wrong call is 2 as well, and says so on standard error.)");
  command->callback([flags, &code] { code = run_plan(*flags); });
}

}  // namespace neoid::cmd
