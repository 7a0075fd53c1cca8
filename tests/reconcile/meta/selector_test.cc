#include "reconcile/meta/selector.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace neoid::meta {
namespace {

const Json kObjects = Json::parse(R"({
    "a": {"app": "y", "n": "0"}, "b": {"app": "x", "n": "1"}, "c": {"app": "y", "n": "2", "tier": "front"},
    "d": {"app": "x", "n": "3"}, "e": {"app": "y", "n": "4"}, "f": null})");

std::string matching(const LabelSelector& selector) {
  std::string out;
  for (const auto& [name, labels] : kObjects.items())
    if (selector.matches(labels)) out += name;
  return out;
}

struct MatchCase {
  std::string selector;
  std::string names;
};

TEST(LabelSelector, MatchesAsAnApiServerDoes) {
  const std::vector<MatchCase> cases = {
      {"app=x", "bd"},
      {"app==x", "bd"},
      {"app!=x", "acef"},
      {"app=y,tier=front", "c"},
      {"n in (1,3)", "bd"},
      {"n notin (1,3)", "acef"},
      {"tier", "c"},
      {"!tier", "abdef"},
      {"n>2", "de"},
      {"n<1", "a"},
      {"app=", ""},
      {"tier in (,front)", "c"},
      {"app=zzz", ""},
      {"", "abcdef"},
      {" app = x ", "bd"},
      {"example.com/none notin (a)", "abcdef"},
      {"n in (1,,3)", "bd"},
      {"n in ()", ""},
      {"in", ""},
      {"app in (x),n notin (1)", "d"},
  };
  for (const MatchCase& c : cases) {
    const auto selector = LabelSelector::parse(c.selector);
    ASSERT_TRUE(selector) << c.selector << ": " << selector.error().message;
    EXPECT_EQ(matching(*selector), c.names) << c.selector;
  }
}

TEST(LabelSelector, ErrorsAreThoseOfAnApiServer) {
  const std::string v(64, 'v');
  const std::vector<MatchCase> cases = {
      {"app===x", "unable to parse requirement: found '=', expected: identifier"},
      {"app=a b", "found 'b', expected: ',' or 'end of string'"},
      {"a b=c", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
      {"app in (x", "unable to parse requirement: found '', expected: ',' or ')'"},
      {"app in x", "unable to parse requirement: found 'x' expected: '('"},
      {"app=$x",
       "unable to parse requirement: values[0][app]: Invalid value: \"$x\": a valid label must be an empty "
       "string or "
       "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
       "character "
       "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
       "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"},
      {"n>x",
       "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value "
       "must be an "
       "integer"},
      {"app=x,", "found '', expected: identifier after ','"},
      {"app=" + v, "unable to parse requirement: values[0][app]: Invalid value: \"" + v +
                       "\": must be no more than 63 characters"},
      {",", "found ',', expected: !, identifier, or 'end of string'"},
      {"app in (a b)", "unable to parse requirement: found 'b', expected: ',' or ')'"},
      {"!", "unable to parse requirement: found '', expected: identifier"},
      {"app in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"},
  };
  for (const MatchCase& c : cases) {
    const auto selector = LabelSelector::parse(c.selector);
    ASSERT_FALSE(selector) << c.selector;
    EXPECT_EQ(selector.error().message, c.names) << c.selector;
    EXPECT_EQ(selector.error().kind, ErrorKind::Invalid);
  }
}

TEST(LabelSelector, IsReadFromAnObject) {
  const std::vector<MatchCase> cases = {
      {"null", ""},
      {"{}", "abcdef"},
      {R"({"matchLabels":{"app":"x"}})", "bd"},
      {R"({"matchLabels":{"app":"y"},"matchExpressions":[{"key":"tier","operator":"DoesNotExist"}]})", "ae"},
      {R"({"matchExpressions":[{"key":"n","operator":"In","values":["4","1"]}]})", "be"},
      {R"({"matchExpressions":[{"key":"n","operator":"NotIn","values":["4"]},{"key":"app","operator":"Exists"}]})",
       "abcd"},
  };
  for (const MatchCase& c : cases) {
    const auto selector = LabelSelector::from_json(Json::parse(c.selector));
    ASSERT_TRUE(selector) << c.selector;
    EXPECT_EQ(matching(*selector), c.names) << c.selector;
  }
  EXPECT_EQ(LabelSelector::from_json(Json::parse(R"({"matchExpressions":[{"key":"a","operator":"in"}]})"))
                .error()
                .message,
            "\"in\" is not a valid label selector operator");
  EXPECT_FALSE(
      LabelSelector::from_json(Json::parse(R"({"matchExpressions":[{"key":"a","operator":"In"}]})")));
}

TEST(FieldSelector, ParsesAndMatches) {
  const auto value_of = [](std::string_view field) -> std::string {
    return field == "metadata.name" ? "b" : field == "metadata.namespace" ? "ns" : "";
  };
  const std::vector<std::pair<std::string, bool>> cases = {
      {"", true},
      {"metadata.name=b", true},
      {"metadata.name==b", true},
      {"metadata.name!=b", false},
      {"metadata.name=b,metadata.namespace=ns", true},
      {"metadata.name=b,metadata.namespace!=ns", false},
      {"metadata.name=Not_Valid!", false},
      {"spec.x=", true},
  };
  for (const auto& [text, want] : cases) {
    const auto selector = FieldSelector::parse(text);
    ASSERT_TRUE(selector) << text;
    EXPECT_EQ(selector->matches(value_of), want) << text;
  }
  EXPECT_EQ(FieldSelector::parse("a=1\\,2\\=3")->exact("a"), "1,2=3");
  EXPECT_EQ(FieldSelector::parse("a!=1")->exact("a"), std::nullopt);
}

TEST(FieldSelector, ErrorsAreThoseOfAnApiServer) {
  const std::vector<MatchCase> cases = {
      {"metadata.name in (a,b)", "invalid selector: 'metadata.name in (a,b)'; can't understand 'b)'"},
      {"metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"},
      {"a=b\\c", "invalid field selector: invalid escape sequence: \\c"},
      {"a=b=c", "invalid field selector: unescaped character in value: 61"},
  };
  for (const MatchCase& c : cases) {
    const auto selector = FieldSelector::parse(c.selector);
    ASSERT_FALSE(selector) << c.selector;
    EXPECT_EQ(selector.error().message, c.names);
  }
}

}  // namespace
}  // namespace neoid::meta
