#include "controller/apiserver/decode.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "controller/apiserver/openapi/protobuf.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid::apiserver {
namespace {

struct Parsed {
  Json value;
  std::vector<std::string> duplicates;       // as strict decoding names them
  std::vector<std::string> yaml_duplicates;  // "line 7: key \"size\" already set in map"
};

// The start of a body, as messages show it.
std::string summary_of(std::string_view body) {
  constexpr std::size_t kMax = 30;
  if (body.empty()) return "<empty>";
  const bool cut = body.size() > kMax;
  const std::string_view start = body.substr(0, kMax);
  return (body.front() == '{' ? std::string(start) : hex(start)) + (cut ? " ..." : "");
}

ApiError unrecognized(const Call& call, std::string_view why) {
  return bad_request(fmt::format("the object provided is unrecognized (must be of type {}): {} ({})",
                                 call.resource->kind, why, summary_of(call.request.body)));
}

Answer<Parsed> parse_body(const Call& call, BodyType type) {
  const std::string& body = call.request.body;
  if (type == BodyType::Protobuf) {
    if (!body.starts_with(std::string_view("k8s\0", 4)))
      return refuse(unrecognized(call,
                                 "provided data does not appear to be a protobuf message, expected prefix "
                                 "[107 56 115 0]"));
    auto decoded = openapi::decode_protobuf(body, call.resource->api_version(), call.resource->kind);
    if (!decoded) return refuse(unrecognized(call, decoded.error().message));
    return Parsed{std::move(*decoded), {}, {}};
  }
  if (type == BodyType::Json) {
    auto read = read_json(body);
    if (!read)
      return refuse(
          unrecognized(call, "couldn't get version/kind; json parse error: " + read.error().message));
    return Parsed{std::move(read->value), std::move(read->duplicate_fields), {}};
  }
  YamlReader reader{std::string_view(body)};
  auto document = reader.next();
  if (!document) {
    const auto& error = reader.error();
    std::string why = document.error().message;
    if (error)
      why = error->kubectl_line > 0 ? fmt::format("yaml: line {}: {}", error->kubectl_line, error->message)
                                    : "yaml: " + error->message;
    return refuse(unrecognized(call, why));
  }
  Parsed parsed;
  if (!*document) return parsed;
  parsed.value = std::move((*document)->value);
  for (const Notice& notice : (*document)->notices) {
    if (notice.kind != NoticeKind::DuplicateKey) continue;
    const std::size_t dot = notice.path.rfind('.');
    const std::string key = dot == std::string::npos ? notice.path : notice.path.substr(dot + 1);
    parsed.yaml_duplicates.push_back(
        fmt::format("line {}: key {} already set in map", notice.at.line, go_quote(key)));
  }
  return parsed;
}

std::string_view json_type(const Json& value) {
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  return value.is_object() ? "object" : "number";
}

struct TypeMeta {
  std::string api_version, group, version, kind;
};

Answer<TypeMeta> read_type(const Call& call, const Json& value) {
  TypeMeta type;
  if (value.is_null()) return type;
  const auto wrong = [&](const std::string& why) {
    return refuse(
        unrecognized(call, "couldn't get version/kind; json parse error: json: cannot unmarshal " + why));
  };
  if (!value.is_object())
    return wrong(
        fmt::format("{} into Go value of type struct {{ APIVersion string "
                    "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
                    "\"json:\\\"kind,omitempty\\\"\" }}",
                    json_type(value)));
  for (const char* name : {"apiVersion", "kind"}) {
    const auto found = value.find(name);
    if (found == value.end() || found->is_null()) continue;
    if (!found->is_string())
      return wrong(fmt::format("{} into Go struct field .{} of type string", json_type(*found), name));
    (name[0] == 'a' ? type.api_version : type.kind) = found->get<std::string>();
  }
  const std::size_t slash = type.api_version.find('/');
  if (slash == std::string::npos) {
    type.version = type.api_version;
  } else {
    type.group = type.api_version.substr(0, slash);
    type.version = type.api_version.substr(slash + 1);
    if (type.version.find('/') != std::string::npos)
      return refuse(unrecognized(call, "unexpected GroupVersion string: " + type.api_version));
  }
  return type;
}

ApiError cannot_handle(const TypeMeta& type, const ResourceInfo& resource, std::string_view why) {
  return bad_request(fmt::format("{} in version {} cannot be handled as a {}: {}", type.kind,
                                 go_quote(type.version), resource.kind, why));
}

// Puts unknown fields into the order in which the text has them.
void order_by_text(std::vector<std::string>& fields, const std::string& body) {
  if (fields.size() < 2) return;
  const auto tree = nlohmann::ordered_json::parse(body, nullptr, false);
  if (tree.is_discarded()) return;
  std::map<std::string, std::size_t> places;
  const std::function<void(const nlohmann::ordered_json&, const std::string&)> walk =
      [&](const nlohmann::ordered_json& value, const std::string& path) {
        places.emplace(path, places.size());
        if (value.is_object()) {
          for (const auto& [key, member] : value.items()) walk(member, path.empty() ? key : path + "." + key);
        } else if (value.is_array()) {
          for (std::size_t i = 0; i < value.size(); ++i) walk(value[i], fmt::format("{}[{}]", path, i));
        }
      };
  walk(tree, "");
  std::stable_sort(fields.begin(), fields.end(), [&](const std::string& a, const std::string& b) {
    const auto at = [&](const std::string& path) {
      const auto found = places.find(path);
      return found == places.end() ? places.size() : found->second;
    };
    return at(a) < at(b);
  });
}

Answer<void> tell_fields(Call& call, const TypeMeta& type, const Parsed& parsed,
                         const std::vector<std::string>& unknown, FieldValidation validation) {
  if (validation == FieldValidation::Ignore) return {};
  std::vector<std::string> texts;
  if (!parsed.yaml_duplicates.empty()) {
    if (validation == FieldValidation::Strict) {
      texts.push_back(
          fmt::format("yaml: unmarshal errors:\n  {}", fmt::join(parsed.yaml_duplicates, "\n  ")));
    } else {
      texts = parsed.yaml_duplicates;
    }
  }
  for (const std::string& field : parsed.duplicates)
    texts.push_back(fmt::format("duplicate field {}", go_quote(field)));
  for (const std::string& field : unknown) texts.push_back(fmt::format("unknown field {}", go_quote(field)));
  if (texts.empty()) return {};
  if (validation == FieldValidation::Strict)
    return refuse(cannot_handle(type, *call.resource,
                                fmt::format("strict decoding error: {}", fmt::join(texts, ", "))));
  for (std::string& text : texts) call.warn(std::move(text));
  return {};
}

ApiError version_mismatch(const TypeMeta& type, const ResourceInfo& resource) {
  return bad_request(
      fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                  type.api_version, resource.api_version()));
}

constexpr std::string_view kScheme = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30";

Answer<Json> decode_builtin(Call& call, Parsed parsed, TypeMeta type, FieldValidation validation) {
  const ResourceInfo& resource = *call.resource;
  if (type.kind.empty()) type.kind = resource.kind;
  if (type.api_version.empty()) {
    type.api_version = resource.api_version();
    type.group = resource.group;
    type.version = resource.version;
  }
  if (type.api_version != resource.api_version() || type.kind != resource.kind) {
    if (resource.stored_as == "customresourcedefinitions.apiextensions.k8s.io" &&
        type.api_version == "apiextensions.k8s.io/v1beta1" && type.kind == resource.kind)
      return refuse(version_mismatch(type, resource));
    const GoStruct* other = type.api_version == resource.api_version() ? find_go_struct(type.kind) : nullptr;
    if (other != nullptr && other->find("metadata") != nullptr)
      return refuse(
          cannot_handle(type, resource,
                        fmt::format("converting ({}) to ({}.{}): unknown conversion", other->type_name,
                                    resource.group.empty() ? "core" : resource.group, resource.kind)));
    return refuse(
        cannot_handle(type, resource,
                      fmt::format("no kind {} is registered for version {} in scheme {}", go_quote(type.kind),
                                  go_quote(type.api_version), go_quote(kScheme))));
  }
  auto completed = complete_object(resource, std::move(parsed.value));
  if (!completed) return refuse(cannot_handle(type, resource, completed.error().message));
  order_by_text(completed->unknown_fields, call.request.body);
  const auto told = tell_fields(call, type, parsed, completed->unknown_fields, validation);
  if (!told) return refuse(told.error());
  return std::move(completed->object);
}

Answer<Json> decode_custom(Call& call, Parsed parsed, const TypeMeta& type, FieldValidation validation) {
  const ResourceInfo& resource = *call.resource;
  if (type.kind.empty())
    return refuse(unrecognized(call, fmt::format("Object 'Kind' is missing in '{}'",
                                                 call.request.body.starts_with('{') || parsed.value.is_null()
                                                     ? call.request.body
                                                     : to_json(parsed.value))));
  const bool same_kind = type.group == resource.group && type.kind == resource.kind;
  std::vector<std::string> unknown;
  if (const auto metadata = parsed.value.find("metadata"); metadata != parsed.value.end()) {
    auto decoded = decode_object_meta(*metadata);
    if (!decoded) return refuse(cannot_handle(type, resource, decoded.error().message));
  }
  if (same_kind && type.version == resource.version) {
    auto completed = complete_object(resource, std::move(parsed.value));
    if (!completed) return refuse(cannot_handle(type, resource, completed.error().message));
    parsed.value = std::move(completed->object);
    unknown = std::move(completed->unknown_fields);
  } else if (same_kind && resource.crd->find_version(type.version) == nullptr) {
    // A version that is not there knows nothing.
    for (const auto& [key, member] : parsed.value.items())
      if (key != "apiVersion" && key != "kind" && key != "metadata") unknown.push_back(key);
  }
  const auto told = tell_fields(call, type, parsed, unknown, validation);
  if (!told) return refuse(told.error());
  if (type.api_version != resource.api_version()) return refuse(version_mismatch(type, resource));
  return std::move(parsed.value);
}

Answer<Json> decode(Call& call, Parsed parsed, FieldValidation validation) {
  const auto type = read_type(call, parsed.value);
  if (!type) return refuse(type.error());
  if (call.resource->custom) return decode_custom(call, std::move(parsed), *type, validation);
  if (parsed.value.is_null()) parsed.value = Json::object();
  return decode_builtin(call, std::move(parsed), *type, validation);
}

}  // namespace

Result<Completed> complete_object(const ResourceInfo& resource, Json object) {
  Completed completed;
  if (resource.custom) {
    if (const auto metadata = object.find("metadata"); metadata != object.end()) {
      NEOID_TRY(GoDecoded decoded, decode_object_meta(*metadata));
      for (std::string& field : decoded.unknown_fields)
        completed.unknown_fields.push_back("metadata." + std::move(field));
      if (decoded.value.value("creationTimestamp", Json()).is_null())
        decoded.value.erase("creationTimestamp");
      object["metadata"] = std::move(decoded.value);
    } else {
      object["metadata"] = Json::object();
    }
    for (std::string& field : resource.crd_version->schema.prune(object))
      completed.unknown_fields.push_back(std::move(field));
    resource.crd_version->schema.apply_defaults(object);
    completed.object = std::move(object);
    return completed;
  }
  object.erase("apiVersion");
  object.erase("kind");
  if (resource.stored_as == "customresourcedefinitions.apiextensions.k8s.io") {
    NEOID_TRY(schema::ReadCrd read, schema::read_crd(object));
    Json metadata = object.contains("metadata") ? object["metadata"] : Json::object();
    NEOID_TRY(GoDecoded decoded, decode_object_meta(metadata));
    for (std::string& field : decoded.unknown_fields)
      completed.unknown_fields.push_back("metadata." + std::move(field));
    for (std::string& field : read.unknown_fields) completed.unknown_fields.push_back(std::move(field));
    completed.object = std::move(read.object);
    completed.object["metadata"] = std::move(decoded.value);
    NEOID_TRY(GoDecoded status, go_decode(*find_go_struct("CrdStatus"), object.value("status", Json())));
    completed.object["status"] = std::move(status.value);
  } else {
    NEOID_TRY(GoDecoded decoded, go_decode(*resource.go_type, object));
    completed.object = std::move(decoded.value);
    completed.unknown_fields = std::move(decoded.unknown_fields);
  }
  if (completed.object["metadata"].value("creationTimestamp", Json()).is_null())
    completed.object["metadata"].erase("creationTimestamp");
  if (resource.strategy.complete != nullptr) resource.strategy.complete(completed.object);
  completed.object["apiVersion"] = resource.api_version();
  completed.object["kind"] = resource.kind;
  return completed;
}

Answer<Json> decode_body(Call& call, FieldValidation validation) {
  const auto type = body_type(call.request.header("Content-Type"));
  if (!type) return refuse(type.error());
  auto parsed = parse_body(call, *type);
  if (!parsed) return refuse(parsed.error());
  return decode(call, std::move(*parsed), validation);
}

Answer<Json> decode_patched(Call& call, Json object, FieldValidation validation) {
  return decode(call, Parsed{std::move(object), {}, {}}, validation);
}

}  // namespace neoid::apiserver
