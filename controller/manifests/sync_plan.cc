#include "controller/manifests/sync_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "controller/manifests/kinds.h"
#include "reconcile/value/member.h"

namespace neoid::manifests {
namespace {

constexpr std::string_view kExtensions = "apiextensions.k8s.io";
constexpr int kLast = 7;

// Empty: it is an object.
std::string what_is_missing(const Json& object) {
  if (!object.is_object()) return "is no object; a manifest has apiVersion, kind and metadata";
  if (text_at(object, "apiVersion").empty()) return "has no apiVersion";
  if (text_at(object, "kind").empty()) return "has no kind";
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return "has no metadata";
  if (text_at(*metadata, "name").empty())
    return "has no metadata.name; what is kept in step needs one (generateName makes another with each "
           "apply)";
  return "";
}

}  // namespace

std::string describe(const ObjectKey& key) {
  const std::string kind = key.group.empty() ? key.kind : key.kind + "." + key.group;
  return key.ns.empty() ? fmt::format("{} {}", kind, key.name)
                        : fmt::format("{} {}/{}", kind, key.ns, key.name);
}

int rank_of(std::string_view group, std::string_view kind) {
  if (group.empty() && kind == "Namespace") return kNamespaces;
  if (group == kExtensions) return kDefinitions;
  if (kind == "PriorityClass" || kind == "ServiceAccount") return kOthers;
  if (group.empty() && (kind == "ConfigMap" || kind == "Secret")) return kOthers + 1;
  if (kind == "ClusterRole" || kind == "Role") return kOthers + 2;
  if (kind == "ClusterRoleBinding" || kind == "RoleBinding") return kOthers + 3;
  return group == "admissionregistration.k8s.io" ? kLast : kLast - 1;
}

Ordered in_order(std::vector<Manifest> manifests) {
  Ordered ordered;
  for (Manifest& manifest : manifests) {
    if (const std::string missing = what_is_missing(manifest.object); !missing.empty()) {
      ordered.problems.push_back({manifest.where, missing});
    } else {
      ordered.manifests.push_back(std::move(manifest));
    }
  }
  const auto rank = [](const Manifest& manifest) {
    return rank_of(group_of(text_at(manifest.object, "apiVersion")), text_at(manifest.object, "kind"));
  };
  std::stable_sort(ordered.manifests.begin(), ordered.manifests.end(),
                   [&](const Manifest& a, const Manifest& b) { return rank(a) < rank(b); });
  return ordered;
}

Json without_server_fields(Json object) {
  Json& metadata = object["metadata"];
  for (const char* member :
       {"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"})
    metadata.erase(member);
  return object;
}

PruneDecision decide_prune(const std::vector<Member>& members, const std::vector<ObjectKey>& wanted,
                           const PruneFacts& facts) {
  PruneDecision decision;
  for (const Member& member : members) {
    const bool gone = !std::binary_search(wanted.begin(), wanted.end(), member.key);
    if (gone && member.applied_by_us && !member.deleting) decision.prune.push_back(member);
  }
  if (decision.prune.empty()) return decision;
  if (facts.folder_empty || !facts.folder_whole) {
    decision.held.message =
        facts.folder_empty
            ? fmt::format(
                  "there is no manifest in the folder, while {} objects were applied from it: nothing is "
                  "pruned; delete them with kubectl if that is meant",
                  members.size())
            : fmt::format(
                  "{} objects are missing in the folder, and are not pruned before the other problems are "
                  "mended: they may stand in what could not be read",
                  decision.prune.size());
    decision.prune.clear();
    return decision;
  }
  std::stable_sort(decision.prune.begin(), decision.prune.end(), [](const Member& a, const Member& b) {
    return rank_of(a.key.group, a.key.kind) > rank_of(b.key.group, b.key.kind);
  });
  return decision;
}

}  // namespace neoid::manifests
