// Any bytes: the readers end without a crash, agree with each other, and what they read can be written and read again.
//
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined ... tests/fuzz/yaml_fuzz.cc
//   ./yaml_fuzz tests/fuzz/corpus/yaml
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "reconcile/base/check.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/patch.h"
#include "reconcile/value/yaml.h"
#include "reconcile/value/yaml_text.h"

namespace neoid {
namespace {

struct FuzzReading {
  Json documents = Json::array();
  std::string error;
  bool operator==(const FuzzReading&) const = default;
};

// Every value has a place in the text, and the place is one.
void check_places(const Json& value, const SourceMap& positions, const std::string& pointer, int& budget) {
  if (--budget < 0) return;
  const auto place = positions.find(pointer);
  NEOID_CHECK(place.has_value());
  NEOID_CHECK(place->value.line >= 1 && place->value.column >= 1);
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      check_places(value[i], positions, pointer + "/" + std::to_string(i), budget);
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.items())
      check_places(item, positions, pointer + join_pointer({key}), budget);
  }
}

FuzzReading read(YamlReader reader) {
  FuzzReading reading;
  for (;;) {
    auto next = reader.next();
    if (!next) {
      NEOID_CHECK(next.error().kind == ErrorKind::Invalid);
      reading.error = next.error().message;
      return reading;
    }
    if (!*next) return reading;
    int budget = 300;
    check_places((*next)->value, (*next)->positions, "", budget);
    reading.documents.push_back(std::move((*next)->value));
  }
}

void fuzz_yaml(std::string_view bytes) {
  YamlLimits limits;
  limits.max_nodes = 50'000;
  const FuzzReading whole = read(YamlReader(bytes, limits));

  std::size_t at = 0;
  const std::size_t step = 1 + bytes.size() % 7;
  const FuzzReading pieces = read(YamlReader(
      [&](char* buffer, std::size_t size) -> Result<std::size_t> {
        const std::size_t count = std::min({step, size, bytes.size() - at});
        std::memcpy(buffer, bytes.data() + at, count);
        at += count;
        return count;
      },
      limits));
  NEOID_CHECK(pieces == whole);

  for (const Json& document : whole.documents) {
    const std::string text = to_yaml(document);
    const auto again = parse_yaml(text);
    NEOID_CHECK(again.has_value());
    NEOID_CHECK(*again == document);
    const auto json = parse_json(to_json(document));
    NEOID_CHECK(json.has_value());
    NEOID_CHECK(*json == document);
  }
  (void)read_yaml_body(bytes);
  (void)parse_json(bytes);
}

}  // namespace
}  // namespace neoid

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  neoid::fuzz_yaml({reinterpret_cast<const char*>(data), size});
  return 0;
}
