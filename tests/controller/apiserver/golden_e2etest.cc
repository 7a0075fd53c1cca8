// Replays the recorded answers of a real API server (tests/golden/kube) against ours, a topic a test; and the
// recorded kubectl flows with the kubectl binaries that NEOID_KUBECTL names (paths, separated by colons).
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/apiserver/server.h"
#include "controller/base/process.h"

namespace neoid::apiserver {
namespace {

constexpr const char* kTokens =
    "admintoken,admin,admin,\"system:masters\"\n"
    "tenanttoken,tenant-admin,tenant-admin,\"tenants\"\n";

// One server for all topics: cases clean up after themselves.
class LiveServer {
 public:
  LiveServer() {
    char name[] = "/tmp/neoid-golden-XXXXXX";
    folder_ = mkdtemp(name);
    const Instant now = clock_.now();
    const Instant before = now - std::chrono::hours(1);
    const Instant after = now + std::chrono::hours(24);
    auto ca = http::make_ca("golden", before, after);
    http::CertificateOptions wanted;
    wanted.common_name = "127.0.0.1";
    wanted.ip_addresses = {"127.0.0.1"};
    wanted.not_before = before;
    wanted.not_after = after;
    auto leaf = http::make_certificate(ca.value(), wanted);
    ApiServerOptions options;
    options.data = folder_ / "data";
    options.tls = http::TlsOptions{leaf.value(), ""};
    options.token_file_text = kTokens;
    auto opened = ApiServer::open(std::move(options), clock_);
    if (!opened) throw std::runtime_error(opened.error().describe());
    server_ = std::move(*opened);
    if (auto started = server_->start(); !started) throw std::runtime_error(started.error().describe());
    std::ofstream(ca_file()) << ca->certificate_pem;
    std::ofstream(kubeconfig()) << fmt::format(
        "apiVersion: v1\nkind: Config\ncurrent-context: golden\n"
        "clusters: [{{name: golden, cluster: {{server: '{}', certificate-authority: '{}'}}}}]\n"
        "contexts: [{{name: golden, context: {{cluster: golden, user: admin}}}}]\n"
        "users: [{{name: admin, user: {{token: admintoken}}}}]\n",
        url(), ca_file().string());
  }
  ~LiveServer() {
    server_->stop();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string url() const { return fmt::format("https://127.0.0.1:{}", server_->port()); }
  std::filesystem::path ca_file() const { return folder_ / "ca.crt"; }
  std::filesystem::path kubeconfig() const { return folder_ / "kubeconfig"; }

 private:
  SystemClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<ApiServer> server_;
};

std::unique_ptr<LiveServer> g_server;

LiveServer& live_server() {
  if (!g_server) g_server = std::make_unique<LiveServer>();
  return *g_server;
}

// Its threads end while the program's constants are still there.
class EndsLiveServer final : public testing::Environment {
  void TearDown() override { g_server.reset(); }
};
[[maybe_unused]] const auto* const kEnds = testing::AddGlobalTestEnvironment(new EndsLiveServer);

struct Outcome {
  int code = -1;
  std::string output;
};

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  for (std::size_t count = 0; (count = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    outcome.output.append(buffer, count);
  const int status = pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

const std::string kGolden = std::string(NEOID_SOURCE_DIR) + "/tests/golden/kube";

class RecordedTopic : public testing::TestWithParam<const char*> {};

TEST_P(RecordedTopic, is_answered_as_a_real_server_does) {
  const Outcome outcome =
      run(fmt::format("python3 {}/replay.py --server {} --ca {} --token admintoken --topic {} -q", kGolden,
                      live_server().url(), live_server().ca_file().string(), GetParam()));
  EXPECT_EQ(outcome.code, 0) << outcome.output;
}

INSTANTIATE_TEST_SUITE_P(Http, RecordedTopic,
                         testing::Values("auth", "configmaps", "crd", "crud", "delete", "discovery", "dryrun",
                                         "events", "fieldvalidation", "gc", "leases", "list", "metadata",
                                         "namespaces", "patch", "secrets", "ssa", "subresources", "table",
                                         "validation", "watch"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST(RecordedKubectlFlows, print_what_they_print_with_a_real_server) {
  const char* binaries = std::getenv("NEOID_KUBECTL");
  if (binaries == nullptr || *binaries == '\0') GTEST_SKIP() << "NEOID_KUBECTL names no kubectl";
  std::string command = fmt::format("python3 {}/replay_kubectl.py --kubeconfig {} -q", kGolden,
                                    live_server().kubeconfig().string());
  std::string_view rest = binaries;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    command += fmt::format(" --kubectl '{}'", rest.substr(0, colon));
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  }
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.code, 0) << outcome.output;
}

}  // namespace
}  // namespace neoid::apiserver
