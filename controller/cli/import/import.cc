#include "controller/cli/import/import.h"

#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <set>

#include "controller/base/file.h"
#include "controller/cli/import/names.h"
#include "controller/cli/validate/inputs.h"
#include "reconcile/api/resource_key.h"
#include "reconcile/value/yaml.h"
#include "reconcile/value/yaml_text.h"

namespace neoid::import {
namespace {

class Run {
 public:
  Run(const ImportOptions& options, std::ostream& out, std::ostream& err)
      : options_(options), out_(out), err_(err) {}

  void file(const std::string& path) {
    std::string text;
    if (path == "-") {
      text.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
      auto read = read_file(path);
      if (!read) return tell_failure(read.error().message);
      text = std::move(*read);
    }
    auto documents = read_yaml(text);
    if (!documents) return tell_failure(path + ": " + documents.error().message);
    for (Document& document : *documents)
      for (const Json& object : items_of_list(std::move(document.value))) one(path, object);
  }

  void tell_failure(const std::string& what) {
    err_ << what << '\n';
    failed_ = true;
  }

  int finish() {
    if (options_.with_scopes) write_scopes();
    err_ << fmt::format("{} integration users written, {} clients left out, {} other objects skipped\n",
                        written_, left_out_, skipped_);
    if (written_ == 0 && !failed_)
      err_ << "nothing to import: known are OAuth2Client (hydra.ory.sh), KeycloakClient, KeycloakRealmImport "
              "and realm "
              "exports (Keycloak), KafkaUser (kafka.strimzi.io)\n";
    return failed_ || left_out_ > 0 || written_ == 0 ? 1 : 0;
  }

 private:
  void one(const std::string& path, const Json& object) {
    const auto imported = import_object(object, options_.wishes);
    if (!imported) {
      ++skipped_;
      return;
    }
    for (const Imported& each : *imported) {
      const bool refused = each.resource.is_null();
      for (const std::string& note : each.notes)
        err_ << fmt::format("{}: {}: {}{}\n", path, each.origin, refused ? "left out: " : "", note);
      if (refused) {
        ++left_out_;
        continue;
      }
      write(path, each);
    }
  }

  void write(const std::string& path, const Imported& each) {
    const Json& metadata = each.resource.at("metadata");
    const std::string key =
        metadata.at("namespace").get<std::string>() + "/" + metadata.at("name").get<std::string>();
    if (!names_.insert(key).second) {
      err_ << fmt::format("{}: {}: left out: an integration user {} was written already\n", path, each.origin,
                          key);
      ++left_out_;
      return;
    }
    for (const std::string& scope : texts_of(each.resource.at("spec"), "scopes")) scopes_.insert(scope);
    write_document(each.resource);
    ++written_;
  }

  void write_document(const Json& object) { out_ << "---\n" << to_yaml(object); }

  // The tool is what stands before the first dot; who imports says what the scope permits.
  void write_scopes() {
    for (const std::string& scope : scopes_) {
      const std::string tool = scope.substr(0, scope.find('.'));
      write_document({{"apiVersion", api::kApiVersion},
                      {"kind", "Scope"},
                      {"metadata", {{"name", scope}}},
                      {"spec", {{"displayName", shortened(scope, 120)}, {"tool", shortened(tool, 120)}}}});
    }
  }

  const ImportOptions& options_;
  std::ostream& out_;
  std::ostream& err_;
  std::set<std::string> names_;
  std::set<std::string> scopes_;
  int written_ = 0;
  int left_out_ = 0;
  int skipped_ = 0;
  bool failed_ = false;
};

}  // namespace

int import_files(const ImportOptions& options, std::ostream& out, std::ostream& err) {
  Run run(options, out, err);
  const validate::Listing listing = validate::list_inputs(options.paths);
  for (const auto& [path, why] : listing.unreadable) run.tell_failure(path + ": " + why);
  for (std::size_t i = 0; i < listing.files.size(); ++i) run.file(std::string(listing.files[i]));
  return run.finish();
}

}  // namespace neoid::import
