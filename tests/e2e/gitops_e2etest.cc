// The examples for GitOps (examples/gitops): health and kstatus of real resources in every state, and manifests that
// kustomize builds.
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

std::string program() {
  const char* given = std::getenv("NEOID_PROGRAM");
  return given == nullptr ? NEOID_BINARY_DIR "/neoid" : given;
}

std::string first_kubectl() {
  const char* list = std::getenv("NEOID_KUBECTL");
  const std::string text = list == nullptr ? "" : list;
  return text.substr(0, text.find(':'));
}

const std::string kExamples = NEOID_SOURCE_DIR "/examples/gitops";

TEST(GitOps, TellsTheHealthOfResourcesInEveryState) {
  ASSERT_NE(first_kubectl(), "") << "NEOID_KUBECTL names no kubectl; ./dev test sets it";
  const Outcome outcome =
      run("timeout 120 python3 " NEOID_SOURCE_DIR "/tests/e2e/states.py --neoid '" + program() +
          "' --kubectl '" + first_kubectl() + "' --health " + kExamples + "/argocd/health.lua");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("ok   client-id-taken"), std::string::npos) << outcome.output;
}

TEST(GitOps, TheHealthCheckGoesIntoArgoCdsConfigMapForEveryKind) {
  ASSERT_NE(first_kubectl(), "") << "NEOID_KUBECTL names no kubectl; ./dev test sets it";
  const Outcome outcome = run("'" + first_kubectl() + "' kustomize " + kExamples + "/argocd");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  for (const char* kind : {"IntegrationUser", "SystemIntegrationUser", "Scope"})
    EXPECT_NE(
        outcome.output.find(std::string("resource.customizations.health.identity.neostella.com_") + kind),
        std::string::npos)
        << outcome.output;
}

}  // namespace
