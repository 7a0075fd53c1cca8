#include "controller/cli/validate/schema_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/cli/validate/contracts.h"
#include "reconcile/api/resource_key.h"

namespace neoid::validate {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class SchemaFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "neoid-schema-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  Json read(const std::string& name) {
    std::ifstream in(folder / name);
    return Json::parse(in, nullptr, false);
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) found.push_back(fs::relative(entry.path(), folder).string());
    std::sort(found.begin(), found.end());
    return found;
  }

  fs::path folder;
  std::ostringstream out, err;
};

// OpenAPI's own words that JSON Schema does not know, or knows otherwise.
void expect_draft_7(const Json& schema, const std::string& path) {
  if (schema.is_array())
    for (const Json& one : schema) expect_draft_7(one, path);
  if (!schema.is_object()) return;
  for (const auto& [key, value] : schema.items()) {
    EXPECT_FALSE(key.starts_with("x-kubernetes-")) << path << "/" << key;
    EXPECT_NE(key, "nullable") << path;
    if (key == "exclusiveMinimum" || key == "exclusiveMaximum") {
      EXPECT_TRUE(value.is_number()) << path;
    }
    expect_draft_7(value, path + "/" + key);
  }
}

TEST_F(SchemaFilesTest, JsonSchemaOfEveryKindAndOneForAll) {
  ASSERT_EQ(write_schemas(SchemaForm::JsonSchema, (folder / "new").string(), out, err), 0) << err.str();
  EXPECT_THAT(names(), ElementsAre("new/all.json", "new/identity.neostella.com/integrationuser_v1.json",
                                   "new/identity.neostella.com/scope_v1.json",
                                   "new/identity.neostella.com/systemintegrationuser_v1.json"));
  const Json user = read("new/identity.neostella.com/integrationuser_v1.json");
  expect_draft_7(user, "");
  EXPECT_EQ(user["properties"]["kind"]["const"], "IntegrationUser");
  EXPECT_EQ(user["properties"]["apiVersion"]["const"], "identity.neostella.com/v1");
  EXPECT_EQ(user["required"], Json({"apiVersion", "kind", "metadata", "spec"}));
  EXPECT_EQ(user["additionalProperties"], false);
  const Json& spec = user["properties"]["spec"];
  EXPECT_EQ(spec["additionalProperties"], false);
  EXPECT_EQ(spec["properties"]["displayName"]["maxLength"], 120);
  EXPECT_EQ(spec["properties"]["deletionPolicy"]["enum"], Json({"Delete", "Deactivate"}));
  EXPECT_FALSE(user["properties"]["metadata"].contains("additionalProperties"));
  const Json scope = read("new/identity.neostella.com/scope_v1.json");
  const Json& labels = scope["properties"]["spec"]["properties"]["allowedNamespaces"]["properties"]
                            ["selector"]["properties"]["matchLabels"];
  EXPECT_EQ(labels["additionalProperties"]["type"], "string");

  const Json all = read("new/all.json");
  ASSERT_EQ(all["allOf"].size(), 3U);
  for (const Json& one : all["allOf"])
    EXPECT_TRUE(fs::exists(folder / "new" / one["then"]["$ref"].get<std::string>()));
}

TEST_F(SchemaFilesTest, OpenApiNamesModelsAsAServerDoes) {
  ASSERT_EQ(write_schemas(SchemaForm::OpenApi, folder.string(), out, err), 0) << err.str();
  EXPECT_THAT(names(), ElementsAre("identity.neostella.com_v1.json"));
  const Json document = read("identity.neostella.com_v1.json");
  EXPECT_EQ(document["openapi"], "3.0.0");
  const Json& models = document["components"]["schemas"];
  ASSERT_EQ(models.size(), 3U);
  const Json& scope = models["com.neostella.identity.v1.Scope"];
  EXPECT_EQ(scope["x-kubernetes-group-version-kind"][0]["kind"], "Scope");
  EXPECT_TRUE(scope.contains("x-kubernetes-validations"));
}

TEST_F(SchemaFilesTest, AFolderThatCannotBeMadeIsTwo) {
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(write_schemas(SchemaForm::JsonSchema, (folder / "file").string(), out, err), 2);
  EXPECT_THAT(err.str(), testing::HasSubstr("could not be written"));
}

TEST(JsonSchema, TakesOverWhatOpenApiSaysOtherwise) {
  const Json crd = {
      {"apiVersion", "apiextensions.k8s.io/v1"},
      {"kind", "CustomResourceDefinition"},
      {"metadata", {{"name", "as.example.com"}}},
      {"spec",
       {{"group", "example.com"},
        {"scope", "Cluster"},
        {"names", {{"plural", "as"}, {"kind", "A"}}},
        {"versions",
         {{{"name", "v1"},
           {"served", true},
           {"storage", true},
           {"schema",
            {{"openAPIV3Schema",
              {{"type", "object"},
               {"properties",
                {{"port", {{"x-kubernetes-int-or-string", true}}},
                 {"open",
                  {{"type", "object"},
                   {"x-kubernetes-preserve-unknown-fields", true},
                   {"properties", {{"a", {{"type", "string"}}}}}}},
                 {"maybe", {{"type", "string"}, {"nullable", true}, {"enum", {"a"}}}},
                 {"above", {{"type", "integer"}, {"minimum", 3}, {"exclusiveMinimum", true}}},
                 {"below", {{"type", "integer"}, {"maximum", 3}, {"exclusiveMaximum", false}}}}}}}}}}}}}}};
  Contracts contracts(cel::kOldestVersion);
  const auto errors = contracts.add(crd);
  ASSERT_TRUE(errors.empty()) << errors[0].text();
  const schema::Crd& loaded = *contracts.find("example.com", "A");
  const Json schema = json_schema(loaded, loaded.versions[0]);
  expect_draft_7(schema, "");
  const Json& properties = schema["properties"];
  EXPECT_EQ(properties["port"]["type"], Json({"integer", "string"}));
  EXPECT_FALSE(properties["open"].contains("additionalProperties"));
  EXPECT_EQ(properties["maybe"], Json({{"type", {"string", "null"}}, {"enum", {"a", nullptr}}}));
  EXPECT_EQ(properties["above"], Json({{"type", "integer"}, {"exclusiveMinimum", 3}}));
  EXPECT_EQ(properties["below"], Json({{"type", "integer"}, {"maximum", 3}}));
}

}  // namespace
}  // namespace neoid::validate
