#include "controller/apiserver/delete.h"

#include <algorithm>

#include <fmt/format.h>

#include "controller/apiserver/read.h"
#include "controller/apiserver/serve.h"
#include "controller/apiserver/well_known.h"
#include "controller/apiserver/write.h"
#include "controller/apiserver/write_rules.h"
#include "reconcile/base/time.h"
#include "reconcile/value/member.h"

namespace neoid::apiserver {
namespace {

constexpr int kDeleteRetries = 8;

std::vector<std::string> finalizers_of(const Json& object) {
  std::vector<std::string> names;
  for (const Json& name : object["metadata"].value("finalizers", Json::array())) names.push_back(name);
  return names;
}

bool is_protected(const ResourceInfo& resource, const std::string& name) {
  return resource.stored_as == "namespaces" &&
         (name == "default" || name == "kube-system" || name == "kube-public");
}

Answer<void> check_preconditions(const ResourceInfo& resource, const Json& object,
                                 const DeleteOptions& options) {
  const std::string name = text_at(object["metadata"], "name");
  const GroupResource kind = resource.group_kind();
  if (options.uid && *options.uid != text_at(object["metadata"], "uid"))
    return refuse(
        conflict(kind, name,
                 fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The "
                             "object might have been deleted and then recreated",
                             *options.uid, text_at(object["metadata"], "uid"))));
  const std::string version = text_at(object["metadata"], "resourceVersion");
  if (options.resource_version && *options.resource_version != version)
    return refuse(conflict(kind, name,
                           fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                                       "ResourceVersion in record ({}). The object might have been modified",
                                       *options.resource_version, version)));
  return {};
}

enum class Propagation { Background, Foreground, Orphan };

Propagation propagation_of(const DeleteOptions& options, const std::vector<std::string>& finalizers) {
  if (options.orphan) return *options.orphan ? Propagation::Orphan : Propagation::Background;
  if (options.propagation)
    return *options.propagation == "Orphan"       ? Propagation::Orphan
           : *options.propagation == "Foreground" ? Propagation::Foreground
                                                  : Propagation::Background;
  for (const std::string& name : finalizers) {
    if (name == kOrphan) return Propagation::Orphan;
    if (name == kForeground) return Propagation::Foreground;
  }
  return Propagation::Background;
}

// The object as it is marked: deletion time, the finalizers of the propagation, what its kind adds.
Json mark(const ResourceInfo& resource, Json object, const DeleteOptions& options, Instant now) {
  Json& metadata = object["metadata"];
  std::vector<std::string> finalizers = finalizers_of(object);
  const Propagation propagation = propagation_of(options, finalizers);
  std::erase(finalizers, kOrphan);
  std::erase(finalizers, kForeground);
  if (propagation == Propagation::Orphan) finalizers.emplace_back(kOrphan);
  if (propagation == Propagation::Foreground) finalizers.emplace_back(kForeground);
  const bool first = !is_being_deleted(object);
  if (is_crd(resource) && first &&
      std::find(finalizers.begin(), finalizers.end(), kCleanup) == finalizers.end()) {
    finalizers.emplace_back(kCleanup);
    Json& conditions = object["status"]["conditions"];
    if (!conditions.is_array()) conditions = Json::array();
    conditions.push_back({{"type", "Terminating"},
                          {"status", "True"},
                          {"lastTransitionTime", format_time(now)},
                          {"reason", "InstanceDeletionPending"},
                          {"message",
                           "CustomResourceDefinition marked for deletion; CustomResource deletion "
                           "will begin soon"}});
  }
  const bool waits = !finalizers.empty() || resource.stored_as == "namespaces";
  if (finalizers.empty()) {
    metadata.erase("finalizers");
  } else {
    metadata["finalizers"] = finalizers;
  }
  if (!waits || !first) return object;
  metadata["deletionTimestamp"] = format_time(now);
  if (resource.graceful) {
    metadata["deletionGracePeriodSeconds"] = 0;
    if (metadata.contains("generation"))
      metadata["generation"] = metadata["generation"].get<std::int64_t>() + 1;
  }
  if (resource.stored_as == "namespaces") object["status"]["phase"] = "Terminating";
  return object;
}

void tell(const Core& core, const storage::ObjectKey& key, const Json* before, const Json* after) {
  if (core.changed) core.changed(Change{key, before, after});
}

// nullopt: somebody else wrote meanwhile.
Answer<std::optional<Deleted>> try_delete(const Core& core, Call& call, const DeleteOptions& options) {
  const ResourceInfo& resource = *call.resource;
  const std::string& name = call.path.name_in_path;
  const storage::ObjectKey key = resource.key(call.path.ns, name);
  const auto stored = core.storage.get(key);
  if (!stored) return refuse(storage_error(resource, name, stored.error()));
  const Json live = serve(resource, *stored);
  if (auto fits = check_preconditions(resource, live, options); !fits) return refuse(fits.error());
  for (const auto phase : {Webhooks::Phase::Mutate, Webhooks::Phase::Validate}) {
    if (options.past_admission) break;
    auto admitted = admit(core, call, phase, "DELETE", name, nullptr, &live, options.dry_run);
    if (!admitted) return refuse(admitted.error());
  }
  Json marked = mark(resource, live, options, core.clock.now());
  const bool namespace_waits =
      resource.stored_as == "namespaces" && !marked["spec"].value("finalizers", Json::array()).empty();
  const bool waits = has_finalizers(marked) || namespace_waits;
  if (options.dry_run) return Deleted{!waits, std::move(marked)};
  if (!waits) {
    const auto erased = core.storage.erase(key, stored->revision());
    if (!erased && erased.error().reason == "Conflict") return std::nullopt;
    if (!erased) return refuse(storage_error(resource, name, erased.error()));
    const auto before = stored->value();
    tell(core, key, before.get(), nullptr);
    return Deleted{true, live};
  }
  auto written = core.storage.update(key, to_stored(resource, marked), stored->revision());
  if (!written && written.error().reason == "Conflict") return std::nullopt;
  if (!written) return refuse(storage_error(resource, name, written.error()));
  marked["metadata"]["resourceVersion"] = std::to_string(written->revision());
  const auto before = stored->value();
  const auto after = written->value();
  tell(core, key, before.get(), after.get());
  return Deleted{false, std::move(marked)};
}

}  // namespace

Answer<Deleted> delete_object(const Core& core, Call& call, const DeleteOptions& options) {
  if (is_protected(*call.resource, call.path.name_in_path))
    return refuse(forbidden(call.resource->group_resource(), call.path.name_in_path,
                            "this namespace may not be deleted"));
  for (int attempt = 0; attempt < kDeleteRetries; ++attempt) {
    auto tried = try_delete(core, call, options);
    if (!tried) return refuse(tried.error());
    if (*tried) return std::move(**tried);
  }
  return refuse(conflict(call.resource->group_resource(), call.path.name_in_path, kModified));
}

http::Response handle_delete(const Core& core, Call& call) {
  const auto media = negotiate(call.request.header("Accept"), {.table = true});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  const auto options = read_delete_options(call.request, call.resource->api_version());
  if (!options) return respond_error(call, options.error());
  auto deleted = delete_object(core, call, *options);
  if (!deleted) return respond_error(call, deleted.error());
  if (!deleted->gone || call.resource->stored_as == "namespaces") {
    const int code = !deleted->gone && options->orphan && !*options->orphan ? 202 : 200;
    return respond_object(core, call, code, deleted->object);
  }
  return respond_json(call, 200,
                      deleted_status(call.resource->group_resource(), call.path.name_in_path,
                                     text_at(deleted->object["metadata"], "uid")));
}

http::Response handle_delete_collection(const Core& core, Call& call) {
  const auto media = negotiate(call.request.header("Accept"), {.table = true});
  if (!media) return respond_error(call, media.error());
  call.media = *media;
  const ResourceInfo& resource = *call.resource;
  const auto query = read_list_query(call.request, false);
  if (!query) return respond_error(call, query.error());
  const auto selection = read_selection(*query, resource);
  if (!selection) return respond_error(call, selection.error());
  const auto options = read_delete_options(call.request, resource.api_version());
  if (!options) return respond_error(call, options.error());
  storage::ListOptions list;
  list.resource = resource.stored_as;
  list.ns = resource.namespaced ? call.path.ns : "";
  if (!selection->empty())
    list.filter = [&](const storage::StoredObject& object) { return selection->matches(*object.value()); };
  const auto page = core.storage.list(list);
  if (!page) return respond_error(call, storage_error(resource, "", page.error()));
  for (const storage::StoredObject& item : page->items) {
    Call one = call;
    one.path.name_in_path = one.path.name = item.key().name;
    one.path.ns = item.key().ns;
    const auto deleted = delete_object(core, one, *options);
    if (!deleted && deleted.error().code != 404) return respond_error(call, deleted.error());
  }
  ListMeta meta;
  meta.resource_version = std::to_string(page->revision);
  return respond_list(core, call, page->items, meta);
}

}  // namespace neoid::apiserver
