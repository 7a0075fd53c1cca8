// What the recordings do not show: several versions, nested lists, embedded resources, transitions in list maps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recordings_support.h"

namespace neoid::schema {
namespace {

using testing::cause_texts;
using ::testing::ElementsAre;

Json crd_of(const Json& schema) {
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata", {{"name", "things.example.com"}}},
          {"spec",
           {{"group", "example.com"},
            {"scope", "Namespaced"},
            {"names", {{"plural", "things"}, {"kind", "Thing"}}},
            {"versions", Json::array({{{"name", "v1"},
                                       {"served", true},
                                       {"storage", true},
                                       {"schema", {{"openAPIV3Schema", schema}}}}})}}}};
}

Json root_with_spec(const std::string& spec) {
  return {{"type", "object"}, {"properties", {{"spec", Json::parse(spec)}}}};
}

std::vector<std::string> errors_of(const Json& crd) {
  const auto loaded = load_crd(crd);
  return loaded ? std::vector<std::string>() : cause_texts(loaded.error());
}

CompiledSchema compile(const std::string& spec) {
  auto crd = load_crd(crd_of(root_with_spec(spec)));
  EXPECT_TRUE(crd.has_value()) << ::testing::PrintToString(errors_of(crd_of(root_with_spec(spec))));
  return crd ? crd->versions[0].schema : CompiledSchema();
}

Json thing(const std::string& spec) {
  return {{"apiVersion", "example.com/v1"},
          {"kind", "Thing"},
          {"metadata", {{"name", "a"}}},
          {"spec", Json::parse(spec)}};
}

std::vector<std::string> verdict(const CompiledSchema& schema, const std::string& spec,
                                 const std::string& old = "") {
  if (old.empty()) return cause_texts(schema.validate(thing(spec)));
  const Json before = thing(old);
  return cause_texts(schema.validate(thing(spec), &before));
}

TEST(LoadCrd, NamesTheVersionWhereVersionsDiffer) {
  Json crd = crd_of(root_with_spec(R"({"type": "object", "properties": {"a": {"type": "text"}}})"));
  Json other = crd["spec"]["versions"][0];
  other["name"] = "v2";
  other["storage"] = false;
  other["schema"]["openAPIV3Schema"]["properties"]["spec"] = {{"type", "object"}};
  crd["spec"]["versions"].push_back(other);
  EXPECT_THAT(errors_of(crd),
              ElementsAre(::testing::StartsWith(
                  "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[a].type |")));
}

TEST(LoadCrd, RefusesADefaultThatBreaksARule) {
  const Json crd = crd_of(root_with_spec(R"({"type": "object", "properties": {"keys": {
    "type": "object", "default": {}, "properties": {"a": {"type": "string", "default": "x"}, "b": {"type": "string", "default": "y"}},
    "x-kubernetes-validations": [{"rule": "self.a != self.b"}]}}})"));
  EXPECT_THAT(errors_of(crd),
              ElementsAre("spec.validation.openAPIV3Schema.properties[spec].properties[keys].default | "
                          "FieldValueInvalid | Invalid value: \"object\": no such key: a evaluating "
                          "rule: self.a != self.b"));
}

TEST(LoadCrd, ChecksListsAndMaps) {
  const auto spec = [](const char* field) {
    return crd_of(root_with_spec(std::string(R"({"type": "object", "properties": {"a": )") + field + "}}"));
  };
  const std::string at = "spec.validation.openAPIV3Schema.properties[spec].properties[a]";
  EXPECT_THAT(
      errors_of(spec(R"({"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object",
                                 "properties": {"n": {"type": "string"}}}, "x-kubernetes-list-map-keys": ["n", "m"]})")),
      ElementsAre(
          at + ".items.properties[n].default | FieldValueRequired | Required value: this property is in "
               "x-kubernetes-list-map-keys, so it must have a default or be a required property",
          at + ".x-kubernetes-list-map-keys | FieldValueInvalid | Invalid value: []string{\"n\", \"m\"}: "
               "entries must all be names of item properties"));
  EXPECT_THAT(
      errors_of(spec(R"({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object"}})")),
      ElementsAre(::testing::HasSubstr("must be atomic as item of a list with x-kubernetes-list-type=set")));
  EXPECT_THAT(errors_of(spec(R"({"type": "string", "x-kubernetes-list-type": "set"})")),
              ElementsAre(at + ".type | FieldValueInvalid | Invalid value: \"string\": must be array if "
                               "x-kubernetes-list-type is specified"));
}

TEST(ReadCrd, SaysInGosWordsWhatHasTheWrongType) {
  Json crd = crd_of(root_with_spec(R"({"type": "object"})"));
  crd["spec"]["versions"][0]["served"] = "yes";
  const auto read = read_crd(crd);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message,
            "json: cannot unmarshal string into Go struct field "
            "CustomResourceDefinitionVersion.spec.versions.served of "
            "type bool");
}

TEST(Prune, KeepsMetadataOfResourcesOnly) {
  const CompiledSchema schema = compile(R"({"type": "object", "properties": {
    "template": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {"spec": {"type": "object"}}},
    "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}}}})");
  Json object =
      thing(R"({"template": {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "odd": 1}, "x": 1,
                          "spec": {"y": 1}}, "list": [{"a": "1", "b": 2}], "kind": "?"})");
  EXPECT_THAT(schema.prune(object), ElementsAre("spec.kind", "spec.list[0].b", "spec.template.metadata.odd",
                                                "spec.template.spec.y", "spec.template.x"));
  EXPECT_EQ(object["spec"],
            Json::parse(R"({"template": {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"},
                                            "spec": {}}, "list": [{"a": "1"}]})"));
  EXPECT_THAT(schema.prune(object), ElementsAre());
}

TEST(Validate, ChecksEmbeddedResources) {
  const CompiledSchema schema = compile(R"({"type": "object", "properties": {"template": {
    "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}}})");
  EXPECT_THAT(verdict(schema, R"({"template": {"kind": "no_kind"}})"),
              ElementsAre("spec.template.apiVersion | FieldValueRequired | Required value",
                          ::testing::StartsWith(
                              "spec.template.kind | FieldValueInvalid | Invalid value: \"no_kind\": may "
                              "have mixed case")));
}

TEST(Validate, FindsOldItemsOfListMapsByTheirKeys) {
  const CompiledSchema schema = compile(R"({"type": "object", "properties": {"ports": {
    "type": "array", "maxItems": 100, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": {
      "type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 10},
      "port": {"type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf", "message": "must not fall"}]}}}}}})");
  const std::string old = R"({"ports": [{"name": "a", "port": 5}, {"name": "b", "port": 1}]})";
  EXPECT_THAT(verdict(schema, R"({"ports": [{"name": "b", "port": 2}, {"name": "a", "port": 5}]})", old),
              ElementsAre());
  EXPECT_THAT(
      verdict(schema, R"({"ports": [{"name": "c", "port": 0}, {"name": "a", "port": 4}]})", old),
      ElementsAre("spec.ports[1].port | FieldValueInvalid | Invalid value: \"integer\": must not fall"));
  std::string many = R"({"ports": [)";
  for (int i = 0; i < 40; ++i)
    many += (i ? "," : "") + (R"({"name": "p)" + std::to_string(i) + R"(", "port": 7})");
  EXPECT_THAT(
      verdict(schema, R"({"ports": [{"name": "p39", "port": 6}, {"name": "x", "port": 1}]})", many + "]}"),
      ElementsAre("spec.ports[0].port | FieldValueInvalid | Invalid value: \"integer\": must not fall"));
}

TEST(Validate, PutsKeysOfMapsInBracketsWhereRulesSpeak) {
  const CompiledSchema schema =
      compile(R"({"type": "object", "properties": {"m": {"type": "object", "maxProperties": 5,
    "additionalProperties": {"type": "string", "maxLength": 9, "x-kubernetes-validations": [{"rule": "self != 'no'"}]}}}})");
  EXPECT_THAT(
      verdict(schema, R"({"m": {"a.b": "no", "c": "yes"}})"),
      ElementsAre("spec.m[a.b] | FieldValueInvalid | Invalid value: \"string\": failed rule: self != 'no'"));
  EXPECT_THAT(
      verdict(schema, R"({"m": {"a.b": 1}})"),
      ElementsAre(
          "<nil> | FieldValueInvalid | Invalid value: \"null\": some validation rules were not checked "
          "because the object was invalid; correct the existing errors to complete validation",
          "spec.m.a.b | FieldValueTypeInvalid | Invalid value: \"integer\": spec.m.a.b in body must be of "
          "type string: \"integer\""));
}

TEST(Validate, ReportsEarlierErrorsFirstAndLetsThemBlockRules) {
  const CompiledSchema schema =
      compile(R"({"type": "object", "x-kubernetes-validations": [{"rule": "false", "message": "never"}]})");
  const FieldError harmless{FieldErrorType::Invalid, "metadata.name", "\"A\"", "bad"};
  const FieldError blocking{FieldErrorType::Required, "metadata.name", "", ""};
  EXPECT_EQ(schema.validate(thing("{}"), nullptr, {harmless}).size(), 2U);
  EXPECT_EQ(schema.validate(thing("{}"), nullptr, {harmless})[0], harmless);
  EXPECT_EQ(schema.validate(thing("{}"), nullptr, {blocking})[1].field, "<nil>");
}

TEST(Validate, FindsRepeatedItemsOfLongSets) {
  const CompiledSchema schema = compile(
      R"({"type": "object", "properties": {"s": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer"}}}})");
  std::string list = "[";
  for (int i = 0; i < 100; ++i) list += std::to_string(i) + ",";
  EXPECT_THAT(verdict(schema, R"({"s": )" + list + "7, 3, 7]}"),
              ElementsAre("spec.s[100] | FieldValueDuplicate | Duplicate value: 7",
                          "spec.s[101] | FieldValueDuplicate | Duplicate value: 3"));
}

TEST(Validate, TakesTheMessageFromAnExpressionWhereTheServerKnowsThem) {
  const Json crd = crd_of(root_with_spec(R"({"type": "object", "properties": {"n": {"type": "integer"}},
    "x-kubernetes-validations": [{"rule": "self.n < 5", "message": "too large",
                                  "messageExpression": "string(self.n) + ' is not below 5'"}]})"));
  const auto old_server = load_crd(crd, {1, 26}), new_server = load_crd(crd, {1, 27});
  ASSERT_TRUE(old_server && new_server);
  EXPECT_THAT(verdict(old_server->versions[0].schema, R"({"n": 7})"),
              ElementsAre("spec | FieldValueInvalid | Invalid value: \"object\": too large"));
  EXPECT_THAT(verdict(new_server->versions[0].schema, R"({"n": 7})"),
              ElementsAre("spec | FieldValueInvalid | Invalid value: \"object\": 7 is not below 5"));
  EXPECT_THAT(verdict(new_server->versions[0].schema, R"({"n": 4})"), ElementsAre());
}

TEST(Validate, DoesNotDrownInErrors) {
  const CompiledSchema schema =
      compile(R"({"type": "object", "properties": {"s": {"type": "array", "items": {"type": "string"}}}})");
  Json object = thing(R"({"s": []})");
  for (int i = 0; i < 200'000; ++i) object["spec"]["s"].push_back(i);
  EXPECT_EQ(schema.validate(object).size(), 10'000U);
}

TEST(ReadCrd, RefusesWhatIsNestedBeyondMeasure) {
  Json node = {{"type", "string"}};
  for (int i = 0; i < 3000; ++i) node = {{"type", "array"}, {"items", std::move(node)}};
  Json crd = crd_of({{"type", "object"}, {"properties", {{"spec", std::move(node)}}}});
  ASSERT_FALSE(read_crd(crd).has_value());
  EXPECT_FALSE(load_crd(crd).has_value());
}

TEST(Validate, AnswersWithTheClosestAlternative) {
  const CompiledSchema schema = compile(R"({"type": "object", "properties": {"a": {"type": "object",
    "properties": {"x": {"type": "string"}, "y": {"type": "string"}},
    "anyOf": [{"required": ["x", "y"]}, {"required": ["x"], "properties": {"y": {"minLength": 3}}}]}}})");
  EXPECT_THAT(verdict(schema, R"({"a": {"x": "1"}})"), ElementsAre());
  EXPECT_THAT(
      verdict(schema, R"({"a": {"y": "12"}})"),
      ElementsAre(
          "<nil> | FieldValueInvalid | Invalid value: \"\": \"spec.a\" must validate at least one schema "
          "(anyOf)",
          "spec.a.x | FieldValueRequired | Required value", ::testing::_));
}

TEST(CompiledSchema, TakesEverythingWithoutACrd) {
  const CompiledSchema schema;
  Json object = thing(R"({"a": [1, {"b": null}]})");
  const Json before = object;
  EXPECT_THAT(schema.prune(object), ElementsAre());
  schema.apply_defaults(object);
  EXPECT_EQ(object, before);
  EXPECT_TRUE(schema.validate(object).empty());
  EXPECT_TRUE(schema.validate(Json("text")).size() == 1U);
}

}  // namespace
}  // namespace neoid::schema
