#include "controller/http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "certificates.h"
#include "controller/http/client.h"
#include "controller/http/server.h"

namespace neoid::http {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;

// "common name;tls;organizations" of the peer.
Response who(const Request& request) {
  std::string text = request.peer.common_name + (request.peer.tls ? ";tls" : ";plain");
  for (const std::string& organization : request.peer.organizations) text += ";" + organization;
  return {200, {}, text};
}

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    server_ = std::move(*Server::listen({"127.0.0.1", 0, certificates_.server_options()}, who));
  }
  Result<ClientResponse> ask(ClientTlsOptions tls, const std::string& host = "127.0.0.1") {
    ClientOptions options{"https://" + host + ":" + std::to_string(server_->port()), std::move(tls)};
    NEOID_TRY(const auto client, Client::create(std::move(options)));
    return client->send({});
  }
  TestCertificates certificates_;
  std::unique_ptr<Server> server_;
};

TEST_F(Tls, a_verified_client_certificate_names_the_peer) {
  const auto response = ask(certificates_.client_options());
  ASSERT_TRUE(response.has_value()) << response.error().describe();
  EXPECT_EQ(response->body, "alice;tls;neoid:admins;people, \"all\"");
}

TEST_F(Tls, client_certificates_are_optional) {
  const auto response = ask({certificates_.ca.certificate_pem, {}, "", Verify::Peer});
  ASSERT_TRUE(response.has_value()) << response.error().describe();
  EXPECT_EQ(response->body, ";tls");
}

TEST_F(Tls, the_host_name_is_verified_too) {
  EXPECT_TRUE(ask(certificates_.client_options(), "localhost").has_value());
  ClientTlsOptions other = certificates_.client_options();
  other.server_name = "example.com";
  const auto response = ask(other);
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(response.error().describe(), HasSubstr("hostname mismatch"));
  other.server_name = "127.0.0.2";
  EXPECT_FALSE(ask(other).has_value());
}

TEST_F(Tls, a_server_of_another_authority_is_refused_unless_nobody_is_verified) {
  const Identity other = *make_ca("other", certificates_.begin, certificates_.end);
  const auto response = ask({other.certificate_pem, {}, "", Verify::Peer});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(response.error().describe(), HasSubstr("unable to get local issuer certificate"));
  EXPECT_TRUE(ask({"", {}, "", Verify::Nobody}).has_value());
}

TEST_F(Tls, the_common_name_of_a_server_is_not_its_host_name) {
  const Identity nameless = *make_certificate(
      certificates_.ca, {"localhost", {}, {}, {}, Usage::Server, certificates_.begin, certificates_.end});
  ASSERT_TRUE(server_->replace_tls({nameless, ""}).has_value());
  EXPECT_FALSE(ask({certificates_.ca.certificate_pem, {}, "", Verify::Peer}, "localhost").has_value());
}

TEST_F(Tls, the_servers_own_certificate_may_be_what_is_trusted) {
  EXPECT_TRUE(ask({certificates_.server.certificate_pem, {}, "", Verify::Peer}).has_value());
}

TEST_F(Tls, client_certificates_that_do_not_verify_end_the_conversation) {
  const Identity other = *make_ca("other", certificates_.begin, certificates_.end);
  const CertificateOptions alice{"alice", {}, {}, {}, Usage::Client, certificates_.begin, certificates_.end};
  CertificateOptions expired = alice;
  expired.not_after = certificates_.now - hours(1) + std::chrono::seconds(1);
  CertificateOptions for_servers = alice;
  for_servers.usage = Usage::Server;
  const std::pair<const char*, Identity> cases[] = {
      {"another authority", *make_certificate(other, alice)},
      {"expired", *make_certificate(certificates_.ca, expired)},
      {"made for servers", *make_certificate(certificates_.ca, for_servers)},
  };
  for (const auto& [why, identity] : cases) {
    const auto response = ask({certificates_.ca.certificate_pem, identity, "", Verify::Peer});
    EXPECT_FALSE(response.has_value()) << why;
  }
}

TEST_F(Tls, a_new_certificate_is_served_without_a_restart) {
  const Identity ca = *make_ca("new CA", certificates_.begin, certificates_.end);
  const Identity fresh = *make_certificate(
      ca, {"", {}, {}, {"127.0.0.1"}, Usage::Server, certificates_.begin, certificates_.end});
  EXPECT_FALSE(ask({ca.certificate_pem, {}, "", Verify::Peer}).has_value());
  ASSERT_TRUE(server_->replace_tls({fresh, ""}).has_value());
  EXPECT_TRUE(ask({ca.certificate_pem, {}, "", Verify::Peer}).has_value());
  EXPECT_FALSE(server_->replace_tls({{"nonsense", Secret("x")}, ""}).has_value());
}

TEST_F(Tls, plain_text_to_a_tls_port_ends_without_an_answer) {
  auto client = *Client::create({"http://127.0.0.1:" + std::to_string(server_->port())});
  EXPECT_FALSE(client->send({}).has_value());
}

TEST(Certificates, what_was_asked_for_is_in_them) {
  const TestCertificates certificates;
  const auto info = read_certificate(certificates.client.certificate_pem);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->common_name, "alice");
  EXPECT_THAT(info->organizations, ElementsAre("neoid:admins", "people, \"all\""));
  EXPECT_EQ(info->not_after, std::chrono::floor<std::chrono::seconds>(certificates.end));
  EXPECT_THAT(read_certificate(certificates.server.certificate_pem)->dns_names, ElementsAre("localhost"));
}

TEST(Certificates, bad_input_is_an_error) {
  const TestCertificates certificates;
  const Instant begin = certificates.begin;
  const Instant end = certificates.end;
  EXPECT_EQ(read_certificate("").error().kind, ErrorKind::Invalid);
  EXPECT_EQ(read_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").error().kind,
            ErrorKind::Invalid);
  EXPECT_EQ(
      make_certificate(certificates.ca, {"", {}, {}, {"300.1.1.1"}, Usage::Server, begin, end}).error().kind,
      ErrorKind::Invalid);
  const Identity mixed{certificates.ca.certificate_pem, certificates.client.key_pem};
  EXPECT_EQ(make_certificate(mixed, {"x", {}, {}, {}, Usage::Client, begin, end}).error().kind,
            ErrorKind::Invalid);
  const auto server = Server::listen({"127.0.0.1", 0, TlsOptions{mixed, ""}}, who);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().kind, ErrorKind::Invalid);
}

}  // namespace
}  // namespace neoid::http
