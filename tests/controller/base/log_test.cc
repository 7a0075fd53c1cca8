#include "controller/base/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "reconcile/base/ids.h"

namespace neoid::log {
namespace {

using std::chrono::hours;

class Log : public testing::Test {
 protected:
  void use(Format format, Level level = Level::Info) {
    configure({level, format, [this](std::string_view line) { lines_.emplace_back(line); }});
  }
  ~Log() override { configure({Level::Info, Format::Human, nullptr}); }
  std::vector<std::string> lines_;
};

TEST_F(Log, json_is_one_object_a_line_with_typed_fields) {
  use(Format::Json);
  const std::string text = "a \"quote\"\nand \xff";
  warn("something happened", {{"text", text},
                              {"count", 3},
                              {"size", std::size_t{7}},
                              {"ratio", 0.5},
                              {"ok", true},
                              {"after", hours(24)},
                              {"uid", Uid("u-1")},
                              {"literal", "x"}});
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].find('\n'), lines_[0].size() - 1);
  const auto object = nlohmann::json::parse(lines_[0]);
  EXPECT_EQ(object["level"], "warn");
  EXPECT_EQ(object["message"], "something happened");
  EXPECT_EQ(object["text"], "a \"quote\"\nand \xef\xbf\xbd");
  EXPECT_EQ(object["count"], 3);
  EXPECT_EQ(object["size"], 7);
  EXPECT_EQ(object["ratio"], 0.5);
  EXPECT_EQ(object["ok"], true);
  EXPECT_EQ(object["after"], "24h");
  EXPECT_EQ(object["uid"], "u-1");
  EXPECT_EQ(object["literal"], "x");
  EXPECT_TRUE(parse_time(object["time"].get<std::string>()).has_value());
}

TEST_F(Log, human_lines_quote_only_what_needs_it_and_have_no_colour_off_a_terminal) {
  use(Format::Human);
  info("started", {{"port", 8443}, {"dir", "/var/lib/my data"}, {"empty", ""}, {"escape", "\x1b[31m"}});
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].substr(12),
            " INFO  started port=8443 dir=\"/var/lib/my data\" empty=\"\" escape=\"\\u001b[31m\"\n");
}

TEST_F(Log, automatic_is_json_when_the_output_is_no_terminal) {
  use(Format::Automatic);
  info("x");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].front(), '{');
}

TEST_F(Log, messages_below_the_level_are_not_written) {
  use(Format::Json, Level::Warn);
  info("quiet");
  EXPECT_TRUE(lines_.empty());
  EXPECT_FALSE(enabled(Level::Info));
  error("loud");
  EXPECT_EQ(lines_.size(), 1U);
}

TEST(LogLevel, is_read_from_the_words_of_the_flag) {
  EXPECT_EQ(parse_level("debug"), Level::Debug);
  EXPECT_EQ(parse_level("info"), Level::Info);
  EXPECT_EQ(parse_level("warn"), Level::Warn);
  EXPECT_EQ(parse_level("warning"), Level::Warn);
  EXPECT_EQ(parse_level("error"), Level::Error);
  EXPECT_EQ(parse_level("INFO"), std::nullopt);
  EXPECT_EQ(parse_level(""), std::nullopt);
}

TEST(LogField, cannot_be_made_of_a_secret) {
  static_assert(!std::is_constructible_v<Field, std::string_view, Secret>);
  static_assert(!std::is_constructible_v<Field, std::string_view, const Secret&>);
  static_assert(std::is_constructible_v<Field, std::string_view, std::string>);
}

}  // namespace
}  // namespace neoid::log
