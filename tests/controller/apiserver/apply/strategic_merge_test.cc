// The strategic merge patch on lists of pods, where its order and its directives show.
#include <gtest/gtest.h>

#include "controller/apiserver/apply/patch.h"
#include "controller/apiserver/openapi/builtin.h"

namespace neoid::apply {
namespace {

const Type& pod() {
  static const TypeRef type =
      type_of_schema(*openapi::builtin_schema("", "v1", "Pod"), openapi::builtin_reference);
  return *type;
}

struct MergeCase {
  const char *reason, *live, *patch, *wanted;
};

TEST(StrategicMerge, KnowsListsByTheirKeys) {
  const MergeCase cases[] = {
      {"an item with a known key is merged",
       R"({"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b"}]}})",
       R"({"spec": {"containers": [{"name": "a", "command": ["x"]}]}})",
       R"({"spec": {"containers": [{"name": "a", "image": "1", "command": ["x"]}, {"name": "b"}]}})"},
      {"a new item comes first", R"({"spec": {"containers": [{"name": "a"}]}})",
       R"({"spec": {"containers": [{"name": "n"}]}})",
       R"({"spec": {"containers": [{"name": "n"}, {"name": "a"}]}})"},
      {"$patch: delete takes an item away", R"({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}})",
       R"({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}})",
       R"({"spec": {"containers": [{"name": "b"}]}})"},
      {"$patch: replace replaces the list", R"({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}})",
       R"({"spec": {"containers": [{"$patch": "replace"}, {"name": "c"}]}})",
       R"({"spec": {"containers": [{"name": "c"}]}})"},
      {"$setElementOrder orders what is there",
       R"({"spec": {"containers": [{"name": "a"}, {"name": "b"}, {"name": "s"}]}})",
       R"({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}})",
       R"({"spec": {"containers": [{"name": "b"}, {"name": "a"}, {"name": "s"}]}})"},
      {"$setElementOrder and a list together",
       R"({"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b"}]}})",
       R"({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "a", "image": "2"}]}})",
       R"({"spec": {"containers": [{"name": "b"}, {"name": "a", "image": "2"}]}})"},
      {"an atomic list is replaced", R"({"spec": {"tolerations": [{"key": "a"}]}})",
       R"({"spec": {"tolerations": [{"key": "b"}]}})", R"({"spec": {"tolerations": [{"key": "b"}]}})"},
      {"$retainKeys clears the other members", R"({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}})",
       R"({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}]}})",
       R"({"spec": {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}})"},
      {"scalars of a merged list are united", R"({"metadata": {"finalizers": ["a", "b"]}})",
       R"({"metadata": {"finalizers": ["c", "b"]}})", R"({"metadata": {"finalizers": ["c", "a", "b"]}})"},
      {"null removes", R"({"metadata": {"labels": {"a": "1", "b": "2"}}})",
       R"({"metadata": {"labels": {"a": null, "z": null}}})", R"({"metadata": {"labels": {"b": "2"}}})"},
      {"nulls in what is new are dropped", R"({"metadata": {}})",
       R"({"metadata": {"labels": {"a": null, "b": "2"}}})", R"({"metadata": {"labels": {"b": "2"}}})"},
      {"$patch: replace replaces an object", R"({"metadata": {"labels": {"a": "1"}}})",
       R"({"metadata": {"labels": {"$patch": "replace", "b": "2"}}})",
       R"({"metadata": {"labels": {"b": "2"}}})"},
      {"$patch: delete empties an object", R"({"metadata": {"labels": {"a": "1"}}})",
       R"({"metadata": {"labels": {"$patch": "delete"}}})", R"({"metadata": {"labels": {}}})"},
  };
  for (const MergeCase& c : cases) {
    const Outcome<Json> out = strategic_merge(Json::parse(c.live), Json::parse(c.patch), pod());
    ASSERT_TRUE(out) << c.reason << ": " << out.error().message;
    EXPECT_EQ(*out, Json::parse(c.wanted)) << c.reason << "\n" << out->dump();
  }
}

TEST(StrategicMerge, SaysWhatIsWrong) {
  const struct {
    const char* patch;
    int code;
    const char* message;
  } cases[] = {
      {R"({"spec": {"containers": [{"image": "1"}]}})", 500,
       "map: map[image:1] does not contain declared merge key: name"},
      {R"({"spec": {"containers": [{"name": "a", "$patch": "no"}]}})", 500,
       "unknown patch type: no in map: map[$patch:no name:a]"},
      {R"({"spec": {"$setElementOrder/containers": 1}})", 400,
       "invalid patch format of setElementOrder list"},
      {R"({"spec": {"$retainKeys": 1}})", 400, "invalid patch format of retainKeys"},
      {"[1]", 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"},
      {R"({"metadata": 5})", 422,
       " \"\" is invalid: patch: Invalid value: \"map[metadata:5]\": cannot restore struct from: int64"},
      {R"({"metadata": {"labels": "x"}})", 422,
       " \"\" is invalid: patch: Invalid value: \"map[metadata:map[labels:x]]\": cannot restore map from "
       "string"},
      {R"({"spec": {"containers": "x"}})", 422,
       " \"\" is invalid: patch: Invalid value: \"map[spec:map[containers:x]]\": cannot restore slice from "
       "string"},
  };
  const Json live = Json::parse(R"({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a"}]}})");
  for (const auto& [patch, code, message] : cases) {
    const Outcome<Json> out = strategic_merge_patch(live, patch, pod());
    ASSERT_FALSE(out) << patch;
    EXPECT_EQ(out.error().code, code) << patch;
    EXPECT_EQ(out.error().message, message);
  }
}

TEST(JsonPatch, HasTheHabitsOfTheServersLibrary) {
  const struct {
    const char *reason, *live, *patch, *wanted;  // wanted null: refused
  } cases[] = {
      {"an index may count from the end", R"({"l": [1, 2]})", R"([{"op": "remove", "path": "/l/-1"}])",
       R"({"l": [1]})"},
      {"replace makes a missing member", R"({})", R"([{"op": "replace", "path": "/a", "value": 1}])",
       R"({"a": 1})"},
      {"copy of a missing member is null", R"({})", R"([{"op": "copy", "from": "/a", "path": "/b"}])",
       R"({"b": null})"},
      {"move of a missing member fails", R"({})", R"([{"op": "move", "from": "/a", "path": "/b"}])", nullptr},
      {"test of a missing member against null", R"({})", R"([{"op": "test", "path": "/a", "value": null}])",
       R"({})"},
      {"an index past the end fails", R"({"l": [1]})", R"([{"op": "replace", "path": "/l/1", "value": 2}])",
       nullptr},
      {"append by index", R"({"l": [1]})", R"([{"op": "add", "path": "/l/1", "value": 2}])",
       R"({"l": [1, 2]})"},
      {"null is no patch", R"({"a": 1})", "null", R"({"a": 1})"},
      {"the whole document is compared", R"({"a": 1})", R"([{"op": "test", "path": "", "value": {"a": 1}}])",
       R"({"a": 1})"},
  };
  for (const auto& [reason, live, patch, wanted] : cases) {
    const Outcome<Json> out = json_patch(Json::parse(live), patch, Served::BuiltIn);
    if (wanted == nullptr) {
      EXPECT_FALSE(out) << reason;
      continue;
    }
    ASSERT_TRUE(out) << reason;
    EXPECT_EQ(*out, Json::parse(wanted)) << reason;
  }
  const Outcome<Json> typed = json_patch(Json::object(), R"([{"op": 1}])", Served::BuiltIn);
  ASSERT_FALSE(typed);
  EXPECT_EQ(typed.error().message,
            "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type "
            "string");
}

}  // namespace
}  // namespace neoid::apply
