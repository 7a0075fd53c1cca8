// What recordings do not show: many updaters, resets, foreign entries, clients that lie.
#include "controller/apiserver/apply/managed_fields.h"

#include <gtest/gtest.h>

#include "controller/apiserver/openapi/builtin.h"

namespace neoid::apply {
namespace {

const VersionedTypes& config_map() {
  static const VersionedTypes types = {
      {"v1", type_of_schema(*openapi::builtin_schema("", "v1", "ConfigMap"), openapi::builtin_reference)}};
  return types;
}

Instant at(int seconds) { return Instant(std::chrono::seconds(1'700'000'000 + seconds)); }

Json object(Json data) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", "a"}, {"uid", "u"}}},
          {"data", std::move(data)}};
}

// The object after `manager` wrote `data`.
Json written(const Json& live, Json data, const std::string& manager, int second) {
  Json updated = object(std::move(data));
  if (live.empty()) updated["metadata"].erase("uid");
  Json out = manage_update(live, updated, {.manager = manager, .api_version = "v1", .now = at(second)},
                           config_map());
  out["metadata"]["uid"] = "u";
  return out;
}

std::vector<std::string> managers(const Json& live) {
  std::vector<std::string> out;
  for (const Json& entry : live["metadata"].value("managedFields", Json::array()))
    out.push_back(entry["manager"]);
  return out;
}

TEST(ManagedFields, KeepTenUpdatersAndCallOlderOnesAncient) {
  Json live = written(Json::object(), {{"k0", "v"}}, "m0", 0);
  Json data = {{"k0", "v"}};
  for (int i = 1; i <= 12; ++i) {
    data["k" + std::to_string(i)] = "v";
    live = written(live, data, "m" + std::to_string(i), i);
  }
  const std::vector<std::string> left = managers(live);
  EXPECT_EQ(left.size(), 10u);
  EXPECT_EQ(left.front(), "ancient-changes");
  EXPECT_EQ(left.back(), "m12");
  const Json& ancient = live["metadata"]["managedFields"][0];
  EXPECT_EQ(ancient["fieldsV1"],
            Json::parse(R"({"f:data": {".": {}, "f:k0": {}, "f:k1": {}, "f:k2": {}, "f:k3": {}}})"));
  EXPECT_EQ(ancient["time"], format_time(at(3))) << "the newest of those it is made of";
}

TEST(ManagedFields, GoToWhoChangesAValueAndToNobodyWhenItGoes) {
  Json live = written(Json::object(), {{"a", "1"}, {"b", "1"}}, "one", 0);
  live = written(live, {{"a", "2"}, {"b", "1"}}, "two", 1);
  EXPECT_EQ(live["metadata"]["managedFields"][0]["fieldsV1"],
            Json::parse(R"({"f:data": {".": {}, "f:b": {}}})"));
  EXPECT_EQ(live["metadata"]["managedFields"][1]["fieldsV1"], Json::parse(R"({"f:data": {"f:a": {}}})"));
  live = written(live, {{"b", "1"}}, "three", 2);
  EXPECT_EQ(managers(live), std::vector<std::string>{"one"})
      << "two owned only what is gone, three took nothing";
}

TEST(ManagedFields, AreLeftAloneByAnUpdateThatChangesNothing) {
  const Json live = written(Json::object(), {{"a", "1"}}, "one", 0);
  for (const char* manager : {"one", "two"})
    EXPECT_EQ(written(live, {{"a", "1"}}, manager, 9), live) << manager;
}

TEST(ManagedFields, AreForgottenWhereAClientAsksForItAndNotKeptAgain) {
  Json live = written(Json::object(), {{"a", "1"}}, "one", 0);
  Json reset = object({{"a", "1"}});
  reset["metadata"]["managedFields"] = Json::array({Json::object()});
  live = manage_update(live, reset, {.manager = "one", .api_version = "v1", .now = at(1)}, config_map());
  EXPECT_FALSE(live["metadata"].contains("managedFields"));
  EXPECT_TRUE(managers(written(live, {{"a", "2"}}, "one", 2)).empty());
}

TEST(ManagedFields, OfAClientThatSendsNoneOrNonsenseAreTheLiveOnes) {
  const Json live = written(Json::object(), {{"a", "1"}}, "one", 0);
  for (const char* sent :
       {"null", "[]", R"([{"manager": "x"}])",
        R"([{"manager":"x","operation":"Update","fieldsType":"FieldsV1","fieldsV1":{"q:":{}}}])",
        R"("text")"}) {
    Json updated = object({{"a", "1"}});
    updated["metadata"]["managedFields"] = Json::parse(sent);
    EXPECT_EQ(
        manage_update(live, updated, {.manager = "two", .api_version = "v1", .now = at(1)}, config_map()),
        live)
        << sent;
  }
}

TEST(ManagedFields, OfAVersionThatIsNotServedAnyMoreGo) {
  Json live = written(Json::object(), {{"a", "1"}}, "one", 0);
  Json old = live["metadata"]["managedFields"][0];
  old["apiVersion"] = "v0";
  old["manager"] = "old";
  live["metadata"]["managedFields"].push_back(old);
  EXPECT_EQ(managers(written(live, {{"a", "2"}}, "one", 1)), std::vector<std::string>{"one"});
}

TEST(ManagedFields, TimesStayOnlyWhereNothingElseChanged) {
  const Json live = written(Json::object(), {{"a", "1"}}, "one", 0);
  Json same = live;
  same["metadata"]["managedFields"][0]["time"] = format_time(at(5));
  EXPECT_EQ(keep_times_of_noop(live, same), live);
  Json changed = same;
  changed["data"]["a"] = "2";
  EXPECT_EQ(keep_times_of_noop(live, changed), changed);
  Json labelled = same;
  labelled["metadata"]["labels"] = {{"x", "y"}};
  EXPECT_EQ(keep_times_of_noop(live, labelled), labelled);
}

TEST(FieldManager, IsTheOptionElseTheFirstPartOfTheUserAgent) {
  const struct {
    const char *option, *agent, *wanted;
  } cases[] = {
      {"mine", "kubectl/v1.32", "mine"},
      {"", "kubectl/v1.32 (linux)", "kubectl"},
      {"", "curl", "curl"},
      {"", "", ""},
  };
  for (const auto& [option, agent, wanted] : cases) EXPECT_EQ(field_manager(option, agent), wanted) << agent;
  EXPECT_EQ(field_manager("", std::string(200, 'x')).size(), 128u);
}

TEST(FieldManager, IsCheckedInAServersWords) {
  EXPECT_TRUE(check_field_manager("kubectl").empty());
  ASSERT_EQ(check_field_manager(std::string(129, 'm')).size(), 1u);
  EXPECT_EQ(check_field_manager(std::string(129, 'm'))[0].text(),
            "fieldManager: Too long: must have at most 128 bytes");
  EXPECT_EQ(check_field_manager("a\x01"
                                "b")[0]
                .text(),
            "fieldManager: Invalid value: \"a\\x01b\": invalid character U+0001 (at position 1)");
}

TEST(FieldSet, ReadsWhatItWrites) {
  const Json text = Json::parse(
      R"({"f:metadata": {"f:labels": {".": {}, "f:a/b": {}}}, "f:spec": {"f:l": {"k:{\"name\":\"a\",\"port\":1}": {".": {}, "f:x": {}}, "v:\"s\"": {}, "v:3": {}, "i:2": {}}}})");
  const auto set = FieldSet::decode(text);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->encode(), text);
  std::vector<std::string> paths;
  set->each([&](const Path& path) { paths.push_back(print_path(path)); });
  EXPECT_THAT(paths, testing::UnorderedElementsAre(
                         ".metadata.labels", ".metadata.labels.a/b", ".spec.l[name=\"a\",port=1]",
                         ".spec.l[name=\"a\",port=1].x", ".spec.l[=\"s\"]", ".spec.l[=3]", ".spec.l[2]"));
  EXPECT_FALSE(FieldSet::decode(Json::parse(R"({"x:a": {}})")));
  EXPECT_FALSE(FieldSet::decode(Json::parse(R"({"k:{": {}})")));
  EXPECT_FALSE(FieldSet::decode(Json::parse(R"([])")));
}

TEST(FieldSet, TakesAwayPathsOrWholeTrees) {
  const FieldSet all = FieldSet::of_names({{"a"}, {"a", "b"}, {"c", "d"}});
  const FieldSet a = FieldSet::of_names({{"a"}});
  EXPECT_EQ(all.without(a), FieldSet::of_names({{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(all.without_trees(a), FieldSet::of_names({{"c", "d"}}));
  EXPECT_EQ(all.intersected(a), a);
  EXPECT_EQ(a.united(FieldSet::of_names({{"a", "b"}, {"c", "d"}})), all);
  EXPECT_TRUE(all.without(all).empty());
}

}  // namespace
}  // namespace neoid::apply
