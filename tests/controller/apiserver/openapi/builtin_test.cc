// The schemas of the built-in kinds: whole in themselves, and strict about what they do not know.
#include "controller/apiserver/openapi/builtin.h"

#include <gtest/gtest.h>

namespace neoid::openapi {
namespace {

TEST(Builtin, HasASchemaForEveryResource) {
  for (const BuiltinResource& resource : builtin_resources()) {
    const Json* schema = builtin_schema(resource.group, resource.version, resource.kind);
    ASSERT_NE(schema, nullptr) << resource.kind;
    EXPECT_EQ(
        (*schema)["x-kubernetes-group-version-kind"],
        Json::array({{{"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}}}));
    for (const char* name : {"apiVersion", "kind", "metadata"})
      EXPECT_TRUE((*schema)["properties"].contains(name)) << resource.kind;
    const std::string list = definition_name(resource.group, resource.version, resource.kind) + "List";
    EXPECT_EQ(builtin_reference(list) == nullptr, resource.create_only) << list;
  }
}

void check_references(const Json& value) {
  if (value.is_object())
    if (const auto found = value.find("$ref"); found != value.end() && found->is_string()) {
      EXPECT_NE(builtin_reference(found->get<std::string>()), nullptr) << *found;
    }
  if (value.is_structured())
    for (const Json& item : value) check_references(item);
}

TEST(Builtin, RefersOnlyToWhatItHas) { check_references(builtin_definitions()); }

TEST(Builtin, RequiresOnlyMembersThatItHas) {
  for (const auto& [name, schema] : builtin_definitions().items())
    for (const Json& required : schema.value("required", Json::array()))
      EXPECT_TRUE(schema["properties"].contains(required.get<std::string>())) << name << " " << required;
}

TEST(UnknownFields, AreToldInTheOrderOfTheText) {
  const struct {
    const char *group, *version, *kind, *text;
    std::vector<std::string> wanted;
  } cases[] = {
      {"",
       "v1",
       "Secret",
       R"({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "fv", "bogus": 1}, "data": {"k": "dg=="}, "nonsense": 1, "Data": {}})",
       {"metadata.bogus", "nonsense", "Data"}},
      {"",
       "v1",
       "Secret",
       R"({"stringData": {"anything": "x"}, "metadata": {"labels": {"a": "b"}, "managedFields": [{"fieldsV1": {"f:a": {}}}]}})",
       {}},
      {"events.k8s.io", "v1", "Event", R"({"message": "core field", "note": "its own"})", {"message"}},
      {"",
       "v1",
       "Pod",
       R"({"spec": {"containers": [{"name": "a", "imagen": "x", "livenessProbe": {"httpGet": {"port": 1}, "no": 1}}]}})",
       {"spec.containers[0].imagen", "spec.containers[0].livenessProbe.no"}},
      {"apiextensions.k8s.io",
       "v1",
       "CustomResourceDefinition",
       R"({"spec": {"versions": [{"schema": {"openAPIV3Schema": {"properties": {"a": {"type": "string", "x-no": 1, "default": {"b": 1}}}}}}]}})",
       {"spec.versions[0].schema.openAPIV3Schema.properties.a.x-no"}},
  };
  for (const auto& [group, version, kind, text, wanted] : cases)
    EXPECT_EQ(unknown_fields(std::string_view(text), *builtin_schema(group, version, kind)), wanted) << text;
}

}  // namespace
}  // namespace neoid::openapi
