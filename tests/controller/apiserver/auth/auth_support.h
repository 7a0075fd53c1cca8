// RBAC objects in few words.
#pragma once

#include <string>
#include <vector>

#include "controller/apiserver/auth/builtin_roles.h"
#include "controller/apiserver/auth/rbac.h"

namespace neoid::auth {

class Cluster {
 public:
  static Cluster with_builtins() {
    Cluster cluster;
    for (const Json& object : builtin_rbac_objects()) cluster.add(object);
    return cluster;
  }
  Cluster& add(Json object) {
    const std::string kind = object["kind"];
    auto& list = kind == "Role"          ? objects_.roles
                 : kind == "RoleBinding" ? objects_.role_bindings
                 : kind == "ClusterRole" ? objects_.cluster_roles
                                         : objects_.cluster_role_bindings;
    list.push_back(std::make_shared<const Json>(std::move(object)));
    return *this;
  }
  // A Role where `ns` is given, else a ClusterRole.
  Cluster& role(const std::string& ns, const std::string& name, Json rules, Json labels = Json::object()) {
    return add({{"kind", ns.empty() ? "ClusterRole" : "Role"},
                {"metadata", metadata(ns, name, std::move(labels))},
                {"rules", std::move(rules)}});
  }
  Cluster& bind(const std::string& ns, const std::string& name, const std::string& role_kind,
                const std::string& role, Json subjects) {
    return add({{"kind", ns.empty() ? "ClusterRoleBinding" : "RoleBinding"},
                {"metadata", metadata(ns, name, Json::object())},
                {"roleRef", {{"kind", role_kind}, {"name", role}}},
                {"subjects", std::move(subjects)}});
  }
  Rbac rbac() const { return Rbac(objects_); }
  const RbacObjects& objects() const { return objects_; }

  static Json metadata(const std::string& ns, const std::string& name, Json labels) {
    Json made = {{"name", name}, {"labels", std::move(labels)}};
    if (!ns.empty()) made["namespace"] = ns;
    return made;
  }

 private:
  RbacObjects objects_;
};

inline Json subject(const std::string& kind, const std::string& name, const std::string& ns = {}) {
  Json made = {{"kind", kind}, {"name", name}};
  if (!ns.empty()) made["namespace"] = ns;
  return made;
}

inline Json rule(std::vector<std::string> verbs, std::vector<std::string> groups,
                 std::vector<std::string> resources, std::vector<std::string> names = {}) {
  return to_json(PolicyRule{std::move(verbs), std::move(groups), std::move(resources), std::move(names), {}});
}

inline UserInfo user(const std::string& name, std::vector<std::string> groups = {"system:authenticated"}) {
  return UserInfo{name, "", std::move(groups), {}};
}

inline Attributes on(const std::string& verb, const std::string& group, const std::string& resource,
                     const std::string& ns = {}, const std::string& name = {},
                     const std::string& subresource = {}) {
  return Attributes{verb, group, resource, subresource, ns, name, ""};
}
inline Attributes on_path(const std::string& verb, const std::string& path) {
  return Attributes{verb, "", "", "", "", "", path};
}

}  // namespace neoid::auth
