// Other projects' clients into integration users: recorded inputs and what becomes of them (tests/golden/import).
#include "controller/cli/import/import.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "controller/cli/import/names.h"
#include "controller/cli/validate/validate.h"
#include "reconcile/value/yaml.h"

namespace neoid::import {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(NEOID_SOURCE_DIR) / "tests/golden/import";

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Outcome {
  int code = 0;
  std::string out;
  std::string notes;
};

Outcome import_golden(const std::string& name, ImportOptions options = {}) {
  options.paths = {(kGolden / (name + ".yaml")).string()};
  std::ostringstream out;
  std::ostringstream err;
  Outcome outcome{import_files(options, out, err), out.str(), {}};
  std::string notes = err.str();
  for (std::size_t at; (at = notes.find(kGolden.string() + "/")) != std::string::npos;)
    notes.erase(at, kGolden.string().size() + 1);
  outcome.notes = notes;
  return outcome;
}

class Golden : public testing::TestWithParam<const char*> {};

// NEOID_UPDATE_GOLDEN=1 writes the files anew; read them before they are committed.
TEST_P(Golden, BecomesWhatIsRecordedAndTellsTheRest) {
  ImportOptions options;
  options.with_scopes = true;
  const Outcome outcome = import_golden(GetParam(), options);
  const auto out = kGolden / (std::string(GetParam()) + ".out.yaml");
  const auto notes = kGolden / (std::string(GetParam()) + ".notes.txt");
  if (std::getenv("NEOID_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(out) << outcome.out;
    std::ofstream(notes) << outcome.notes;
  }
  EXPECT_EQ(outcome.out, text_of_file(out));
  EXPECT_EQ(outcome.notes, text_of_file(notes));
}

TEST_P(Golden, IsAcceptedByTheContract) {
  ImportOptions options;
  options.with_scopes = true;
  const auto file = std::filesystem::temp_directory_path() /
                    (std::string("neoid-import-") + GetParam() + std::to_string(::getpid()) + ".yaml");
  std::ofstream(file) << import_golden(GetParam(), options).out;
  validate::ValidateOptions judge;
  judge.paths = {file.string()};
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(validate::validate(judge, out, err), validate::kValid) << out.str() << err.str();
  std::filesystem::remove(file);
}

INSTANTIATE_TEST_SUITE_P(Sources, Golden, testing::Values("hydra", "keycloak", "strimzi"),
                         [](const auto& each) { return std::string(each.param); });

TEST(Import, WritesNothingSecret) {
  const Outcome outcome = import_golden("keycloak");
  EXPECT_EQ((outcome.out + outcome.notes).find("generated-test-value"), std::string::npos);
  EXPECT_NE(outcome.notes.find("the client secret stands in the file itself"), std::string::npos);
}

TEST(Import, ExitCodeSaysWhetherEverythingCameOver) {
  EXPECT_EQ(import_golden("hydra").code, 1) << "a client that signs people in was left out";
  EXPECT_EQ(import_golden("strimzi").code, 0);
  const Outcome absent = import_golden("there-is-no-such-file");
  EXPECT_EQ(absent.code, 1);
  EXPECT_NE(absent.notes.find("there-is-no-such-file.yaml"), std::string::npos) << absent.notes;
}

TEST(Import, MapsScopesAsAskedAndMakesNewCredentialsOnWish) {
  ImportOptions options;
  options.wishes.scope_map = {{"read:contacts", "contacts"}, {"documents", ""}, {"openid", "sign-in"}};
  options.wishes.credentials = Credentials::New;
  const Outcome outcome = import_golden("hydra", options);
  const Json user = parse_yaml(outcome.out.substr(4)).value();
  EXPECT_EQ(user.at("spec").at("scopes"), Json({"contacts", "sign-in"}));
  EXPECT_FALSE(user.at("spec").contains("credentials"));
  EXPECT_NE(outcome.notes.find("the scope \"documents\" is left out"), std::string::npos) << outcome.notes;
}

TEST(Import, TwoOfOneNameAreToldAndTheFirstIsKept) {
  ImportOptions options;
  const auto file = (kGolden / "strimzi.yaml").string();
  const auto copy =
      std::filesystem::temp_directory_path() / ("neoid-import-copy" + std::to_string(::getpid()));
  std::filesystem::copy_file(file, copy, std::filesystem::copy_options::overwrite_existing);
  options.paths = {file, copy.string()};
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(import_files(options, out, err), 1);
  EXPECT_NE(err.str().find("was written already"), std::string::npos) << err.str();
  std::filesystem::remove(copy);
}

TEST(Import, ObjectsOfNonsenseAreNoCrash) {
  const Wishes wishes;
  for (const char* text : {"null", "[]", "{}", "{\"apiVersion\": 7, \"kind\": []}",
                           "{\"apiVersion\": \"hydra.ory.sh/v1\", \"kind\": \"OAuth2Client\", \"spec\": 3}",
                           "{\"apiVersion\": \"kafka.strimzi.io/v1\", \"kind\": \"KafkaUser\", \"spec\": "
                           "{\"authorization\": {\"acls\": [1, {\"operations\": 2}]}}}",
                           "{\"realm\": 1, \"clients\": {}}", "{\"clientId\": {}}"}) {
    const auto imported = import_object(Json::parse(text), wishes);
    if (!imported) continue;
    for (const Imported& each : *imported) EXPECT_TRUE(each.resource.is_null()) << text;
  }
}

struct NameCase {
  const char* text;
  const char* resource;
  const char* scope;
};

TEST(Names, BecomeSuchThatOursCanHave) {
  const NameCase cases[] = {
      {"billing", "billing", "billing"},
      {"Billing_Sync", "billing-sync", "billing-sync"},
      {"read:users", "read-users", "read.users"},
      {"https://api/x.read", "https---api-x.read", "https.api.x.read"},
      {"--a--", "a", "a"},
      {"a.-b", "a.b", "a.b"},
      {"\xc3\xa4", "", ""},
      {"", "", ""},
  };
  for (const NameCase& each : cases) {
    EXPECT_EQ(resource_name(each.text), each.resource) << each.text;
    EXPECT_EQ(scope_name(each.text, {}), each.scope) << each.text;
  }
  EXPECT_EQ(resource_name(std::string(200, 'a')).size(), 63u);
  EXPECT_EQ(shortened("\xc3\xa4\xc3\xa4\xc3\xa4", 2), "\xc3\xa4\xc3\xa4");
}

}  // namespace
}  // namespace neoid::import
