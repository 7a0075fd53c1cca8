#include "controller/apiserver/openapi/builtin.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "controller/apiserver/openapi/builtin_data.h"
#include "controller/apiserver/openapi/schema_notation.h"

namespace neoid::openapi {
namespace {

const Notation& notation() {
  static const Notation* const all = [] {
    auto* read = new Notation();  // never freed: referred to until the process ends
    for (const char* text : {kMetaSchemas, kCoreSchemas, kVolumeSchemas, kPodSchemas, kPodPartSchemas,
                             kGroupSchemas, kWorkloadSchemas, kExtensionSchemas})
      read->add(text);
    read->finish();
    return read;
  }();
  return *all;
}

// The schema of a member, or null: "" for what may have any members.
template <class Value>
void find_unknown(const Value& value, const Json* schema, const std::string& path,
                  std::vector<std::string>& out) {
  while (schema != nullptr && schema->contains("$ref"))
    schema = builtin_reference((*schema)["$ref"].template get_ref<const std::string&>());
  if (schema == nullptr) return;
  if (value.is_array()) {
    const auto items = schema->find("items");
    if (items == schema->end()) return;
    for (std::size_t i = 0; i < value.size(); ++i)
      find_unknown(value[i], &*items, path + "[" + std::to_string(i) + "]", out);
    return;
  }
  if (!value.is_object()) return;
  const auto properties = schema->find("properties");
  const auto additional = schema->find("additionalProperties");
  for (const auto& [name, member] : value.items()) {
    const std::string below = path.empty() ? name : path + "." + name;
    if (properties != schema->end()) {
      const auto known = properties->find(name);
      if (known == properties->end())
        out.push_back(below);
      else
        find_unknown(member, &*known, below, out);
    } else if (additional != schema->end()) {
      find_unknown(member, &*additional, below, out);
    }
  }
}

}  // namespace

const Json& builtin_definitions() { return notation().definitions(); }

std::string definition_name(std::string_view group, std::string_view version, std::string_view kind) {
  return notation().kind(group, version, kind);
}

const Json* builtin_schema(std::string_view group, std::string_view version, std::string_view kind) {
  const std::string name = definition_name(group, version, kind);
  return name.empty() ? nullptr : builtin_reference(name);
}

const Json* builtin_reference(std::string_view reference) {
  const std::size_t slash = reference.rfind('/');
  const std::string name(slash == std::string_view::npos ? reference : reference.substr(slash + 1));
  const auto found = builtin_definitions().find(name);
  return found == builtin_definitions().end() ? nullptr : &*found;
}

const std::vector<Field>* builtin_fields(std::string_view definition) {
  return notation().fields(definition);
}

const std::vector<BuiltinResource>& builtin_resources() {
  static const auto* const all = new std::vector<BuiltinResource>{
      {"", "v1", "Namespace", "namespaces", false, {"status", "finalize"}, false},
      {"", "v1", "Secret", "secrets", true, {}, false},
      {"", "v1", "ConfigMap", "configmaps", true, {}, false},
      {"", "v1", "Event", "events", true, {}, false},
      {"", "v1", "ServiceAccount", "serviceaccounts", true, {}, false},
      {"", "v1", "Service", "services", true, {"status"}, false},
      {"", "v1", "Pod", "pods", true, {"status"}, false},
      {"", "v1", "Endpoints", "endpoints", true, {}, false},
      {"events.k8s.io", "v1", "Event", "events", true, {}, false},
      {"coordination.k8s.io", "v1", "Lease", "leases", true, {}, false},
      {"rbac.authorization.k8s.io", "v1", "Role", "roles", true, {}, false},
      {"rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true, {}, false},
      {"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false, {}, false},
      {"rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", false, {}, false},
      {"apiextensions.k8s.io",
       "v1",
       "CustomResourceDefinition",
       "customresourcedefinitions",
       false,
       {"status"},
       false},
      {"admissionregistration.k8s.io",
       "v1",
       "ValidatingWebhookConfiguration",
       "validatingwebhookconfigurations",
       false,
       {},
       false},
      {"admissionregistration.k8s.io",
       "v1",
       "MutatingWebhookConfiguration",
       "mutatingwebhookconfigurations",
       false,
       {},
       false},
      {"batch", "v1", "Job", "jobs", true, {"status"}, false},
      {"apps", "v1", "Deployment", "deployments", true, {"status"}, false},
      {"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true, {"status"}, false},
      {"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true, {"status"}, false},
      {"scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false, {}, false},
      {"batch", "v1", "Job", "jobs", true, {"status"}, false},
      {"batch", "v1", "CronJob", "cronjobs", true, {"status"}, false},
      {"authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", false, {}, true},
      {"authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", false, {}, true},
      {"authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", false, {}, true},
      {"authorization.k8s.io", "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews", true, {}, true},
      {"authentication.k8s.io", "v1", "TokenReview", "tokenreviews", false, {}, true},
  };
  return *all;
}

std::vector<std::string> unknown_fields(std::string_view json_text, const Json& schema) {
  std::vector<std::string> out;
  const auto value = nlohmann::ordered_json::parse(json_text, nullptr, false);
  if (!value.is_discarded()) find_unknown(value, &schema, "", out);
  return out;
}

std::vector<std::string> unknown_fields(const Json& object, const Json& schema) {
  std::vector<std::string> out;
  find_unknown(object, &schema, "", out);
  return out;
}

}  // namespace neoid::openapi
