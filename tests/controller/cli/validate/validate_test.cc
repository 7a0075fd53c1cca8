#include "controller/cli/validate/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "reconcile/value/json.h"

namespace neoid::validate {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kGolden = fs::path(NEOID_SOURCE_DIR) / "tests/golden/validate";

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Runs in the folder of golden files, so that names are relative; other files are made in `folder`.
class ValidateTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "neoid-validate-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    before_ = fs::current_path();
    fs::current_path(kGolden);
    options.version = "1.2.3";
    options.jobs = 2;
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(folder);
  }

  std::string write(const std::string& name, const std::string& text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << text;
    return (folder / name).string();
  }

  int run(std::vector<std::string> paths) {
    out.str("");
    err.str("");
    options.paths = std::move(paths);
    return validate(options, out, err);
  }

  // The findings of a run as "line:column rule field".
  std::vector<std::string> findings(std::vector<std::string> paths) {
    options.format = Format::Json;
    run(std::move(paths));
    const Json report = Json::parse(out.str());
    std::vector<std::string> lines;
    for (const Json& finding : report.at("findings"))
      lines.push_back(fmt::format("{}:{} {} {}", finding.at("line").get<int>(),
                                  finding.at("column").get<int>(), finding.at("rule").get<std::string>(),
                                  finding.at("field").get<std::string>()));
    return lines;
  }

  static std::string user(const std::string& name, const std::string& more = "") {
    return "apiVersion: identity.neostella.com/v1\nkind: IntegrationUser\nmetadata:\n  name: " + name +
           "\nspec:\n  displayName: A\n" + more;
  }

  fs::path folder;
  ValidateOptions options;
  std::ostringstream out, err;

 private:
  fs::path before_;
};

TEST_F(ValidateTest, EveryFormatSaysWhatItSaidBefore) {
  for (std::size_t i = 0; i < std::size(kFormats); ++i) {
    options.format = static_cast<Format>(i);
    EXPECT_EQ(run({"tree"}), kFindings);
    const fs::path file = kGolden / "expected" / std::string(kFormats[i]);
    if (std::getenv("NEOID_UPDATE_GOLDEN") != nullptr) std::ofstream(file, std::ios::binary) << out.str();
    EXPECT_EQ(out.str(), read(file)) << kFormats[i];
    EXPECT_EQ(err.str(), "");
  }
}

TEST_F(ValidateTest, AnOlderTreeBringsTransitionRulesAndWhatIsGone) {
  options.against = "older";
  EXPECT_EQ(run({"newer"}), kFindings);
  const fs::path file = kGolden / "expected" / "against";
  if (std::getenv("NEOID_UPDATE_GOLDEN") != nullptr) std::ofstream(file, std::ios::binary) << out.str();
  EXPECT_EQ(out.str(), read(file));
  options.against = "newer";
  EXPECT_EQ(run({"newer"}), kValid) << out.str();
}

TEST_F(ValidateTest, WhatOfTheOlderTreeCannotBeReadIsToldAndABrokenDocumentCanBeMended) {
  write("before/a.yaml", user("a") + "---\na: [\n");
  write("after/a.yaml", user("a"));
  options.against = (folder / "before").string();
  EXPECT_EQ(run({(folder / "after").string()}), kValid) << err.str();
  EXPECT_THAT(out.str(), AllOf(HasSubstr("before/a.yaml:"), HasSubstr("the older tree is broken here")));
  EXPECT_THAT(out.str(), HasSubstr("0 errors, 1 warning"));
}

TEST_F(ValidateTest, TheExamplesAreValid) {
  EXPECT_EQ(run({NEOID_SOURCE_DIR "/examples/quickstart"}), kValid) << out.str();
  EXPECT_THAT(out.str(),
              HasSubstr("6 resources in 5 files: 0 errors, 0 warnings; 4 objects of other groups skipped"));
}

TEST_F(ValidateTest, OneThreadAndManySayTheSame) {
  for (int i = 0; i < 100; ++i)
    write(fmt::format("many/{:03}.yaml", i), user(fmt::format("u-{:02}", i % 60), "  scopes: [A]\n"));
  options.jobs = 1;
  EXPECT_EQ(run({(folder / "many").string()}), kFindings);
  const std::string one = out.str();
  EXPECT_THAT(one, HasSubstr("100 resources in 100 files"));
  options.jobs = 8;
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(run({(folder / "many").string()}), kFindings);
    EXPECT_EQ(out.str(), one);
  }
}

TEST_F(ValidateTest, ALargeStreamIsCutAtItsDocumentsAndLinesStayRight) {
  std::string text;
  int lines = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string one = user(fmt::format("user-{}", i), i == 17'000 ? "  nonsense: 1\n" : "");
    if (i == 17'000) lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 7;
    text += one + "---\n";
  }
  ASSERT_GT(text.size(), std::size_t{2} << 20);
  EXPECT_THAT(findings({write("large.yaml", text)}),
              ElementsAre(fmt::format("{}:3 unknown-field spec.nonsense", lines)));
  EXPECT_EQ(Json::parse(out.str()).at("summary").at("resources"), 20'000);
}

TEST_F(ValidateTest, StandardInputIsReadAndItsLinesAreShown) {
  const std::string file = write("stdin.yaml", user("a", "  nonsense: 1\n"));
  std::FILE* in = std::fopen(file.c_str(), "r");
  ASSERT_NE(in, nullptr);
  options.standard_input = ::fileno(in);
  EXPECT_EQ(run({"-"}), kFindings);
  EXPECT_THAT(out.str(), HasSubstr("-:7:3: error: spec.nonsense: unknown field \"spec.nonsense\""));
  EXPECT_THAT(out.str(), HasSubstr("    7 |   nonsense: 1\n      |   ^\n"));
  std::fclose(in);
}

TEST_F(ValidateTest, WhatCannotBeReadIsTwoAndTheRestIsJudged) {
  EXPECT_EQ(run({"nowhere.yaml", "tree/10-scopes.yaml"}), kUnreadable);
  EXPECT_EQ(err.str(), "neoid: nowhere.yaml: No such file or directory\n");
  EXPECT_THAT(out.str(), HasSubstr("3 resources in 1 file"));
  options.kubernetes_version = "1.20";
  EXPECT_EQ(run({"tree"}), kUnreadable);
  EXPECT_EQ(err.str(), "neoid: --kubernetes-version: the oldest is 1.26\n");
}

TEST_F(ValidateTest, AFolderIsWalkedAndNothingInItIsPassedOverInSilence) {
  write("tree/a.yaml", user("a"));
  write("tree/folder.yaml/b.yml", user("b"));
  write("tree/.hidden/c.yaml", "a: [");
  write("tree/notes.txt", "a: [");
  fs::create_directory_symlink("..", folder / "tree/round");
  fs::create_symlink("a.yaml", folder / "tree/link.json");
  const std::string tree = (folder / "tree").string();
  EXPECT_EQ(run({tree}), kFindings) << "the linked file declares the same resource again";
  EXPECT_THAT(out.str(), HasSubstr("3 resources in 3 files"));
  fs::remove(folder / "tree/link.json");
  EXPECT_EQ(run({tree}), kValid) << out.str();

  fs::create_symlink("nowhere", folder / "tree/gone.yaml");
  fs::create_symlink("nowhere", folder / "tree/gone.txt");
  EXPECT_EQ(run({tree}), kUnreadable);
  EXPECT_EQ(err.str(), "neoid: " + tree + "/gone.yaml: No such file or directory\n");
  EXPECT_THAT(out.str(), HasSubstr("2 resources in 2 files"));
}

TEST_F(ValidateTest, ATabIsToldAsOne) {
  EXPECT_EQ(run({write("tab.yaml", "a:\n\tb: 1\n")}), kFindings);
  EXPECT_THAT(out.str(), HasSubstr("help: indent with spaces, not with tabs"));
}

TEST_F(ValidateTest, WarningsAreErrorsWhenStrict) {
  const std::string file = write("a.yaml", user("a", "  active: yes\n"));
  EXPECT_EQ(run({file}), kValid);
  EXPECT_THAT(out.str(), HasSubstr("warning: spec.active: yes is read as the boolean true"));
  options.warnings = Warnings::Refuse;
  EXPECT_EQ(run({file}), kFindings);
  EXPECT_THAT(out.str(), HasSubstr("error: spec.active"));
}

TEST_F(ValidateTest, AnotherCrdIsJudgedByItsOwnRules) {
  const std::string crd = write("crd.yaml", R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {plural: widgets, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, maximum: 3}
)");
  const std::string file =
      write("w.yaml", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 4}\n");
  EXPECT_THAT(findings({file}), ElementsAre());
  options.crds = {crd};
  EXPECT_THAT(findings({file}), ElementsAre("4:14 invalid spec.size"));
  options.crds = {write("bad.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n")};
  EXPECT_EQ(run({file}), kUnreadable);
}

TEST_F(ValidateTest, NothingInAFileStopsOrSteersIt) {
  const struct {
    const char* reason;
    std::string text;
    std::vector<std::string> findings;
  } cases[] = {
      {"empty", "", {}},
      {"a comment alone", "# nothing\n", {}},
      {"tabs", user("a", "\tactive: true\n"), {"7:1 yaml "}},
      {"CRLF",
       "apiVersion: identity.neostella.com/v1\r\nkind: Scope\r\nmetadata: {name: a}\r\nspec: {displayName: "
       "A, tool: T, x: 1}\r\n",
       {"4:33 unknown-field spec.x"}},
      {"a byte order mark", "\xEF\xBB\xBF" + user("a", "  x: 1\n"), {"7:3 unknown-field spec.x"}},
      {"invalid UTF-8", user("a", "  description: \xFF\n"), {"7:16 invalid-utf8 "}},
      {"deep nesting", std::string(20'000, '['), {"1:10001 yaml "}},
      {"a colour in a name", user("\"\\e[31m\""), {"4:9 metadata metadata.name"}},
      {"only a separator with words", "--- x\n", {"1:4 yaml "}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(findings({write("case.yaml", c.text)}), c.findings) << c.reason;
    options.format = Format::Text;
    run({(folder / "case.yaml").string()});
    EXPECT_EQ(out.str().find('\x1b'), std::string::npos) << c.reason;
  }
}

TEST_F(ValidateTest, ScopesAreLookedUpOnlyWhereThereAreAny) {
  const std::string file = write("a.yaml", user("a", "  scopes: [nothing]\n"));
  EXPECT_EQ(run({file}), kValid);
  EXPECT_THAT(out.str(), HasSubstr("scopes were not looked up: there is no Scope in the input"));
  EXPECT_EQ(run({file, "tree/10-scopes.yaml"}), kFindings);
  EXPECT_THAT(out.str(), HasSubstr("spec.scopes[0]: there is no Scope nothing"));
}

}  // namespace
}  // namespace neoid::validate
