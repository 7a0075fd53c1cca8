#include "controller/apiserver/columns.h"

#include <cctype>

#include <fmt/format.h>

#include "controller/apiserver/json_path.h"
#include "reconcile/base/time.h"
#include "reconcile/value/json_text.h"

namespace neoid::apiserver {
namespace {

constexpr std::string_view kNameText =
    "Name must be unique within a namespace. Is required when creating resources, although some resources "
    "may "
    "allow a client to request the generation of an appropriate name automatically. Name is primarily "
    "intended for creation idempotence and configuration definition. Cannot be updated. More info: "
    "http://kubernetes.io/docs/user-guide/identifiers#names";
constexpr std::string_view kCreatedText =
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not "
    "guaranteed to be set in happens-before order across separate operations. Clients may not set this "
    "value. "
    "It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. "
    "More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

const Json& at(const Json& value, std::initializer_list<const char*> path) {
  static const Json kNull;
  const Json* current = &value;
  for (const char* name : path) {
    if (!current->is_object()) return kNull;
    const auto found = current->find(name);
    if (found == current->end()) return kNull;
    current = &*found;
  }
  return *current;
}

std::string text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : to_json(value);
}

std::size_t count(const Json& value) { return value.is_structured() ? value.size() : 0; }

using Cell = std::function<Json(const Json&, Instant)>;
using Columns = std::vector<Column>;

Column column(std::string name, std::string description, Cell cell, int priority = 0,
              std::string type = "string") {
  return {std::move(name), std::move(type), "", std::move(description), priority, std::move(cell)};
}

Column name_column() {
  Column made = column("Name", std::string(kNameText), [](const Json& object, Instant) {
    return at(object, {"metadata", "name"});
  });
  made.format = "name";
  return made;
}

Column age_column(std::string type = "string") {
  return column(
      "Age", std::string(kCreatedText),
      [](const Json& object, Instant now) {
        return Json(age_of(at(object, {"metadata", "creationTimestamp"}), now));
      },
      0, std::move(type));
}

// The text at a path, or what stands for nothing.
Cell path_cell(std::initializer_list<const char*> path, std::string none = "") {
  return [names = std::vector<std::string>(path.begin(), path.end()), none](const Json& object, Instant) {
    const Json* current = &object;
    for (const std::string& name : names) {
      if (!current->is_object() || !current->contains(name)) return Json(none);
      current = &(*current)[name];
    }
    return current->is_null() ? Json(none) : *current;
  };
}

std::string selector_text(const Json& labels) {
  std::string result;
  if (labels.is_object())
    for (const auto& [key, value] : labels.items())
      result += fmt::format("{}{}={}", result.empty() ? "" : ",", key, text(value));
  return result.empty() ? "<none>" : result;
}

std::string event_source(const Json& event) {
  const std::string component = text(at(event, {"source", "component"}));
  const std::string host = text(at(event, {"source", "host"}));
  if (component.empty()) {
    const std::string controller = text(at(event, {"reportingComponent"}));
    const std::string instance = text(at(event, {"reportingInstance"}));
    return instance.empty() ? controller : fmt::format("{}, {}", controller, instance);
  }
  return host.empty() ? component : fmt::format("{}, {}", component, host);
}

const Json& first_seen(const Json& event) {
  const Json& first = at(event, {"firstTimestamp"});
  return first.is_null() ? at(event, {"eventTime"}) : first;
}

const Json& last_seen(const Json& event) {
  const Json& series = at(event, {"series", "lastObservedTime"});
  if (!series.is_null()) return series;
  const Json& last = at(event, {"lastTimestamp"});
  return last.is_null() ? first_seen(event) : last;
}

Json event_count(const Json& event) {
  const Json& series = at(event, {"series", "count"});
  if (series.is_number()) return series;
  const Json& counted = at(event, {"count"});
  return counted.is_number() && counted != Json(0) ? counted : Json(1);
}

Json event_object(const Json& event) {
  std::string kind = text(at(event, {"involvedObject", "kind"}));
  for (char& c : kind)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return kind + "/" + text(at(event, {"involvedObject", "name"}));
}

std::string trimmed(std::string value) {
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back())) != 0) value.pop_back();
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front())) != 0) value.erase(0, 1);
  return value;
}

Column event_name_column() {
  Column made = name_column();
  made.priority = 1;
  return made;
}

Columns event_columns() {
  return {
      column("Last Seen", "The time at which the most recent occurrence of this event was recorded.",
             [](const Json& e, Instant now) { return Json(age_of(last_seen(e), now)); }),
      column("Type", "Type of this event (Normal, Warning), new types could be added in the future",
             path_cell({"type"})),
      column("Reason",
             "This should be a short, machine understandable string that gives the reason for the transition "
             "into the object's current status.",
             path_cell({"reason"})),
      column("Object", "The object that this event is about.",
             [](const Json& e, Instant) { return event_object(e); }),
      column(
          "Subobject",
          "If referring to a piece of an object instead of an entire object, this string should contain a "
          "valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, "
          "if the object reference is to a container within a pod, this would take on a value like: "
          "\"spec.containers{name}\" (where \"name\" refers to the name of the container that triggered "
          "the event) or if no container name is specified \"spec.containers[2]\" (container with index 2 "
          "in this pod). This syntax is chosen only to have some well-defined way of referencing a part of "
          "an object.",
          path_cell({"involvedObject", "fieldPath"}), 1),
      column(
          "Source", "The component reporting this event. Should be a short machine understandable string.",
          [](const Json& e, Instant) { return Json(event_source(e)); }, 1),
      column("Message", "A human-readable description of the status of this operation.",
             [](const Json& e, Instant) { return Json(trimmed(text(at(e, {"message"})))); }),
      column(
          "First Seen",
          "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)",
          [](const Json& e, Instant now) { return Json(age_of(first_seen(e), now)); }, 1),
      column(
          "Count", "The number of times this event has occurred.",
          [](const Json& e, Instant) { return event_count(e); }, 1),
      event_name_column()};
}

Columns binding_columns() {
  const auto subjects = [](std::string kind) {
    return [kind](const Json& object, Instant) {
      std::string result;
      const Json& list = at(object, {"subjects"});
      if (list.is_array()) {
        for (const Json& subject : list) {
          if (text(at(subject, {"kind"})) != kind) continue;
          std::string name = text(at(subject, {"name"}));
          if (kind == "ServiceAccount") name = text(at(subject, {"namespace"})) + "/" + name;
          result += (result.empty() ? "" : ", ") + name;
        }
      }
      return Json(result);
    };
  };
  Columns columns = {name_column()};
  columns.push_back(column(
      "Role", "RoleRef can only reference a Role in the current namespace or a ClusterRole.",
      [](const Json& object, Instant) {
        return Json(text(at(object, {"roleRef", "kind"})) + "/" + text(at(object, {"roleRef", "name"})));
      }));
  columns.push_back(age_column());
  columns.push_back(column("Users", "Users in the binding", subjects("User"), 1));
  columns.push_back(column("Groups", "Groups in the binding", subjects("Group"), 1));
  columns.push_back(
      column("ServiceAccounts", "ServiceAccounts in the binding", subjects("ServiceAccount"), 1));
  return columns;
}

Json ports_cell(const Json& object, Instant) {
  std::string result;
  const Json& ports = at(object, {"spec", "ports"});
  if (ports.is_array())
    for (const Json& port : ports)
      result += fmt::format("{}{}/{}", result.empty() ? "" : ",", text(at(port, {"port"})),
                            text(at(port, {"protocol"})));
  return result.empty() ? "<none>" : result;
}

Columns deployment_columns() {
  const auto number = [](const Json& object, const char* name) {
    const Json& value = at(object, {"status", name});
    return value.is_number() ? value.get<std::int64_t>() : 0;
  };
  return {
      name_column(),
      column(
          "Ready", "Number of the pod with ready state",
          [number](const Json& o, Instant) {
            return Json(fmt::format("{}/{}", number(o, "readyReplicas"), text(at(o, {"spec", "replicas"}))));
          }),
      column("Up-to-date", "Total number of pods that have the desired template",
             [number](const Json& o, Instant) { return Json(number(o, "updatedReplicas")); }),
      column("Available", "Total number of available pods",
             [number](const Json& o, Instant) { return Json(number(o, "availableReplicas")); }),
      age_column(),
      column(
          "Selector", "Label selector for pods.",
          [](const Json& o, Instant) {
            return Json(selector_text(at(o, {"spec", "selector", "matchLabels"})));
          },
          1)};
}

Columns job_columns() {
  return {
      name_column(),
      column("Completions",
             "Specifies the desired number of successfully finished pods the job should be run with.",
             [](const Json& o, Instant) {
               const Json& done = at(o, {"status", "succeeded"});
               return Json(fmt::format("{}/{}", done.is_number() ? done.get<std::int64_t>() : 0,
                                       text(at(o, {"spec", "completions"}))));
             }),
      column("Duration", "Time required to complete the job.", [](const Json&, Instant) { return Json(""); }),
      age_column()};
}

Columns pod_columns() {
  return {
      name_column(),
      column("Ready", "The aggregate readiness state of this pod for accepting traffic.",
             [](const Json& o, Instant) {
               return Json(fmt::format("0/{}", count(at(o, {"spec", "containers"}))));
             }),
      column("Status", "The aggregate status of the containers in this pod.", path_cell({"status", "phase"})),
      column("Restarts", "The number of times the containers in this pod have been restarted.",
             [](const Json&, Instant) { return Json("0"); }),
      age_column()};
}

Columns service_columns() {
  return {name_column(),
          column("Type", "Type of the service.", path_cell({"spec", "type"})),
          column("Cluster-IP", "Address of the service.", path_cell({"spec", "clusterIP"}, "<none>")),
          column("External-IP", "Addresses outside of the cluster.",
                 path_cell({"spec", "externalName"}, "<none>")),
          column("Port(s)", "The list of ports that are exposed by this service.", ports_cell),
          age_column(),
          column(
              "Selector", "Labels of the pods.",
              [](const Json& o, Instant) {
                return Json(selector_text(at(o, {"spec", "selector"})));
              },
              1)};
}

Columns secret_columns() {
  return {
      name_column(),
      column("Type",
             "Used to facilitate programmatic handling of secret data. More info: "
             "https://kubernetes.io/docs/concepts/configuration/secret/#secret-types",
             path_cell({"type"})),
      column("Data",
             "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or "
             "'.'. The serialized form of the secret data is a base64 encoded string, representing the "
             "arbitrary (possibly non-string) data value here. Described in "
             "https://tools.ietf.org/html/rfc4648#section-4",
             [](const Json& o, Instant) { return Json(count(at(o, {"data"}))); }),
      age_column()};
}

Columns config_map_columns() {
  return {
      name_column(),
      column(
          "Data",
          "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', "
          "'_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys "
          "stored in Data must not overlap with the keys in the BinaryData field, this is enforced "
          "during validation process.",
          [](const Json& o, Instant) { return Json(count(at(o, {"data"})) + count(at(o, {"binaryData"}))); }),
      age_column()};
}

Json default_cell(const std::string& type, const Json& value, Instant now) {
  if (type == "integer") {
    if (value.is_number_integer()) return value;
    return value.is_number() ? Json(static_cast<std::int64_t>(value.get<double>())) : Json();
  }
  if (type == "number") return value.is_number() ? value : Json();
  if (type == "boolean") return value.is_boolean() ? value : Json();
  if (type == "date") {
    if (!value.is_string()) return {};
    return parse_time(value.get_ref<const std::string&>()) ? Json(age_of(value, now)) : Json("<invalid>");
  }
  return value.is_string() ? value : Json(to_json(value));
}

}  // namespace

std::string human_duration(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return fmt::format("{}s", seconds);
  const auto minutes = seconds / 60;
  if (minutes < 10)
    return seconds % 60 == 0 ? fmt::format("{}m", minutes) : fmt::format("{}m{}s", minutes, seconds % 60);
  if (minutes < 180) return fmt::format("{}m", minutes);
  const auto hours = minutes / 60;
  if (hours < 8)
    return minutes % 60 == 0 ? fmt::format("{}h", hours) : fmt::format("{}h{}m", hours, minutes % 60);
  if (hours < 48) return fmt::format("{}h", hours);
  const auto days = hours / 24;
  if (days < 8) return hours % 24 == 0 ? fmt::format("{}d", days) : fmt::format("{}d{}h", days, hours % 24);
  if (days < 730) return fmt::format("{}d", days);
  const auto years = days / 365;
  if (years < 8)
    return days % 365 == 0 ? fmt::format("{}y", years) : fmt::format("{}y{}d", years, days % 365);
  return fmt::format("{}y", years);
}

std::string age_of(const Json& time, Instant now) {
  if (!time.is_string()) return "<unknown>";
  const auto instant = parse_time(time.get_ref<const std::string&>());
  return instant ? human_duration(now - *instant) : "<unknown>";
}

std::vector<Column> builtin_columns(std::string_view group, std::string_view plural) {
  if (plural == "events") return event_columns();
  if (plural == "secrets") return secret_columns();
  if (plural == "configmaps") return config_map_columns();
  if (plural == "namespaces")
    return {name_column(), column("Status", "The status of the namespace", path_cell({"status", "phase"})),
            age_column()};
  if (plural == "leases")
    return {name_column(),
            column("Holder", "holderIdentity contains the identity of the holder of a current lease.",
                   path_cell({"spec", "holderIdentity"})),
            age_column()};
  if (plural == "serviceaccounts")
    return {name_column(),
            column("Secrets",
                   "Secrets is a list of the secrets in the same namespace that pods running using "
                   "this ServiceAccount are allowed to use.",
                   [](const Json& o, Instant) { return Json(count(at(o, {"secrets"}))); }),
            age_column()};
  if (plural == "rolebindings" || plural == "clusterrolebindings") return binding_columns();
  if (plural == "deployments") return deployment_columns();
  if (plural == "jobs") return job_columns();
  if (plural == "services") return service_columns();
  if (plural == "pods") return pod_columns();
  if (group == "admissionregistration.k8s.io")
    return {name_column(),
            column("Webhooks", "Webhooks is a list of webhooks and the affected resources and operations.",
                   [](const Json& o, Instant) { return Json(count(at(o, {"webhooks"}))); }),
            age_column()};
  if (plural == "poddisruptionbudgets")
    return {name_column(), column("Min Available", "", path_cell({"spec", "minAvailable"}, "N/A")),
            column("Max Unavailable", "", path_cell({"spec", "maxUnavailable"}, "N/A")),
            column("Allowed Disruptions", "",
                   [](const Json& o, Instant) {
                     const Json& allowed = at(o, {"status", "disruptionsAllowed"});
                     return allowed.is_number() ? allowed : Json(0);
                   }),
            age_column()};
  if (plural == "networkpolicies")
    return {name_column(),
            column("Pod-Selector", "",
                   [](const Json& o, Instant) {
                     return Json(selector_text(at(o, {"spec", "podSelector", "matchLabels"})));
                   }),
            age_column()};
  if (plural == "priorityclasses")
    return {name_column(), column("Value", "", path_cell({"value"})),
            column("Global-Default", "",
                   [](const Json& o, Instant) { return Json(at(o, {"globalDefault"}) == Json(true)); }),
            age_column()};
  Column created = column(
      "Created At", std::string(kCreatedText),
      [](const Json& object, Instant) {
        return at(object, {"metadata", "creationTimestamp"});
      },
      0, "date");
  return {name_column(), std::move(created)};
}

std::vector<Column> custom_columns(const std::vector<schema::PrinterColumn>& columns) {
  Columns made = {name_column()};
  if (columns.empty()) {
    made.push_back(age_column("date"));
    return made;
  }
  for (const schema::PrinterColumn& wanted : columns) {
    Column next;
    next.name = wanted.name;
    next.type = wanted.type;
    next.format = wanted.format;
    next.priority = wanted.priority;
    next.description = wanted.description.empty()
                           ? "Custom resource definition column (in JSONPath format): " + wanted.json_path
                           : wanted.description;
    next.cell = [path = JsonPath::parse(wanted.json_path), type = wanted.type](const Json& object,
                                                                               Instant now) -> Json {
      if (!path) return nullptr;
      const auto found = path->find(object);
      if (found.empty() || found.front()->is_null()) return nullptr;
      return default_cell(type, *found.front(), now);
    };
    made.push_back(std::move(next));
  }
  return made;
}

}  // namespace neoid::apiserver
