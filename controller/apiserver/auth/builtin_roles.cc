#include "controller/apiserver/auth/builtin_roles.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "controller/apiserver/auth/rbac.h"
#include "reconcile/base/check.h"

namespace neoid::auth {
namespace {

// {name, aggregate: which role it is aggregated from, to: which role it is aggregated into, rules, groups:
// whom a ClusterRoleBinding of the same name gives it to}. Rules: [verbs, groups, resources] or [verbs,
// urls].
constexpr const char* kRoles = R"json([
{"name": "cluster-admin", "groups": ["system:masters"],
 "rules": [["*", "*", "*"], ["*", "*"]]},

{"name": "admin", "aggregate": "admin"},
{"name": "edit", "aggregate": "edit", "to": "admin"},
{"name": "view", "aggregate": "view", "to": "edit"},

{"name": "system:aggregate-to-admin", "to": "admin", "rules": [
  ["create", "authorization.k8s.io", "localsubjectaccessreviews"],
  ["create delete deletecollection get list patch update watch", "rbac.authorization.k8s.io", "roles rolebindings"]]},

{"name": "system:aggregate-to-edit", "to": "edit", "rules": [
  ["get list watch", "core", "secrets"],
  ["impersonate", "core", "serviceaccounts"],
  ["create", "core", "serviceaccounts/token"],
  ["create delete deletecollection patch update", "core", "configmaps events secrets serviceaccounts services"],
  ["create delete deletecollection patch update", "apps", "deployments"],
  ["create delete deletecollection patch update", "policy", "poddisruptionbudgets"],
  ["create delete deletecollection patch update", "networking.k8s.io", "networkpolicies"],
  ["create delete deletecollection get list patch update watch", "coordination.k8s.io", "leases"]]},

{"name": "system:aggregate-to-view", "to": "view", "rules": [
  ["get list watch", "core", "configmaps serviceaccounts services services/status"],
  ["get list watch", "core", "events namespaces namespaces/status"],
  ["get list watch", "events.k8s.io", "events"],
  ["get list watch", "apps", "deployments deployments/status"],
  ["get list watch", "policy", "poddisruptionbudgets poddisruptionbudgets/status"],
  ["get list watch", "networking.k8s.io", "networkpolicies"]]},

{"name": "system:basic-user", "groups": ["system:authenticated"], "rules": [
  ["create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"]]},

{"name": "system:discovery", "groups": ["system:authenticated"], "rules": [
  ["get", "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"]]},

{"name": "system:public-info-viewer", "groups": ["system:authenticated", "system:unauthenticated"], "rules": [
  ["get", "/healthz /livez /readyz /version /version/"]]},

{"name": "system:service-account-issuer-discovery", "groups": ["system:authenticated"], "rules": [
  ["get", "/.well-known /.well-known/*"]]},

{"name": "neoid:aggregate-to-view", "to": "view", "rules": [
  ["get list watch", "identity.neostella.com", "integrationusers integrationusers/status scopes scopes/status"]]},

{"name": "neoid:aggregate-to-edit", "to": "edit", "rules": [
  ["create delete deletecollection patch update", "identity.neostella.com", "integrationusers scopes"]]},

{"name": "neoid:admins", "groups": ["neoid:admins"], "rules": [
  ["create delete deletecollection get list patch update watch", "identity.neostella.com", "integrationusers scopes"],
  ["get list watch", "identity.neostella.com", "integrationusers/status scopes/status"],
  ["create get list patch update watch", "core", "namespaces"],
  ["get list watch", "core", "events"],
  ["get list watch", "events.k8s.io", "events"]]},

{"name": "neoid:platform", "groups": ["neoid:platform"], "rules": [
  ["create delete deletecollection get list patch update watch", "identity.neostella.com",
   "systemintegrationusers integrationusers scopes"],
  ["get list watch", "identity.neostella.com",
   "systemintegrationusers/status integrationusers/status scopes/status"],
  ["create delete get list patch update watch", "core", "namespaces"],
  ["get list watch", "core", "events"],
  ["get list watch", "events.k8s.io", "events"]]}
])json";

Json words(const std::string& text) {
  Json all = Json::array();
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    all.push_back(word == "core" ? "" : word);
    start = end + 1;
  }
  return all;
}

Json expand_rule(const Json& rule) {
  if (rule.size() == 2) return {{"verbs", words(rule[0])}, {"nonResourceURLs", words(rule[1])}};
  return {{"verbs", words(rule[0])}, {"apiGroups", words(rule[1])}, {"resources", words(rule[2])}};
}

std::string aggregation_label(const std::string& role) {
  return fmt::format("rbac.authorization.k8s.io/aggregate-to-{}", role);
}

Json metadata_of(const std::string& name) {
  const bool ours = name.rfind("neoid:", 0) == 0;
  Json labels = ours ? Json{{"app.kubernetes.io/part-of", "neoid"}}
                     : Json{{"kubernetes.io/bootstrapping", "rbac-defaults"}};
  return {{"name", name},
          {"labels", std::move(labels)},
          {"annotations", {{"rbac.authorization.kubernetes.io/autoupdate", "true"}}}};
}

Json expand_role(const Json& entry) {
  const std::string name = entry["name"];
  Json role = {{"apiVersion", "rbac.authorization.k8s.io/v1"},
               {"kind", "ClusterRole"},
               {"metadata", metadata_of(name)}};
  if (entry.contains("to")) role["metadata"]["labels"][aggregation_label(entry["to"])] = "true";
  if (entry.contains("aggregate")) {
    const Json selector = {{"matchLabels", {{aggregation_label(entry["aggregate"]), "true"}}}};
    role["aggregationRule"] = {{"clusterRoleSelectors", Json::array({selector})}};
    return role;  // its rules are gathered when all are there
  }
  role["rules"] = Json::array();
  for (const Json& rule : entry["rules"]) role["rules"].push_back(expand_rule(rule));
  return role;
}

Json expand_binding(const Json& entry) {
  const std::string name = entry["name"];
  Json binding = {
      {"apiVersion", "rbac.authorization.k8s.io/v1"},
      {"kind", "ClusterRoleBinding"},
      {"metadata", metadata_of(name)},
      {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", name}}},
      {"subjects", Json::array()}};
  for (const Json& group : entry["groups"])
    binding["subjects"].push_back(
        {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Group"}, {"name", group}});
  return binding;
}

std::vector<Json> expand_all() {
  Json entries = Json::parse(kRoles, nullptr, false);
  NEOID_CHECK(entries.is_array());
  std::sort(entries.begin(), entries.end(),
            [](const Json& a, const Json& b) { return a["name"] < b["name"]; });
  std::vector<std::shared_ptr<const Json>> roles;
  for (const Json& entry : entries) roles.push_back(std::make_shared<const Json>(expand_role(entry)));
  std::vector<Json> objects;
  for (const auto& role : roles) {
    objects.push_back(*role);
    if (role->contains("aggregationRule"))
      objects.back()["rules"] =
          aggregate((*role)["aggregationRule"], roles, (*role)["metadata"]["name"].get<std::string>());
  }
  for (const Json& entry : entries)
    if (entry.contains("groups")) objects.push_back(expand_binding(entry));
  return objects;
}

}  // namespace

const std::vector<Json>& builtin_rbac_objects() {
  static const std::vector<Json> objects = expand_all();
  return objects;
}

}  // namespace neoid::auth
