// What the contract suite needs of a database: a fresh one for each test, its clock in hand, and somebody
// else's shell on it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/identity_store.h"

namespace neoid::store {

class TestDatabase {
 public:
  virtual ~TestDatabase() = default;
  virtual std::string url() const = 0;
  // Runs SQL as somebody else with every right on the data would; what the database said against it, or "".
  virtual std::string outside(const std::string& sql) = 0;
  // The first column of the first row, as text.
  virtual std::string ask(const std::string& sql) = 0;
  // As outside(), with every guard stepped over on purpose.
  virtual std::string tamper(const std::string& sql) = 0;
  virtual void advance(Duration by) = 0;
  // Fills the clock in, where the form takes it as an option.
  virtual StoreOptions options() = 0;
  // A backup of now, and putting it back (sessions end).
  virtual void back_up() = 0;
  virtual void restore() = 0;
  // After the first open: the clock stands still from here on.
  virtual void opened() {}
};

enum class Form { Sqlite, Postgres };
std::string form_name(const testing::TestParamInfo<Form>& info);
std::unique_ptr<TestDatabase> make_database(Form form);
std::vector<Form> all_forms();

inline const ClusterId kCluster{"00000000-0000-4000-8000-000000000001"};

// A store with a claimed term.
class StoreTest : public testing::TestWithParam<Form> {
 protected:
  void SetUp() override;

  std::unique_ptr<IdentityStore> open(std::function<Result<void>(std::string_view)> fault = nullptr);
  // Claims the next epoch.
  WriterTerm claim(IdentityStore& store, const std::string& holder = "test");

  // One change; fails the test where the store as a whole refuses.
  Result<std::optional<plan::StoredIdentity>> commit(const plan::IdentityChange& change);
  plan::StoredIdentity must(const plan::IdentityChange& change);
  // The row of that resource, if there is one.
  std::optional<plan::StoredIdentity> observed(const api::ResourceKey& resource);
  Instant now();

  std::unique_ptr<TestDatabase> database_;
  std::unique_ptr<IdentityStore> store_;
  WriterTerm term_;
};

// "00000000-0000-4000-8000-0000000000NN".
std::string uuid(int number);
api::ResourceKey custom_key(const std::string& name, const std::string& ns = "apps");
api::ResourceKey system_key(const std::string& name);
plan::StoredScope scope(const std::string& name);

// A change of the user with this number, whose resource is custom_key("user-N").
plan::IdentityChange change_of(int number, std::vector<plan::Operation> operations,
                               Generation generation = 1);
plan::IdentityChange system_change_of(int number, std::vector<plan::Operation> operations);
plan::PutIdentity put(int number, std::vector<std::string> scopes = {});
plan::PutIdentity system_put(int number, std::vector<std::string> scopes = {});
plan::IssueVersion issue(VersionNumber number, Instant at);
plan::DeliverVersion deliver(VersionNumber number, VersionNumber status_number = 0,
                             std::vector<plan::ListedVersion> listed = {});
Sha256 hash_of(VersionNumber number);

}  // namespace neoid::store
