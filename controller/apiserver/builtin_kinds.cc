// The table of the built-in kinds.
#include <fmt/format.h>

#include "controller/apiserver/builtin_strategy.h"
#include "controller/apiserver/columns.h"
#include "controller/apiserver/openapi/builtin.h"
#include "controller/apiserver/resource.h"

namespace neoid::apiserver {
namespace {

std::string text_at(const Json& object, std::string_view pointer) {
  const Json* current = &object;
  while (!pointer.empty()) {
    const std::size_t dot = pointer.find('.');
    const std::string name(pointer.substr(0, dot));
    if (!current->is_object() || !current->contains(name)) return "";
    current = &(*current)[name];
    pointer = dot == std::string_view::npos ? "" : pointer.substr(dot + 1);
  }
  if (current->is_string()) return current->get<std::string>();
  return current->is_null() || current->is_structured() ? "" : current->dump();
}

FieldLabel label(std::string name, std::string path) {
  return {std::move(name), [path](const Json& object) { return text_at(object, path); }};
}

void add_labels(ResourceInfo& info, std::initializer_list<std::pair<const char*, const char*>> more) {
  info.plain_labels = false;
  for (const auto& [name, path] : more) info.labels.push_back(label(name, path));
}

Json blank_object(const ResourceInfo& info) {
  Json blank = Json::object();
  if (info.go_type != nullptr) {
    if (auto decoded = go_decode(*info.go_type, blank)) blank = std::move(decoded->value);
  } else {  // the one kind that has a decoder of its own
    blank = {
        {"metadata", Json::object()},
        {"spec",
         {{"group", ""}, {"names", {{"plural", ""}, {"kind", ""}}}, {"scope", ""}, {"versions", nullptr}}},
        {"status",
         {{"conditions", nullptr},
          {"acceptedNames", {{"plural", ""}, {"kind", ""}}},
          {"storedVersions", nullptr}}}};
  }
  blank["metadata"].erase("creationTimestamp");
  blank["apiVersion"] = info.api_version();
  blank["kind"] = info.kind;
  return blank;
}

std::shared_ptr<ResourceInfo> kind(std::string group, std::string version, std::string plural,
                                   std::string name, bool namespaced, Strategy strategy,
                                   std::string_view go_type = {}) {
  auto info = std::make_shared<ResourceInfo>();
  info->group = std::move(group);
  info->version = std::move(version);
  info->plural = std::move(plural);
  info->list_kind = name + "List";
  info->go_type = find_go_struct(go_type.empty() ? name : std::string(go_type));
  info->kind = std::move(name);
  info->namespaced = namespaced;
  info->strategy = strategy;
  info->blank = blank_object(*info);
  info->stored_as = info->group_resource().text();
  info->registry_path = "/registry/" + info->plural;
  info->columns = builtin_columns(info->group, info->plural);
  info->plain_labels = true;
  info->labels.push_back(label("metadata.name", "metadata.name"));
  info->labels.push_back(label("metadata.namespace", "metadata.namespace"));
  if (const Json* schema = openapi::builtin_schema(info->group, info->version, info->kind)) {
    auto types = std::make_shared<apply::VersionedTypes>();
    (*types)[info->api_version()] = apply::type_of_schema(*schema, openapi::builtin_reference);
    info->types = std::move(types);
  }
  return info;
}

std::shared_ptr<ResourceInfo> review(std::string group, std::string plural, std::string name,
                                     bool namespaced) {
  auto info = kind(std::move(group), "v1", std::move(plural), std::move(name), namespaced, {});
  info->create_only = true;
  return info;
}

using Made = std::vector<std::shared_ptr<ResourceInfo>>;

void add_events(Made& all) {
  auto core = kind("", "v1", "events", "Event", true, event_strategy());
  core->short_names = {"ev"};
  core->create_on_update = true;
  add_labels(*core, {{"involvedObject.kind", "involvedObject.kind"},
                     {"involvedObject.namespace", "involvedObject.namespace"},
                     {"involvedObject.name", "involvedObject.name"},
                     {"involvedObject.uid", "involvedObject.uid"},
                     {"involvedObject.apiVersion", "involvedObject.apiVersion"},
                     {"involvedObject.resourceVersion", "involvedObject.resourceVersion"},
                     {"involvedObject.fieldPath", "involvedObject.fieldPath"},
                     {"reason", "reason"},
                     {"reportingComponent", "reportingComponent"},
                     {"type", "type"}});
  core->labels.push_back({"source", [](const Json& event) {
                            const std::string component = text_at(event, "source.component");
                            return component.empty() ? text_at(event, "reportingComponent") : component;
                          }});
  auto later = kind("events.k8s.io", "v1", "events", "Event", true, event_strategy(), "EventsV1Event");
  later->short_names = {"ev"};
  later->create_on_update = true;
  later->stored_as = core->stored_as;
  later->registry_path = core->registry_path;
  later->conversion = {event_to_core, event_from_core};
  add_labels(*later, {{"regarding.kind", "involvedObject.kind"},
                      {"regarding.namespace", "involvedObject.namespace"},
                      {"regarding.name", "involvedObject.name"},
                      {"regarding.uid", "involvedObject.uid"},
                      {"regarding.apiVersion", "involvedObject.apiVersion"},
                      {"regarding.resourceVersion", "involvedObject.resourceVersion"},
                      {"regarding.fieldPath", "involvedObject.fieldPath"},
                      {"reason", "reason"},
                      {"reportingController", "reportingComponent"},
                      {"type", "type"}});
  // Both views keep managed fields of both versions.
  auto types = std::make_shared<apply::VersionedTypes>();
  for (const auto& view : {core, later})
    if (view->types) types->insert(view->types->begin(), view->types->end());
  core->types = later->types = types;
  all.push_back(core);
  all.push_back(later);
}

void add_core(Made& all) {
  auto namespaces = kind("", "v1", "namespaces", "Namespace", false, namespace_strategy());
  namespaces->short_names = {"ns"};
  namespaces->status = namespaces->finalize = namespaces->status_is_separate = true;
  namespaces->collection_delete = false;
  namespaces->graceful = false;
  add_labels(*namespaces, {{"status.phase", "status.phase"}, {"name", "metadata.name"}});
  all.push_back(namespaces);
  auto secrets = kind("", "v1", "secrets", "Secret", true, secret_strategy());
  add_labels(*secrets, {{"type", "type"}});
  all.push_back(secrets);
  auto maps = kind("", "v1", "configmaps", "ConfigMap", true, config_map_strategy());
  maps->short_names = {"cm"};
  all.push_back(maps);
  auto accounts = kind("", "v1", "serviceaccounts", "ServiceAccount", true, service_account_strategy());
  accounts->short_names = {"sa"};
  all.push_back(accounts);
  auto services = kind("", "v1", "services", "Service", true, service_strategy());
  services->short_names = {"svc"};
  services->categories = {"all"};
  services->status = true;
  services->registry_path = "/registry/services/specs";
  all.push_back(services);
  auto pods = kind("", "v1", "pods", "Pod", true, pod_strategy());
  pods->short_names = {"po"};
  pods->categories = {"all"};
  pods->status = true;
  add_labels(*pods, {{"spec.nodeName", "spec.nodeName"},
                     {"spec.restartPolicy", "spec.restartPolicy"},
                     {"spec.serviceAccountName", "spec.serviceAccountName"},
                     {"status.phase", "status.phase"}});
  all.push_back(pods);
  auto quotas = kind("", "v1", "resourcequotas", "ResourceQuota", true, spec_strategy());
  quotas->short_names = {"quota"};
  quotas->status = true;
  all.push_back(quotas);
  auto limits = kind("", "v1", "limitranges", "LimitRange", true, {});
  limits->short_names = {"limits"};
  all.push_back(limits);
}

void add_groups(Made& all) {
  auto leases = kind("coordination.k8s.io", "v1", "leases", "Lease", true, lease_strategy());
  leases->create_on_update = true;
  all.push_back(leases);
  const std::string rbac = "rbac.authorization.k8s.io";
  for (const auto& [plural, name, namespaced] :
       {std::tuple{"roles", "Role", true}, std::tuple{"clusterroles", "ClusterRole", false}}) {
    auto roles = kind(rbac, "v1", plural, name, namespaced, role_strategy());
    roles->create_on_update = true;
    all.push_back(roles);
  }
  for (const auto& [plural, name, namespaced] :
       {std::tuple{"rolebindings", "RoleBinding", true},
        std::tuple{"clusterrolebindings", "ClusterRoleBinding", false}}) {
    auto bindings = kind(rbac, "v1", plural, name, namespaced, role_binding_strategy());
    bindings->create_on_update = true;
    all.push_back(bindings);
  }
  auto deployments =
      kind("apps", "v1", "deployments", "Deployment", true, deployment_strategy(), "DeploymentLike");
  deployments->short_names = {"deploy"};
  deployments->categories = {"all"};
  deployments->status = deployments->generation = true;
  all.push_back(deployments);
  auto jobs = kind("batch", "v1", "jobs", "Job", true, job_strategy());
  jobs->categories = {"all"};
  jobs->status = jobs->generation = true;
  all.push_back(jobs);
  auto budgets = kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, spec_strategy());
  budgets->short_names = {"pdb"};
  budgets->status = budgets->generation = true;
  all.push_back(budgets);
  auto policies = kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true, spec_strategy());
  policies->short_names = {"netpol"};
  policies->status = policies->generation = true;
  all.push_back(policies);
  auto priorities =
      kind("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false, priority_class_strategy());
  priorities->short_names = {"pc"};
  priorities->generation = true;
  all.push_back(priorities);
  for (const auto& [plural, name] :
       {std::pair{"mutatingwebhookconfigurations", "MutatingWebhookConfiguration"},
        std::pair{"validatingwebhookconfigurations", "ValidatingWebhookConfiguration"}}) {
    auto hooks =
        kind("admissionregistration.k8s.io", "v1", plural, name, false, webhook_configuration_strategy());
    hooks->generation = true;
    hooks->categories = {"api-extensions"};
    all.push_back(hooks);
  }
  auto crds =
      kind("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false, {});
  crds->short_names = {"crd", "crds"};
  crds->categories = {"api-extensions"};
  crds->status = crds->generation = crds->status_is_separate = true;
  crds->unconditional_update = false;
  crds->graceful = false;
  crds->registry_path = "/registry/apiextensions.k8s.io/customresourcedefinitions";
  all.push_back(crds);
}

}  // namespace

std::vector<ResourceRef> builtin_kinds() {
  Made all;
  add_core(all);
  add_events(all);
  add_groups(all);
  all.push_back(review("authentication.k8s.io", "tokenreviews", "TokenReview", false));
  const std::string authorization = "authorization.k8s.io";
  all.push_back(review(authorization, "localsubjectaccessreviews", "LocalSubjectAccessReview", true));
  all.push_back(review(authorization, "selfsubjectaccessreviews", "SelfSubjectAccessReview", false));
  all.push_back(review(authorization, "selfsubjectrulesreviews", "SelfSubjectRulesReview", false));
  all.push_back(review(authorization, "subjectaccessreviews", "SubjectAccessReview", false));
  return {all.begin(), all.end()};
}

}  // namespace neoid::apiserver
