// Secrets, config maps, namespaces, events, leases.
#include <cctype>

#include <fmt/format.h>

#include "controller/apiserver/builtin_strategy.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/member.h"

namespace neoid::apiserver {
namespace {

constexpr std::size_t kMaxSecretBytes = 1 << 20;

using Errors = std::vector<FieldError>;

FieldError error(FieldErrorType type, std::string field, const Json& value, std::string detail) {
  const bool valueless = type == FieldErrorType::Required || type == FieldErrorType::Forbidden ||
                         type == FieldErrorType::TooLong;
  return {type, std::move(field), valueless ? "" : go_value(value), std::move(detail)};
}

// What a key of data must be.
std::vector<std::string> config_key_errors(const std::string& key) {
  std::vector<std::string> errors;
  if (key.size() > 253) errors.emplace_back("must be no more than 253 characters");
  bool good = !key.empty();
  for (const char c : key)
    good = good && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.');
  if (!good)
    errors.emplace_back(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
        "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
  if (key == ".") {
    errors.emplace_back("must not be '.'");
  } else if (key == "..") {
    errors.emplace_back("must not be '..'");
  } else if (key.starts_with("..")) {
    errors.emplace_back("must not start with '..'");
  }
  return errors;
}

void check_keys(const Json& object, const char* field, Errors& errors) {
  const Json& data = member_at(object, field);
  if (!data.is_object()) return;
  for (const auto& [key, value] : data.items())
    for (std::string& why : config_key_errors(key))
      errors.push_back(
          error(FieldErrorType::Invalid, fmt::format("{}[{}]", field, key), key, std::move(why)));
}

std::size_t decoded_size(const Json& value) {
  const std::size_t size = value.is_string() ? value.get_ref<const std::string&>().size() : 0;
  return size / 4 * 3;
}

// --- secrets ---

void complete_secret(Json& secret) {
  if (const auto plain = secret.find("stringData"); plain != secret.end()) {
    if (plain->is_object() && !plain->empty()) {
      Json& data = secret["data"];
      if (!data.is_object()) data = Json::object();
      for (const auto& [key, value] : secret["stringData"].items())
        data[key] = base64(value.get_ref<const std::string&>());
    }
    secret.erase("stringData");
  }
  if (!secret.contains("type")) secret["type"] = "Opaque";
}

void require_key(const Json& secret, const char* key, Errors& errors) {
  if (!member_at(secret, "data").is_object() || !member_at(secret, "data").contains(key))
    errors.push_back(error(FieldErrorType::Required, fmt::format("data[{}]", key), nullptr, ""));
}

Errors validate_secret(const Json& secret) {
  Errors errors;
  check_keys(secret, "data", errors);
  std::size_t total = 0;
  if (member_at(secret, "data").is_object())
    for (const auto& [key, value] : secret["data"].items()) total += decoded_size(value);
  if (total > kMaxSecretBytes)
    errors.push_back(error(FieldErrorType::TooLong, "data", nullptr,
                           fmt::format("must have at most {} bytes", kMaxSecretBytes)));
  const std::string type = text_at(secret, "type");
  if (type == "kubernetes.io/tls") {
    require_key(secret, "tls.crt", errors);
    require_key(secret, "tls.key", errors);
  } else if (type == "kubernetes.io/dockercfg") {
    require_key(secret, ".dockercfg", errors);
  } else if (type == "kubernetes.io/dockerconfigjson") {
    require_key(secret, ".dockerconfigjson", errors);
  } else if (type == "kubernetes.io/ssh-auth") {
    require_key(secret, "ssh-privatekey", errors);
  } else if (type == "kubernetes.io/basic-auth") {
    const Json& data = member_at(secret, "data");
    if (!data.is_object() || (!data.contains("username") && !data.contains("password"))) {
      require_key(secret, "username", errors);
      require_key(secret, "password", errors);
    }
  } else if (type == "kubernetes.io/service-account-token") {
    const Json& metadata = secret["metadata"];
    if (!metadata.contains("annotations") ||
        text_at(metadata["annotations"], "kubernetes.io/service-account.name").empty())
      errors.push_back(error(FieldErrorType::Required,
                             "metadata.annotations[kubernetes.io/service-account.name]", nullptr, ""));
  }
  return errors;
}

// Of data that was frozen nothing may change any more.
void check_immutable(const Json& object, const Json& old, std::initializer_list<const char*> fields,
                     Errors& errors) {
  if (!member_at(old, "immutable").is_boolean() || !old["immutable"].get<bool>()) return;
  constexpr const char* kWhy = "field is immutable when `immutable` is set";
  if (member_at(object, "immutable") != Json(true))
    errors.push_back(error(FieldErrorType::Forbidden, "immutable", nullptr, kWhy));
  for (const char* field : fields)
    if (member_at(object, field) != member_at(old, field))
      errors.push_back(error(FieldErrorType::Forbidden, field, nullptr, kWhy));
}

void prepare_secret_update(Json& secret, const Json& old) {
  // A type that is left out stays; the default has been written already.
  if (text_at(secret, "type").empty()) secret["type"] = old["type"];
}

Errors validate_secret_update(const Json& secret, const Json& old) {
  Errors errors;
  if (member_at(secret, "type") != member_at(old, "type"))
    errors.push_back(error(FieldErrorType::Invalid, "type", member_at(secret, "type"), "field is immutable"));
  check_immutable(secret, old, {"data"}, errors);
  return errors;
}

// --- config maps ---

Errors validate_config_map(const Json& map) {
  Errors errors;
  const Json& data = member_at(map, "data");
  const Json& binary = member_at(map, "binaryData");
  std::size_t total = 0;
  if (data.is_object()) {
    for (const auto& [key, value] : data.items()) {
      for (std::string& why : config_key_errors(key))
        errors.push_back(error(FieldErrorType::Invalid, fmt::format("data[{}]", key), key, std::move(why)));
      if (binary.is_object() && binary.contains(key))
        errors.push_back(error(FieldErrorType::Invalid, fmt::format("data[{}]", key), key,
                               "duplicate of key present in binaryData"));
      total += value.get_ref<const std::string&>().size();
    }
  }
  check_keys(map, "binaryData", errors);
  if (binary.is_object())
    for (const auto& [key, value] : binary.items()) total += decoded_size(value);
  if (total > kMaxSecretBytes)
    errors.push_back(error(FieldErrorType::TooLong, "", nullptr,
                           fmt::format("must have at most {} bytes", kMaxSecretBytes)));
  return errors;
}

Errors validate_config_map_update(const Json& map, const Json& old) {
  Errors errors;
  check_immutable(map, old, {"data", "binaryData"}, errors);
  return errors;
}

// --- namespaces ---

void label_namespace(Json& object) {
  const std::string name = text_at(object["metadata"], "name");
  if (!name.empty()) object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
}

void prepare_namespace_create(Json& object) {
  object["status"] = {{"phase", "Active"}};
  Json& finalizers = object["spec"]["finalizers"];
  if (!finalizers.is_array()) finalizers = Json::array();
  for (const Json& finalizer : finalizers)
    if (finalizer == "kubernetes") return;
  finalizers.push_back("kubernetes");
}

void prepare_namespace_update(Json& object, const Json& old) {
  object["spec"] = old["spec"];
  object["status"] = old["status"];
}

Errors validate_namespace(const Json& object) {
  Errors errors;
  for (const Json& finalizer : member_at(object["spec"], "finalizers")) {
    const auto& name = finalizer.get_ref<const std::string&>();
    if (name.find('/') == std::string::npos && name != "kubernetes")
      errors.push_back(error(FieldErrorType::Invalid, "spec.finalizers", finalizer,
                             "name is neither a standard finalizer name nor is it fully qualified"));
  }
  return errors;
}

// --- events ---

Errors validate_event(const Json& event) {
  Errors errors;
  const std::string own = text_at(event["metadata"], "namespace");
  const std::string about = text_at(event["involvedObject"], "namespace");
  const bool new_style = !member_at(event, "eventTime").is_null();
  const bool fits = about.empty() ? (own == "default" || own == "kube-system") : about == own;
  if (!fits)
    errors.push_back(
        error(FieldErrorType::Invalid, "involvedObject.namespace", about, "does not match event.namespace"));
  if (!new_style) return errors;
  const std::string component = text_at(event, "reportingComponent");
  if (component.empty()) {
    errors.push_back(error(FieldErrorType::Required, "reportingComponent", nullptr, ""));
    errors.push_back(
        error(FieldErrorType::Invalid, "reportingComponent", component, "name part must be non-empty"));
    errors.push_back(error(
        FieldErrorType::Invalid, "reportingComponent", component,
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"));
  }
  if (text_at(event, "reportingInstance").empty())
    errors.push_back(error(FieldErrorType::Required, "reportingInstance", nullptr, ""));
  if (text_at(event, "action").empty())
    errors.push_back(error(FieldErrorType::Required, "action", nullptr, ""));
  if (text_at(event, "reason").empty())
    errors.push_back(error(FieldErrorType::Required, "reason", nullptr, ""));
  const std::string type = text_at(event, "type");
  if (type != "Normal" && type != "Warning")
    errors.push_back(error(FieldErrorType::Invalid, "type", type, ""));
  return errors;
}

// --- leases ---

Errors validate_lease(const Json& lease) {
  Errors errors;
  const Json& spec = lease["spec"];
  const auto positive = [&](const char* name, std::int64_t least, const char* why) {
    const Json& value = member_at(spec, name);
    if (value.is_number_integer() && value.get<std::int64_t>() < least)
      errors.push_back(error(FieldErrorType::Invalid, fmt::format("spec.{}", name), value, why));
  };
  positive("leaseDurationSeconds", 1, "must be greater than 0");
  positive("leaseTransitions", 0, "must be greater than or equal to 0");
  return errors;
}

void move_member(const Json& from, const char* name, Json& to, const char* new_name) {
  const Json& value = member_at(from, name);
  if (!value.is_null()) to[new_name] = value;
}

constexpr std::pair<const char*, const char*> kEventNames[] = {{"metadata", "metadata"},
                                                               {"eventTime", "eventTime"},
                                                               {"series", "series"},
                                                               {"reportingController", "reportingComponent"},
                                                               {"reportingInstance", "reportingInstance"},
                                                               {"action", "action"},
                                                               {"reason", "reason"},
                                                               {"regarding", "involvedObject"},
                                                               {"related", "related"},
                                                               {"note", "message"},
                                                               {"type", "type"},
                                                               {"deprecatedSource", "source"},
                                                               {"deprecatedFirstTimestamp", "firstTimestamp"},
                                                               {"deprecatedLastTimestamp", "lastTimestamp"},
                                                               {"deprecatedCount", "count"}};

}  // namespace

Json event_to_core(const Json& event) {
  Json core = Json::object();
  for (const auto& [name, core_name] : kEventNames) move_member(event, name, core, core_name);
  for (const char* time : {"eventTime", "firstTimestamp", "lastTimestamp"})
    if (!core.contains(time)) core[time] = nullptr;
  for (const char* text : {"reportingComponent", "reportingInstance"})
    if (!core.contains(text)) core[text] = "";
  for (const char* part : {"involvedObject", "source"})
    if (!core.contains(part)) core[part] = Json::object();
  return core;
}

Json event_from_core(const Json& core) {
  Json event = Json::object();
  for (const auto& [name, core_name] : kEventNames) {
    const Json& value = member_at(core, core_name);
    if (!value.is_null() && !(value.is_string() && value.get_ref<const std::string&>().empty()))
      event[name] = value;
  }
  if (!event.contains("eventTime")) event["eventTime"] = nullptr;
  for (const char* time : {"deprecatedFirstTimestamp", "deprecatedLastTimestamp"})
    if (!event.contains(time)) event[time] = nullptr;
  for (const char* part : {"regarding", "deprecatedSource"})
    if (!event.contains(part)) event[part] = Json::object();
  return event;
}

Strategy secret_strategy() {
  return {.complete = complete_secret,
          .prepare_update = prepare_secret_update,
          .validate = validate_secret,
          .validate_update = validate_secret_update};
}
Strategy config_map_strategy() {
  return {.validate = validate_config_map, .validate_update = validate_config_map_update};
}
Strategy namespace_strategy() {
  return {.complete = label_namespace,
          .prepare_create = prepare_namespace_create,
          .prepare_update = prepare_namespace_update,
          .validate = validate_namespace,
          .names = meta::NameRule::Label};
}
Strategy event_strategy() { return {.validate = validate_event}; }
Strategy lease_strategy() { return {.validate = validate_lease}; }

}  // namespace neoid::apiserver
