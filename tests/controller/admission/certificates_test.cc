// Certificates of the webhook against the embedded API, in process: made once, shared, injected, renewed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <utility>

#include "controller/admission/certificates.h"
#include "controller/apiserver/server.h"
#include "controller/cmd/local_transport.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/yaml.h"
#include "tests/support/fake_clock.h"

namespace neoid::admission {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const kube::ResourceType kSecrets{"", "v1", "secrets", true};
const kube::ResourceType kValidating{"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
                                     false};
const kube::ResourceType kMutating{"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
                                   false};
const kube::ObjectName kSecret{"neoid-system", "neoid-webhook-tls"};

std::string read_file(const std::string& path) {
  std::ifstream file(std::string(NEOID_SOURCE_DIR) + "/" + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class Certificates : public testing::Test {
 protected:
  Certificates() {
    std::string name = (std::filesystem::temp_directory_path() / "neoid-certificates-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    folder_ = name;
    apiserver::ApiServerOptions options;
    options.data = folder_ / "api";
    options.token_file_text = "test-token,platform,platform,\"system:masters\"\n";
    options.bootstrap = {
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "neoid-system"}}}}};
    const auto documents1 = read_yaml(read_file("manifests/admission/webhooks.yaml")).value();
    for (const auto& document : documents1) options.bootstrap.push_back(document.value);
    server_ = apiserver::ApiServer::open(std::move(options), clock_).value();
    client_ = std::make_unique<kube::Client>(std::make_shared<cmd::LocalTransport>(
        [this](const http::Request& request) {
          if (request.method != "GET") ++writes_;
          if (request.method == "PUT" && before_put_) std::exchange(before_put_, nullptr)();
          return server_->handle(request);
        },
        Secret("test-token")));
  }
  ~Certificates() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  OwnCertificates replica() {
    OwnCertificateOptions options;
    options.dns_names = {"neoid-webhook.neoid-system.svc"};
    return {*client_, clock_, options};
  }
  Json stored() { return client_->get(kSecrets, kSecret).value(); }
  std::string data(const char* key) { return unbase64(stored()["data"][key].get<std::string>()).value(); }
  // The bundle of every entry of both configurations; they must agree.
  std::string bundle() {
    std::set<std::string> bundles;
    for (const kube::ResourceType& type : {kValidating, kMutating}) {
      const Json object = client_->get(type, {"", "neoid"}).value();
      for (const Json& hook : object["webhooks"])
        bundles.insert(hook["clientConfig"].value("caBundle", "none"));
    }
    EXPECT_EQ(bundles.size(), 1U);
    return unbase64(*bundles.begin()).value_or("none");
  }
  static int certificates_in(const std::string& pem) {
    int count = 0;
    for (std::size_t at = pem.find("BEGIN CERT"); at != std::string::npos;
         at = pem.find("BEGIN CERT", at + 1))
      ++count;
    return count;
  }

  std::filesystem::path folder_;
  FakeClock clock_;
  std::atomic<int> writes_ = 0;
  std::function<void()> before_put_;
  std::unique_ptr<apiserver::ApiServer> server_;
  std::unique_ptr<kube::Client> client_;
};

TEST_F(Certificates, are_made_injected_and_then_left_alone) {
  OwnCertificates replica_ = replica();
  const auto identity = replica_.pass();
  ASSERT_TRUE(identity) << identity.error().describe();
  const auto info = http::read_certificate(identity->certificate_pem).value();
  EXPECT_EQ(info.dns_names, std::vector<std::string>{"neoid-webhook.neoid-system.svc"});
  EXPECT_EQ(stored()["type"], "kubernetes.io/tls");
  EXPECT_EQ(bundle(), data("ca.crt"));
  EXPECT_EQ(certificates_in(bundle()), 1);
  const int writes = writes_;
  for (int pass = 0; pass < 3; ++pass) EXPECT_EQ(replica_.pass()->certificate_pem, identity->certificate_pem);
  EXPECT_EQ(writes_, writes) << "a steady state writes nothing";
}

TEST_F(Certificates, are_shared_by_replicas_that_start_at_once) {
  std::vector<std::string> served(6);
  std::vector<std::jthread> threads;
  for (std::string& one : served)
    threads.emplace_back([this, &one] {
      OwnCertificates mine = replica();
      // The loser of a race over a configuration tries again at its next pass.
      for (int pass = 0; pass < 20 && one.empty(); ++pass) {
        if (const auto identity = mine.pass()) one = identity->certificate_pem;
      }
    });
  threads.clear();
  for (const std::string& one : served) EXPECT_EQ(one, data("tls.crt"));
  EXPECT_EQ(bundle(), data("ca.crt"));
}

// It ended one of two replicas that were started together.
TEST_F(Certificates, are_injected_where_another_replica_is_faster_in_between) {
  auto one = replica(), other = replica();
  before_put_ = [&] { EXPECT_TRUE(other.pass()); };
  const auto served = one.pass();
  ASSERT_TRUE(served) << served.error().describe();
  EXPECT_EQ(bundle(), data("ca.crt"));
}

TEST_F(Certificates, are_renewed_while_the_one_before_is_still_trusted) {
  OwnCertificates first = replica();
  OwnCertificates second = replica();
  const std::string old = first.pass()->certificate_pem;
  EXPECT_EQ(second.pass()->certificate_pem, old);
  const std::string old_authority = data("ca.crt");
  clock_.advance(std::chrono::hours(24 * 250));
  EXPECT_EQ(first.pass()->certificate_pem, old) << "its API servers may not have the new authority yet";
  EXPECT_NE(data("tls.crt"), old);
  EXPECT_EQ(certificates_in(bundle()), 2);
  EXPECT_THAT(bundle(), HasSubstr(old_authority)) << "the other replica still serves the certificate before";
  EXPECT_EQ(second.pass()->certificate_pem, old);
  EXPECT_EQ(first.pass()->certificate_pem, data("tls.crt"));
  EXPECT_EQ(second.pass()->certificate_pem, data("tls.crt"));
  clock_.advance(std::chrono::hours(24 * 250));
  ASSERT_TRUE(first.pass());
  EXPECT_EQ(certificates_in(bundle()), 2) << "the bundle does not grow";
  EXPECT_EQ(bundle().find(old_authority), std::string::npos);
}

TEST_F(Certificates, that_are_damaged_or_of_other_names_are_made_anew) {
  OwnCertificates replica_ = replica();
  ASSERT_TRUE(replica_.pass());
  const std::string before = data("tls.crt");
  ASSERT_TRUE(client_->patch(kSecrets, kSecret, kube::PatchType::Merge,
                             {{"data", {{"tls.key", base64("nonsense")}}}}));
  ASSERT_TRUE(replica_.pass());
  EXPECT_NE(data("tls.crt"), before);
  OwnCertificateOptions options;
  options.dns_names = {"other.neoid-system.svc"};
  OwnCertificates renamed(*client_, clock_, options);
  const auto identity = renamed.pass();
  ASSERT_TRUE(identity);
  EXPECT_EQ(http::read_certificate(identity->certificate_pem)->dns_names, options.dns_names);
}

TEST_F(Certificates, are_not_put_into_somebody_elses_secret) {
  ASSERT_TRUE(client_->create(kSecrets, "neoid-system",
                              {{"apiVersion", "v1"},
                               {"kind", "Secret"},
                               {"metadata", {{"name", kSecret.name}}},
                               {"data", {{"a", ""}}}}));
  OwnCertificates replica_ = replica();
  const auto identity = replica_.pass();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().reason, "NotOurs");
  EXPECT_THAT(identity.error().message, HasSubstr("neoid-system/neoid-webhook-tls"));
  EXPECT_EQ(stored()["data"], Json({{"a", ""}}));
}

TEST_F(Certificates, need_no_configuration_to_be_there) {
  ASSERT_TRUE(client_->remove(kMutating, {"", "neoid"}));
  ASSERT_TRUE(client_->remove(kValidating, {"", "neoid"}));
  OwnCertificates replica_ = replica();
  EXPECT_TRUE(replica_.pass());
}

}  // namespace
}  // namespace neoid::admission
