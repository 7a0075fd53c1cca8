// The fuzz entry over its corpus and over a fixed number of mutations of it: what a build without a fuzzer can do.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/cel_fuzz.cc"  // the entry itself: the fuzzer's own main is not linked here

namespace {

std::vector<std::string> corpus() {
  std::vector<std::string> rules;
  for (const auto& file : std::filesystem::directory_iterator(NEOID_SOURCE_DIR "/tests/fuzz/corpus/cel")) {
    std::ifstream in(file.path(), std::ios::binary);
    rules.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::sort(rules.begin(), rules.end());
  return rules;
}

int run(const std::string& input) {
  return LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(CelFuzz, TheCorpusRunsUnderEveryTypeAndVersion) {
  ASSERT_GT(corpus().size(), 20U);
  for (const std::string& rule : corpus()) {
    for (char choice = 0; choice < 12; ++choice) EXPECT_EQ(run(std::string(1, choice) + rule), 0) << rule;
  }
}

TEST(CelFuzz, MutationsNeitherCrashNorHang) {
  const std::vector<std::string> rules = corpus();
  std::mt19937 random(20260203);
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  for (int round = 0; round < 6000; ++round) {
    std::string input = std::string(1, static_cast<char>(below(256))) + rules[below(rules.size())];
    for (std::size_t change = 0, changes = 1 + below(4); change < changes; ++change) {
      const std::string& other = rules[below(rules.size())];
      const std::size_t at = 1 + below(input.size());
      switch (below(5)) {
        case 0: input.insert(std::min(at, input.size()), 1, static_cast<char>(below(256))); break;
        case 1: input.erase(std::min(at, input.size() - 1), 1 + below(3)); break;
        case 2: input.insert(std::min(at, input.size()), other.substr(below(other.size() + 1))); break;
        case 3: input.insert(std::min(at, input.size()), 1, "()[]{}.?:,!-+*/%<>=&|'\"0x"[below(25)]); break;
        default:
          input = input.substr(0, 1) + other.substr(0, below(other.size() + 1)) + input.substr(1);
          break;
      }
    }
    ASSERT_EQ(run(input), 0) << input;
  }
}

TEST(CelFuzz, DepthAndLengthAreBounded) {
  for (const char* piece : {"(", "[", "{1:", "!", "-", "self.", "self + ", "self == ", "x ? ", "self[", "f(",
                            "self.map(x, ", "true && ", "self.all(x, "}) {
    std::string text(1, '\0');
    while (text.size() < 90'000) text += piece;
    EXPECT_EQ(run(text), 0) << piece;
    EXPECT_EQ(run(text + "1"), 0) << piece;
  }
  std::string chain(1, '\1');
  for (int i = 0; i < 60; ++i) chain += "optional.of(1)";
  for (int i = 0; i < 60; ++i) chain += ".optMap(v, v)";
  EXPECT_EQ(run(chain), 0);
  EXPECT_EQ(run(std::string(200'001, 'a')), 0);
}

}  // namespace
