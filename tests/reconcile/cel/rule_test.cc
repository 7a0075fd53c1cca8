// What the recordings do not show: versions, limits, transitions, messages, lists with keys, costs in words.
#include "reconcile/cel/rule.h"

#include <gtest/gtest.h>

#include <string>

namespace neoid::cel {
namespace {

DeclTypePtr text_type() { return string_type({.format = "", .max_length = 100}); }
DeclTypePtr texts_type(ListKind kind = ListKind::Atomic) {
  return list_type({.element = text_type(), .max_items = 10, .kind = kind});
}

Rule must_compile(std::string_view text, DeclTypePtr type, CompileOptions options = {}) {
  auto rule = compile(text, std::move(type), options);
  EXPECT_TRUE(rule.has_value()) << text << "\n" << (rule ? "" : rule.error().message);
  return rule ? std::move(*rule) : *compile("true", bool_type());
}

struct VersionCase {
  const char* rule;  // on a string "abc"; true where it exists
  int since;         // the minor version that brought it
};

TEST(RuleVersions, WhatALaterVersionBroughtIsRefusedByTheOneBefore) {
  const VersionCase cases[] = {
      {"matches(self, 'a.c')", 28},
      {"1 < 2u", 29},
      {"1.5 > 1", 29},
      {"optional.of(self).hasValue()", 29},
      {"optional.none().orValue('x') == 'x'", 29},
      {"{'a': 1}[?'b'].orValue(2) == 2", 29},
      {"{'a': {'b': 3}}.?a.?b.orValue(0) == 3", 29},
      {"{'a': {'b': 3}}.?a.b.orValue(0) == 3", 29},
      {"optional.of(2).optMap(v, v + 1).value() == 3", 29},
      {"optional.of(2).optFlatMap(v, optional.none()).orValue(7) == 7", 29},
      {"optional.none().or(optional.of(4)).value() == 4", 29},
      {"[?optional.of(1), ?optional.none(), 2] == [1, 2]", 29},
      {"{?'a': optional.of(1), ?'b': optional.none()} == {'a': 1}", 29},
      {"quantity('1.5Gi').isGreaterThan(quantity('1G'))", 29},
      {"quantity('100m').add(quantity('900m')) == quantity('1')", 29},
      {"quantity('2k').asInteger() == 2000 && quantity('-1').sign() == -1", 29},
      {"!isQuantity('1.5GiB') && isQuantity('3e2') && quantity('1').sub(2).compareTo(quantity('-1')) == 0",
       29},
      {"!quantity('0.5').isInteger() && quantity('0.5').asApproximateFloat() == 0.5", 29},
      {"sets.contains([1, 2], [2]) && !sets.equivalent([1], [1, 2]) && sets.intersects([1], [1, 2])", 30},
      {"strings.quote('a\"b') == '\"a\\\\\"b\"'", 30},
      {"'%s is %d'.format([dyn('x'), dyn(3)]) == 'x is 3'", 30},
      {"ip('::1').isLoopback() && ip('10.0.0.1').family() == 4 && !isIP('10.0.0.01')", 31},
      {"cidr('10.0.0.0/8').containsIP('10.1.1.1') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))", 31},
      {"cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('::/0').prefixLength() == 0", 31},
      {"cidr('10.0.0.0/8').containsCIDR('10.2.0.0/16') && !isCIDR('10.0.0.0/33')", 31},
      {"string(ip('2001:DB8:0:0::1')) == '2001:db8::1' && !ip.isCanonical('2001:DB8::1')", 31},
      {"!format.dns1123Label().validate('abc').hasValue() && format.named('uuid').hasValue()", 32},
      {"format.dns1123Label().validate('A_b').value().size() == 1", 32},
      {"[1, 2].all(i, v, v == i + 1)", 33},
      {"{'a': 1}.exists(k, v, k == 'a' && v == 1) && [5].existsOne(i, v, v == 5)", 33},
      {"[1, 2].transformList(i, v, i > 0, v * 2) == [4]", 33},
      {"[1, 2].transformMap(i, v, v * 2) == {0: 2, 1: 4}", 33},
      {"['a', 'b'].transformMapEntry(i, v, {v: i}) == {'a': 0, 'b': 1}", 33},
      {"semver('1.2.3').major() == 1 && isSemver('v1.0', true) && !isSemver('v1.0')", 34},
      {"semver('1.0.0-rc.1').isLessThan(semver('1.0.0')) && semver('1.10.0').compareTo(semver('1.9.0')) == 1",
       34},
  };
  for (const VersionCase& c : cases) {
    SCOPED_TRACE(c.rule);
    EXPECT_FALSE(compile(c.rule, text_type(), {.version = {1, c.since - 1}}).has_value());
    const Rule rule = must_compile(c.rule, text_type(), {.version = {1, c.since}});
    const Evaluation evaluation = rule.evaluate("abc", nullptr);
    EXPECT_EQ(evaluation.verdict, Verdict::Passed) << evaluation.error;
  }
}

struct ErrorCase {
  const char* rule;
  const char* error;
};

TEST(RuleEvaluation, ErrorsAreThoseOfTheLanguage) {
  const ErrorCase cases[] = {
      {"self[0] == 'a' && self[9] == 'b'", "index out of bounds: 9"},
      {"(['a'] + ['b'])[5] == 'c'", "index '4' out of range in list size '1'"},
      {"self.map(x, int(x)).size() == 1", "type conversion error from 'string' to 'int'"},
      {"self.filter(x, int(x) == 1) == []", "type conversion error from 'string' to 'int'"},
      {"duration('2540400h') + duration('2540400h') > duration('0s')", "duration overflow"},
      {"timestamp('9999-12-31T23:59:59Z') + duration('1s') > timestamp(0)", "timestamp overflow"},
      {"self[0].matches(self[0] + '(')", "error parsing regexp: missing closing ): `a(`"},
      {"{'a': 1}[self[1]] == 1", "no such key: b"},
      {"string(b'\\xff') == ''", "program"},
  };
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(c.rule);
    const auto rule = compile(c.rule, texts_type());
    if (!rule) {
      EXPECT_NE(rule.error().message.find("program instantiation failed: invalid UTF-8"), std::string::npos);
      continue;
    }
    const Evaluation evaluation = rule->evaluate(Json::array({"a", "b"}), nullptr);
    EXPECT_EQ(evaluation.verdict, Verdict::Error);
    EXPECT_EQ(evaluation.error, c.error);
  }
}

TEST(RuleEvaluation, ArgumentsOfNoFittingTypeAreToldAsAServerTellsThem) {
  const ErrorCase cases[] = {
      {"self.startsWith('8')", "no such overload: startsWith"},
      {"self.size() == 1", "no such overload: size"},
      {"self.matches('8')", "no such overload"},
      {"self.lowerAscii() == ''", "no such overload: lowerAscii(int)"},
      {"self.indexOf('8') == 0", "no such overload: indexOf(int, string)"},
      {"isURL(self)", "no such overload: isURL(int)"},
      {"bool(self)", "type conversion error from 'int' to 'bool'"},
      {"self < 'a'", "no such overload"},
      {"self + 'a' == 'a'", "no such overload"},
      {"!self", "no such overload"},
      {"self && true", "no such overload"},
      {"self ? true : false", "no such overload"},
      {"1 in self", "no such overload"},
      {"self[0] == 1", "no such overload"},
      {"self.a == 1", "no such overload"},
      {"self.all(x, x == 1)", "got 'types.Int', expected iterable type"},
      {"0.0 / 0.0 < double(self)", "NaN values cannot be ordered"},
  };
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(c.rule);
    EXPECT_EQ(must_compile(c.rule, int_or_string_type()).evaluate(80, nullptr).error, c.error);
  }
}

TEST(RuleEvaluation, DataThatBreaksTheTypeIsAnErrorAndNothingWorse) {
  const Rule rule = must_compile("self.size() > 0", text_type());
  for (const Json& wrong : {Json(3), Json(nullptr), Json::array(), Json::object(), Json(true), Json(1.5)}) {
    EXPECT_EQ(rule.evaluate(wrong, nullptr).verdict, Verdict::Error) << wrong;
  }
  const Rule items = must_compile("self.all(x, x.startsWith('a'))", texts_type());
  EXPECT_EQ(items.evaluate(Json::array({"a", nullptr}), nullptr).error,
            "invalid data, got null for schema with nullable=false");
}

TEST(RuleEvaluation, TransitionRulesSeeTheOldValue) {
  const Rule rule = must_compile("self >= oldSelf", int_type());
  EXPECT_TRUE(rule.uses_old_self());
  EXPECT_FALSE(must_compile("self >= 0", int_type()).uses_old_self());
  const Json before = 3;
  EXPECT_EQ(rule.evaluate(4, &before).verdict, Verdict::Passed);
  EXPECT_EQ(rule.evaluate(2, &before).verdict, Verdict::Failed);
}

TEST(RuleEvaluation, AnOptionalOldValueMayBeAbsent) {
  const Rule rule =
      must_compile("self >= oldSelf.orValue(5)", int_type(), {.version = {1, 30}, .optional_old_self = true});
  const Json before = 3;
  EXPECT_EQ(rule.evaluate(4, &before).verdict, Verdict::Passed);
  EXPECT_EQ(rule.evaluate(4, nullptr).verdict, Verdict::Failed);
}

TEST(RuleEvaluation, AMessageExpressionMakesText) {
  const CompileOptions message{.result = ResultType::String};
  const Rule rule = must_compile("'has ' + string(self.size()) + ' items'", texts_type(), message);
  EXPECT_EQ(rule.evaluate(Json::array({"a"}), nullptr).text, "has 1 items");
  EXPECT_EQ(compile("self.size()", texts_type(), message).error().message,
            "messageExpression must evaluate to a string");
}

TEST(RuleEvaluation, SetsAndMapListsCompareWithoutOrder) {
  const Rule sets = must_compile("self == oldSelf", texts_type(ListKind::Set));
  const Json ba = Json::array({"b", "a"});
  EXPECT_EQ(sets.evaluate(Json::array({"a", "b"}), &ba).verdict, Verdict::Passed);
  EXPECT_EQ(must_compile("self == oldSelf", texts_type()).evaluate(Json::array({"a", "b"}), &ba).verdict,
            Verdict::Failed);

  const DeclTypePtr entry =
      object_type({{.name = "name", .type = text_type()}, {.name = "port", .type = int_type()}});
  const DeclTypePtr keyed =
      list_type({.element = entry, .max_items = 5, .kind = ListKind::Map, .keys = {"name"}});
  const Json one = Json::parse(R"([{"name":"a","port":1},{"name":"b","port":2}])");
  const Json other = Json::parse(R"([{"name":"b","port":2},{"name":"a","port":1}])");
  const Json changed = Json::parse(R"([{"name":"b","port":3}])");
  EXPECT_EQ(must_compile("self == oldSelf", keyed).evaluate(one, &other).verdict, Verdict::Passed);
  EXPECT_EQ(must_compile("(self + oldSelf).map(e, e.port) == [1, 3]", keyed).evaluate(one, &changed).verdict,
            Verdict::Passed);
}

TEST(RuleEvaluation, UnknownFieldsCountInEquality) {
  const DeclTypePtr open = object_type({{.name = "a", .type = int_type()}}, true);
  const Rule rule = must_compile("self == oldSelf", open);
  const Json before = {{"a", 1}, {"b", {1, 2}}};
  EXPECT_EQ(rule.evaluate(Json{{"a", 1}, {"b", {1, 2}}}, &before).verdict, Verdict::Passed);
  EXPECT_EQ(rule.evaluate(Json{{"a", 1}, {"b", {2}}}, &before).verdict, Verdict::Failed);
}

TEST(RuleLimits, AnEvaluationStopsAtItsLimit) {
  const DeclTypePtr numbers = list_type({.element = int_type(), .max_items = 1000});
  const Rule rule = must_compile("self.all(x, self.all(y, self.all(z, x + y + z >= 0)))", numbers);
  Json many = Json::array();
  for (int i = 0; i < 1000; ++i) many.push_back(i);
  const Evaluation evaluation = rule.evaluate(many, nullptr);
  EXPECT_EQ(evaluation.verdict, Verdict::CallLimitExceeded);
  EXPECT_LT(evaluation.cost, kPerCallLimit + 1000);
  EXPECT_EQ(describe_evaluation_error(evaluation, "r"),
            "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due "
            "to call "
            "cost exceeds limit for rule: r");
  EXPECT_EQ(must_compile("self.all(x, x >= 0)", numbers).evaluate(many, nullptr, 100).verdict,
            Verdict::BudgetExceeded);
}

TEST(RuleLimits, CostsAreTheEstimatesOfTheLanguage) {
  EXPECT_EQ(must_compile("true", bool_type()).cost().max, 0U);
  // Per item: two variables, and the condition of the loop.
  const Rule rule = must_compile("self.all(x, x > 0)", list_type({.element = int_type(), .max_items = 10}));
  EXPECT_EQ(rule.cost().max, 1 + 10 * (2 + 1 + 1 + 1) + 1U);
  EXPECT_GT(must_compile("self.contains(self)", string_type({})).cost().max, kEstimatedRuleLimit);
}

TEST(RuleLimits, CostsInExcessAreToldByFactor) {
  EXPECT_EQ(describe_cost_excess("estimated rule cost", 11'000'000, 10'000'000).substr(0, 58),
            "estimated rule cost exceeds budget by factor of 1.100000x ");
  EXPECT_NE(describe_cost_excess("c", 25'000'000, 10'000'000).find("factor of 2.5x (try"), std::string::npos);
  EXPECT_NE(describe_cost_excess("c", 2'000'000'000, 10'000'000).find("more than 100x"), std::string::npos);
}

TEST(DeclTypes, PropertiesAreEscapedForRules) {
  EXPECT_EQ(escape_property("a-b.c/d"), "a__dash__b__dot__c__slash__d");
  EXPECT_EQ(escape_property("a__b"), "a__underscores__b");
  EXPECT_EQ(escape_property("_x_"), "_x_");
  EXPECT_EQ(escape_property("namespace"), "__namespace__");
  EXPECT_EQ(escape_property("9a"), std::nullopt);
  EXPECT_EQ(escape_property("a b"), std::nullopt);
}

TEST(DeclTypes, SizesAreBoundedByTheRequest) {
  EXPECT_EQ(string_type({})->max_elements, kMaxRequestBytes - 2);
  EXPECT_EQ(text_type()->max_elements, 400);  // bytes
  EXPECT_EQ(list_type({.element = int_type(), .max_items = {}})->max_elements, (kMaxRequestBytes - 2) / 2);
  EXPECT_EQ(map_type(int_type(), {})->max_elements, (kMaxRequestBytes - 2) / 7);
  const DeclTypePtr object =
      object_type({{.name = "abc", .type = text_type(), .required = true},
                   {.name = "d", .type = text_type(), .required = true, .has_default = true}});
  EXPECT_EQ(object->min_serialized_size, 2 + 3 + 2 + 4);
  EXPECT_EQ(max_cardinality(*object), static_cast<std::uint64_t>(kMaxRequestBytes / 12));
  EXPECT_EQ(string_type({.format = "", .max_length = {}, .enum_values = {"red", "green"}, .version = {1, 29}})
                ->max_elements,
            5);
}

TEST(Versions, AreReadWithOrWithoutPatch) {
  EXPECT_EQ(parse_version("1.26"), (KubernetesVersion{1, 26}));
  EXPECT_EQ(parse_version("v1.30.2"), (KubernetesVersion{1, 30}));
  for (const char* bad : {"", "1", "1.", "x", "1.2.3.4", "-1.2"})
    EXPECT_EQ(parse_version(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace neoid::cel
