// Any bytes as a CustomResourceDefinition: loading ends without a crash or a hang, an error says something, and what was
// loaded judges any resource. The first byte chooses the version.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "reconcile/base/check.h"
#include "reconcile/schema/crd.h"
#include "reconcile/value/yaml.h"

namespace neoid {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 10;

const std::vector<Json>& fuzz_resources() {
  static const std::vector<Json> all = {
      nullptr,
      3,
      Json::array({1}),
      Json::object(),
      {{"apiVersion", "a/v1"}, {"kind", "A"}, {"metadata", {{"name", "a"}, {"x", 1}}}, {"spec", nullptr}},
      {{"metadata", {{"name", "a"}}},
       {"spec",
        {{"text", "abc"},
         {"list", {1, "a", nullptr, Json::array({2}), {{"name", "a"}}, {{"name", "a"}}}},
         {"map", {{"k", "v"}, {"n", 1.5}}},
         {"number", 7},
         {"deep", {{"deep", {{"deep", {{"text", ""}}}}}}}}},
       {"status", {{"observedGeneration", -1}}}},
  };
  return all;
}

void judge(const schema::CompiledSchema& schema, const Json& resource) {
  Json object = resource;
  for (const std::string& field : schema.prune(object)) NEOID_CHECK(!field.empty());
  schema.apply_defaults(object);
  Json again = object;
  NEOID_CHECK(schema.prune(again).empty());
  schema.apply_defaults(again);
  NEOID_CHECK(again == object);
  for (const FieldError& error : schema.validate(object, &resource)) NEOID_CHECK(!error.text().empty());
}

void fuzz_crd(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxBytes) return;
  const cel::KubernetesVersion version =
      static_cast<unsigned char>(bytes[0]) % 2 == 0 ? cel::kOldestVersion : cel::kNewestVersion;
  const auto object = parse_yaml(bytes.substr(1));
  if (!object) return;
  const auto read = schema::read_crd(*object, version);
  NEOID_CHECK(read.has_value() || read.error().kind == ErrorKind::Invalid);
  const auto crd = schema::load_crd(*object, version);
  if (!crd) {
    NEOID_CHECK(!crd.error().empty());
    for (const FieldError& error : crd.error()) NEOID_CHECK(!error.text().empty());
    return;
  }
  for (const schema::Version& one : crd->versions)
    for (const Json& resource : fuzz_resources()) judge(one.schema, resource);
  // What a server stored loads again, and is not changed by it.
  const auto again = schema::load_crd(crd->object, version, &crd->object);
  NEOID_CHECK(again.has_value());
  NEOID_CHECK(again->object == crd->object);
}

}  // namespace
}  // namespace neoid

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  neoid::fuzz_crd({reinterpret_cast<const char*>(data), size});
  return 0;
}
