// Kinds that are stored and served without controllers: their defaults, so that clients find what they expect.
#include <fmt/format.h>

#include "controller/apiserver/builtin_strategy.h"

namespace neoid::apiserver {
namespace {

using Errors = std::vector<FieldError>;

void default_to(Json& object, const char* name, Json value) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) object[name] = std::move(value);
}

Json& object_at(Json& parent, const char* name) {
  Json& child = parent[name];
  if (!child.is_object()) child = Json::object();
  return child;
}

void keep_status(Json& object, const Json& old) {
  if (const auto status = old.find("status"); status != old.end()) {
    object["status"] = *status;
  } else {
    object.erase("status");
  }
}

void complete_probe(Json& container, const char* name) {
  if (!container.contains(name) || !container[name].is_object()) return;
  Json& probe = container[name];
  default_to(probe, "timeoutSeconds", 1);
  default_to(probe, "periodSeconds", 10);
  default_to(probe, "successThreshold", 1);
  default_to(probe, "failureThreshold", 3);
  if (probe.contains("httpGet") && probe["httpGet"].is_object())
    default_to(probe["httpGet"], "scheme", "HTTP");
}

void complete_container(Json& container) {
  if (!container.is_object()) return;
  default_to(container, "terminationMessagePath", "/dev/termination-log");
  default_to(container, "terminationMessagePolicy", "File");
  const std::string image = container.value("image", "");
  const std::size_t colon = image.find(':', image.rfind('/') == std::string::npos ? 0 : image.rfind('/'));
  const bool latest = colon == std::string::npos || image.substr(colon) == ":latest";
  default_to(container, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
  default_to(container, "resources", Json::object());
  if (container.contains("ports") && container["ports"].is_array())
    for (Json& port : container["ports"])
      if (port.is_object()) default_to(port, "protocol", "TCP");
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    complete_probe(container, probe);
}

void complete_volume(Json& volume) {
  if (!volume.is_object()) return;
  for (const char* source : {"secret", "configMap", "projected", "downwardAPI"})
    if (volume.contains(source) && volume[source].is_object()) default_to(volume[source], "defaultMode", 420);
}

void complete_pod_spec(Json& spec) {
  default_to(spec, "restartPolicy", "Always");
  default_to(spec, "terminationGracePeriodSeconds", 30);
  default_to(spec, "dnsPolicy", "ClusterFirst");
  default_to(spec, "securityContext", Json::object());
  default_to(spec, "schedulerName", "default-scheduler");
  if (spec.contains("serviceAccountName")) default_to(spec, "serviceAccount", spec["serviceAccountName"]);
  for (const char* list : {"initContainers", "containers"})
    if (spec.contains(list) && spec[list].is_array())
      for (Json& container : spec[list]) complete_container(container);
  if (spec.contains("volumes") && spec["volumes"].is_array())
    for (Json& volume : spec["volumes"]) complete_volume(volume);
}

void complete_deployment(Json& object) {
  Json& spec = object_at(object, "spec");
  default_to(spec, "replicas", 1);
  default_to(spec, "revisionHistoryLimit", 10);
  default_to(spec, "progressDeadlineSeconds", 600);
  Json& strategy = object_at(spec, "strategy");
  default_to(strategy, "type", "RollingUpdate");
  if (strategy["type"] == "RollingUpdate") {
    Json& rolling = object_at(strategy, "rollingUpdate");
    default_to(rolling, "maxUnavailable", "25%");
    default_to(rolling, "maxSurge", "25%");
  }
  Json& pods = object_at(spec, "template");
  default_to(object_at(pods, "metadata"), "creationTimestamp", nullptr);
  complete_pod_spec(object_at(pods, "spec"));
  if (!object.contains("status")) object["status"] = Json::object();
}

// Whether all of `wanted` are among the labels.
bool has_labels(const Json& labels, const Json& wanted) {
  for (const auto& [key, value] : wanted.items())
    if (!labels.is_object() || labels.value(key, Json()) != value) return false;
  return true;
}

// As Go prints a map of strings: map[string]string{"a":"b"}.
std::string go_labels(const Json& labels) {
  std::string text;
  if (labels.is_object())
    for (const auto& [key, value] : labels.items())
      text += (text.empty() ? "" : ", ") + go_value(Json(key)) + ":" + go_value(value);
  return "map[string]string{" + text + "}";
}

Errors validate_deployment(const Json& object) {
  Errors errors;
  const Json& spec = object["spec"];
  if (!spec.contains("selector") || !spec["selector"].is_object()) {
    errors.push_back({FieldErrorType::Required, "spec.selector", "", ""});
  } else {
    const Json labels = spec.value("/template/metadata/labels"_json_pointer, Json());
    const Json wanted = spec["selector"].value("matchLabels", Json::object());
    if (wanted.is_object() && !has_labels(labels, wanted))
      errors.push_back({FieldErrorType::Invalid, "spec.template.metadata.labels", go_labels(labels),
                        "`selector` does not match template `labels`"});
  }
  const Json& pods = spec["template"]["spec"];
  if (!pods.contains("containers") || !pods["containers"].is_array() || pods["containers"].empty())
    errors.push_back({FieldErrorType::Required, "spec.template.spec.containers", "", ""});
  return errors;
}

Errors validate_deployment_update(const Json& object, const Json& old) {
  const Json now = object["spec"].value("selector", Json());
  if (now == old["spec"].value("selector", Json())) return {};
  return {{FieldErrorType::Invalid, "spec.selector", go_value(now), "field is immutable"}};
}

void complete_job(Json& object) {
  Json& spec = object_at(object, "spec");
  if (!spec.contains("completions") && !spec.contains("parallelism")) spec["completions"] = 1;
  default_to(spec, "parallelism", 1);
  default_to(spec, "backoffLimit", 6);
  default_to(spec, "completionMode", "NonIndexed");
  default_to(spec, "suspend", false);
  Json& pods = object_at(spec, "template");
  default_to(object_at(pods, "metadata"), "creationTimestamp", nullptr);
  complete_pod_spec(object_at(pods, "spec"));
  if (!object.contains("status")) object["status"] = Json::object();
}

// A job finds its pods by labels that it makes up, unless it is told that somebody else did.
void create_job(Json& object) {
  object["status"] = Json::object();
  Json& spec = object["spec"];
  if (spec.value("manualSelector", Json()) == Json(true)) return;
  const Json uid = object["metadata"]["uid"];
  object_at(object_at(spec, "selector"), "matchLabels")["controller-uid"] = uid;
  Json& labels = object_at(spec["template"]["metadata"], "labels");
  labels["controller-uid"] = uid;
  labels["job-name"] = object["metadata"]["name"];
}

Errors validate_job(const Json& object) {
  Errors errors;
  const Json& pods = object["spec"]["template"]["spec"];
  if (!pods.contains("containers") || !pods["containers"].is_array() || pods["containers"].empty())
    errors.push_back({FieldErrorType::Required, "spec.template.spec.containers", "", ""});
  const Json restart = pods.value("restartPolicy", Json());
  if (restart != "OnFailure" && restart != "Never")
    errors.push_back({FieldErrorType::Required, "spec.template.spec.restartPolicy", "",
                      "valid values: \"OnFailure\", \"Never\""});
  return errors;
}

Errors validate_job_update(const Json& object, const Json& old) {
  Errors errors;
  for (const char* member : {"completions", "selector", "template"}) {
    const Json now = object["spec"].value(member, Json());
    if (now != old["spec"].value(member, Json()))
      errors.push_back(
          {FieldErrorType::Invalid, std::string("spec.") + member, go_value(now), "field is immutable"});
  }
  return errors;
}

void create_without_status(Json& object) { object["status"] = Json::object(); }

void complete_pod(Json& object) {
  Json& spec = object_at(object, "spec");
  complete_pod_spec(spec);
  default_to(spec, "enableServiceLinks", true);
}

void create_pod(Json& object) { object["status"] = {{"phase", "Pending"}, {"qosClass", "BestEffort"}}; }

Errors validate_pod(const Json& object) {
  const Json& spec = object["spec"];
  if (spec.contains("containers") && spec["containers"].is_array() && !spec["containers"].empty()) return {};
  return {{FieldErrorType::Required, "spec.containers", "", ""}};
}

void complete_service(Json& object) {
  Json& spec = object_at(object, "spec");
  default_to(spec, "type", "ClusterIP");
  default_to(spec, "sessionAffinity", "None");
  if (spec["type"] != "ExternalName") default_to(spec, "internalTrafficPolicy", "Cluster");
  if (spec.contains("ports") && spec["ports"].is_array()) {
    for (Json& port : spec["ports"]) {
      if (!port.is_object()) continue;
      default_to(port, "protocol", "TCP");
      if (port.contains("port")) default_to(port, "targetPort", port["port"]);
    }
  }
}

void create_service(Json& object) {
  Json& spec = object["spec"];
  if (spec["type"] != "ExternalName") {
    default_to(spec, "ipFamilies", Json::array({"IPv4"}));
    default_to(spec, "ipFamilyPolicy", "SingleStack");
    // There is no network: the address says only that there is one.
    const std::size_t hash = std::hash<std::string>{}(object["metadata"].value("namespace", "") + "/" +
                                                      object["metadata"].value("name", ""));
    default_to(spec, "clusterIP", fmt::format("10.96.{}.{}", (hash >> 8U) % 256, 1 + hash % 254));
    default_to(spec, "clusterIPs", Json::array({spec["clusterIP"]}));
  }
  object["status"] = {{"loadBalancer", Json::object()}};
}

void update_service(Json& object, const Json& old) {
  keep_status(object, old);
  for (const char* name : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
    if (old["spec"].contains(name)) default_to(object["spec"], name, old["spec"][name]);
}

void complete_webhooks(Json& object) {
  if (!object.contains("webhooks") || !object["webhooks"].is_array()) return;
  for (Json& webhook : object["webhooks"]) {
    if (!webhook.is_object()) continue;
    default_to(webhook, "failurePolicy", "Fail");
    default_to(webhook, "matchPolicy", "Equivalent");
    default_to(webhook, "namespaceSelector", Json::object());
    default_to(webhook, "objectSelector", Json::object());
    default_to(webhook, "timeoutSeconds", 10);
    Json& client = webhook["clientConfig"];
    if (client.is_object() && client.contains("service") && client["service"].is_object())
      default_to(client["service"], "port", 443);
    if (webhook.contains("rules") && webhook["rules"].is_array())
      for (Json& rule : webhook["rules"]) default_to(rule, "scope", "*");
  }
}

Errors validate_webhooks(const Json& object) {
  Errors errors;
  if (!object.contains("webhooks")) return errors;
  for (std::size_t i = 0; i < object["webhooks"].size(); ++i) {
    const Json& webhook = object["webhooks"][i];
    const std::string path = fmt::format("webhooks[{}]", i);
    if (webhook.value("name", "").empty())
      errors.push_back({FieldErrorType::Required, path + ".name", "", ""});
    const Json effects = webhook.value("sideEffects", Json());
    if (effects.is_null())
      errors.push_back(
          {FieldErrorType::Required, path + ".sideEffects", "", "must specify one of None, NoneOnDryRun"});
    const Json versions = webhook.value("admissionReviewVersions", Json());
    if (!versions.is_array() || versions.empty())
      errors.push_back({FieldErrorType::Required, path + ".admissionReviewVersions", "",
                        "must specify one of v1, v1beta1"});
  }
  return errors;
}

void complete_binding(Json& object) {
  if (object.contains("subjects") && object["subjects"].is_array()) {
    for (Json& subject : object["subjects"]) {
      const std::string kind = subject.value("kind", "");
      if (kind == "User" || kind == "Group") default_to(subject, "apiGroup", "rbac.authorization.k8s.io");
    }
  }
  if (object["roleRef"].value("apiGroup", "").empty())
    object["roleRef"]["apiGroup"] = "rbac.authorization.k8s.io";
}

Errors validate_binding(const Json& object) {
  Errors errors;
  const Json& role = object["roleRef"];
  const std::string kind = role.value("kind", "");
  if (kind != "Role" && kind != "ClusterRole")
    errors.push_back({FieldErrorType::NotSupported, "roleRef.kind", go_value(kind),
                      "supported values: \"Role\", \"ClusterRole\""});
  if (role.value("name", "").empty()) errors.push_back({FieldErrorType::Required, "roleRef.name", "", ""});
  if (!object.contains("subjects")) return errors;
  for (std::size_t i = 0; i < object["subjects"].size(); ++i) {
    const Json& subject = object["subjects"][i];
    const std::string path = fmt::format("subjects[{}]", i);
    if (subject.value("name", "").empty())
      errors.push_back({FieldErrorType::Required, path + ".name", "", ""});
    if (subject.value("kind", "") == "ServiceAccount" && subject.value("namespace", "").empty())
      errors.push_back({FieldErrorType::Required, path + ".namespace", "", ""});
  }
  return errors;
}

Errors validate_binding_update(const Json& object, const Json& old) {
  if (object["roleRef"] == old["roleRef"]) return {};
  return {{FieldErrorType::Invalid, "roleRef", go_value(object["roleRef"]), "cannot change roleRef"}};
}

Errors validate_role(const Json& object) {
  Errors errors;
  if (!object.contains("rules") || !object["rules"].is_array()) return errors;
  for (std::size_t i = 0; i < object["rules"].size(); ++i) {
    const Json& rule = object["rules"][i];
    const std::string path = fmt::format("rules[{}]", i);
    const auto count = [&](const char* name) {
      return rule.contains(name) && rule[name].is_array() ? rule[name].size() : 0;
    };
    if (count("verbs") == 0)
      errors.push_back(
          {FieldErrorType::Required, path + ".verbs", "", "verbs must contain at least one value"});
    if (count("nonResourceURLs") > 0) continue;
    if (count("apiGroups") == 0)
      errors.push_back({FieldErrorType::Required, path + ".apiGroups", "",
                        "resource rules must supply at least one api group"});
    if (count("resources") == 0)
      errors.push_back({FieldErrorType::Required, path + ".resources", "",
                        "resource rules must supply at least one resource"});
  }
  return errors;
}

void complete_priority(Json& object) { default_to(object, "preemptionPolicy", "PreemptLowerPriority"); }

void complete_spec(Json& object) { object_at(object, "spec"); }

}  // namespace

Strategy service_account_strategy() { return {}; }
Strategy role_strategy() { return {.validate = validate_role, .names = meta::NameRule::PathSegment}; }
Strategy role_binding_strategy() {
  return {.complete = complete_binding,
          .validate = validate_binding,
          .validate_update = validate_binding_update,
          .names = meta::NameRule::PathSegment};
}
Strategy service_strategy() {
  return {.complete = complete_service,
          .prepare_create = create_service,
          .prepare_update = update_service,
          .names = meta::NameRule::Label};
}
Strategy deployment_strategy() {
  return {.complete = complete_deployment,
          .prepare_create = create_without_status,
          .prepare_update = keep_status,
          .validate = validate_deployment,
          .validate_update = validate_deployment_update};
}
Strategy job_strategy() {
  return {.complete = complete_job,
          .prepare_create = create_job,
          .prepare_update = keep_status,
          .validate = validate_job,
          .validate_update = validate_job_update};
}
Strategy pod_strategy() {
  return {.complete = complete_pod,
          .prepare_create = create_pod,
          .prepare_update = keep_status,
          .validate = validate_pod};
}
Strategy webhook_configuration_strategy() {
  return {.complete = complete_webhooks, .validate = validate_webhooks};
}
Strategy priority_class_strategy() { return {.complete = complete_priority}; }
Strategy spec_strategy() {
  return {.complete = complete_spec, .prepare_create = create_without_status, .prepare_update = keep_status};
}

}  // namespace neoid::apiserver
