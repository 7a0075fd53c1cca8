// What a newcomer does, run as it stands: the quickstart's walkthrough, with the real program and real kubectl.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

struct Outcome {
  int code = -1;
  std::string output;
};

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = ::popen((command + " 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> buffer;
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.output.append(buffer.data(), size);
  const int status = ::pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

std::string variable(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string program() { return variable("NEOID_PROGRAM", std::string(NEOID_BINARY_DIR) + "/neoid"); }

std::string first_kubectl() {
  const std::string list = variable("NEOID_KUBECTL", "");
  return list.substr(0, list.find(':'));
}

TEST(Walkthrough, EndsByItselfAndLeavesNothing) {
  ASSERT_NE(first_kubectl(), "") << "NEOID_KUBECTL names no kubectl; ./dev test sets it";
  const Outcome outcome = run("NEOID='" + program() + "' KUBECTL='" + first_kubectl() + "' '" +
                              std::string(NEOID_SOURCE_DIR) + "/examples/quickstart/walkthrough.sh'");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("== Done"), std::string::npos);
  EXPECT_NE(outcome.output.find("DriftCorrected"), std::string::npos);
  EXPECT_NE(run("pgrep -f 'neoid-demo[.].*standalone'").code, 0) << "a process was left";
}

struct Refusal {
  const char* what;
  std::string command;
  std::string said;
};

// Bad input is one clear line and exit code 1; a wrong call is exit code 2.
TEST(BadInput, IsOneLineThatSaysWhatToDo) {
  const std::string folder = run("mktemp -d").output.substr(0, run("mktemp -d").output.size() - 1);
  const std::string neoid = "'" + program() + "' ";
  run("mkdir -p " + folder + "/foreign && echo x > " + folder + "/foreign/file");
  run("mkdir -p " + folder + "/future && echo 'neoid data folder 99' > " + folder + "/future/FORMAT");
  run("echo 'not: [a, kubeconfig' > " + folder + "/bad.kubeconfig");
  const Refusal refusals[] = {
      {"a store that cannot be reached",
       neoid + "standalone --data " + folder +
           "/a --listen 127.0.0.1:0 --store postgres://user:hunter2@127.0.0.1:1/db",
       "127.0.0.1"},
      {"a folder with other things in it",
       neoid + "standalone --listen 127.0.0.1:0 --data " + folder + "/foreign", "no data folder of neoid"},
      {"a folder of another version", neoid + "standalone --listen 127.0.0.1:0 --data " + folder + "/future",
       "another version"},
      {"an unusable kubeconfig",
       neoid + "controller --kubeconfig " + folder +
           "/bad.kubeconfig --health-listen '' --migrate --store sqlite:" + folder + "/i.db",
       "bad.kubeconfig"},
      {"an address that is none", neoid + "standalone --listen nonsense --data " + folder + "/b", "nonsense"},
  };
  for (const Refusal& refusal : refusals) {
    const Outcome outcome = run("timeout 20 " + refusal.command);
    EXPECT_EQ(outcome.code, 1) << refusal.what << ": " << outcome.output;
    EXPECT_NE(outcome.output.find(refusal.said), std::string::npos) << refusal.what << ": " << outcome.output;
    EXPECT_EQ(outcome.output.find("hunter2"), std::string::npos) << "a password was printed";
    EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1)
        << refusal.what << ": " << outcome.output;
  }
  EXPECT_EQ(run(neoid + "nonsense").code, 2);
  EXPECT_EQ(run(neoid + "standalone --no-such-flag").code, 2);
  EXPECT_EQ(run(neoid + "--help").code, 0);
  EXPECT_EQ(run(neoid + "version").code, 0);
}

TEST(BadInput, APortInUseIsToldAndTheDataIsKept) {
  const std::string folder = run("mktemp -d").output;
  const std::string data = folder.substr(0, folder.size() - 1) + "/data";
  const std::string script = R"(
import socket, subprocess, sys
taken = socket.socket()
taken.bind(("127.0.0.1", 0))
taken.listen()
address = "127.0.0.1:%d" % taken.getsockname()[1]
sys.exit(subprocess.run([sys.argv[1], "standalone", "--data", sys.argv[2], "--listen", address]).returncode)
)";
  const Outcome outcome = run("timeout 30 python3 -c '" + script + "' '" + program() + "' '" + data + "'");
  EXPECT_EQ(outcome.code, 1) << outcome.output;
  EXPECT_NE(outcome.output.find("--listen"), std::string::npos) << outcome.output;
}

}  // namespace
