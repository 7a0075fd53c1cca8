#include "controller/apiserver/namespace_controller.h"

#include <fmt/format.h>

#include "controller/apiserver/delete.h"
#include "controller/apiserver/write_rules.h"
#include "reconcile/base/time.h"

namespace neoid::apiserver {
namespace {

// A namespace is left alone for a moment (a real server's is five seconds), so that whoever deleted it sees it
// being deleted, and writers get told that rather than that it is not there.
constexpr auto kGrace = std::chrono::seconds(2);

bool is_fresh(const Json& object, Instant now) {
  const auto since = parse_time(object["metadata"].value("deletionTimestamp", ""));
  return since && now - *since < kGrace;
}

void set_content_condition(Json& conditions, const char* type, bool value, const char* reason,
                           std::string message, Instant now) {
  const char* status = value ? "True" : "False";
  for (Json& condition : conditions) {
    if (condition["type"] != type) continue;
    if (condition["status"] != status) condition["lastTransitionTime"] = format_time(now);
    condition["status"] = status;
    condition["reason"] = reason;
    condition["message"] = std::move(message);
    return;
  }
  conditions.push_back({{"type", type},
                        {"status", status},
                        {"lastTransitionTime", format_time(now)},
                        {"reason", reason},
                        {"message", std::move(message)}});
}

}  // namespace

void NamespaceController::store_conditions(const storage::StoredObject& stored, std::size_t left,
                                           const std::map<std::string, std::size_t>& kinds,
                                           const std::map<std::string, std::size_t>& finalizers) {
  const Instant now = core_.clock.now();
  Json value = *stored.value();
  Json& conditions = value["status"]["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  set_content_condition(conditions, "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
                        "All resources successfully discovered", now);
  set_content_condition(conditions, "NamespaceDeletionGroupVersionParsingFailure", false,
                        "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
  set_content_condition(conditions, "NamespaceDeletionContentFailure", false, "ContentDeleted",
                        "All content successfully deleted, may be waiting on finalization", now);
  std::vector<std::string> texts;
  for (const auto& [kind, count] : kinds)
    texts.push_back(fmt::format("{} has {} resource instances", kind, count));
  set_content_condition(conditions, "NamespaceContentRemaining", left > 0,
                        left > 0 ? "SomeResourcesRemain" : "ContentRemoved",
                        left > 0 ? fmt::format("Some resources are remaining: {}", fmt::join(texts, ", "))
                                 : "All content successfully removed",
                        now);
  texts.clear();
  for (const auto& [name, count] : finalizers)
    texts.push_back(fmt::format("{} in {} resource instances", name, count));
  set_content_condition(
      conditions, "NamespaceFinalizersRemaining", !finalizers.empty(),
      finalizers.empty() ? "ContentHasNoFinalizers" : "SomeFinalizersRemain",
      finalizers.empty()
          ? "All content-preserving finalizers finished"
          : fmt::format("Some content in the namespace has finalizers remaining: {}", fmt::join(texts, ", ")),
      now);
  (void)core_.storage.update(stored.key(), std::move(value), stored.revision());
}

bool NamespaceController::empty(const storage::StoredObject& stored) {
  const std::string ns = stored.key().name;
  const auto resources = core_.registry.snapshot();
  std::size_t left = 0;
  std::map<std::string, std::size_t> kinds;
  std::map<std::string, std::size_t> finalizers;
  for (const std::string& name : core_.storage.resources()) {
    const ResourceRef resource = resources->find_stored(name);
    if (!resource || !resource->namespaced) continue;
    storage::ListOptions list;
    list.resource = name;
    list.ns = ns;
    const auto page = core_.storage.list(list);
    if (!page) return false;
    const http::Request none;
    for (const storage::StoredObject& item : page->items) {
      Call call{none, {}, {}, resource};
      call.user.name = "system:serviceaccount:kube-system:namespace-controller";
      call.path.ns = ns;
      call.path.name = call.path.name_in_path = item.key().name;
      const auto deleted = delete_object(core_, call, {});
      if (deleted && deleted->gone) continue;
      if (!deleted && deleted.error().code == 404) continue;
      ++left;
      ++kinds[resource->group_resource().text()];
      if (deleted)
        for (const Json& finalizer : deleted->object["metadata"].value("finalizers", Json::array()))
          ++finalizers[finalizer.get<std::string>()];
    }
  }
  if (left > 0) store_conditions(stored, left, kinds, finalizers);
  return left == 0;
}

bool NamespaceController::run() {
  storage::ListOptions list;
  list.resource = "namespaces";
  list.filter = [](const storage::StoredObject& stored) {
    return stored.bytes().find("\"deletionTimestamp\"") != std::string::npos &&
           is_being_deleted(*stored.value());
  };
  const auto page = core_.storage.list(list);
  if (!page) return true;
  bool again = false;
  for (const storage::StoredObject& stored : page->items) {
    if (is_fresh(*stored.value(), core_.clock.now()) || !empty(stored)) {
      again = true;
      continue;
    }
    const auto before = stored.value();
    Json value = *before;
    Json kept = Json::array();
    for (const Json& name : value["spec"].value("finalizers", Json::array()))
      if (name != "kubernetes") kept.push_back(name);
    if (kept.empty() && !has_finalizers(value)) {
      const auto erased = core_.storage.erase(stored.key(), stored.revision());
      if (!erased) again = true;
      if (erased && core_.changed) core_.changed(Change{stored.key(), before.get(), nullptr});
      continue;
    }
    if (kept.empty()) {
      value["spec"] = Json::object();
    } else {
      value["spec"]["finalizers"] = std::move(kept);
    }
    if (!core_.storage.update(stored.key(), std::move(value), stored.revision())) again = true;
  }
  return again;
}

}  // namespace neoid::apiserver
