#include "controller/manifests/kinds.h"

#include <algorithm>

#include "reconcile/value/json_text.h"

namespace neoid::manifests {
namespace {

Result<Json> read_document(const kube::Client& client, const std::string& path) {
  NEOID_TRY(const std::string text, client.raw(path));
  return parse_json(text);
}

bool can_be_listed(const Json& resource) {
  const Json verbs = resource.value("verbs", Json::array());
  return std::find(verbs.begin(), verbs.end(), "list") != verbs.end();
}

}  // namespace

std::string group_of(const std::string& api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string::npos ? "" : api_version.substr(0, slash);
}

void Kinds::add(const std::string& group, const std::string& version, const Json& resource_list) {
  const std::string api_version = group.empty() ? version : group + "/" + version;
  for (const Json& resource : resource_list.value("resources", Json::array())) {
    const std::string plural = resource.value("name", "");
    const std::string kind = resource.value("kind", "");
    if (plural.find('/') != std::string::npos || !can_be_listed(resource)) continue;
    const kube::ResourceType type{group, version, plural, resource.value("namespaced", false)};
    by_kind_.emplace(std::pair(api_version, kind), type);
    by_group_kind_.emplace(std::pair(group, kind), type);  // the preferred version comes first
  }
}

Result<Kinds> Kinds::read(const kube::Client& client) {
  Kinds kinds;
  NEOID_TRY(const Json core, read_document(client, "/api/v1"));
  kinds.add("", "v1", core);
  NEOID_TRY(const Json groups, read_document(client, "/apis"));
  for (const Json& group : groups.value("groups", Json::array())) {
    const std::string name = group.value("name", "");
    std::vector<std::string> versions = {group.value("/preferredVersion/version"_json_pointer, "")};
    for (const Json& version : group.value("versions", Json::array())) {
      const std::string text = version.value("version", "");
      if (text != versions.front()) versions.push_back(text);
    }
    for (const std::string& version : versions) {
      auto resources = read_document(client, "/apis/" + name + "/" + version);
      if (!resources && resources.error().kind == ErrorKind::NotFound) continue;  // it went away in between
      if (!resources) return fail(std::move(resources).error());
      kinds.add(name, version, *resources);
    }
  }
  return kinds;
}

std::optional<kube::ResourceType> Kinds::find(const std::string& api_version, const std::string& kind) const {
  const auto found = by_kind_.find({api_version, kind});
  return found == by_kind_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<kube::ResourceType> Kinds::find_group_kind(const std::string& group,
                                                         const std::string& kind) const {
  const auto found = by_group_kind_.find({group, kind});
  return found == by_group_kind_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<kube::ResourceType> Kinds::find_plural(const std::string& group,
                                                     const std::string& plural) const {
  for (const auto& [name, type] : by_group_kind_)
    if (type.group == group && type.plural == plural) return type;
  return std::nullopt;
}

std::vector<kube::ResourceType> Kinds::in_namespaces() const {
  std::vector<kube::ResourceType> types;
  for (const auto& [name, type] : by_group_kind_)
    if (type.namespaced) types.push_back(type);
  return types;
}

}  // namespace neoid::manifests
