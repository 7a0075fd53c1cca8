// Which resources an API serves: from apiVersion and kind, as manifests name them, to the path that takes them.
//
// A Kinds is what discovery said at one moment; it is read anew when a kind is not in it (a CRD came).
// Source: kubernetes.io/docs/reference/using-api/api-concepts (discovery).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/kube/client.h"

namespace neoid::manifests {

class Kinds {
 public:
  // Errors: those of Client::raw.
  static Result<Kinds> read(const kube::Client& client);

  std::optional<kube::ResourceType> find(const std::string& api_version, const std::string& kind) const;
  // In the version that the group prefers.
  std::optional<kube::ResourceType> find_group_kind(const std::string& group, const std::string& kind) const;
  std::optional<kube::ResourceType> find_plural(const std::string& group, const std::string& plural) const;
  // Namespaced kinds that can be listed, of every group in its preferred version: what may live in a namespace.
  std::vector<kube::ResourceType> in_namespaces() const;

 private:
  void add(const std::string& group, const std::string& version, const Json& resource_list);

  std::map<std::pair<std::string, std::string>, kube::ResourceType> by_kind_;        // apiVersion, kind
  std::map<std::pair<std::string, std::string>, kube::ResourceType> by_group_kind_;  // group, kind
};

// "identity.neostella.com" of "identity.neostella.com/v1"; "" of "v1".
std::string group_of(const std::string& api_version);

}  // namespace neoid::manifests
