// A certificate that changes under a running server.
#include "controller/http/certificate_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "controller/http/client.h"

namespace neoid::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class CertificateKeeperTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "neoid-keeper-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Identity authority(const char* name) { return make_ca(name, clock_.now() - 1h, clock_.now() + 1h).value(); }
  Identity certificate(const Identity& ca, const char* name = "server") {
    return make_certificate(
               ca,
               {name, {}, {"localhost"}, {"127.0.0.1"}, Usage::Server, clock_.now() - 1h, clock_.now() + 1h})
        .value();
  }
  std::string write(const char* name, std::string_view text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }
  void write_pair(const Identity& identity) {
    write("tls.crt", identity.certificate_pem);
    write("tls.key", identity.key_pem.reveal());
  }
  // Within five seconds.
  static bool comes(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(2ms);
    }
    return true;
  }

  SystemClock clock_;
  std::filesystem::path folder_;
};

TEST_F(CertificateKeeperTest, ServesWhatTheFilesHoldNowAndKeepsWhatItHasWhileTheyAreNoPair) {
  const Identity before = authority("before"), after = authority("after");
  const Identity first = certificate(before), second = certificate(after);
  write_pair(first);
  const auto read = [this] { return read_certificate_files(folder_ / "tls.crt", folder_ / "tls.key"); };
  ServerOptions options;
  options.tls = TlsOptions{read().value(), {}};
  const auto server = Server::listen(options, [](const Request&) { return Response(); }).value();
  std::atomic<int> served = 0;
  CertificateKeeperOptions keeping;
  keeping.what = "the certificate";
  keeping.source = read;
  keeping.served = [&](const Identity&) { ++served; };
  keeping.interval = 5ms;
  const CertificateKeeper keeper(*server, first, keeping, clock_);
  const auto client_that_trusts = [&](const Identity& ca) {
    ClientOptions client;
    client.base_url = "https://127.0.0.1:" + std::to_string(server->port());
    client.tls.ca_pem = ca.certificate_pem;
    return Client::create(client).value();
  };
  const auto connected = client_that_trusts(before);
  ASSERT_TRUE(connected->send({}));

  write("tls.crt", second.certificate_pem);
  ASSERT_TRUE(comes([&] { return !keeper.problem().empty(); }));
  EXPECT_THAT(keeper.problem(), HasSubstr("tls.key"));
  EXPECT_TRUE(client_that_trusts(before)->send({})) << "the first one is still served";

  write_pair(second);
  ASSERT_TRUE(comes([&] { return served == 1; }));
  EXPECT_TRUE(comes([&] { return keeper.problem().empty(); }));
  EXPECT_TRUE(client_that_trusts(after)->send({}));
  EXPECT_FALSE(client_that_trusts(before)->send({}));
  EXPECT_TRUE(connected->send({})) << "who is connected stays connected";
}

TEST_F(CertificateKeeperTest, FilesMustBelongTogether) {
  const Identity one = certificate(authority("one")), other = certificate(authority("other"));
  const std::string file = write("tls.crt", one.certificate_pem);
  EXPECT_TRUE(read_certificate_files(file, write("tls.key", one.key_pem.reveal())));
  const auto wrong = read_certificate_files(file, write("other.key", other.key_pem.reveal()));
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().describe(), HasSubstr("other.key"));
  const auto absent = read_certificate_files(file, (folder_ / "none").string());
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().describe(), HasSubstr("none cannot be read"));
}

}  // namespace
}  // namespace neoid::http
