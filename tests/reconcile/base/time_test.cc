#include "reconcile/base/time.h"

#include <gtest/gtest.h>

namespace neoid {
namespace {

using namespace std::chrono_literals;

TEST(Time, IsWrittenAsKubernetesWritesIt) {
  const auto instant = parse_time("2026-02-03T04:05:06.789+01:00");
  ASSERT_TRUE(instant);
  EXPECT_EQ(format_time(*instant), "2026-02-03T03:05:06Z");
  EXPECT_EQ(format_micro_time(*instant), "2026-02-03T03:05:06.789000Z");
}

TEST(Time, RefusesWhatIsNotRfc3339) {
  for (const char* text :
       {"", "2026-02-30T00:00:00Z", "2026-02-03", "2026-02-03T24:00:00Z", "2026-02-03T04:05:06",
        "2026-02-03T04:05:06.Z", "2026-02-03 04:05:06Z", "2026-02-03T04:05:06+1:00"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Duration, ReadsHoursMinutesSecondsAndFractions) {
  EXPECT_EQ(parse_duration("2160h"), Duration(2160h));
  EXPECT_EQ(parse_duration("1h30m"), Duration(90min));
  EXPECT_EQ(parse_duration("1.5s"), Duration(1500ms));
  EXPECT_EQ(parse_duration("250ms"), Duration(250ms));
  EXPECT_EQ(parse_duration("0"), Duration(0));
}

TEST(Duration, RefusesDaysWordsSignsAndOverflow) {
  for (const char* text : {"", "90d", "2 weeks", "h", "5", "-1h", "1..5s", "99999999999999999h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, RoundTripsThroughItsText) {
  for (const char* text : {"24h", "1h30m", "0s", "1s500ms", "250ms", "12h"})
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
}

}  // namespace
}  // namespace neoid
