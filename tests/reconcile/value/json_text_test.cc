#include "reconcile/value/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace neoid {
namespace {

struct ErrorCase {
  std::string text;
  std::string message;
};

TEST(JsonText, ErrorsAreThoseOfGo) {
  const std::vector<ErrorCase> cases = {
      {"", "unexpected end of JSON input"},
      {"this is not json", "invalid character 'h' in literal true (expecting 'r')"},
      {R"({"apiVersion":"v1","kind":)", "unexpected end of JSON input"},
      {"apiVersion: v1", "invalid character 'a' looking for beginning of value"},
      {"{} trailing", "invalid character 't' after top-level value"},
      {R"({"a":1,})", "invalid character '}' looking for beginning of object key string"},
      {"[1,]", "invalid character ']' looking for beginning of value"},
      {"[1 2]", "invalid character '2' after array element"},
      {R"({"a" 1})", "invalid character '1' after object key"},
      {R"({"a":1 "b":2})", "invalid character '\"' after object key:value pair"},
      {"--1", "invalid character '-' in numeric literal"},
      {"01", "invalid character '1' after top-level value"},
      {"1.x", "invalid character 'x' after decimal point in numeric literal"},
      {"1ex", "invalid character 'x' in exponent of numeric literal"},
      {R"("\x")", "invalid character 'x' in string escape code"},
      {R"("\u00g0")", "invalid character 'g' in \\u hexadecimal character escape"},
      {"\"a\nb\"", "invalid character '\\n' in string literal"},
      {"'a'", "invalid character '\\'' looking for beginning of value"},
      {"\xC3", "invalid character '\xC3\x83' looking for beginning of value"},
      {"1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"},
      {std::string(10'001, '['), "exceeded max depth"},
  };
  for (const ErrorCase& c : cases) {
    const auto read = parse_json(c.text);
    ASSERT_FALSE(read) << c.text.substr(0, 80);
    EXPECT_EQ(read.error().message, c.message) << c.text.substr(0, 80);
    EXPECT_EQ(read.error().kind, ErrorKind::Invalid);
  }
}

struct ValueCase {
  std::string text;
  Json value;
};

TEST(JsonText, ValuesAreThoseOfKubernetes) {
  const std::vector<ValueCase> cases = {
      {" null\n", nullptr},
      {"-0", 0},
      {"1", 1},
      {"9223372036854775807", 9223372036854775807},
      {"9223372036854775808", 9223372036854775808.0},
      {"1.0", 1.0},
      {"1e2", 100.0},
      {"1e-400", 0.0},
      {R"("\u00e9\ud83d\ude00\ud83d\n")", "é😀\xEF\xBF\xBD\n"},
      {R"("\ud83d\u0041")",
       "\xEF\xBF\xBD"
       "A"},
      {"\"\xE9\"", "\xEF\xBF\xBD"},
      {R"({"a":1,"a":{"b":[]}})", Json{{"a", {{"b", Json::array()}}}}},
      {R"([[],{},[1,[true,false]]])", Json::parse("[[],{},[1,[true,false]]]")},
  };
  for (const ValueCase& c : cases) {
    const auto read = parse_json(c.text);
    ASSERT_TRUE(read) << c.text << ": " << read.error().message;
    EXPECT_EQ(*read, c.value) << c.text;
    EXPECT_EQ(read->is_number_float(), c.value.is_number_float()) << c.text;
  }
}

TEST(JsonText, DuplicateFieldsAreNamedOnceInTheOrderOfTheText) {
  const auto read =
      read_json(R"({"metadata":{"name":"fv","name":"fv","labels":{"a/b":"1","a/b":"2","a/b":"3"}},)"
                R"("spec":{"size":5,"size":6,"list":[{},{"x":1,"x":2}]}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->duplicate_fields, (std::vector<std::string>{"metadata.name", "metadata.labels.a/b",
                                                              "spec.size", "spec.list[1].x"}));
  EXPECT_EQ(read->value["spec"]["size"], 6);
}

TEST(JsonText, NestingUpToTheLimitIsReadAndThrownAwayAgain) {
  const auto read = parse_json(std::string(10'000, '[') + std::string(10'000, ']'));
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_TRUE(parse_json("[[[]]]", 3));
  EXPECT_FALSE(parse_json("[[[[]]]]", 3));
}

TEST(JsonText, NumbersAreWrittenAsGoWritesThem) {
  const std::vector<std::pair<double, std::string>> cases = {
      {1.0, "1"},
      {0.0, "0"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {1.5e-10, "1.5e-10"},
      {12345678.9, "12345678.9"},
      {9223372036854775808.0, "9223372036854776000"},
      {-123456789.25, "-123456789.25"},
      {1e100, "1e+100"},
  };
  for (const auto& [number, text] : cases) EXPECT_EQ(go_number(number), text);
}

TEST(JsonText, TextIsCompactAndNeverFails) {
  EXPECT_EQ(to_json(Json{{"b", {1, 2.0, "x\"\n\x01"}}, {"a", nullptr}, {"\xFF", true}}),
            "{\"a\":null,\"b\":[1,2,\"x\\\"\\n\\u0001\"],\"\xEF\xBF\xBD\":true}");
}

}  // namespace
}  // namespace neoid
