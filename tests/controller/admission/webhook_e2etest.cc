// The webhooks at the wire: an API server calls them over HTTPS as manifests/admission says, a real kubectl is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "controller/apiserver/server.h"
#include "controller/cmd/webhook.h"
#include "controller/kube/kubeconfig.h"
#include "controller/reconcilers/controller.h"
#include "reconcile/api/embedded.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/yaml.h"

namespace neoid::admission {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const kube::ResourceType kSecrets{"", "v1", "secrets", true};

std::string read_file(const std::string& path) {
  std::ifstream file(std::string(NEOID_SOURCE_DIR) + "/" + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string first_kubectl() {
  const char* list = std::getenv("NEOID_KUBECTL");
  const std::string text = list == nullptr ? "" : list;
  return text.substr(0, text.find(':'));
}

// An API server without any admission of its own, a controller, and the webhooks that its API calls.
class WebhookSystem : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(first_kubectl(), "") << "NEOID_KUBECTL names no kubectl; ./dev test sets it";
    std::string name = (std::filesystem::temp_directory_path() / "neoid-webhook-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    start_api();
    store_ =
        store::open_store("sqlite:" + (folder_ / "identity.db").string(), store::Migration::Apply).value();
    reconcilers::ControllerOptions options;
    options.lease.name = {"kube-system", "neoid"};
    options.lease.holder = "test";
    controller_ = reconcilers::Controller::create(*client_, *store_, clock_, metrics_, options).value();
    start_webhook(0);
    const int port = webhook_->server->port();
    webhook_.reset();
    configure(port);
    start_webhook(port);
    controller_->start();
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!controller_->unready().empty() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(5ms);
    ASSERT_TRUE(controller_->unready().empty()) << controller_->unready().front();
  }
  void TearDown() override {
    webhook_.reset();
    controller_->stop();
    controller_.reset();
    server_->stop();
    std::filesystem::remove_all(folder_);
  }

  void start_api() {
    const Instant now = clock_.now();
    const auto ca = http::make_ca("test", now - 1h, now + 24h);
    http::CertificateOptions certificate;
    certificate.common_name = "test";
    certificate.ip_addresses = {"127.0.0.1"};
    certificate.not_before = now - 1h;
    certificate.not_after = now + 24h;
    apiserver::ApiServerOptions options;
    options.data = folder_ / "api";
    options.tls = http::TlsOptions{http::make_certificate(*ca, certificate).value(), ca->certificate_pem};
    options.token_file_text =
        "platform-token,platform,platform,\"neoid:platform,system:masters\"\neve-token,eve,eve,\"others\"\n";
    for (const api::EmbeddedFile& file : api::embedded_crd())
      options.bootstrap.push_back(parse_yaml(file.text).value());
    for (const char* ns : {"apps", "neoid-system"})
      options.bootstrap.push_back(
          {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}});
    // RBAC lets eve do everything: what stops her is admission.
    options.bootstrap.push_back(
        {{"apiVersion", "rbac.authorization.k8s.io/v1"},
         {"kind", "ClusterRoleBinding"},
         {"metadata", {{"name", "eve"}}},
         {"roleRef",
          {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "cluster-admin"}}},
         {"subjects",
          Json::array({{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", "eve"}}})}});
    server_ = apiserver::ApiServer::open(std::move(options), clock_).value();
    ASSERT_TRUE(server_->start());
    const std::string kubeconfig = (folder_ / "kubeconfig").string();
    ASSERT_TRUE(kube::write_kubeconfig(
        kubeconfig, kube::kubeconfig_text("test", "https://127.0.0.1:" + std::to_string(server_->port()),
                                          ca->certificate_pem,
                                          {{.name = "platform", .token = Secret("platform-token")},
                                           {.name = "eve", .token = Secret("eve-token")}})));
    client_ = std::make_unique<kube::Client>(
        kube::connect(kube::ConnectionOptions{kubeconfig, "platform"}).value());
  }

  void start_webhook(int port) {
    cmd::WebhookFlags flags;
    flags.listen = "127.0.0.1:" + std::to_string(port);
    flags.hosts = {"127.0.0.1"};
    auto webhook = cmd::start_webhook(flags, *client_, controller_->caches(), clock_, metrics_);
    ASSERT_TRUE(webhook) << webhook.error().describe();
    webhook_ = std::move(*webhook);
  }

  // The manifests as they are, but for the address: there is no cluster network here.
  void configure(int port) {
    const auto documents1 = read_yaml(read_file("manifests/admission/webhooks.yaml")).value();
    for (const auto& document : documents1) {
      Json object = document.value;
      for (Json& hook : object["webhooks"]) {
        const std::string path = hook["clientConfig"]["service"]["path"];
        hook["clientConfig"] = {{"url", "https://127.0.0.1:" + std::to_string(port) + path}};
      }
      const std::string plural = object["kind"] == "MutatingWebhookConfiguration"
                                     ? "mutatingwebhookconfigurations"
                                     : "validatingwebhookconfigurations";
      ASSERT_TRUE(client_->create({"admissionregistration.k8s.io", "v1", plural, false}, "", object));
    }
  }

  struct Outcome {
    int code = -1;
    std::string output;
  };
  Outcome kubectl(const std::string& context, const std::string& arguments, const std::string& yaml = "") {
    const std::string input = (folder_ / "input.yaml").string();
    std::ofstream(input) << yaml;
    const std::string command = "HOME=" + folder_.string() + " " + first_kubectl() + " --kubeconfig " +
                                (folder_ / "kubeconfig").string() + " --context " + context + " " +
                                arguments + " 2>&1 <" + input;
    Outcome outcome;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return outcome;
    std::array<char, 4096> buffer;
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
      outcome.output.append(buffer.data(), size);
    const int status = ::pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }

  std::filesystem::path folder_;
  SystemClock clock_;
  MetricsRegistry metrics_;
  std::unique_ptr<apiserver::ApiServer> server_;
  std::unique_ptr<kube::Client> client_;
  std::unique_ptr<store::IdentityStore> store_;
  std::unique_ptr<reconcilers::Controller> controller_;
  std::unique_ptr<cmd::RunningWebhook> webhook_;
};

constexpr const char* kSystemUser = R"(
apiVersion: identity.neostella.com/v1
kind: SystemIntegrationUser
metadata: {name: engine}
spec:
  displayName: Engine
  credentials: {secretRef: {namespace: apps, name: engine}}
)";
constexpr const char* kUser = R"(
apiVersion: identity.neostella.com/v1
kind: IntegrationUser
metadata: {name: billing, namespace: apps}
spec: {displayName: Billing, scopes: [documnts]}
)";
constexpr const char* kScope = R"(
apiVersion: identity.neostella.com/v1
kind: Scope
metadata: {name: documents}
spec: {displayName: Documents, tool: Documents}
)";

TEST_F(WebhookSystem, kubectl_is_told_why_and_what_to_mind) {
  const Outcome refused = kubectl("eve", "apply -f -", kSystemUser);
  EXPECT_EQ(refused.code, 1) << refused.output;
  EXPECT_THAT(
      refused.output,
      HasSubstr("admission webhook \"system.identity.neostella.com\" denied the request: system "
                "integration users are the platform's own: eve may not create, change or delete one"));
  EXPECT_EQ(kubectl("platform", "apply -f -", kSystemUser).code, 0);
  EXPECT_THAT(kubectl("platform", "delete siu engine --wait=false").output, HasSubstr("is not retired"));
  const Outcome dry =
      kubectl("eve", "annotate siu engine identity.neostella.com/retire=true --dry-run=server");
  EXPECT_THAT(dry.output, HasSubstr("may not create, change or delete one"));

  ASSERT_EQ(kubectl("eve", "apply -f -", kScope).code, 0);
  // The cache that warnings come from follows the API soon.
  Outcome warned;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  do {
    warned = kubectl("eve", "apply --dry-run=server -f -", kUser);
  } while (warned.output.find("Warning") == std::string::npos && std::chrono::steady_clock::now() < deadline);
  EXPECT_EQ(warned.code, 0);
  EXPECT_THAT(warned.output,
              HasSubstr("Warning: spec.scopes[0]: there is no Scope documnts (did you mean documents?)"));
  EXPECT_EQ(kubectl("eve", "get iu -n apps billing").code, 1) << "a dry run stores nothing";

  ASSERT_EQ(kubectl("eve", "apply -f -", kUser).code, 0);
  const Json made =
      client_->get({"identity.neostella.com", "v1", "integrationusers", true}, {"apps", "billing"}).value();
  EXPECT_EQ(made["metadata"]["finalizers"], Json({"identity.neostella.com/finalizer"}));
  EXPECT_EQ(made["metadata"]["annotations"]["identity.neostella.com/requested-by"], "eve");
  EXPECT_THAT(kubectl("platform", "apply -f -", kUser).output, HasSubstr("unchanged"));

  const std::string metrics = metrics_.text();
  EXPECT_THAT(metrics, HasSubstr("neoid_admission_requests_total{result=\"refused\",webhook=\"validate\"}"));
  EXPECT_THAT(metrics, HasSubstr("neoid_webhook_certificate_expiry_timestamp_seconds"));
}

TEST_F(WebhookSystem, when_it_is_down_system_users_are_closed_and_custom_ones_open) {
  webhook_.reset();
  const Outcome closed = kubectl("platform", "apply -f -", kSystemUser);
  EXPECT_EQ(closed.code, 1) << closed.output;
  EXPECT_THAT(closed.output, HasSubstr("failed calling webhook \"system.identity.neostella.com\""));
  EXPECT_EQ(kubectl("eve", "apply -f -", kScope).code, 0);
  const Outcome open = kubectl("eve", "apply -f -", kUser);
  EXPECT_EQ(open.code, 0) << open.output;
  // The controller makes up for what the webhook would have added.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  Outcome finalizers;
  do {
    finalizers = kubectl("eve", "get iu -n apps billing -o jsonpath={.metadata.finalizers}");
  } while (finalizers.output.find("finalizer") == std::string::npos &&
           std::chrono::steady_clock::now() < deadline);
  EXPECT_THAT(finalizers.output, HasSubstr("identity.neostella.com/finalizer"));
}

TEST_F(WebhookSystem, its_certificate_is_verified_and_its_bodies_are_bounded) {
  const Json secret = client_->get(kSecrets, {"neoid-system", "neoid-webhook-tls"}).value();
  http::ClientOptions options;
  options.base_url = "https://127.0.0.1:" + std::to_string(webhook_->server->port());
  options.tls.ca_pem = unbase64(secret["data"]["ca.crt"].get<std::string>()).value();
  const auto client = http::Client::create(options).value();
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/validate?timeout=5s";
  request.body = "{}";
  const auto malformed = client->send(request);
  ASSERT_TRUE(malformed) << malformed.error().describe();
  EXPECT_EQ(malformed->status, 400);
  EXPECT_THAT(malformed->body, HasSubstr("kind is not AdmissionReview"));
  request.body.assign(std::size_t{9} << 20, ' ');
  const auto large = client->send(request);
  // Refused before it is read whole: the answer, or a connection that is closed under the sender.
  EXPECT_EQ(large ? large->status : 413, 413);
  request.body = "{}";
  EXPECT_EQ(client->send(request)->status, 400) << "it goes on serving";
  EXPECT_EQ(webhook_->server->problem(), "");
}

}  // namespace
}  // namespace neoid::admission
