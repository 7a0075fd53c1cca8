// Replays what kubectl 1.32 was recorded to read: the same documents, the same errors on the same lines.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid {
namespace {

std::string text_of(const Json& c) {
  if (c.contains("text")) return c["text"];
  if (c.contains("bytesBase64")) return *unbase64(c["bytesBase64"].get<std::string>());
  // "header, then 'spec:\n  v: ' and 11000 '[' and 11000 ']'"
  return "apiVersion: golden.example.com/v1\nkind: Thing\nmetadata:\n  name: a\nspec:\n  v: " +
         std::string(11000, '[') + std::string(11000, ']');
}

Json golden() {
  std::ifstream file(NEOID_SOURCE_DIR "/tests/golden/yaml/cases.json");
  std::stringstream text;
  text << file.rdbuf();
  auto cases = parse_json(text.str());
  return cases ? std::move(*cases) : Json::array();
}

// kubectl goes on to make an object of what was read; that it may refuse it is not the reader's business.
bool is_about_the_object(const std::string& error) { return error.starts_with("error: unable to decode"); }

struct Reading {
  Json documents = Json::array();
  std::string error;  // kubectl's words begin it
};

Reading read_all(const std::string& text) {
  Reading reading;
  YamlReader reader(text);
  for (;;) {
    auto document = reader.next();
    if (!document) {
      reading.error = document.error().message;
      return reading;
    }
    if (!*document) return reading;
    for (Json& item : items_of_list(std::move((*document)->value)))
      reading.documents.push_back(std::move(item));
  }
}

// Where kubectl prints the insides of Go, our words begin the same and end better.
std::string begin_of(const std::string& wanted) { return wanted.substr(0, wanted.find("%!s(")); }

// "error: error parsing STDIN: error converting YAML to JSON: yaml: line 6: x" -> "yaml: line 6: x"
std::string words(const std::string& error) {
  static const std::regex frame("^(.|\n)*error parsing STDIN: (error converting Y[A-Z]+ to JSON: )?");
  return std::regex_replace(error, frame, "");
}

TEST(YamlGolden, EveryTextIsReadAsKubernetesReadsIt) {
  const Json cases = golden();
  ASSERT_EQ(cases.size(), 223u);
  int agreed = 0;
  for (const Json& c : cases) {
    const std::string name = c["name"];
    SCOPED_TRACE(name);
    const Reading reading = read_all(text_of(c));
    const std::string error = c.value("error", "");
    if (c["exit"] == 0 || is_about_the_object(error)) {
      EXPECT_EQ(reading.error, "");
      if (c["exit"] == 0) {
        EXPECT_EQ(reading.documents, c["documents"]) << to_json(reading.documents);
      }
      agreed += reading.error.empty();
      continue;
    }
    ASSERT_NE(reading.error, "") << "want: " << error;
    // Word for word up to the place, which is ours: so also the line, where there is one.
    const std::string begin = begin_of(words(error));
    EXPECT_TRUE(reading.error.starts_with(begin)) << reading.error << "\nwant: " << begin;
    agreed += reading.error.starts_with(begin);
  }
  EXPECT_EQ(agreed, 223);
}

}  // namespace
}  // namespace neoid
