#include "reconcile/value/patch.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace neoid {
namespace {

struct PatchCase {
  std::string reason;
  std::string value;
  std::string patch;
  std::string want;  // empty: refused with `error`
  ErrorKind error = ErrorKind::Invalid;
};

TEST(JsonPatch, FollowsRfc6902) {
  const std::vector<PatchCase> cases = {
      {"A.1", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])",
       R"({"baz":"qux","foo":"bar"})"},
      {"A.2", R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
       R"({"foo":["bar","qux","baz"]})"},
      {"A.3", R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {"A.4", R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])",
       R"({"foo":["bar","baz"]})"},
      {"A.5", R"({"baz":"qux"})", R"([{"op":"replace","path":"/baz","value":"boo"}])", R"({"baz":"boo"})"},
      {"A.6", R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
       R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {"A.7", R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {"A.8", R"({"baz":"qux","foo":["a",2,"c"]})", R"([{"op":"test","path":"/foo/1","value":2}])",
       R"({"baz":"qux","foo":["a",2,"c"]})"},
      {"A.9 a test that fails", R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])", "",
       ErrorKind::Conflict},
      {"A.12 no parent", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])", "",
       ErrorKind::NotFound},
      {"A.14 escapes", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])",
       R"({"/":9,"~1":10})"},
      {"A.15 text is no number", R"({"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])", "",
       ErrorKind::Conflict},
      {"A.16 the end", R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc"]}])",
       R"({"foo":["bar",["abc"]]})"},
      {"the whole", R"({"a":1})", R"([{"op":"replace","path":"","value":[1]}])", "[1]"},
      {"copy", R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/c"}])",
       R"({"a":{"b":1},"c":{"b":1}})"},
      {"past the end", R"([1])", R"([{"op":"add","path":"/2","value":1}])", "", ErrorKind::NotFound},
      {"leading zero", R"([1])", R"([{"op":"remove","path":"/00"}])", "", ErrorKind::NotFound},
      {"nothing to remove", "{}", R"([{"op":"remove","path":"/a"}])", "", ErrorKind::NotFound},
      {"nothing to replace", "{}", R"([{"op":"replace","path":"/a","value":1}])", "", ErrorKind::NotFound},
      {"into itself", R"({"a":{}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", ""},
      {"no pointer", "{}", R"([{"op":"add","path":"a","value":1}])", ""},
      {"no value", "{}", R"([{"op":"add","path":"/a"}])", ""},
      {"no such operation", "{}", R"([{"op":"frobnicate","path":"/a"}])", ""},
      {"no operation", "{}", R"([5])", ""},
      {"not a list", "{}", R"({})", ""},
  };
  for (const PatchCase& c : cases) {
    const auto patched = apply_json_patch(Json::parse(c.value), Json::parse(c.patch));
    ASSERT_EQ(patched.has_value(), !c.want.empty()) << c.reason;
    if (patched)
      EXPECT_EQ(*patched, Json::parse(c.want)) << c.reason;
    else
      EXPECT_EQ(patched.error().kind, c.error) << c.reason << ": " << patched.error().message;
  }
}

TEST(MergePatch, FollowsRfc7386) {
  const std::vector<std::vector<std::string>> cases = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", "null", "null"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {"[1,2]", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(apply_merge_patch(Json::parse(c[0]), Json::parse(c[1])), Json::parse(c[2])) << c[0] << c[1];
}

// A small random value without nulls, which a merge patch cannot say.
Json random_value(std::mt19937& random, int depth) {
  switch (random() % (depth > 0 ? 5u : 3u)) {
    case 0: return static_cast<int>(random() % 3);
    case 1: return std::string(1, static_cast<char>('a' + random() % 3));
    case 2: return random() % 2 == 0;
    case 3: {
      Json list = Json::array();
      for (auto n = random() % 4; n > 0; --n) list.push_back(random_value(random, depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (auto n = random() % 4; n > 0; --n)
        object[std::string(1, static_cast<char>('a' + random() % 4))] = random_value(random, depth - 1);
      return object;
    }
  }
}

TEST(MergePatch, WhatIsMadeOfTwoValuesLeadsFromOneToTheOther) {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    const Json before = random_value(random, 4);
    const Json after = random_value(random, 4);
    EXPECT_EQ(apply_merge_patch(before, make_merge_patch(before, after)), after) << before << after;
    EXPECT_EQ(diff(before, after).empty(), before == after) << before << after;
  }
}

TEST(Diff, NamesTheDeepestPlaces) {
  const Json before =
      Json::parse(R"({"spec":{"a":1,"list":[1,{"x":1},3],"same":[1]},"metadata":{"labels":{"a/b":"1"}}})");
  const Json after =
      Json::parse(R"({"spec":{"b":1,"list":[1,{"x":2}],"same":[1]},"metadata":{"labels":{"a/b":"2"}}})");
  const std::vector<Difference> want = {
      {"metadata.labels[a/b]", "1", "2"}, {"spec.a", 1, std::nullopt},       {"spec.b", std::nullopt, 1},
      {"spec.list[1].x", 1, 2},           {"spec.list[2]", 3, std::nullopt},
  };
  const auto got = diff(before, after);
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], want[i]) << got[i].path;
  EXPECT_EQ(diff(1, 2).at(0).path, "");
}

TEST(Pointer, SplitsAndJoins) {
  EXPECT_EQ(split_pointer(""), std::vector<std::string>{});
  EXPECT_EQ(split_pointer("/a~1b//~0"), (std::vector<std::string>{"a/b", "", "~"}));
  EXPECT_EQ(join_pointer({"a/b", "", "~"}), "/a~1b//~0");
  EXPECT_FALSE(split_pointer("a"));
  EXPECT_FALSE(split_pointer("/~2"));
  EXPECT_EQ(split_field_path("spec.a[0].labels[x.y/z]"),
            (std::vector<std::string>{"spec", "a", "0", "labels", "x.y/z"}));
}

}  // namespace
}  // namespace neoid
