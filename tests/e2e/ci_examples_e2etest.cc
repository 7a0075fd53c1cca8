// The examples for CI (examples/ci), run as they stand: the commands that they contain, in a git repository whose change
// is first fine and then not, with the real program.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "reconcile/value/json.h"
#include "reconcile/value/yaml.h"

namespace {

namespace fs = std::filesystem;
using neoid::Json;

struct Outcome {
  int code = -1;
  std::string output;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Json example(const char* name) {
  auto parsed = neoid::parse_yaml(read_file(fs::path(NEOID_SOURCE_DIR) / "examples/ci" / name));
  return parsed ? *parsed : Json();
}

class CiExamples : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "neoid-ci-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    fs::create_directories(folder / "bin");
    const char* given = std::getenv("NEOID_PROGRAM");
    fs::create_symlink(given == nullptr ? NEOID_BINARY_DIR "/neoid" : given, folder / "bin/neoid");
    fs::create_directories(repository() / "identities");
    for (const auto& file : fs::directory_iterator(NEOID_SOURCE_DIR "/examples/quickstart"))
      if (file.path().extension() == ".yaml")
        fs::copy_file(file.path(), repository() / "identities" / file.path().filename());
    const Outcome made =
        sh("git init -q -b main . && git add . && git commit -qm base && git checkout -qb change");
    ASSERT_EQ(made.code, 0) << made.output;
  }
  void TearDown() override { fs::remove_all(folder); }

  fs::path repository() const { return folder / "repository"; }

  // In the repository, as a runner does: a shell that stops at the first error.
  Outcome sh(const std::string& script, const std::string& environment = "") {
    std::ofstream(folder / "script.sh") << script;
    const std::string command = "cd '" + repository().string() + "' && env -u GIT_DIR HOME='" +
                                folder.string() + "' PATH='" + (folder / "bin").string() +
                                "':\"$PATH\" GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b.c GIT_COMMITTER_NAME=a " +
                                "GIT_COMMITTER_EMAIL=a@b.c " + environment + " timeout 60 sh -e '" +
                                (folder / "script.sh").string() + "' 2>&1 </dev/null";
    Outcome run;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return run;
    std::array<char, 4096> buffer;
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
      run.output.append(buffer.data(), size);
    const int status = ::pclose(pipe);
    run.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
  }

  void add_valid_change() {
    std::ofstream(repository() / "identities/50-more.yaml")
        << "apiVersion: identity.neostella.com/v1\nkind: IntegrationUser\n"
           "metadata: {name: more, namespace: integrations}\nspec: {displayName: More, scopes: [contacts]}\n";
    ASSERT_EQ(sh("git add . && git commit -qm more").code, 0);
  }
  // A mistake in a field, and a system user that vanishes.
  void add_bad_change() {
    std::ofstream(repository() / "identities/50-more.yaml")
        << "apiVersion: identity.neostella.com/v1\nkind: IntegrationUser\n"
           "metadata: {name: more, namespace: integrations}\nspec: {displayname: More}\n";
    fs::remove(repository() / "identities/40-systemintegrationuser.yaml");
    ASSERT_EQ(sh("git add -A . && git commit -qm bad").code, 0);
  }

  fs::path folder;
};

TEST_F(CiExamples, TheWorkflowOfGitHubActions) {
  const Json workflow = example("github-actions.yaml");
  ASSERT_TRUE(workflow.is_object());
  EXPECT_TRUE(workflow.contains("on"));
  std::string script;
  for (const Json& step : workflow.at("jobs").at("validate").at("steps"))
    if (step.contains("run")) script += step.at("run").get<std::string>() + "\n";
  const std::string clean = "rm -rf .base; git worktree prune\n";

  add_valid_change();
  Outcome run = sh(clean + script, "BASE=main");
  EXPECT_EQ(run.code, 0) << run.output;
  EXPECT_NE(run.output.find("7 resources in 6 files: 0 errors, 0 warnings"), std::string::npos) << run.output;

  add_bad_change();
  run = sh(clean + script, "BASE=main");
  EXPECT_EQ(run.code, 1) << run.output;
  EXPECT_NE(run.output.find("::error file=identities/50-more.yaml,line=4,col=8,"), std::string::npos)
      << run.output;
  EXPECT_NE(run.output.find("is not retired"), std::string::npos) << run.output;
}

TEST_F(CiExamples, TheJobOfGitLab) {
  const Json job = example("gitlab-ci.yml").at("validate-identities");
  const auto script_of = [&](const char* name) {
    std::string script;
    for (const Json& line : job.at(name)) script += line.get<std::string>() + "\n";
    return script;
  };
  const std::string clean = "rm -rf .base; git worktree prune\n";
  const std::string base = "CI_MERGE_REQUEST_DIFF_BASE_SHA=main";
  const fs::path junit = repository() / job.at("artifacts").at("reports").at("junit").get<std::string>();

  add_valid_change();
  Outcome run = sh(clean + script_of("script"), base);
  EXPECT_EQ(run.code, 0) << run.output;
  EXPECT_EQ(sh(script_of("after_script")).code, 0);
  EXPECT_NE(read_file(junit).find("<testsuites tests=\"6\" failures=\"0\">"), std::string::npos)
      << read_file(junit);

  add_bad_change();
  run = sh(clean + script_of("script"), base);
  EXPECT_EQ(run.code, 1) << run.output;
  EXPECT_EQ(sh(script_of("after_script")).code, 0);
  EXPECT_NE(read_file(junit).find("<failure type=\"required\""), std::string::npos) << read_file(junit);
}

TEST_F(CiExamples, TheHookOfGitJudgesWhatIsStaged) {
  const fs::path hook = repository() / ".git/hooks/pre-commit";
  fs::create_directories(hook.parent_path());
  fs::copy_file(NEOID_SOURCE_DIR "/examples/ci/pre-commit", hook, fs::copy_options::overwrite_existing);
  const fs::path file = repository() / "identities/60-staged.yaml";
  const auto user = [](const std::string& field) {
    return "apiVersion: identity.neostella.com/v1\nkind: IntegrationUser\nmetadata: {name: staged, "
           "namespace: a}\n"
           "spec: {" +
           field + ": A}\n";
  };
  std::ofstream(file) << user("displayname");
  Outcome run = sh("git add . && git commit -qm staged");
  EXPECT_EQ(run.code, 1) << run.output;
  EXPECT_NE(run.output.find("did you mean \"displayName\"?"), std::string::npos) << run.output;
  // Mended in the working tree alone: what would be committed is still wrong.
  std::ofstream(file, std::ios::trunc) << user("displayName");
  EXPECT_EQ(sh("git commit -qm staged").code, 1);
  run = sh("git add . && git commit -qm staged");
  EXPECT_EQ(run.code, 0) << run.output;
  EXPECT_EQ(sh("git rm -rq identities && git commit -qm empty").code, 0);
}

TEST_F(CiExamples, TheHookOfPreCommitCom) {
  const Json hook = example("pre-commit-hooks.yaml").at("repos").at(0).at("hooks").at(0);
  EXPECT_EQ(hook.at("pass_filenames"), false);
  EXPECT_EQ(sh(hook.at("entry")).code, 0);
}

}  // namespace
