#include "controller/apiserver/openapi/custom_schema.h"

#include <algorithm>
#include <utility>

namespace neoid::openapi {
namespace {

constexpr const char* kMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

// Clients print these word for word: they are part of the format.
constexpr const char* kApiVersionText =
    " defines the versioned schema of this representation of an object. Servers should convert recognized "
    "schemas to the latest "
    "internal value, and may reject unrecognized values. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
constexpr const char* kEmbeddedApiVersionText =
    "apiVersion defines the versioned schema of this representation of an object. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
constexpr const char* kKindText =
    "Kind is a string value representing the REST resource this object represents. Servers may infer this "
    "from the endpoint the "
    "client submits requests to. Cannot be updated. In CamelCase. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
constexpr const char* kEmbeddedKindText =
    "kind is a string value representing the type of this object. In CamelCase. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
constexpr const char* kMetadataText =
    "Standard object's metadata. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

bool is_set(const Json& schema, const char* name) {
  const auto found = schema.find(name);
  return found != schema.end() && found->is_boolean() && found->get<bool>();
}

Json reference(const std::string& name, Format format) {
  return {{"$ref", (format == Format::V2 ? "#/definitions/" : "#/components/schemas/") + name}};
}

// A reference with other members beside it: v3 has to wrap it.
Json described_reference(const std::string& name, const char* description, Format format) {
  Json out = reference(name, format);
  if (format == Format::V3) out = {{"allOf", Json::array({std::move(out)})}};
  if (description != nullptr) out["description"] = description;
  return out;
}

Json text_property(std::string description) {
  return {{"type", "string"}, {"description", std::move(description)}};
}

void add_embedded_members(Json& schema, Format format) {
  schema["properties"]["apiVersion"] = text_property(kEmbeddedApiVersionText);
  schema["properties"]["kind"] = text_property(kEmbeddedKindText);
  schema["properties"]["metadata"] =
      described_reference(std::string(kMeta) + "ObjectMeta", kMetadataText, format);
  Json& required = schema["required"];
  for (const char* name : {"kind", "apiVersion"})
    if (std::find(required.begin(), required.end(), name) == required.end()) required.push_back(name);
}

void rewrite(Json& schema, Format format) {
  if (!schema.is_object()) return;
  if (format == Format::V2) {
    for (const char* dropped : {"default", "allOf", "anyOf", "oneOf", "not", "example"})
      schema.erase(dropped);
    const bool preserves = is_set(schema, "x-kubernetes-preserve-unknown-fields");
    const bool nullable = is_set(schema, "nullable");
    if (preserves || nullable) {
      for (const char* dropped : {"type", "items", "properties", "additionalProperties", "nullable"})
        schema.erase(dropped);
      if (preserves) schema.erase("required");
    }
  } else if (is_set(schema, "x-kubernetes-int-or-string") && !schema.contains("anyOf") &&
             !schema.contains("allOf")) {
    schema["anyOf"] = {{{"type", "integer"}}, {{"type", "string"}}};
  }
  if (is_set(schema, "x-kubernetes-embedded-resource") && (format == Format::V3 || schema.contains("type")))
    add_embedded_members(schema, format);
  if (const auto properties = schema.find("properties");
      properties != schema.end() && properties->is_object())
    for (auto& [name, property] : properties->items())
      if (!property.contains("$ref")) rewrite(property, format);
  for (const char* below : {"items", "additionalProperties"})
    if (const auto found = schema.find(below); found != schema.end()) rewrite(*found, format);
}

Json group_version_kind(const CustomKind& kind, const std::string& name) {
  return Json::array({{{"group", kind.group}, {"version", kind.version}, {"kind", name}}});
}

}  // namespace

std::string custom_definition_name(const std::string& group, const std::string& version,
                                   const std::string& kind) {
  std::string out;
  std::string rest = group;
  while (!rest.empty()) {
    const std::size_t dot = rest.rfind('.');
    out += rest.substr(dot == std::string::npos ? 0 : dot + 1) + ".";
    rest = dot == std::string::npos ? "" : rest.substr(0, dot);
  }
  return out + version + "." + kind;
}

Json custom_schema(const CustomKind& kind, Format format) {
  const bool open = !kind.schema.is_object() ||
                    (format == Format::V2 && is_set(kind.schema, "x-kubernetes-preserve-unknown-fields"));
  Json out = open ? Json{{"type", "object"}} : kind.schema;
  if (!open) {
    rewrite(out, format);
    out["properties"]["apiVersion"] = text_property(std::string("APIVersion") + kApiVersionText);
    out["properties"]["kind"] = text_property(kKindText);
    out["properties"]["metadata"] =
        described_reference(std::string(kMeta) + "ObjectMeta", kMetadataText, format);
  }
  out["x-kubernetes-group-version-kind"] = group_version_kind(kind, kind.kind);
  return out;
}

Json custom_list_schema(const CustomKind& kind, Format format) {
  const std::string item = custom_definition_name(kind.group, kind.version, kind.kind);
  Json metadata =
      described_reference(std::string(kMeta) + "ListMeta", "Standard metadata of the list.", format);
  return {
      {"description", kind.list_kind + " is a list of " + kind.kind},
      {"required", {"items"}},
      {"properties",
       {{"apiVersion", text_property("The version of this representation of the list.")},
        {"kind", text_property("The kind of the list.")},
        {"items", {{"type", "array"}, {"description", "The objects."}, {"items", reference(item, format)}}},
        {"metadata", std::move(metadata)}}},
      {"x-kubernetes-group-version-kind", group_version_kind(kind, kind.list_kind)}};
}

}  // namespace neoid::openapi
