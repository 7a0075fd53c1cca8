// Any bytes as a rule: no crash, no hang, no memory beyond measure. The first byte chooses type, version and oldSelf
// ("0" to "5": the types below, oldest version; "6" to ";": newest; twelve further: oldSelf is optional).
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "reconcile/base/check.h"
#include "reconcile/cel/rule.h"

namespace {

using namespace neoid;
using namespace neoid::cel;

DeclTypePtr object() {
  const DeclTypePtr text = string_type({.format = "", .max_length = 20});
  return object_type(
      {{.name = "a", .type = text},
       {.name = "b", .type = int_type()},
       {.name = "l", .type = list_type({.element = text, .max_items = 5, .kind = ListKind::Set})},
       {.name = "m", .type = map_type(text, 5)},
       {.name = "t", .type = string_type({.format = "date-time", .max_length = {}})},
       {.name = "x", .type = int_or_string_type()}},
      true);
}

const std::vector<DeclTypePtr>& types() {
  static const std::vector<DeclTypePtr> all = {
      string_type({.format = "", .max_length = 200}),
      int_type(),
      int_or_string_type(),
      list_type({.element = string_type({.format = "", .max_length = 50}), .max_items = 10}),
      object(),
      string_type({.format = "duration", .max_length = {}})};
  return all;
}

// Right ones and wrong ones for every type.
const std::vector<Json>& values() {
  static const std::vector<Json> all = {"abc",
                                        3,
                                        -9223372036854775807 - 1,
                                        1.5,
                                        true,
                                        nullptr,
                                        Json::array({"a", "b", "a"}),
                                        Json::array({1, nullptr}),
                                        Json{{"a", "x"},
                                             {"b", 2},
                                             {"l", {"p", "q"}},
                                             {"m", {{"k", "v"}}},
                                             {"t", "2023-06-01T03:00:00+02:00"},
                                             {"x", "80"},
                                             {"unknown", {1, 2}}},
                                        Json::object(),
                                        "1h30m",
                                        "https://u@example.com:80/a%20b?k=v&k=w"};
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t choice = static_cast<unsigned char>(data[0] - '0');
  const DeclTypePtr type = types()[choice % types().size()];
  CompileOptions options;
  options.version = choice / types().size() % 2 == 0 ? kOldestVersion : kNewestVersion;
  options.per_call_limit = 10'000;
  options.optional_old_self = choice / types().size() / 2 % 2 == 1;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto rule = compile(text, type, options);
  if (!rule) {
    NEOID_CHECK(!rule.error().message.empty());
    return 0;
  }
  for (const Json& value : values()) {
    const Evaluation evaluation = rule->evaluate(value, &values()[0]);
    NEOID_CHECK(evaluation.verdict != Verdict::Error || !evaluation.error.empty());
  }
  return 0;
}
