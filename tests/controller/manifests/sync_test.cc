#include <gmock/gmock.h>

#include <algorithm>

#include "tests/controller/manifests/sync_support.h"

namespace neoid::manifests {
namespace {

using testing::HasSubstr;

constexpr auto kLong = std::chrono::minutes(1);  // longer than prune_after

class SyncTest : public testing::Test {
 protected:
  // Two passes with the time between them that makes what is missing be pruned.
  PassOutcome pass_twice() {
    api.pass();
    api.clock().advance(kLong);
    return api.pass();
  }
  ScratchFolder folder;
  SyncedApi api{folder.path()};
};

TEST_F(SyncTest, what_appears_is_applied_and_what_changes_is_changed) {
  folder.write("a.yaml", config_map("one", "1") + config_map("two", "2"));
  EXPECT_EQ(api.pass().applied, 2U);
  EXPECT_EQ(api.value("one"), "1");
  EXPECT_EQ(api.report("state"), "InSync");
  EXPECT_EQ(api.report("objects"), "2");
  folder.write("a.yaml", config_map("one", "1") + config_map("two", "other"));
  EXPECT_EQ(api.pass().applied, 1U);
  EXPECT_EQ(api.value("two"), "other");
}

TEST_F(SyncTest, namespaces_and_crds_come_before_what_needs_them_whatever_the_files_are_called) {
  folder.write(
      "a.yaml",
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: team}\nspec: {size: 3}\n");
  folder.write("b.yaml", widget_crd());
  folder.write("c.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n");
  const PassOutcome outcome = api.pass();
  EXPECT_TRUE(outcome.problems.empty()) << outcome.problems.front().message;
  EXPECT_FALSE(api.get(kWidgets, "team", "w").is_null());
}

TEST_F(SyncTest, a_pass_over_an_unchanged_folder_writes_nothing_also_after_a_restart) {
  folder.write("a.yaml", config_map("one", "1") + widget_crd() + widget("w", 2));
  api.pass();
  const auto version = [&](const kube::ResourceType& type, const std::string& ns, const std::string& name) {
    return api.get(type, ns, name).value("/metadata/resourceVersion"_json_pointer, "");
  };
  const auto versions = [&] {
    return std::vector{version(kConfigMaps, "default", "one"), version(kWidgets, "default", "w"),
                       version(kDefinitionType, "", "widgets.example.com"),
                       version(kConfigMaps, "kube-system", "neoid-manifests")};
  };
  const auto before = versions();
  EXPECT_EQ(api.pass().applied, 0U);
  api.forget();
  api.pass(FolderSync::Depth::Everything);
  EXPECT_EQ(versions(), before);
}

TEST_F(SyncTest, what_is_gone_is_pruned_after_it_was_missing_for_a_while_also_over_a_restart) {
  folder.write("a.yaml", config_map("one", "1"));
  folder.write("b.yaml", config_map("two", "2"));
  api.pass();
  folder.remove("b.yaml");
  EXPECT_LT(api.pass().next_prune, SteadyTime::max());
  EXPECT_EQ(api.value("two"), "2");
  api.forget();
  EXPECT_EQ(pass_twice().pruned, 1U);
  EXPECT_EQ(api.value("two"), "");
  EXPECT_EQ(api.value("one"), "1");
}

TEST_F(SyncTest, what_comes_back_in_time_is_not_pruned) {
  folder.write("a.yaml", config_map("one", "1") + config_map("two", "2"));
  api.pass();
  folder.write("a.yaml", config_map("one", "1"));
  api.pass();
  folder.write("a.yaml", config_map("one", "1") + config_map("two", "2"));
  api.clock().advance(kLong);
  api.pass();
  folder.write("a.yaml", config_map("one", "1"));
  EXPECT_EQ(api.pass().pruned, 0U) << "the time counts from when it went missing last";
  EXPECT_EQ(api.value("two"), "2");
}

TEST_F(SyncTest, what_was_not_applied_from_the_folder_is_never_pruned) {
  folder.write("a.yaml", config_map("one", "1") + config_map("two", "2"));
  api.pass();
  ASSERT_TRUE(api.client().create(kConfigMaps, "default", {{"metadata", {{"name", "by-hand"}}}}));
  // Somebody copied a member, its label included.
  const Json labels = api.get(kConfigMaps, "default", "one").at("/metadata/labels"_json_pointer);
  ASSERT_TRUE(
      api.client().create(kConfigMaps, "default", {{"metadata", {{"name", "copy"}, {"labels", labels}}}}));
  folder.write("a.yaml", config_map("one", "1"));
  EXPECT_EQ(pass_twice().pruned, 1U);
  EXPECT_FALSE(api.get(kConfigMaps, "default", "by-hand").is_null());
  EXPECT_FALSE(api.get(kConfigMaps, "default", "copy").is_null());
}

TEST_F(SyncTest, an_object_made_anew_by_somebody_else_is_not_pruned) {
  folder.write("a.yaml", config_map("one", "1") + config_map("two", "2"));
  api.pass();
  folder.write("a.yaml", config_map("one", "1"));
  api.pass();
  ASSERT_TRUE(api.client().remove(kConfigMaps, {"default", "two"}));
  ASSERT_TRUE(api.client().create(kConfigMaps, "default",
                                  {{"metadata", {{"name", "two"}}}, {"data", {{"key", "mine"}}}}));
  EXPECT_EQ(pass_twice().pruned, 0U);
  EXPECT_EQ(api.value("two"), "mine");
}

TEST_F(SyncTest, a_folder_that_is_empty_or_gone_prunes_nothing_and_says_so) {
  folder.write("a.yaml", config_map("one", "1"));
  api.pass();
  folder.remove("a.yaml");
  PassOutcome outcome = pass_twice();
  EXPECT_EQ(outcome.pruned, 0U);
  ASSERT_EQ(outcome.problems.size(), 1U);
  EXPECT_THAT(outcome.problems[0].message, HasSubstr("nothing is pruned"));
  std::filesystem::remove_all(folder.path());
  outcome = pass_twice();
  EXPECT_EQ(outcome.pruned, 0U);
  EXPECT_THAT(api.report("problems"), HasSubstr("is not there"));
  EXPECT_EQ(api.report("state"), "Problems");
  EXPECT_EQ(api.value("one"), "1");
}

TEST_F(SyncTest, what_is_invalid_is_told_with_its_place_and_stops_nothing_else) {
  folder.write("a.yaml", widget_crd() + widget("small", 0) + widget("fine", 1));
  folder.write("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n");
  folder.write("c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: typo}\ndta: {a: b}\n");
  folder.write("d.yaml", "apiVersion: nobody.example.com/v1\nkind: Thing\nmetadata: {name: t}\n");
  folder.write("e.yaml", config_map("late", "1"));
  const PassOutcome outcome = api.pass();
  ASSERT_EQ(outcome.problems.size(), 4U);
  EXPECT_THAT(outcome.problems[0].where, HasSubstr("a.yaml:"));
  EXPECT_THAT(outcome.problems[0].message, HasSubstr("Widget.example.com default/small"));
  EXPECT_THAT(outcome.problems[0].message, HasSubstr("should be greater than or equal to 1"));
  EXPECT_THAT(outcome.problems[1].message, HasSubstr("generateName"));
  EXPECT_THAT(outcome.problems[2].message, HasSubstr("dta"));
  EXPECT_THAT(outcome.problems[3].message, HasSubstr("is its CRD in the folder?"));
  EXPECT_TRUE(outcome.again);
  EXPECT_FALSE(api.get(kWidgets, "default", "fine").is_null());
  EXPECT_TRUE(api.get(kConfigMaps, "default", "typo").is_null());
  EXPECT_EQ(api.value("late"), "1");
  EXPECT_THAT(api.report("problems"), HasSubstr("c.yaml:1: ConfigMap default/typo"));
}

TEST_F(SyncTest, nothing_is_pruned_while_a_file_cannot_be_read) {
  folder.write("a.yaml", config_map("one", "1"));
  folder.write("b.yaml", config_map("two", "2"));
  api.pass();
  folder.write("b.yaml", "kind: [ConfigMap\n");
  const PassOutcome outcome = pass_twice();
  EXPECT_EQ(outcome.pruned, 0U);
  EXPECT_EQ(api.value("two"), "2");
  EXPECT_THAT(api.report("problems"), HasSubstr("b.yaml: yaml:"));
  EXPECT_THAT(api.report("problems"), HasSubstr("not pruned before the other problems are mended"));
  folder.remove("b.yaml");
  EXPECT_EQ(pass_twice().pruned, 1U);
  EXPECT_EQ(api.report("problems"), "");
}

TEST_F(SyncTest, nothing_is_pruned_while_its_kind_stands_there_in_an_unknown_version) {
  folder.write("a.yaml", widget_crd() + widget("w", 1));
  api.pass();
  std::string newer = widget("w", 1);
  newer.replace(newer.find("example.com/v1"), 14, "example.com/v2");
  folder.write("a.yaml", widget_crd() + newer);
  EXPECT_EQ(pass_twice().pruned, 0U);
  EXPECT_FALSE(api.get(kWidgets, "default", "w").is_null());
}

TEST_F(SyncTest, of_two_manifests_of_one_object_the_first_holds_and_the_second_is_told) {
  folder.write("a.yaml", config_map("one", "first"));
  folder.write("b.yaml", config_map("one", "second"));
  const PassOutcome outcome = api.pass();
  ASSERT_EQ(outcome.problems.size(), 1U);
  EXPECT_EQ(outcome.problems[0].where, "b.yaml:1");
  EXPECT_THAT(outcome.problems[0].message, HasSubstr("a.yaml:1"));
  EXPECT_EQ(api.value("one"), "first");
}

TEST_F(SyncTest, a_namespace_that_still_holds_something_is_kept_until_it_is_empty) {
  folder.write("a.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n");
  folder.write("b.yaml", config_map("one", "1"));
  api.pass();
  ASSERT_TRUE(api.client().create(kConfigMaps, "team", {{"metadata", {{"name", "by-hand"}}}}));
  folder.remove("a.yaml");
  EXPECT_EQ(pass_twice().pruned, 0U);
  EXPECT_THAT(api.report("problems"), HasSubstr("Namespace team is gone from the folder, but is kept"));
  ASSERT_TRUE(api.client().remove(kConfigMaps, {"team", "by-hand"}));
  EXPECT_EQ(api.pass().pruned, 1U);
}

TEST_F(SyncTest, a_crd_is_pruned_after_its_objects_and_not_before) {
  folder.write("a.yaml", widget_crd());
  folder.write("b.yaml", config_map("one", "1"));
  api.pass();
  ASSERT_TRUE(api.client().create(
      kWidgets, "default",
      {{"apiVersion", "example.com/v1"}, {"kind", "Widget"}, {"metadata", {{"name", "w"}}}}));
  folder.remove("a.yaml");
  EXPECT_EQ(pass_twice().pruned, 0U);
  EXPECT_FALSE(api.get(kWidgets, "default", "w").is_null());
  ASSERT_TRUE(api.client().remove(kWidgets, {"default", "w"}));
  EXPECT_EQ(api.pass().pruned, 1U);
}

TEST_F(SyncTest, a_field_that_leaves_the_manifest_leaves_the_object_and_others_fields_stay) {
  folder.write("a.yaml",
               "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {key: '1', gone: x}\n");
  api.pass();
  ASSERT_TRUE(api.client().patch(kConfigMaps, {"default", "one"}, kube::PatchType::Merge,
                                 {{"data", {{"theirs", "y"}, {"key", "drifted"}}}}));
  folder.write("a.yaml", config_map("one", "1"));
  api.pass();
  const Json data = api.get(kConfigMaps, "default", "one").at("data");
  EXPECT_EQ(data, (Json{{"key", "1"}, {"theirs", "y"}}));
}

TEST_F(SyncTest, a_full_pass_puts_back_what_was_changed_or_deleted_behind_it) {
  folder.write("a.yaml", config_map("one", "1") + config_map("two", "2"));
  api.pass();
  ASSERT_TRUE(api.client().remove(kConfigMaps, {"default", "one"}));
  ASSERT_TRUE(api.client().patch(kConfigMaps, {"default", "two"}, kube::PatchType::Merge,
                                 {{"data", {{"key", "x"}}}}));
  api.pass(FolderSync::Depth::Everything);
  EXPECT_EQ(api.value("one"), "1");
  EXPECT_EQ(api.value("two"), "2");
}

TEST_F(SyncTest, lists_and_objects_copied_out_of_a_server_are_taken) {
  folder.write("a.json", R"({"apiVersion": "v1", "kind": "List", "items": [
    {"apiVersion": "v1", "kind": "ConfigMap", "data": {"key": "1"}, "metadata": {"name": "one",
     "uid": "00000000-0000-4000-8000-000000000000", "resourceVersion": "7", "managedFields": [],
     "creationTimestamp": "2026-01-01T00:00:00Z"}}]})");
  EXPECT_TRUE(api.pass().problems.empty());
  EXPECT_EQ(api.value("one"), "1");
}

}  // namespace
}  // namespace neoid::manifests
