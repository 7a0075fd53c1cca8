#include "controller/base/random.h"

#include <gtest/gtest.h>

#include <set>

#include "reconcile/base/crypto.h"

namespace neoid {
namespace {

TEST(Random, no_two_draws_are_alike) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = random_uuid();
    EXPECT_TRUE(is_uuid(uuid));
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

TEST(Random, all_of_a_long_span_is_filled) {
  std::vector<std::uint8_t> bytes((1 << 20) + 64);
  fill_random(bytes);
  EXPECT_TRUE(std::any_of(bytes.end() - 32, bytes.end(), [](std::uint8_t b) { return b != 0; }));
}

TEST(Random, units_spread_over_the_interval) {
  double low = 1;
  double high = 0;
  for (int i = 0; i < 1000; ++i) {
    const double unit = random_unit();
    low = std::min(low, unit);
    high = std::max(high, unit);
  }
  EXPECT_GE(low, 0);
  EXPECT_LT(low, 0.1);
  EXPECT_GT(high, 0.9);
  EXPECT_LT(high, 1);
}

TEST(Jitter, stays_within_its_fraction_and_varies) {
  const Duration base = std::chrono::seconds(10);
  std::set<Duration> seen;
  for (int i = 0; i < 100; ++i) {
    const Duration drawn = jitter(base, 0.2);
    EXPECT_GE(drawn, std::chrono::seconds(8));
    EXPECT_LE(drawn, std::chrono::seconds(12));
    seen.insert(drawn);
  }
  EXPECT_GT(seen.size(), 50U);
  EXPECT_EQ(jitter(base, 0), base);
}

}  // namespace
}  // namespace neoid
