// The fuzz entry over its corpus and over a fixed number of mutations of it: what a build without a fuzzer can do.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/crd_fuzz.cc"  // the entry itself: the fuzzer's own main is not linked here

namespace {

std::vector<std::string> crd_corpus() {
  std::vector<std::string> texts;
  for (const char* folder : {"/tests/fuzz/corpus/crd", "/crd"}) {
    for (const auto& file : std::filesystem::directory_iterator(std::string(NEOID_SOURCE_DIR) + folder)) {
      std::ifstream in(file.path(), std::ios::binary);
      std::string text(std::istreambuf_iterator<char>(in), {});
      texts.push_back(text.starts_with('\n') ? text : "\n" + text);
    }
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

void run_crd(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(CrdFuzz, TheCorpusLoadsOrSaysWhyNot) {
  ASSERT_GT(crd_corpus().size(), 8U);
  for (const std::string& text : crd_corpus()) {
    run_crd(text);
    run_crd("\1" + text.substr(1));
  }
  // Seeds that load lead the fuzzer to what comes after loading.
  const std::vector<std::string> texts = crd_corpus();
  EXPECT_GE(std::count_if(texts.begin(), texts.end(),
                          [](const std::string& text) {
                            return neoid::schema::load_crd(neoid::parse_yaml(text).value()).has_value();
                          }),
            7);
}

TEST(CrdFuzz, MutationsNeitherCrashNorHang) {
  std::vector<std::string> texts = crd_corpus();
  std::erase_if(texts, [](const std::string& text) { return text.size() > 4000; });
  std::mt19937 random(20260204);
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  // Whole lines move: most of what comes out is still YAML.
  const auto line_at = [&](const std::string& text) {
    const std::size_t at = text.rfind('\n', below(text.size()));
    return at == std::string::npos ? 0 : at + 1;
  };
  for (int round = 0; round < 1500; ++round) {
    std::string input = texts[below(texts.size())];
    for (std::size_t change = 0, changes = 1 + below(5); change < changes && input.size() > 2; ++change) {
      const std::string& other = texts[below(texts.size())];
      const std::size_t at = line_at(input);
      const std::size_t from = line_at(other);
      switch (below(5)) {
        case 0: input.erase(at, input.find('\n', at) - at); break;
        case 1: input.insert(at, other.substr(from, other.find('\n', from) + 1 - from)); break;
        case 2: input[below(input.size())] = static_cast<char>(below(256)); break;
        case 3: input.insert(at, below(9), ' '); break;
        default: input.erase(below(input.size()), 1 + below(3)); break;
      }
    }
    run_crd(input);
  }
}

}  // namespace
