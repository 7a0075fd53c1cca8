// The fuzz entry over its corpus and over a fixed number of mutations of it: what a build without a fuzzer can do.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/oauth_fuzz.cc"  // the entry itself: the fuzzer's own main is not linked here

namespace {

std::vector<std::string> oauth_corpus() {
  std::vector<std::string> texts;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(NEOID_SOURCE_DIR) + "/tests/fuzz/corpus/oauth")) {
    std::ifstream in(file.path(), std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

void run_oauth(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(OAuthFuzz, EveryRequestOfTheCorpusIsAnswered) {
  ASSERT_GT(oauth_corpus().size(), 15U);
  for (const std::string& text : oauth_corpus()) run_oauth(text);
}

TEST(OAuthFuzz, MutationsOfRequestsAreAnswered) {
  const std::vector<std::string> texts = oauth_corpus();
  std::mt19937 random(20261128);
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  for (int round = 0; round < 5000; ++round) {
    std::string input = texts[below(texts.size())];
    for (std::size_t change = 0, changes = 1 + below(4); change < changes && input.size() > 8; ++change) {
      const std::string& other = texts[below(texts.size())];
      const std::size_t at = below(input.size());
      const std::size_t from = below(std::max<std::size_t>(other.size(), 1));
      switch (below(5)) {
        case 0: input.erase(at, 1 + below(6)); break;
        case 1: input.insert(at, other.substr(from, 1 + below(40))); break;
        case 2: input[at] = static_cast<char>(below(256)); break;
        case 3:
          input.replace(at, std::min<std::size_t>(input.size() - at, 20), other.substr(from, 20));
          break;
        // The body of one request under the header of another.
        default:
          input = input.substr(0, input.find('\n')) + other.substr(std::min(other.find('\n'), other.size()));
          break;
      }
    }
    SCOPED_TRACE(input);
    run_oauth(input);
  }
}

}  // namespace
