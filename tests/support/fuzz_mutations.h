// A fuzz entry over its corpus, and over a fixed number of mutations of it: what a build without a fuzzer can do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace neoid::test {

// The files of tests/fuzz/corpus/NAME, sorted by what they hold.
inline std::vector<std::string> fuzz_corpus(const std::string& name) {
  std::vector<std::string> texts;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(NEOID_SOURCE_DIR) + "/tests/fuzz/corpus/" + name)) {
    std::ifstream in(file.path(), std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

// 5,000 of them, always the same. `cross` puts the tail of one request under the head of another.
inline void for_each_mutation(const std::vector<std::string>& texts,
                              const std::function<std::string(const std::string&, const std::string&)>& cross,
                              const std::function<void(const std::string&)>& run) {
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
        default: input = cross(input, other); break;
      }
    }
    run(input);
  }
}

}  // namespace neoid::test
