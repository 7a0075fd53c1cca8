#include "controller/manifests/tree.h"

#include <gmock/gmock.h>

#include "tests/controller/manifests/sync_support.h"

namespace neoid::manifests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::vector<std::string> places(const Tree& tree) {
  std::vector<std::string> places;
  for (const Manifest& manifest : tree.manifests) places.push_back(manifest.where);
  return places;
}

TEST(Tree, has_yaml_and_json_at_any_depth_in_order_and_nothing_else) {
  ScratchFolder folder;
  folder.write("b.yml", config_map("b", ""));
  folder.write("a/z.yaml", config_map("x", "") + config_map("y", ""));
  folder.write("a/c.json", R"({"kind": "ConfigMap"})");
  folder.write(".git/config.yaml", config_map("git", ""));
  folder.write("a/.hidden.yaml", config_map("hidden", ""));
  folder.write("kustomization.yaml", "resources: [b.yml]\n");
  folder.write("README.md", "# no manifest\n");
  folder.write("empty.yaml", "# nothing\n");
  const auto tree = read_tree(folder.path());
  ASSERT_TRUE(tree);
  EXPECT_THAT(places(*tree), ElementsAre("a/c.json:1", "a/z.yaml:1", "a/z.yaml:7", "b.yml:1"));
  EXPECT_TRUE(tree->whole);
  EXPECT_TRUE(tree->problems.empty());
}

TEST(Tree, of_a_mounted_config_map_and_of_git_sync_is_read_through_their_links) {
  ScratchFolder folder;
  folder.write("mount/..2026_11_28/a.yaml", config_map("a", ""));
  fs::create_directory_symlink("..2026_11_28", folder.path() / "mount/..data");
  fs::create_symlink("..data/a.yaml", folder.path() / "mount/a.yaml");
  EXPECT_THAT(places(read_tree(folder.path() / "mount").value()), ElementsAre("a.yaml:1"));

  folder.write("git/.worktrees/1/a.yaml", config_map("a", ""));
  fs::create_directory_symlink(".worktrees/1", folder.path() / "git/current");
  EXPECT_THAT(places(read_tree(folder.path() / "git/current").value()), ElementsAre("a.yaml:1"));
  EXPECT_THAT(places(read_tree(folder.path() / "git").value()), ElementsAre("current/a.yaml:1"));
}

TEST(Tree, links_that_lead_out_or_nowhere_are_told_and_circles_end) {
  ScratchFolder outside;
  outside.write("secret.yaml", config_map("outside", ""));
  ScratchFolder folder;
  folder.write("a.yaml", config_map("a", ""));
  fs::create_symlink(outside.path() / "secret.yaml", folder.path() / "out.yaml");
  fs::create_symlink("nowhere.yaml", folder.path() / "broken.yaml");
  fs::create_directory_symlink(".", folder.path() / "circle");
  const auto tree = read_tree(folder.path());
  ASSERT_TRUE(tree);
  EXPECT_THAT(places(*tree), ElementsAre("a.yaml:1"));
  ASSERT_EQ(tree->problems.size(), 2U);
  EXPECT_EQ(tree->problems[0].where, "broken.yaml");
  EXPECT_THAT(tree->problems[1].message, HasSubstr("leads out of the folder"));
  EXPECT_FALSE(tree->whole);
}

TEST(Tree, a_key_that_is_set_twice_makes_the_document_one_that_cannot_be_applied) {
  ScratchFolder folder;
  folder.write("a.yaml", "kind: ConfigMap\nkind: Secret\n" + config_map("a", ""));
  const auto tree = read_tree(folder.path());
  EXPECT_THAT(places(*tree), ElementsAre("a.yaml:4"));
  ASSERT_EQ(tree->problems.size(), 1U);
  EXPECT_EQ(tree->problems[0].where, "a.yaml:2");
  EXPECT_FALSE(tree->whole);
}

TEST(Tree, that_is_not_there_is_not_found) {
  EXPECT_EQ(read_tree("/nonexistent/folder").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(fingerprint("/nonexistent/folder").error().kind, ErrorKind::NotFound);
}

TEST(Fingerprint, changes_with_every_file_and_with_a_link_that_is_swapped) {
  ScratchFolder folder;
  folder.write("1/a.yaml", config_map("a", "1"));
  folder.write("2/a.yaml", config_map("a", "1"));
  fs::create_directory_symlink("1", folder.path() / "current");
  const fs::path current = folder.path() / "current";
  const std::string first = fingerprint(current).value();
  EXPECT_EQ(fingerprint(current).value(), first);
  fs::create_directory_symlink("2", folder.path() / "next");
  fs::rename(folder.path() / "next", current);
  const std::string second = fingerprint(current).value();
  EXPECT_NE(second, first);
  folder.write("2/b.yaml", "");
  const std::string third = fingerprint(current).value();
  EXPECT_NE(third, second);
  folder.remove("2/b.yaml");
  EXPECT_EQ(fingerprint(current).value(), second);
  folder.write("2/README.md", "not one of the files");
  EXPECT_EQ(fingerprint(current).value(), second);
}

}  // namespace
}  // namespace neoid::manifests
