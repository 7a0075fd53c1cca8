#include "controller/cli/preview/preview.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "controller/cli/output.h"
#include "controller/cli/preview/change.h"
#include "controller/cli/preview/live.h"
#include "controller/cli/preview/print.h"
#include "reconcile/meta/object_meta.h"

namespace neoid::preview {
namespace {

struct Files {
  std::vector<Declared> users;
  std::vector<Declared> scopes;
  std::map<std::string, Labels> namespaces;
};

void take(Files& files, const Json& object, std::string_view file, Position at) {
  const std::string kind_text = object.value("kind", "");
  if (kind_text == "Namespace") {
    const Json& labels = meta::member_of(object, "labels");
    files.namespaces[meta::name_of(object)] = labels.is_object() ? labels.get<Labels>() : Labels();
    return;
  }
  const auto kind = api::parse_kind(kind_text);
  if (!kind) return;
  Declared declared{
      {*kind, meta::namespace_of(object), meta::name_of(object)}, object, std::string(file), at};
  if (*kind != api::Kind::IntegrationUser) declared.key.ns.clear();
  (*kind == api::Kind::Scope ? files.scopes : files.users).push_back(std::move(declared));
}

// The exit code of an invalid input, or the resources, sorted.
std::optional<Files> read_files(const Options& options, const cli::Streams& streams) {
  Files files;
  validate::ValidateOptions judged = options.files;
  judged.print = validate::Print::Errors;
  judged.scopes = policy::Scopes::Some;  // the store or the cluster has others
  judged.each = [&](const Json& object, std::string_view file, Position at) {
    try {
      take(files, object, file, at);
    } catch (const Json::exception&) {
      // A member of a wrong type: the findings say so.
    }
  };
  if (validate::validate(judged, streams.out, streams.err) != validate::kValid) return std::nullopt;
  const auto by_key = [](const Declared& a, const Declared& b) { return a.key < b.key; };
  std::sort(files.users.begin(), files.users.end(), by_key);
  std::sort(files.scopes.begin(), files.scopes.end(), by_key);
  return files;
}

Result<Live> open_live(const Options& options) {
  NEOID_TRY(auto store, store::open_store(options.store_url, store::Migration::Refuse));
  std::unique_ptr<kube::Client> client;
  if (options.cluster) {
    NEOID_TRY(auto transport, kube::connect(*options.cluster));
    client = std::make_unique<kube::Client>(std::move(transport));
  }
  return Live::open(std::move(store), std::move(client), options.cluster_id);
}

Result<Preview> compare(Live& live, Files files) {
  Preview preview;
  preview.store = live.store().location();
  preview.cluster = live.cluster();
  NEOID_TRY(Catalogue catalogue, live.catalogue());
  for (Declared& declared : files.scopes) {
    NEOID_TRY(const api::ScopeResource scope, api::decode_scope(declared.object));
    catalogue.scopes[scope.key.name] = {scope.spec.deprecated, scope.spec.replacement,
                                        scope.spec.allowed_namespaces};
    catalogue.unbounded.erase(scope.key.name);
    preview.changes.push_back(scope_change(live, scope, std::move(declared)));
  }
  const bool any_user = !files.users.empty();
  NEOID_TRY(std::vector<Change> users,
            user_changes(live, catalogue, files.namespaces, std::move(files.users)));
  std::move(users.begin(), users.end(), std::back_inserter(preview.changes));
  preview.gaps = live.gaps();
  if (any_user) {
    preview.gaps.insert("Secrets were not read: each is taken to hold the current credential of its user");
    if (!live.has_cluster()) {
      preview.gaps.insert(
          "no cluster was asked (--kubeconfig): holds, rotation requests and pauses of the live resources "
          "are not "
          "known, nor is what a namespace may have");
    }
  }
  return preview;
}

}  // namespace

int plan(const Options& options, const cli::Streams& streams) {
  auto files = read_files(options, streams);
  if (!files) return kFailed;
  auto live = open_live(options);
  if (!live) return cli::report(streams.err, live.error());
  const auto preview = compare(*live, std::move(*files));
  if (!preview) return cli::report(streams.err, preview.error());
  if (options.format == Format::Json)
    write_json(streams.out, *preview);
  else
    write_text(streams.out, *preview, options.files.color == validate::Color::Always);
  if (count(*preview, Action::Blocked) != 0) return kFailed;
  return count(*preview, Action::Nothing) == preview->changes.size() ? kNothing : kChanges;
}

}  // namespace neoid::preview
