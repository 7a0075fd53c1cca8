// The fuzz target without a fuzzer: its seeds, all recorded texts, and a few thousand fixed mutations of both.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/fuzz/yaml_fuzz.cc"

namespace neoid {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(NEOID_SOURCE_DIR "/tests/fuzz/corpus/yaml"))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) out.push_back(content(path));
  const auto cases = parse_json(content(NEOID_SOURCE_DIR "/tests/golden/yaml/cases.json"));
  for (const Json& c : cases.value_or(Json::array()))
    if (c.contains("text")) out.push_back(c["text"]);
  return out;
}

std::string mutate(std::string text, const std::vector<std::string>& all, std::mt19937& random) {
  static const std::string kBytes =
      "\n\n  -:?,[]{}#&*!|>'\"%@`~\\\t\r01x.<\x01\x7F\x80\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF\xF0\xFF";
  for (auto n = 1 + random() % 4; n > 0; --n) {
    const std::size_t at = random() % (text.size() + 1);
    switch (random() % 4) {
      case 0: text.erase(at, 1 + random() % 3); break;
      case 1:
      case 2: text.insert(at, 1, kBytes[random() % kBytes.size()]); break;
      default: {
        const std::string& other = all[random() % all.size()];
        const std::size_t from = random() % (other.size() + 1);
        text.insert(at, other.substr(from, random() % 40));
      }
    }
  }
  return text;
}

TEST(YamlFuzz, SeedsAndTheirMutationsHoldTheProperties) {
  const std::vector<std::string> all = seeds();
  ASSERT_GT(all.size(), 200u);
  for (const std::string& seed : all) fuzz_yaml(seed);
  std::mt19937 random(2026);
  for (int i = 0; i < 5000; ++i) {
    const std::string& seed = all[random() % all.size()];
    if (seed.size() < 4000) fuzz_yaml(mutate(seed, all, random));
  }
}

}  // namespace
}  // namespace neoid
