#include "reconcile/meta/object_meta.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid::meta {
namespace {

const std::string kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const std::string kQualified =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const std::string kLabelValue =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
    "validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

std::string x(std::size_t count) { return std::string(count, 'x'); }

struct MetaCase {
  std::string reason;
  Json metadata;  // a name and a namespace are added
  std::vector<std::string> errors;
};

std::vector<std::string> texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) out.push_back(error.text());
  return out;
}

TEST(ObjectMeta, IsRefusedInTheWordsOfAnApiServer) {
  const Json owner = {
      {"apiVersion", "v1"}, {"kind", "Secret"}, {"name", "x"}, {"uid", "1"}, {"controller", true}};
  Json other = owner;
  other["name"] = "y";
  const std::vector<MetaCase> cases = {
      {"fine",
       {{"labels", {{"app.kubernetes.io/name", "a"}, {"k", ""}}}, {"finalizers", {"nodomain", "a.b/c"}}},
       {}},
      {"upper case", {{"name", "Upper"}}, {"metadata.name: Invalid value: \"Upper\": " + kSubdomain}},
      {"underscore", {{"name", "a_b"}}, {"metadata.name: Invalid value: \"a_b\": " + kSubdomain}},
      {"253 characters", {{"name", x(253)}}, {}},
      {"254 characters",
       {{"name", x(254)}},
       {"metadata.name: Invalid value: \"" + x(254) + "\": must be no more than 253 characters"}},
      {"no name", {{"name", ""}}, {"metadata.name: Required value: name or generateName is required"}},
      {"bad prefix",
       {{"name", "Bad_tz8lb"}, {"generateName", "Bad_"}},
       {"metadata.generateName: Invalid value: \"Bad_\": " + kSubdomain,
        "metadata.name: Invalid value: \"Bad_tz8lb\": " + kSubdomain}},
      {"a prefix may end with a dash", {{"generateName", "gen-"}}, {}},
      {"label key",
       {{"labels", {{"bad key", "v"}}}},
       {"metadata.labels: Invalid value: \"bad key\": " + kQualified}},
      {"empty label key",
       {{"labels", {{"", "v"}}}},
       {"metadata.labels: Invalid value: \"\": name part must be non-empty",
        "metadata.labels: Invalid value: \"\": " + kQualified}},
      {"label value",
       {{"labels", {{"k", "bad value!"}}}},
       {"metadata.labels: Invalid value: \"bad value!\": " + kLabelValue}},
      {"long label value",
       {{"labels", {{"k", x(64)}}}},
       {"metadata.labels: Invalid value: \"" + x(64) + "\": must be no more than 63 characters"}},
      {"label key prefix",
       {{"labels", {{"Bad_Prefix/name", "v"}}}},
       {"metadata.labels: Invalid value: \"Bad_Prefix/name\": prefix part " + kSubdomain}},
      {"empty label key prefix",
       {{"labels", {{"/name", "v"}}}},
       {"metadata.labels: Invalid value: \"/name\": prefix part must be non-empty"}},
      {"long label key",
       {{"labels", {{x(64), "v"}}}},
       {"metadata.labels: Invalid value: \"" + x(64) + "\": name part must be no more than 63 characters"}},
      {"annotation key",
       {{"annotations", {{"bad key", "v"}}}},
       {"metadata.annotations: Invalid value: \"bad key\": " + kQualified}},
      {"annotations of any case", {{"annotations", {{"UPPER/Name", "any value, even this!"}}}}, {}},
      {"annotations too large",
       {{"annotations", {{"k", x(262145)}}}},
       {"metadata.annotations: Too long: must have at most 262144 bytes"}},
      {"finalizer",
       {{"finalizers", {"bad name/x"}}},
       {"metadata.finalizers: Invalid value: \"bad name/x\": prefix part " + kSubdomain}},
      {"both finalizers of the garbage collector",
       {{"finalizers", {"orphan", "foregroundDeletion"}}},
       {"metadata.finalizers: Invalid value: []string{\"orphan\", \"foregroundDeletion\"}: finalizer orphan "
        "and "
        "foregroundDeletion cannot be both set"}},
      {"owner without anything",
       {{"ownerReferences", Json::array({Json::object()})}},
       {"metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty",
        "metadata.ownerReferences.kind: Invalid value: \"\": kind must not be empty",
        "metadata.ownerReferences.name: Invalid value: \"\": name must not be empty",
        "metadata.ownerReferences.uid: Invalid value: \"\": uid must not be empty"}},
      {"two controllers",
       {{"ownerReferences", {owner, other}}},
       {"metadata.ownerReferences: Invalid value: []v1.OwnerReference{v1.OwnerReference{APIVersion:\"v1\", "
        "Kind:\"Secret\", Name:\"x\", UID:\"1\", Controller:(*bool)(0xc000000000), "
        "BlockOwnerDeletion:(*bool)(nil)}, "
        "v1.OwnerReference{APIVersion:\"v1\", Kind:\"Secret\", Name:\"y\", UID:\"1\", "
        "Controller:(*bool)(0xc000000000), BlockOwnerDeletion:(*bool)(nil)}}: Only one reference can have "
        "Controller "
        "set to true. Found \"true\" in references for Secret/x and Secret/y"}},
      {"an event as owner",
       {{"ownerReferences",
         Json::array({{{"apiVersion", "v1"}, {"kind", "Event"}, {"name", "x"}, {"uid", "1"}}})}},
       {"metadata.ownerReferences: Invalid value: v1.OwnerReference{APIVersion:\"v1\", Kind:\"Event\", "
        "Name:\"x\", "
        "UID:\"1\", Controller:(*bool)(nil), BlockOwnerDeletion:(*bool)(nil)}: /v1, Kind=Event is disallowed "
        "from "
        "being an owner"}},
      {"managed fields",
       {{"managedFields",
         Json::array({{{"operation", "Patch"}, {"fieldsType", "V2"}, {"manager", x(129)}}})}},
       {"metadata.managedFields[0].operation: Invalid value: \"Patch\": must be `Apply` or `Update`",
        "metadata.managedFields[0].fieldsType: Invalid value: \"V2\": must be `FieldsV1`",
        "metadata.managedFields[0].manager: Too long: must have at most 128 bytes"}},
      {"generation",
       {{"generation", -1}},
       {"metadata.generation: Invalid value: -1: must be greater than or equal to 0"}},
  };
  for (const MetaCase& c : cases) {
    Json metadata = {{"name", "m"}, {"namespace", "ns"}};
    metadata.update(c.metadata);
    EXPECT_EQ(texts(validate_object_meta({{"metadata", metadata}}, {})), c.errors) << c.reason;
  }
}

TEST(ObjectMeta, NamespacesBelongToNamespacedKindsOnly) {
  const Json with = {{"metadata", {{"name", "a"}, {"namespace", "Bad"}}}};
  const Json without = {{"metadata", {{"name", "a"}}}};
  EXPECT_EQ(validate_object_meta(with, {}).size(), 1u);
  EXPECT_EQ(texts(validate_object_meta(with, {false, NameRule::Subdomain})),
            std::vector<std::string>{"metadata.namespace: Forbidden: not allowed on this type"});
  EXPECT_EQ(texts(validate_object_meta(without, {})),
            std::vector<std::string>{"metadata.namespace: Required value"});
}

TEST(Names, FollowTheRuleOfTheirKind) {
  EXPECT_TRUE(check_name("a.b", NameRule::Subdomain).empty());
  EXPECT_EQ(check_name("a.b", NameRule::Label).at(0).substr(0, 35), "a lowercase RFC 1123 label must con");
  EXPECT_EQ(check_name("Upper", NameRule::Label).at(0).substr(0, 35), "a lowercase RFC 1123 label must con");
  EXPECT_TRUE(check_name("1a", NameRule::Label).empty());
  EXPECT_FALSE(check_name("1a", NameRule::Label1035).empty());
  EXPECT_TRUE(check_name("system:node/1", NameRule::PathSegment) == Complaints{"may not contain '/'"});
  EXPECT_EQ(check_name("..", NameRule::PathSegment), Complaints{"may not be '..'"});
  EXPECT_TRUE(check_name("Admin:x", NameRule::PathSegment).empty());
  EXPECT_FALSE(check_qualified_name("a/b/c").empty());
  EXPECT_EQ(generated_name(x(70), "abcde"), x(58) + "abcde");
}

TEST(ObjectMeta, SomeOfItIsFixed) {
  const Json old = {{"metadata",
                     {{"name", "a"},
                      {"uid", "1"},
                      {"resourceVersion", "5"},
                      {"generation", 2},
                      {"finalizers", {"x/a"}},
                      {"deletionTimestamp", "2026-01-01T00:00:00Z"}}}};
  Json next = old;
  EXPECT_TRUE(validate_object_meta_update(next, old).empty());
  next["metadata"]["uid"] = "2";
  next["metadata"]["generation"] = 1;
  next["metadata"]["finalizers"] = {"x/a", "golden.example.com/three"};
  next["metadata"].erase("resourceVersion");
  EXPECT_EQ(texts(validate_object_meta_update(next, old)),
            (std::vector<std::string>{
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being "
                "deleted, found "
                "new finalizers []string{\"golden.example.com/three\"}",
                "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
                "metadata.generation: Invalid value: 1: must not be decremented",
                "metadata.uid: Invalid value: \"2\": field is immutable"}));
}

// What kubectl refuses of documents that are good YAML: the other half of the recordings.
TEST(CheckObject, RefusesWhatKubectlRefuses) {
  std::ifstream file(NEOID_SOURCE_DIR "/tests/golden/yaml/cases.json");
  std::stringstream content;
  content << file.rdbuf();
  const auto cases = parse_json(content.str());
  ASSERT_TRUE(cases);
  const std::string frame = "error: unable to decode \"STDIN\": ";
  int refused = 0;
  for (const Json& c : *cases) {
    if (!c.contains("text")) continue;
    const std::string error = c.value("error", "");
    if (c["exit"] != 0 && !error.starts_with(frame)) continue;
    const auto documents = read_yaml(c["text"].get<std::string>());
    ASSERT_TRUE(documents) << c["name"];
    std::string said;
    for (const Document& document : *documents)
      for (const Json& item : items_of_list(document.value))
        if (const auto checked = check_object(item); !checked && said.empty()) said = checked.error().message;
    EXPECT_EQ(said, error.empty() ? "" : error.substr(frame.size())) << c["name"];
    refused += !said.empty();
  }
  EXPECT_EQ(refused, 6);
}

}  // namespace
}  // namespace neoid::meta
