#include "controller/cmd/validate_flags.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "controller/cli/validate/schema_files.h"
#include "controller/cli/validate/validate.h"

namespace neoid::cmd {
namespace {

struct ValidateFlags {
  validate::ValidateOptions options;
  std::string format = "text";
  std::string color = "auto";
  bool strict = false;
};

bool wants_color(const std::string& color) {
  if (color != "auto") return color == "always";
  return ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
}

int run_validate(ValidateFlags& flags) {
  using namespace validate;
  flags.options.format = parse_format(flags.format).value_or(validate::Format::Text);
  flags.options.warnings = flags.strict ? Warnings::Refuse : Warnings::Report;
  flags.options.color = wants_color(flags.color) ? Color::Always : Color::Never;
  std::ios::sync_with_stdio(false);
  const int code = validate::validate(flags.options, std::cout, std::cerr);
  std::cout.flush();
  return code;
}

void add_schema(CLI::App& app, int& code) {
  struct SchemaFlags {
    std::string form = "jsonschema";
    std::string folder;
  };
  auto flags = std::make_shared<SchemaFlags>();
  auto* schema = app.add_subcommand("schema", "write schemas of the resources for editors and kubeconform");
  schema->add_option("-o,--output", flags->form, "jsonschema or openapi")
      ->check(CLI::IsMember({"jsonschema", "openapi"}))
      ->capture_default_str();
  schema->add_option("DIR", flags->folder, "folder to write them to; made where there is none")->required();
  schema->callback([flags, &code] {
    const auto form =
        flags->form == "openapi" ? validate::SchemaForm::OpenApi : validate::SchemaForm::JsonSchema;
    code = validate::write_schemas(form, flags->folder, std::cout, std::cerr);
  });
}

}  // namespace

void add_validate(CLI::App& app, const std::string& version, int& code) {
  auto flags = std::make_shared<ValidateFlags>();
  auto& options = flags->options;
  options.version = version;
  auto* command = app.add_subcommand("validate", "judge resource files as a cluster would, and more");
  command->add_option("PATH", options.paths, "files, folders, or - for standard input")->required();
  command->add_option("--crd", options.crds, "more CRDs: a file or a folder; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--against", options.against,
                      "an older tree, such as a merge base: what may not change or vanish is judged too");
  command->add_option("--kubernetes-version", options.kubernetes_version, "version of the cluster")
      ->envname("NEOID_KUBERNETES_VERSION")
      ->capture_default_str();
  command->add_option("-n,--namespace", options.default_namespace, "namespace of resources that name none")
      ->capture_default_str();
  command->add_option("-o,--output", flags->format, "text, json, junit, tap, sarif or github")
      ->check(CLI::IsMember({"text", "json", "junit", "tap", "sarif", "github"}))
      ->capture_default_str();
  command->add_option("--color", flags->color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command->add_option("--jobs", options.jobs, "threads; 0: one a core")->check(CLI::Range(0, 256));
  command->add_flag("--strict", flags->strict, "warnings are errors");
  command->footer("Exit codes: 0 valid, 1 findings, 2 something could not be read.");
  command->callback([flags, &code] { code = run_validate(*flags); });
  add_schema(app, code);
}

}  // namespace neoid::cmd
