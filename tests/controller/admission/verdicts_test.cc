// One table for everybody who judges: the webhook, the ValidatingAdmissionPolicies (their CEL by our engine), and
// `neoid validate` over files. tests/golden/policy/requests.json are single requests, across.json what other resources
// have to do with one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "controller/admission/review.h"
#include "controller/admission/webhook.h"
#include "controller/cli/validate/validate.h"
#include "reconcile/api/scope.h"
#include "reconcile/cel/expression.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/yaml.h"

namespace neoid::admission {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kOwnUser = "system:serviceaccount:neoid-system:neoid";

std::string read_file(const std::string& path) {
  std::ifstream file(std::string(NEOID_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Json table(const std::string& name) {
  Json cases = parse_json(read_file("tests/golden/policy/" + name)).value();
  EXPECT_GE(cases.size(), 18U);
  return cases;
}

Judge judge_with(policy::Around around) {
  JudgeOptions options;
  options.platform = {{}, {"system:masters", "neoid:platform"}};
  options.own_users = {kOwnUser};
  options.around = [around](const policy::AdmissionFacts&) { return around; };
  return Judge(std::move(options));
}

// The review of a case, as a kube-apiserver sends it.
Json review_of(const Json& one) {
  const Json& object = one.contains("object") ? one["object"] : one["oldObject"];
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "u-1"},
            {"kind", {{"group", "identity.neostella.com"}, {"version", "v1"}, {"kind", object["kind"]}}},
            {"operation", one["operation"]},
            {"name", object["metadata"]["name"]},
            {"userInfo", {{"username", one["user"]}, {"groups", one["groups"]}}},
            {"object", one.value("object", Json())},
            {"oldObject", one.value("oldObject", Json())}}}};
}

// By the webhook, at its bytes.
Json response_of(const Judge& judge, const Json& review) {
  http::Request request;
  request.method = "POST";
  request.path = "/validate";
  request.body = to_json(review);
  const http::Response response = Webhook::answer(judge, request);
  EXPECT_EQ(response.status, 200) << response.body;
  return parse_json(response.body).value()["response"];
}

TEST(Verdicts, of_the_webhook) {
  for (const Json& one : table("requests.json")) {
    policy::Around around;
    for (const Json& holder : one.value("holders", Json::array()))
      around.holders.push_back({holder[0], holder[1], holder[2]});
    const Judge judge = judge_with(around);
    const Json response = response_of(judge, review_of(one));
    EXPECT_EQ(response["allowed"], one["allowed"]) << one["name"] << ": " << response;
    EXPECT_EQ(response["uid"], "u-1");
    EXPECT_EQ(response.value("warnings", Texts()), one.value("warnings", Texts())) << one["name"];
    if (one["allowed"] == true || response["allowed"] == true) continue;
    EXPECT_EQ(response["status"]["code"], one["code"]) << one["name"];
    const Json& said = response["status"]["message"];
    EXPECT_EQ(said, one.value("message", said)) << one["name"];
  }
}

// --- the policies -------------------------------------------------------------------------------

// What a policy may know of an object here: metadata, as far as the expressions ask.
cel::DeclTypePtr object_type() {
  using namespace cel;
  const DeclTypePtr text = string_type({});
  return cel::object_type(
      {{"metadata", cel::object_type({{"name", text}, {"annotations", map_type(text, std::nullopt)}})}},
      true);
}

cel::DeclTypePtr variables_type(const std::vector<cel::PropertyFacts>& variables) {
  using namespace cel;
  const DeclTypePtr text = string_type({});
  const DeclTypePtr user =
      cel::object_type({{"username", text}, {"groups", list_type({text, std::nullopt})}});
  const DeclTypePtr request =
      cel::object_type({{"operation", text}, {"name", text}, {"namespace", text}, {"userInfo", user}});
  return cel::object_type({{"object", object_type()},
                           {"oldObject", object_type()},
                           {"request", request},
                           {"variables", cel::object_type(variables)}});
}

Json evaluate(const std::string& text, const std::vector<cel::PropertyFacts>& types, const Json& values) {
  auto expression = cel::Expression::compile(text, variables_type(types), {1, 30});
  EXPECT_TRUE(expression) << text << "\n" << expression.error().message;
  if (!expression) return nullptr;
  auto result = expression->evaluate(values);
  EXPECT_TRUE(result) << text << "\n" << result.error().message;
  return result ? *result : Json();
}

struct PolicyVerdict {
  bool allowed = true;
  std::string message;
};

PolicyVerdict judge_by_policy(const Json& policy, const Json& review) {
  const Json& asked = review["request"];
  Json values = {{"object", asked["object"]},
                 {"oldObject", asked["oldObject"]},
                 {"request", asked},
                 {"variables", Json::object()}};
  std::vector<cel::PropertyFacts> types;
  for (const Json& variable : policy["spec"]["variables"]) {
    const std::string name = variable["name"];
    const Json value = evaluate(variable["expression"], types, values);
    types.push_back(
        {name, value.is_boolean() ? cel::bool_type() : cel::list_type({cel::string_type({}), std::nullopt})});
    values["variables"][name] = value;
  }
  for (const Json& validation : policy["spec"]["validations"]) {
    if (evaluate(validation["expression"], types, values) == true) continue;
    return {false, evaluate(validation["messageExpression"], types, values).get<std::string>()};
  }
  return {};
}

TEST(Verdicts, of_the_admission_policies) {
  const auto documents = read_yaml(read_file("manifests/policies/system-users.yaml")).value();
  ASSERT_EQ(documents.size(), 2U);
  const Json& policy = documents[0].value;
  EXPECT_EQ(documents[1].value["spec"]["policyName"], policy["metadata"]["name"]);
  EXPECT_EQ(policy["spec"]["failurePolicy"], "Fail");
  const Json& rule = policy["spec"]["matchConstraints"]["resourceRules"][0];
  EXPECT_EQ(rule["resources"], Json({"systemintegrationusers"})) << "status is never asked about";
  int judged = 0;
  for (const Json& one : table("requests.json")) {
    const Json review = review_of(one);
    if (review["request"]["kind"]["kind"] != "SystemIntegrationUser") continue;
    ++judged;
    const PolicyVerdict verdict = judge_by_policy(policy, review);
    EXPECT_EQ(verdict.allowed, one["allowed"].get<bool>()) << one["name"];
    EXPECT_EQ(verdict.message, one.value("message", "")) << one["name"];
  }
  EXPECT_GE(judged, 10);
}

// --- validate -----------------------------------------------------------------------------------

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "neoid-verdicts-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  // An object a file, in order.
  std::string write(const std::string& part, const std::vector<Json>& objects) const {
    const auto folder = path_ / part;
    std::filesystem::create_directories(folder);
    char number = 'a';
    for (const Json& object : objects)
      std::ofstream(folder / (std::string(1, number++) + ".json")) << to_json(object);
    return folder.string();
  }

 private:
  std::filesystem::path path_;
};

std::vector<Json> findings_of(const std::string& path, const std::string& against) {
  validate::ValidateOptions options;
  options.paths = {path};
  options.against = against;
  options.format = validate::Format::Json;
  options.jobs = 1;
  std::ostringstream out, err;
  validate::validate(options, out, err);
  EXPECT_EQ(err.str(), "");
  return parse_json(out.str()).value()["findings"].get<std::vector<Json>>();
}

TEST(Verdicts, of_validate_over_one_resource) {
  int judged = 0;
  for (const Json& one : table("requests.json")) {
    // Who asks, and what only a server knows, is not in a file.
    if (one.contains("admission") || one.value("code", 422) == 403) continue;
    if (!one.contains("object")) continue;
    ++judged;
    const Folder folder;
    const std::string before =
        one.contains("oldObject") ? folder.write("before", {one["oldObject"]}) : std::string();
    std::string text;
    for (const Json& finding : findings_of(folder.write("now", {one["object"]}), before)) {
      const std::string field = finding["field"];
      text += (text.empty() ? "" : ", ") + (field.empty() ? "" : field + ": ") +
              finding["message"].get<std::string>();
    }
    const Judge judge = judge_with({});
    const Json response = response_of(judge, review_of(one));
    EXPECT_EQ(text, response["allowed"] == true ? "" : response["status"]["message"].get<std::string>())
        << one["name"];
    EXPECT_EQ(text.empty(), one["allowed"].get<bool>()) << one["name"];
  }
  EXPECT_GE(judged, 5);
}

TEST(Verdicts, of_validate_over_a_removal) {
  int judged = 0;
  for (const Json& one : table("requests.json")) {
    if (!one.contains("removal")) continue;
    ++judged;
    const Folder folder;
    const Json stays = {{"apiVersion", "identity.neostella.com/v1"},
                        {"kind", "Scope"},
                        {"metadata", {{"name", "stays"}}},
                        {"spec", {{"displayName", "S"}, {"tool", "S"}}}};
    const auto findings =
        findings_of(folder.write("now", {stays}), folder.write("before", {stays, one["oldObject"]}));
    ASSERT_EQ(findings.size(), one["allowed"] == true ? 0U : 1U) << one["name"];
    for (const Json& finding : findings) EXPECT_EQ(finding["message"], one["message"]) << one["name"];
  }
  EXPECT_EQ(judged, 4);
}

// --- what other resources have to do with it ----------------------------------------------------

// Those before the last resource are what the cluster holds.
policy::Around around_of(const Json& resources, const std::string& ns) {
  policy::Around around;
  for (std::size_t i = 0; i + 1 < resources.size(); ++i) {
    const Json& there = resources[i];
    if (!there.is_object() || !there.contains("kind")) continue;
    if (there["kind"] == "Scope") {
      const auto scope = api::decode_scope(there).value();
      around.catalogue[scope.key.name] = {scope.spec.deprecated, scope.spec.replacement,
                                          scope.spec.allowed_namespaces};
    } else if (there["kind"] == "Namespace" && there["metadata"]["name"] == ns) {
      around.namespace_labels = there["metadata"].value("labels", std::map<std::string, std::string>());
      (*around.namespace_labels)["kubernetes.io/metadata.name"] = ns;
    } else {
      around.rivals.push_back(there);
    }
  }
  return around;
}

bool is_of_ours(const Json& object) {
  if (!object.is_object() || !object.contains("kind")) return false;
  return object["kind"] == "IntegrationUser" || object["kind"] == "SystemIntegrationUser";
}

TEST(Verdicts, over_other_resources_are_those_of_validate) {
  int judged = 0;
  for (const Json& one : table("across.json")) {
    const Json& resources = one["resources"];
    if (resources.empty() || !is_of_ours(resources.back())) continue;
    ++judged;
    const Json request = {{"operation", "CREATE"},
                          {"user", "ops"},
                          {"groups", {"neoid:platform"}},
                          {"object", resources.back()}};
    const std::string last = std::to_string(resources.size() - 1) + " ";
    Texts wanted;
    for (const auto& violation : one["violations"].get<Texts>()) {
      // A server holds a name once, so nothing is a duplicate there.
      if (!violation.starts_with(last) || violation.find(" duplicate-resource ") != std::string::npos)
        continue;
      std::string sentence = violation;
      for (int word = 0; word < 5; ++word) sentence = sentence.substr(sentence.find(' ') + 1);
      wanted.push_back(sentence);
    }
    const Judge judge = judge_with(around_of(resources, resources.back()["metadata"].value("namespace", "")));
    const Json response = response_of(judge, review_of(request));
    EXPECT_EQ(response.value("warnings", Texts()), wanted) << one["name"];
    EXPECT_EQ(response["allowed"], true) << one["name"] << response;
  }
  EXPECT_GE(judged, 10);
}

}  // namespace
}  // namespace neoid::admission
