// Server-side apply where recordings are silent: objects that were never applied, kubectl's way over from its own
// apply, schemas that change, types without a schema.
#include "controller/apiserver/apply/server_side_apply.h"

#include <gtest/gtest.h>

#include "controller/apiserver/openapi/builtin.h"

namespace neoid::apply {
namespace {

TypeRef type_of(const char* schema) {
  return type_of_crd_schema(Json::parse(schema), openapi::builtin_reference);
}

const char* kSchema = R"({"type": "object", "properties": {"spec": {"type": "object", "properties": {
  "size": {"type": "integer"}, "on": {"type": "boolean"}, "free": {"x-kubernetes-preserve-unknown-fields": true},
  "atom": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
  "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
  "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "port": {"type": "integer"}}}}}}}})";

const VersionedTypes& types() {
  static const VersionedTypes all = {{"g/v1", type_of(kSchema)}};
  return all;
}

Json configuration(const char* spec) {
  return {
      {"apiVersion", "g/v1"}, {"kind", "Thing"}, {"metadata", {{"name", "a"}}}, {"spec", Json::parse(spec)}};
}

Writer writer(const std::string& manager, int second = 0) {
  return {.manager = manager,
          .api_version = "g/v1",
          .now = Instant(std::chrono::seconds(1'700'000'000 + second))};
}

Outcome<Applied> run(const Json& live, const char* spec, const std::string& manager,
                     Force force = Force::No) {
  Outcome<Applied> out = apply(live, configuration(spec), "Thing", writer(manager), force, types());
  if (out) out->object["metadata"]["uid"] = "u";
  return out;
}

Json applied(const Json& live, const char* spec, const std::string& manager, Force force = Force::No) {
  Outcome<Applied> out = run(live, spec, manager, force);
  EXPECT_TRUE(out) << out.error().message;
  return out ? out->object : Json();
}

Json fields_of_manager(const Json& live, const std::string& manager) {
  for (const Json& entry : live["metadata"].value("managedFields", Json::array()))
    if (entry["manager"] == manager) return entry["fieldsV1"];
  return nullptr;
}

TEST(ServerSideApply, MergesListsByKeyAndSetsByValue) {
  Json live = applied(Json::object(), R"({"tags": ["a", "b"], "ports": [{"name": "x", "port": 1}]})", "one");
  live = applied(live, R"({"tags": ["c"], "ports": [{"name": "y", "port": 2}]})", "two");
  EXPECT_EQ(live["spec"]["tags"], Json::parse(R"(["a", "b", "c"])"));
  EXPECT_EQ(live["spec"]["ports"], Json::parse(R"([{"name": "x", "port": 1}, {"name": "y", "port": 2}])"));
  live = applied(live, R"({"tags": ["b"]})", "one");
  EXPECT_EQ(live["spec"]["tags"], Json::parse(R"(["b", "c"])"));
  EXPECT_EQ(live["spec"]["ports"], Json::parse(R"([{"name": "y", "port": 2}])"));
}

TEST(ServerSideApply, TakesAtomicObjectsWhole) {
  const Json live = applied(Json::object(), R"({"atom": {"a": "1", "b": "2"}})", "one");
  EXPECT_EQ(fields_of_manager(live, "one"), Json::parse(R"({"f:spec": {"f:atom": {}}})"));
  const Outcome<Applied> refused = run(live, R"({"atom": {"a": "1"}})", "two");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "Apply failed with 1 conflict: conflict with \"one\": .spec.atom");
  EXPECT_EQ(applied(live, R"({"atom": {"a": "1"}})", "two", Force::Yes)["spec"]["atom"],
            Json::parse(R"({"a": "1"})"));
}

TEST(ServerSideApply, ReadsTheTypeOffValuesThatNoSchemaDescribes) {
  Json live = applied(Json::object(), R"({"free": {"a": {"b": 1}, "l": [1]}})", "one");
  EXPECT_EQ(fields_of_manager(live, "one"),
            Json::parse(R"({"f:spec": {"f:free": {"f:a": {".": {}, "f:b": {}}, "f:l": {}}}})"));
  live = applied(live, R"({"free": {"a": {"c": 2}}})", "two");
  EXPECT_EQ(live["spec"]["free"]["a"], Json::parse(R"({"b": 1, "c": 2})"));
  EXPECT_EQ(applied(live, R"({"free": "text"})", "two", Force::Yes)["spec"]["free"], "text");
}

TEST(ServerSideApply, IsDoneWhenItChangesNothing) {
  const Json live = applied(Json::object(), R"({"size": 1, "tags": ["a"]})", "one");
  const Outcome<Applied> again = apply(live, configuration(R"({"size": 1, "tags": ["a"]})"), "Thing",
                                       writer("one", 60), Force::No, types());
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(again->object, live);
}

TEST(ServerSideApply, CallsWhatWasThereBeforeTheFirstApplySo) {
  Json live = configuration(R"({"size": 1, "on": true})");
  live["metadata"]["uid"] = "u";
  const Outcome<Applied> refused = run(live, R"({"size": 2})", "one");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using g/v1: .spec.size");
  const Json forced = applied(live, R"({"size": 2})", "one", Force::Yes);
  EXPECT_EQ(fields_of_manager(forced, "before-first-apply"),
            Json::parse(R"({"f:spec": {".": {}, "f:on": {}}})"));
}

TEST(ServerSideApply, LetsKubectlGoOnFromItsOwnClientSideApply) {
  const Json sent = {{"apiVersion", "g/v1"},
                     {"kind", "Thing"},
                     {"metadata", {{"name", "a"}}},
                     {"spec", {{"size", 1}, {"on", true}}}};
  Json live = sent;
  live["metadata"]["annotations"] = {
      {"kubectl.kubernetes.io/last-applied-configuration", sent.dump() + "\n"}};
  live = manage_update(Json::object(), live, writer("kubectl-client-side-apply"), types());
  live["metadata"]["uid"] = "u";
  EXPECT_FALSE(run(live, R"({"size": 2, "on": true})", "somebody"));
  const Json after = applied(live, R"({"size": 2, "on": true})", "kubectl");
  EXPECT_EQ(after["spec"]["size"], 2);
  EXPECT_EQ(after["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"],
            configuration(R"({"size": 2, "on": true})").dump() + "\n");
  // What somebody else changed since is not kubectl's.
  Json touched = live;
  touched["spec"]["size"] = 7;
  touched = manage_update(live, touched, writer("editor"), types());
  const Outcome<Applied> refused = run(touched, R"({"size": 2, "on": true})", "kubectl");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "Apply failed with 1 conflict: conflict with \"editor\" using g/v1: .spec.size");
}

TEST(ServerSideApply, OwnsWholeWhatASchemaMadeAtomicLater) {
  const VersionedTypes granular = {
      {"g/v1", type_of(R"({"type": "object", "properties": {"spec": {"type": "object", "properties": {
    "m": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}}}}})")}};
  const VersionedTypes atomic = {
      {"g/v1", type_of(R"({"type": "object", "properties": {"spec": {"type": "object", "properties": {
    "m": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}}}}})")}};
  Json live = apply(Json::object(), configuration(R"({"m": {"a": "1"}})"), "Thing", writer("one"), Force::No,
                    granular)
                  ->object;
  live["metadata"]["uid"] = "u";
  const Outcome<Applied> refused =
      apply(live, configuration(R"({"m": {"b": "1"}})"), "Thing", writer("two"), Force::No, atomic);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "Apply failed with 1 conflict: conflict with \"one\": .spec.m");
}

TEST(ServerSideApply, SaysWhatDoesNotFit) {
  const struct {
    const char *spec, *wanted;
  } cases[] = {
      {R"({"size": "x"})", ".spec.size: expected numeric (int or float), got string"},
      {R"({"on": "x"})", ".spec.on: expected boolean, got &{x}"},
      {R"({"tags": {"a": 1}})", ".spec.tags: expected list, got &{map[a:1]}"},
      {R"({"tags": [null]})",
       ".spec.tags: element 0: associative list without keys has an element that's an explicit null"},
      {R"({"ports": [{"port": 1}]})",
       ".spec.ports: element 0: associative list with keys has an element that omits key field \"name\" (and "
       "doesn't have default value)"},
      {R"({"atom": [1]})", ".spec.atom: expected map, got &{[1]}"},
      {R"({"size": "x", "on": 1})",
       "errors:\n  .spec.on: expected boolean, got &{1}\n  .spec.size: expected numeric (int or float), got "
       "string"},
  };
  for (const auto& [spec, wanted] : cases) {
    const Outcome<Applied> out = run(Json::object(), spec, "m");
    ASSERT_FALSE(out) << spec;
    EXPECT_EQ(out.error().message,
              std::string("failed to create typed patch object (/a; g/v1, Kind=Thing): ") + wanted);
    EXPECT_EQ(out.error().code, 500);
  }
}

}  // namespace
}  // namespace neoid::apply
