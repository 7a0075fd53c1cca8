#include "controller/apiserver/discovery.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "reconcile/base/crypto.h"

namespace neoid::apiserver {
namespace {

struct Group {
  std::string name;
  bool custom = false;
  std::vector<std::string> versions;  // by priority
};

// v1 before v1beta2 before v1beta1 before v1alpha1 before others by name.
struct Priority {
  int kind = 0;  // 3 GA, 2 beta, 1 alpha, 0 else
  int major = 0;
  int minor = 0;
};

Priority priority_of(std::string_view version) {
  Priority priority;
  const char* end = version.data() + version.size();
  if (!version.starts_with('v')) return priority;
  const auto major = std::from_chars(version.data() + 1, end, priority.major);
  if (major.ec != std::errc()) return {};
  std::string_view rest(major.ptr, static_cast<std::size_t>(end - major.ptr));
  if (rest.empty()) {
    priority.kind = 3;
    return priority;
  }
  for (const auto& [word, kind] : {std::pair<std::string_view, int>{"beta", 2}, {"alpha", 1}}) {
    if (!rest.starts_with(word)) continue;
    const auto minor = std::from_chars(rest.data() + word.size(), end, priority.minor);
    if (minor.ec != std::errc() || minor.ptr != end) return {};
    priority.kind = kind;
    return priority;
  }
  return {};
}

bool comes_first(const std::string& a, const std::string& b) {
  const Priority left = priority_of(a);
  const Priority right = priority_of(b);
  if (left.kind != right.kind) return left.kind > right.kind;
  if (left.kind == 0) return a < b;
  if (left.major != right.major) return left.major > right.major;
  return left.minor > right.minor;
}

std::vector<Group> groups_of(const Resources& resources) {
  std::vector<Group> groups;
  for (const ResourceRef& resource : resources.all()) {
    if (resource->group.empty()) continue;
    auto found = std::find_if(groups.begin(), groups.end(),
                              [&](const Group& group) { return group.name == resource->group; });
    if (found == groups.end())
      found = groups.insert(groups.end(), Group{resource->group, resource->custom, {}});
    if (std::find(found->versions.begin(), found->versions.end(), resource->version) == found->versions.end())
      found->versions.push_back(resource->version);
  }
  for (Group& group : groups) std::sort(group.versions.begin(), group.versions.end(), comes_first);
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.custom != b.custom ? !a.custom : a.custom && a.name < b.name;
  });
  return groups;
}

Json version_json(const std::string& group, const std::string& version) {
  return {{"groupVersion", group + "/" + version}, {"version", version}};
}

Json group_json(const Group& group) {
  Json json = {{"name", group.name}, {"versions", Json::array()}};
  for (const std::string& version : group.versions)
    json["versions"].push_back(version_json(group.name, version));
  json["preferredVersion"] = version_json(group.name, group.versions.front());
  return json;
}

std::vector<std::string> verbs_of(const ResourceInfo& resource) {
  if (resource.create_only) return {"create"};
  if (resource.custom)
    return {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
  if (!resource.collection_delete) return {"create", "delete", "get", "list", "patch", "update", "watch"};
  return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

std::string storage_hash(const ResourceInfo& resource) {
  const Sha256 digest = sha256(fmt::format("{}/{}", resource.group, resource.kind));
  return base64(std::string_view(reinterpret_cast<const char*>(digest.data()), 8));
}

Json resource_json(const ResourceInfo& resource) {
  Json json = {{"name", resource.plural},
               {"singularName", resource.singular},
               {"namespaced", resource.namespaced},
               {"kind", resource.kind},
               {"verbs", verbs_of(resource)}};
  if (!resource.short_names.empty()) json["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) json["categories"] = resource.categories;
  if (!resource.create_only) json["storageVersionHash"] = storage_hash(resource);
  return json;
}

bool has_scale(const ResourceInfo& resource) {
  return resource.crd_version != nullptr && resource.crd_version->scale.has_value();
}

void add_resource(Json& list, const ResourceInfo& resource) {
  list.push_back(resource_json(resource));
  const auto subresource = [&](const char* name, std::vector<std::string> verbs) {
    list.push_back({{"name", fmt::format("{}/{}", resource.plural, name)},
                    {"singularName", ""},
                    {"namespaced", resource.namespaced},
                    {"kind", resource.kind},
                    {"verbs", std::move(verbs)}});
  };
  if (resource.finalize) subresource("finalize", {"update"});
  if (resource.status) subresource("status", {"get", "patch", "update"});
  if (has_scale(resource)) {
    subresource("scale", {"get", "patch", "update"});
    list.back()["group"] = "autoscaling";
    list.back()["version"] = "v1";
    list.back()["kind"] = "Scale";
  }
}

Json kind_json(std::string_view group, std::string_view version, std::string_view kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

Json aggregated_resource(const ResourceInfo& resource) {
  Json json = {{"resource", resource.plural},
               {"responseKind", kind_json(resource.group, resource.version, resource.kind)},
               {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
               {"singularResource", resource.singular.empty() ? [&] {
                  std::string lower = resource.kind;
                  for (char& c : lower)
                    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
                  return lower;
                }() : resource.singular},
               {"verbs", verbs_of(resource)}};
  if (!resource.short_names.empty()) json["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) json["categories"] = resource.categories;
  Json subresources = Json::array();
  if (resource.finalize)
    subresources.push_back({{"subresource", "finalize"},
                            {"responseKind", kind_json(resource.group, resource.version, resource.kind)},
                            {"verbs", {"update"}}});
  if (resource.status)
    subresources.push_back({{"subresource", "status"},
                            {"responseKind", kind_json(resource.group, resource.version, resource.kind)},
                            {"verbs", {"get", "patch", "update"}}});
  if (has_scale(resource))
    subresources.push_back({{"subresource", "scale"},
                            {"responseKind", kind_json("autoscaling", "v1", "Scale")},
                            {"verbs", {"get", "patch", "update"}}});
  if (!subresources.empty()) json["subresources"] = std::move(subresources);
  return json;
}

}  // namespace

Json api_versions(std::string_view server_address) {
  return {{"kind", "APIVersions"},
          {"versions", {"v1"}},
          {"serverAddressByClientCIDRs",
           Json::array({Json{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}}})}};
}

Json api_groups(const Resources& resources) {
  Json list = {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Json::array()}};
  for (const Group& group : groups_of(resources)) list["groups"].push_back(group_json(group));
  return list;
}

std::optional<Json> api_group(const Resources& resources, std::string_view group) {
  for (const Group& each : groups_of(resources)) {
    if (each.name != group) continue;
    Json json = group_json(each);
    json["kind"] = "APIGroup";
    json["apiVersion"] = "v1";
    return json;
  }
  return std::nullopt;
}

std::optional<Json> api_resources(const Resources& resources, std::string_view group,
                                  std::string_view version) {
  Json list = Json::array();
  for (const ResourceRef& resource : resources.all()) {
    if (resource->group != group || resource->version != version) continue;
    add_resource(list, *resource);
  }
  if (list.empty()) return std::nullopt;
  std::stable_sort(list.begin(), list.end(),
                   [](const Json& a, const Json& b) { return a["name"] < b["name"]; });
  Json json = {{"kind", "APIResourceList"},
               {"groupVersion", group.empty() ? std::string(version) : fmt::format("{}/{}", group, version)},
               {"resources", std::move(list)}};
  if (!group.empty()) json["apiVersion"] = "v1";
  return json;
}

Json aggregated_discovery(const Resources& resources, bool core, std::string_view version) {
  Json items = Json::array();
  std::vector<Group> groups = core ? std::vector<Group>{{"", false, {"v1"}}} : groups_of(resources);
  for (const Group& group : groups) {
    Json item = {{"metadata", {{"creationTimestamp", nullptr}}}, {"versions", Json::array()}};
    if (!group.name.empty()) item["metadata"]["name"] = group.name;
    for (const std::string& each : group.versions) {
      Json list = Json::array();
      for (const ResourceRef& resource : resources.all())
        if (resource->group == group.name && resource->version == each)
          list.push_back(aggregated_resource(*resource));
      std::stable_sort(list.begin(), list.end(),
                       [](const Json& a, const Json& b) { return a["resource"] < b["resource"]; });
      item["versions"].push_back(
          {{"version", each}, {"resources", std::move(list)}, {"freshness", "Current"}});
    }
    items.push_back(std::move(item));
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", fmt::format("apidiscovery.k8s.io/{}", version)},
          {"metadata", Json::object()},
          {"items", std::move(items)}};
}

}  // namespace neoid::apiserver
