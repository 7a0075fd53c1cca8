// Clients that others wrote, against the real program. The scripts in clients/ say what is tried.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

std::string variable(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

// Runs a script with the program; its output where it fails, else nothing.
std::string failure_of(const std::string& interpreter, const std::string& script) {
  const std::string program = variable("NEOID_PROGRAM", std::string(NEOID_BINARY_DIR) + "/neoid");
  const std::string command = "timeout 240 " + interpreter + " '" + std::string(NEOID_SOURCE_DIR) +
                              "/tests/e2e/" + script + "' '" + program + "' 2>&1 </dev/null";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot run " + command;
  std::string output;
  std::array<char, 4096> buffer;
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), size);
  const int status = ::pclose(pipe);
  return status == 0 ? "" : "exit status " + std::to_string(WEXITSTATUS(status)) + "\n" + output;
}

// The client is a Debian package, which another python3 that is first on PATH does not have.
TEST(Clients, python_creates_lists_watches_and_is_refused) {
  EXPECT_EQ(failure_of("/usr/bin/python3", "clients/python_client.py"), "");
}

TEST(Clients, an_informer_of_node_sees_everything_over_restarts_and_410) {
  EXPECT_EQ(failure_of("python3", "clients/node_client.py"), "");
}

TEST(Durability, what_was_answered_is_there_after_kill_nine) {
  EXPECT_EQ(failure_of("python3", "standalone/kill_nine.py"), "");
}

TEST(Durability, a_data_folder_has_one_owner_and_is_backed_up_while_it_runs) {
  EXPECT_EQ(failure_of("python3", "standalone/backup.py"), "");
}

TEST(Manifests, a_git_checkout_is_followed) {
  EXPECT_EQ(failure_of("python3", "standalone/git_checkout.py"), "");
}

TEST(Helm, installs_upgrades_rolls_back_and_uninstalls) {
  ASSERT_NE(variable("NEOID_HELM", ""), "") << "NEOID_HELM names no helm; ./dev test sets it";
  EXPECT_EQ(failure_of("python3", "clients/helm.py"), "");
}

TEST(Kubectl, of_every_version_does_everything_on_our_own_kinds) {
  ASSERT_NE(variable("NEOID_KUBECTL", ""), "") << "NEOID_KUBECTL names no kubectl; ./dev test sets it";
  EXPECT_EQ(failure_of("python3", "clients/kubectl.py"), "");
}

}  // namespace
