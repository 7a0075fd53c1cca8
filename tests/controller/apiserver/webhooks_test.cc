// Webhooks at the wire: an HTTPS server that answers AdmissionReviews.
#include <atomic>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"
#include "tests/controller/apiserver/server_support.h"

namespace neoid::apiserver {
namespace {

using testing::HasSubstr;

class WebhookServer {
 public:
  explicit WebhookServer(std::function<Json(const Json& request)> answer) {
    const Instant now = SystemClock().now();
    auto ca = http::make_ca("hooks", now - std::chrono::hours(1), now + std::chrono::hours(1));
    http::CertificateOptions wanted;
    wanted.common_name = "127.0.0.1";
    wanted.ip_addresses = {"127.0.0.1"};
    wanted.not_before = now - std::chrono::hours(1);
    wanted.not_after = now + std::chrono::hours(1);
    ca_pem_ = ca->certificate_pem;
    http::ServerOptions options;
    options.tls = http::TlsOptions{http::make_certificate(*ca, wanted).value(), ""};
    server_ =
        http::Server::listen(std::move(options), [this, answer](const http::Request& request) {
          ++calls;
          const Json review = parse_json(request.body).value();
          Json response = answer(review["request"]);
          response["uid"] = review["request"]["uid"];
          http::Response reply;
          reply.body = to_json(
              {{"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"response", response}});
          return reply;
        }).value();
  }
  Json configuration(const std::string& kind, const Json& changes = Json::object()) const {
    Json hook = {{"name", "hook.example.com"},
                 {"clientConfig",
                  {{"url", fmt::format("https://127.0.0.1:{}/check", server_->port())},
                   {"caBundle", base64(ca_pem_)}}},
                 {"rules", Json::array({Json{{"operations", {"*"}},
                                             {"apiGroups", {""}},
                                             {"apiVersions", {"v1"}},
                                             {"resources", {"configmaps"}}}})},
                 {"sideEffects", "None"},
                 {"admissionReviewVersions", {"v1"}}};
    hook.update(changes);
    return {{"apiVersion", "admissionregistration.k8s.io/v1"},
            {"kind", kind},
            {"metadata", {{"name", "hooks"}}},
            {"webhooks", Json::array({hook})}};
  }
  void stop() { server_->stop(std::chrono::milliseconds(0)); }
  std::atomic<int> calls = 0;

 private:
  std::string ca_pem_;
  std::unique_ptr<http::Server> server_;
};

const std::string kValidatingPath = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const std::string kMutatingPath = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

TEST(Webhooks, a_validating_one_refuses_in_its_own_words) {
  WebhookServer hook([](const Json& request) {
    return Json{{"allowed", request["name"] != "bad"},
                {"status", {{"code", 403}, {"message", "not this one"}}}};
  });
  TestServer server;
  ASSERT_EQ(server.post(kValidatingPath, hook.configuration("ValidatingWebhookConfiguration")).status, 201);
  const Reply refused = server.post(kMaps, config_map("bad"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body["message"],
            "admission webhook \"hook.example.com\" denied the request: not this one");
  EXPECT_EQ(server.post(kMaps, config_map("good")).status, 201);
  EXPECT_EQ(hook.calls, 2);
  EXPECT_EQ(server.post("/api/v1/namespaces/default/secrets", {{"metadata", {{"name", "s"}}}}).status, 201);
  EXPECT_EQ(hook.calls, 2) << "its rules do not name secrets";
}

TEST(Webhooks, a_mutating_one_patches_what_is_stored) {
  WebhookServer hook([](const Json&) {
    return Json{{"allowed", true},
                {"warnings", {"patched"}},
                {"patchType", "JSONPatch"},
                {"patch", base64(R"([{"op": "add", "path": "/data/added", "value": "yes"}])")}};
  });
  TestServer server;
  ASSERT_EQ(server.post(kMutatingPath, hook.configuration("MutatingWebhookConfiguration")).status, 201);
  const Reply made = server.post(kMaps, config_map("a", {{"k", "v"}}));
  EXPECT_EQ(made.body["data"]["added"], "yes");
  EXPECT_EQ(made.headers.get("Warning"), "299 - \"patched\"");
  EXPECT_EQ(server.get(kMaps + "/a").body["data"]["added"], "yes");
}

TEST(Webhooks, one_that_cannot_be_reached_decides_by_its_failure_policy) {
  WebhookServer hook([](const Json&) { return Json{{"allowed", true}}; });
  TestServer server;
  ASSERT_EQ(server.post(kValidatingPath, hook.configuration("ValidatingWebhookConfiguration")).status, 201);
  hook.stop();
  const Reply failed = server.post(kMaps, config_map("a"));
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(
      failed.body["message"].get<std::string>(),
      HasSubstr(
          "failed calling webhook \"hook.example.com\": failed to call webhook: Post \"https://127.0.0.1:"));
  server.merge(kValidatingPath + "/hooks",
               hook.configuration("ValidatingWebhookConfiguration", {{"failurePolicy", "Ignore"}}));
  EXPECT_EQ(server.post(kMaps, config_map("a")).status, 201);
}

TEST(Webhooks, selectors_leave_objects_out) {
  WebhookServer hook([](const Json&) { return Json{{"allowed", false}}; });
  TestServer server;
  const Json selector = {{"objectSelector", {{"matchLabels", {{"checked", "yes"}}}}}};
  ASSERT_EQ(
      server.post(kValidatingPath, hook.configuration("ValidatingWebhookConfiguration", selector)).status,
      201);
  EXPECT_EQ(server.post(kMaps, config_map("free")).status, 201);
  Json labelled = config_map("held");
  labelled["metadata"]["labels"] = {{"checked", "yes"}};
  const Reply refused = server.post(kMaps, labelled);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body["message"],
            "admission webhook \"hook.example.com\" denied the request without explanation");
}

}  // namespace
}  // namespace neoid::apiserver
