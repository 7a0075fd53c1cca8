#include "controller/cli/store_commands.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "reconcile/credentials/client_secret.h"
#include "reconcile/value/json.h"

namespace neoid::cli {
namespace {

// A store with one user whose credential is delivered.
class StoreCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "neoid-cli-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    url = "sqlite:" + (folder / "identity.db").string();
    auto store = store::open_store(url, store::Migration::Apply);
    ASSERT_TRUE(store) << store.error().describe();
    const ClusterId cluster(std::string("6f1c9a52-3f0e-4b3a-9a39-0f1f7d1f2b11"));
    const auto term = (*store)->claim(cluster, 1, "test");
    ASSERT_TRUE(term);
    const Secret secret = credentials::make_client_secret({});
    std::ofstream(folder / "secret") << secret.reveal() << "\n";
    std::ofstream(folder / "wrong") << "neoid_wrong\n";

    plan::IdentityChange change;
    change.user_id = UserId(std::string("11111111-1111-4111-8111-111111111111"));
    change.owner = {cluster,
                    {api::Kind::IntegrationUser, "apps", "billing"},
                    Uid(std::string("22222222-2222-4222-8222-222222222222")),
                    1};
    change.actor = "alice";
    change.cause = "created";
    plan::PutIdentity put;
    put.client_id = ClientId(std::string("client-1"));
    put.config.display_name = "Billing";
    plan::IssueVersion issue;
    issue.number = 1;
    issue.hash = credentials::hash_client_secret(secret);
    issue.issued_at = (*store)->observe(cluster, {})->now;
    plan::DeliverVersion deliver;
    deliver.number = 1;
    change.operations = {put, issue, deliver};
    const auto done = (*store)->commit(*term, {&change, 1});
    ASSERT_TRUE(done && done->front());
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
  std::string url;
  std::ostringstream out, err;
  Streams streams{out, err};
};

TEST_F(StoreCommandsTest, AcceptsSaysWhetherACredentialWorks) {
  EXPECT_EQ(store_accepts(url, "client-1", (folder / "secret").string(), streams), kDone);
  EXPECT_NE(out.str().find("accepted: user 11111111"), std::string::npos) << out.str() << err.str();
  EXPECT_EQ(store_accepts(url, "client-1", (folder / "wrong").string(), streams), kFailed);
  EXPECT_NE(out.str().find("refused: UnknownVersion"), std::string::npos) << out.str();
  EXPECT_EQ(store_accepts(url, "nobody", (folder / "secret").string(), streams), kFailed);
  EXPECT_NE(out.str().find("refused: UnknownClient"), std::string::npos) << out.str();
  EXPECT_EQ(store_accepts(url, "client-1", (folder / "missing").string(), streams), kFailed);
  EXPECT_NE(err.str().find("missing"), std::string::npos);
}

TEST_F(StoreCommandsTest, ActivityIsATableOrJsonWithoutSecrets) {
  EXPECT_EQ(activity(url, {"billing", "", Format::Table}, Instant(), streams), kDone);
  EXPECT_NE(out.str().find("alice"), std::string::npos) << out.str();
  out.str("");
  EXPECT_EQ(activity(url, {"", "", Format::Json}, Instant(), streams), kDone);
  const Json list = Json::parse(out.str(), nullptr, false);
  ASSERT_TRUE(list.is_array() && !list.empty()) << out.str();
  std::ifstream file(folder / "secret");
  std::string secret;
  std::getline(file, secret);
  EXPECT_EQ(out.str().find(secret), std::string::npos);
  EXPECT_EQ(out.str().find(hex(sha256(secret))), std::string::npos) << "not even the hash";
  EXPECT_EQ(activity(url, {"", "yesterday", Format::Table}, Instant(), streams), kFailed);
  EXPECT_EQ(verify_activity(url, streams), kDone);
}

TEST_F(StoreCommandsTest, StatusAndBackupAndRestore) {
  EXPECT_EQ(store_status(url, streams), kDone);
  EXPECT_NE(out.str().find("schema version"), std::string::npos);
  const std::string backup = (folder / "backup.db").string();
  EXPECT_EQ(store_backup(url, backup, streams), kDone) << err.str();
  EXPECT_EQ(store_restore(url, backup, streams), kDone) << err.str();
  EXPECT_EQ(store_accepts(url, "client-1", (folder / "secret").string(), streams), kDone) << err.str();
}

TEST_F(StoreCommandsTest, AnErrorIsOneLineAndNamesTheStore) {
  EXPECT_EQ(store_status("mysql://x", streams), kFailed);
  const std::string said = err.str();
  EXPECT_TRUE(said.starts_with("neoid: ")) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(StoreCommandsTest, ActivityTellsWhenEachCredentialWasLastUsed) {
  const ActivityQuery query{"billing", "", Format::Table};
  ASSERT_EQ(credential_uses(url, query, Instant(), streams), kDone) << err.str();
  EXPECT_NE(out.str().find("IntegrationUser apps/billing  1        delivered"), std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find("never"), std::string::npos) << out.str();
  {
    auto store = store::open_store(url, store::Migration::Refuse).value();
    const store::CredentialUse use{UserId(std::string("11111111-1111-4111-8111-111111111111")), 1};
    ASSERT_TRUE(store->record_use({&use, 1}));
  }
  out.str("");
  ASSERT_EQ(credential_uses(url, {"", "", Format::Json}, Instant(), streams), kDone) << err.str();
  const Json list = Json::parse(out.str());
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].at("version"), 1);
  EXPECT_TRUE(list[0].contains("lastUsed"));
  EXPECT_FALSE(list[0].dump().find("hash") != std::string::npos);
}

}  // namespace
}  // namespace neoid::cli
