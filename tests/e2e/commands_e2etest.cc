// The commands on a cluster, with the real program against `neoid standalone`, and real kubectl beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "reconcile/value/json_text.h"

namespace neoid {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

std::string variable(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}
std::string program() { return variable("NEOID_PROGRAM", std::string(NEOID_BINARY_DIR) + "/neoid"); }
std::string first_kubectl() {
  const std::string list = variable("NEOID_KUBECTL", "");
  return list.substr(0, list.find(':'));
}

struct Outcome {
  int code = -1;
  std::string out;  // both streams
};

class Commands : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(first_kubectl(), "") << "NEOID_KUBECTL names no kubectl; ./dev test sets it";
    std::string name = (std::filesystem::temp_directory_path() / "neoid-commands-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directory(folder_ / "bin");
    std::filesystem::create_symlink(program(), folder_ / "bin/neoid");
    std::filesystem::create_symlink(program(), folder_ / "bin/kubectl-neoid");
    std::filesystem::create_symlink(first_kubectl(), folder_ / "bin/kubectl");
    start();
    ASSERT_EQ(run("kubectl --context platform apply -f " NEOID_SOURCE_DIR "/crd/").code, 0);
    ASSERT_EQ(run("kubectl --context platform wait --for=condition=Established crd --all").code, 0);
    ASSERT_EQ(run("kubectl --context platform create namespace apps").code, 0);
    apply(
        "{apiVersion: identity.neostella.com/v1, kind: Scope, metadata: {name: documents}, "
        "spec: {displayName: Documents, tool: Documents}}");
    apply(user("billing", "scopes: [documents]"));
    ready("billing");
  }
  void TearDown() override {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void start() {
    daemon_ = ::fork();
    if (daemon_ == 0) {
      if (std::freopen((folder_ / "log").c_str(), "w", stderr) == nullptr) ::_exit(126);
      const std::string data = (folder_ / "data").string(), binary = program();
      ::execl(binary.c_str(), "neoid", "standalone", "--data", data.c_str(), "--listen", "127.0.0.1:0",
              "--create-deadline", "1s", nullptr);
      ::_exit(127);
    }
    eventually("the API answers", [this] {
      return std::filesystem::exists(folder_ / "data/kubeconfig") &&
             run("kubectl --context platform get --raw /readyz").code == 0;
    });
  }
  void stop() {
    if (daemon_ <= 0) return;
    ::kill(daemon_, SIGTERM);
    int status = 0;
    ::waitpid(daemon_, &status, 0);
    daemon_ = -1;
  }

  Outcome run(const std::string& command, const std::string& input = "") {
    const std::string file = (folder_ / "input").string();
    std::ofstream(file) << input;
    const std::string line = "cd " + folder_.string() + " && export HOME=" + folder_.string() +
                             " PATH=" + folder_.string() + "/bin:$PATH KUBECONFIG=" + folder_.string() +
                             "/data/kubeconfig && { " + command + "; } 2>&1 <" + file;
    Outcome outcome;
    FILE* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) return outcome;
    std::array<char, 4096> buffer;
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
      outcome.out.append(buffer.data(), size);
    const int status = ::pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }
  Outcome neoid(const std::string& arguments) { return run("neoid " + arguments + " --context platform"); }

  static std::string user(const std::string& name, const std::string& spec) {
    return "{apiVersion: identity.neostella.com/v1, kind: IntegrationUser, metadata: {name: " + name +
           ", namespace: apps}, spec: {displayName: " + name + (spec.empty() ? "" : ", " + spec) + "}}";
  }
  void apply(const std::string& yaml) {
    const Outcome outcome = run("kubectl --context platform apply -f -", yaml);
    ASSERT_EQ(outcome.code, 0) << outcome.out;
  }
  void eventually(const std::string& what, const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << what << "\n" << run("tail -20 log").out;
      std::this_thread::sleep_for(20ms);
    }
  }
  void ready(const std::string& name) {
    const Outcome outcome =
        run("kubectl --context platform wait -n apps iu/" + name + " --for=condition=Ready --timeout=30s");
    ASSERT_EQ(outcome.code, 0) << outcome.out << run("tail -20 log").out;
  }
  std::string field(const std::string& object, const std::string& path) {
    return run("kubectl --context platform get -n apps " + object + " -o jsonpath='{" + path + "}'").out;
  }
  // Whether the store accepts what the Secret holds.
  bool accepted() {
    return run("neoid store accepts --store sqlite:data/identity.db --client-id " + client_id_ +
               " --client-secret-file secret")
               .code == 0;
  }
  void keep_credential() {
    client_id_ = run("kubectl --context platform get secret -n apps billing-oauth -o "
                     "jsonpath='{.data.client_id}' | base64 -d")
                     .out;
    run("kubectl --context platform get secret -n apps billing-oauth -o jsonpath='{.data.client_secret}' | "
        "base64 -d "
        ">secret");
    ASSERT_TRUE(accepted());
  }

  std::filesystem::path folder_;
  std::string client_id_;
  pid_t daemon_ = -1;
};

TEST_F(Commands, rotate_waits_for_its_echo) {
  const std::string before = field("secret/billing-oauth", ".data.client_secret");
  const Outcome rotated = neoid("rotate apps/billing --wait --timeout 30s");
  EXPECT_EQ(rotated.code, 0) << rotated.out;
  EXPECT_THAT(rotated.out,
              HasSubstr("IntegrationUser apps/billing: rotated; Secret apps/billing-oauth holds"));
  EXPECT_THAT(rotated.out, HasSubstr("stays valid until"));
  EXPECT_NE(field("secret/billing-oauth", ".data.client_secret"), before);

  const Outcome asked = neoid("rotate billing -n apps");
  EXPECT_EQ(asked.code, 0) << asked.out;
  EXPECT_THAT(asked.out, HasSubstr("status.credentials.lastRotateRequest"));

  run("kubectl --context platform annotate -n apps iu billing identity.neostella.com/paused=true");
  const Outcome paused = neoid("rotate apps/billing --wait");
  EXPECT_EQ(paused.code, 1);
  EXPECT_THAT(paused.out, HasSubstr("is paused"));
}

TEST_F(Commands, wrong_calls_say_what_to_do) {
  const Outcome absent = neoid("rotate apps/nobody");
  EXPECT_EQ(absent.code, 1);
  EXPECT_EQ(absent.out,
            "neoid: there is no IntegrationUser apps/nobody; `kubectl get integrationusers -n apps` lists "
            "what there "
            "is\n");
  EXPECT_EQ(neoid("rotate a/b/c").code, 2);
  EXPECT_EQ(neoid("deactivate apps/billing").code, 2) << "--reason is required";
  EXPECT_EQ(neoid("deactivate apps/billing --reason ''").code, 2);
  EXPECT_EQ(run("neoid status --kubeconfig none").code, 1);
  EXPECT_EQ(run("neoid status --context nowhere").code, 1);
}

TEST_F(Commands, a_deactivation_stands_against_git_and_falls_to_reactivate) {
  keep_credential();
  const Outcome off = neoid("deactivate apps/billing --reason 'leaked in a log'");
  EXPECT_EQ(off.code, 0) << off.out;
  EXPECT_THAT(off.out, HasSubstr("Only `neoid reactivate apps/billing` switches it on again"));
  EXPECT_FALSE(accepted()) << "deactivated means now";
  EXPECT_EQ(field("iu/billing", ".status.active"), "false");

  // Git syncs, with force; somebody replaces the object, and with it the annotation goes.
  apply(user("billing", "scopes: [documents], active: true"));
  run("kubectl --context platform apply --server-side --force-conflicts -f -",
      user("billing", "scopes: [documents], active: true"));
  EXPECT_EQ(run("kubectl --context platform replace -f -",
                user("billing", "scopes: [documents], active: true, description: replaced"))
                .code,
            0);
  const std::string generation = field("iu/billing", ".metadata.generation");
  eventually("the change is reconciled",
             [&] { return field("iu/billing", ".status.observedGeneration") == generation; });
  EXPECT_EQ(field("iu/billing", ".status.active"), "false");
  EXPECT_FALSE(accepted());
  const Outcome held = neoid("status apps/billing");
  EXPECT_THAT(held.out, HasSubstr("is held inactive in the store, though spec.active is true"));

  const Outcome on = neoid("reactivate apps/billing");
  EXPECT_EQ(on.code, 0) << on.out;
  EXPECT_THAT(on.out, HasSubstr("active again, with the same client ID " + client_id_));
  EXPECT_TRUE(accepted()) << "the same credential works again";
  const Outcome again = neoid("reactivate apps/billing");
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.out, HasSubstr("there is no deactivation to lift"));
}

TEST_F(Commands, what_is_not_done_in_time_is_told_as_not_done) {
  // Nobody reconciles: the controller and its API are one process, so the resource is paused instead.
  run("kubectl --context platform annotate -n apps iu billing identity.neostella.com/paused=true");
  const Outcome off = neoid("deactivate apps/billing --reason test");
  EXPECT_EQ(off.code, 1);
  EXPECT_THAT(off.out, HasSubstr("is not carried out yet"));
  EXPECT_EQ(field("iu/billing", ".status.active"), "true");
}

TEST_F(Commands, status_of_a_sound_system_is_short) {
  const Outcome sound = neoid("status --store sqlite:data/identity.db");
  EXPECT_EQ(sound.code, 0) << sound.out;
  EXPECT_THAT(sound.out, HasSubstr("standalone leads (Lease kube-system/neoid)"));
  EXPECT_THAT(sound.out, HasSubstr("integration users  1, 1 ready"));
  EXPECT_THAT(sound.out, HasSubstr("Nothing is wrong."));
  EXPECT_THAT(sound.out, Not(HasSubstr("\x1b["))) << "colours are for terminals";
  const Outcome one = neoid("status apps/billing --store sqlite:data/identity.db");
  EXPECT_EQ(one.code, 0) << one.out;
  EXPECT_THAT(one.out, HasSubstr("current"));
  EXPECT_THAT(one.out, HasSubstr("Nothing is wrong with it."));
  const Outcome admin = run("neoid status --context admin");
  EXPECT_EQ(admin.code, 0) << admin.out;
  EXPECT_THAT(admin.out, HasSubstr("system users       not visible to you"));
}

TEST_F(Commands, status_of_a_broken_system_says_what_is_wrong_and_what_to_do) {
  apply(user("widened", "scopes: [documnts]"));
  run("kubectl --context platform create secret generic -n apps taken-oauth --from-literal=a=b");
  apply(user("taken", ""));
  apply(user("resting", ""));
  run("kubectl --context platform annotate -n apps iu resting identity.neostella.com/paused=true");
  apply(
      "{apiVersion: identity.neostella.com/v1, kind: SystemIntegrationUser, metadata: {name: engine}, spec: "
      "{displayName: Engine, credentials: {secretRef: {namespace: apps, name: engine}}}}");
  run("kubectl --context platform create clusterrolebinding everyone-edits --clusterrole=edit --user=alice");
  Outcome broken;
  eventually("both problems are reported", [&] {
    broken = neoid("status");
    return broken.out.find("taken: is not ready") != std::string::npos &&
           broken.out.find("widened: is not ready") != std::string::npos;
  });
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.out, HasSubstr("error  IntegrationUser apps/widened: is not ready (ScopeNotFound)"));
  EXPECT_THAT(broken.out, HasSubstr("to do: apply the Scope, or take it out of spec.scopes"));
  EXPECT_THAT(broken.out, HasSubstr("error  IntegrationUser apps/taken: is not ready (SecretConflict)"));
  EXPECT_THAT(broken.out, HasSubstr("warning  IntegrationUser apps/resting: is paused"));
  EXPECT_THAT(broken.out, HasSubstr("warning  ClusterRoleBinding everyone-edits: lets User alice read every "
                                    "Secret, those of 1 system user too (ClusterRole edit)"));
  const auto json = parse_json(neoid("status -o json").out);
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["errors"], 2);
  EXPECT_EQ((*json)["users"].size(), 5U);
  const Outcome one = neoid("status apps/widened");
  EXPECT_EQ(one.code, 1);
  EXPECT_THAT(one.out, HasSubstr("ScopesResolved"));
  EXPECT_THAT(neoid("status --color always").out, HasSubstr("\x1b[1;31merror"));
}

TEST_F(Commands, status_tells_of_previous_versions_that_are_still_accepted_and_of_lost_resources) {
  ASSERT_EQ(neoid("rotate apps/billing --wait").code, 0);
  const Outcome versions = neoid("status apps/billing --store sqlite:data/identity.db");
  EXPECT_THAT(versions.out, HasSubstr("previous"));
  EXPECT_THAT(versions.out, HasSubstr("never"));
  EXPECT_THAT(neoid("status --store sqlite:data/identity.db").out, HasSubstr("1 of them previous ones"));
  ASSERT_EQ(
      run("kubectl --context platform delete crd integrationusers.identity.neostella.com --timeout=30s").code,
      0);
  const Outcome gone = neoid("status --store sqlite:data/identity.db");
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.out, HasSubstr("the kind IntegrationUser: its CustomResourceDefinition is not there"));
  EXPECT_THAT(gone.out, HasSubstr("IntegrationUser apps/billing: its kind is gone, its identity"));
}

TEST_F(Commands, uninstall_that_keeps_leaves_nothing_in_the_cluster_and_everything_in_the_store) {
  keep_credential();
  apply(
      "{apiVersion: identity.neostella.com/v1, kind: SystemIntegrationUser, metadata: {name: engine}, spec: "
      "{displayName: Engine, credentials: {secretRef: {namespace: apps, name: engine}}}}");
  eventually("the system user's Secret",
             [&] { return field("secret/engine", ".metadata.name") == "engine"; });
  const Outcome unasked = neoid("uninstall --keep");
  EXPECT_EQ(unasked.code, 2);
  EXPECT_THAT(unasked.out, HasSubstr("--yes says that it is meant"));
  EXPECT_EQ(neoid("uninstall --yes").code, 2) << "what becomes of the identities must be said";

  const Outcome done = neoid("uninstall --keep --yes --timeout 30s");
  EXPECT_EQ(done.code, 0) << done.out << run("tail -20 log").out;
  EXPECT_THAT(run("kubectl --context platform get crd -o name").out, Not(HasSubstr("neostella")));
  eventually("no Secret is left", [&] {
    return run("kubectl --context platform get secrets -A --field-selector "
               "type=identity.neostella.com/oauth-client -o name")
        .out.empty();
  });
  EXPECT_TRUE(accepted()) << "the credential goes on working";
  EXPECT_EQ(neoid("uninstall --keep --yes").code, 0) << "it may be run again";
}

TEST_F(Commands, uninstall_that_deletes_ends_the_credentials) {
  keep_credential();
  const Outcome done = neoid("uninstall --delete --yes --timeout 30s");
  EXPECT_EQ(done.code, 0) << done.out << run("tail -20 log").out;
  EXPECT_FALSE(accepted());
  EXPECT_THAT(run("kubectl --context platform get crd -o name").out, Not(HasSubstr("neostella")));
  EXPECT_THAT(run("kubectl --context platform get secret -n apps").out, Not(HasSubstr("billing-oauth")));
}

TEST_F(Commands, kubectl_runs_them_as_its_plugin) {
  const Outcome status = run("kubectl neoid status --context platform");
  EXPECT_EQ(status.code, 0) << status.out;
  EXPECT_THAT(status.out, HasSubstr("Nothing is wrong."));
  EXPECT_THAT(run("kubectl neoid rotate --help").out, HasSubstr("kubectl neoid rotate"));
  EXPECT_THAT(run("kubectl plugin list").out, HasSubstr("kubectl-neoid"));
  EXPECT_EQ(run("kubectl neoid rotate billing -n apps --context platform --wait").code, 0);
}

TEST_F(Commands, shells_complete_what_the_program_takes) {
  const auto in_bash = [this](const std::string& words, int at) {
    return run("bash -c 'source <(neoid completion bash); COMP_WORDS=(" + words +
               "); COMP_CWORD=" + std::to_string(at) + "; _neoid; printf \"%s\\n\" \"${COMPREPLY[@]}\"'")
        .out;
  };
  EXPECT_EQ(in_bash("neoid rea", 1), "reactivate\n");
  EXPECT_EQ(in_bash("neoid store mig", 2), "migrate\n");
  EXPECT_EQ(in_bash("neoid rotate --wa", 2), "--wait\n");
  EXPECT_EQ(in_bash("neoid uninstall --ke", 2), "--keep\n");
  EXPECT_EQ(run("neoid completion zsh >script.zsh && zsh -n script.zsh").code, 0);
  EXPECT_EQ(run("neoid completion fish >script.fish && fish --no-execute script.fish").code, 0);
  EXPECT_EQ(run("fish -c 'source script.fish; complete -C \"neoid store mig\"'").out.substr(0, 7), "migrate");
  EXPECT_EQ(run("neoid completion nonsense").code, 2);
}

}  // namespace
}  // namespace neoid
