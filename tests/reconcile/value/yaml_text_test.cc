#include "reconcile/value/yaml_text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid {
namespace {

void expect_round_trip(const Json& value) {
  const std::string text = to_yaml(value);
  const auto read = parse_yaml(text);
  ASSERT_TRUE(read) << read.error().message << "\n" << text;
  EXPECT_EQ(*read, value) << text;
  EXPECT_EQ(to_yaml(*read), text);
}

TEST(YamlText, IsBlockStyleWithSortedKeys) {
  const Json value = Json::parse(
      R"({"kind":"Thing","apiVersion":"v1","spec":{"empty":{},"none":[],"list":[1,"a",{"b":true,"a":null},[1,2]],
      "version":"1.10","word":"no","text":"a: b","lines":"one\ntwo\n","flag":"-v","ratio":0.5}})");
  EXPECT_EQ(to_yaml(value),
            "apiVersion: v1\n"
            "kind: Thing\n"
            "spec:\n"
            "  empty: {}\n"
            "  flag: -v\n"
            "  lines: |\n"
            "    one\n"
            "    two\n"
            "  list:\n"
            "  - 1\n"
            "  - a\n"
            "  - a: null\n"
            "    b: true\n"
            "  - - 1\n"
            "    - 2\n"
            "  none: []\n"
            "  ratio: 0.5\n"
            "  text: \"a: b\"\n"
            "  version: \"1.10\"\n"
            "  word: \"no\"\n");
}

TEST(YamlText, StringsThatLookLikeSomethingElseAreQuoted) {
  const std::vector<std::string> quoted = {"",
                                           "yes",
                                           "No",
                                           "on",
                                           "y",
                                           "true",
                                           "null",
                                           "~",
                                           "1",
                                           "0x1F",
                                           "012",
                                           "1_000",
                                           "1e3",
                                           ".5",
                                           "1.10",
                                           ".inf",
                                           "1:30",
                                           "2001-12-14",
                                           "<<",
                                           "=",
                                           "- a",
                                           "-",
                                           "a: b",
                                           "a:",
                                           "a #b",
                                           " a",
                                           "a ",
                                           "?a",
                                           "#a",
                                           "@a",
                                           "`a",
                                           "%a",
                                           "*a",
                                           "&a",
                                           "!a",
                                           "[a",
                                           "{a",
                                           "'a",
                                           "\"a",
                                           "a\tb",
                                           "---",
                                           "...",
                                           "\x7F",
                                           "\xC2\x85",
                                           "\xE2\x80\xA8",
                                           "\xEF\xBB\xBF"
                                           "a",
                                           "|",
                                           ">",
                                           ",",
                                           ": a",
                                           "+1",
                                           "0o7"};
  for (const std::string& text : quoted) {
    EXPECT_EQ(yaml_scalar(text).front(), '"') << text;
    expect_round_trip(Json{{text, text}, {"list", {text, {text}}}});
  }
  for (const std::string text : {"a", "a b", "http://x:80/?q=1#f", "-v", "--flag", "a:b", "a#b", "10m",
                                 "1.2.3", "v1.0", "é😀", "x,y", "a]b"}) {
    EXPECT_EQ(yaml_scalar(text), text == "--flag" ? "\"--flag\"" : text);
    expect_round_trip(text);
  }
}

TEST(YamlText, WhatWasRecordedReadsBackAsItWas) {
  std::ifstream file(NEOID_SOURCE_DIR "/tests/golden/yaml/cases.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto cases = parse_json(text.str());
  ASSERT_TRUE(cases);
  for (const Json& c : *cases)
    for (const Json& document : c["documents"]) {
      SCOPED_TRACE(c["name"].get<std::string>());
      expect_round_trip(document);
    }
}

std::string random_string(std::mt19937& random) {
  static const std::vector<std::string> pieces = {
      "a",   "0",    "1", "-", ".",  ":",    " ", "#",  "\n",  "\t", "\"",       "'",           "\\",
      "yes", "null", "e", "_", "x",  "?",    "[", "}",  ",",   "&",  "*",        "!",           "|",
      "%",   "@",    "é", "😀", "\r", "\x01", "~", "<<", "---", "=",  "\xC2\x85", "\xEF\xBB\xBF"};
  std::string out;
  for (auto n = random() % 6; n > 0; --n) out += pieces[random() % pieces.size()];
  return out;
}

Json random_yaml_value(std::mt19937& random, int depth) {
  switch (random() % (depth > 0 ? 8u : 6u)) {
    case 0: return static_cast<std::int64_t>((std::uint64_t{random()} << 32) | random()) >> (random() % 64);
    case 1:
      return std::ldexp(static_cast<double>(static_cast<std::int32_t>(random())),
                        static_cast<int>(random() % 200) - 100);
    case 2: return random() % 2 == 0;
    case 3: return nullptr;
    case 4:
    case 5: return random_string(random);
    case 6: {
      Json list = Json::array();
      for (auto n = random() % 4; n > 0; --n) list.push_back(random_yaml_value(random, depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (auto n = random() % 4; n > 0; --n)
        object[random_string(random)] = random_yaml_value(random, depth - 1);
      return object;
    }
  }
}

TEST(YamlText, AnyValueReadsBackAsItWas) {
  std::mt19937 random(11);
  for (int i = 0; i < 20'000 && !testing::Test::HasFailure(); ++i) {
    const Json value{{"v", random_yaml_value(random, 4)}};
    expect_round_trip(value);
  }
}

TEST(YamlText, LongKeysAndDeepValuesReadBack) {
  expect_round_trip(Json{{std::string(5000, 'k'), {{"a", 1}}}, {std::string(900, '\x01'), {1, 2}}});
  Json deep = "x";
  for (int i = 0; i < 500; ++i) deep = i % 2 == 0 ? Json{{"k", deep}} : Json::array({deep});
  expect_round_trip(deep);
}

}  // namespace
}  // namespace neoid
