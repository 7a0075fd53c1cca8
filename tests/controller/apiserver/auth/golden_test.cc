// The recorded refusals and reviews of a real API server, word for word.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "controller/apiserver/auth/authenticator.h"
#include "tests/controller/apiserver/auth/auth_support.h"

namespace neoid::auth {
namespace {

Json read_case(const std::string& name) {
  std::ifstream file(std::string(NEOID_SOURCE_DIR) + "/tests/golden/kube/http/" + name);
  return Json::parse(file, nullptr, false);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, at);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

// As much of a server's request parser as the recordings need.
Attributes attributes_of(const std::string& method, const std::string& target) {
  const std::string path = target.substr(0, target.find('?'));
  Attributes asked;
  std::vector<std::string> parts = split(path, '/');
  const bool core = parts.size() > 2 && parts[0] == "api";
  const bool grouped = parts.size() > 3 && parts[0] == "apis";
  if (!core && !grouped) {
    asked.path = path;
    asked.verb = method == "GET" ? "get" : method;
    return asked;
  }
  if (grouped) asked.api_group = parts[1];
  parts.erase(parts.begin(), parts.begin() + (core ? 2 : 3));
  if (parts[0] == "namespaces" && parts.size() > 1) {
    asked.ns = parts[1];
    if (parts.size() > 2) parts.erase(parts.begin(), parts.begin() + 2);
  }
  asked.resource = parts[0];
  if (parts.size() > 1) asked.name = parts[1];
  if (parts.size() > 2) asked.subresource = parts[2];
  const bool watch = target.find("watch=1") != std::string::npos;
  asked.verb = method == "GET"      ? (!asked.name.empty() ? "get"
                                       : watch             ? "watch"
                                                           : "list")
               : method == "POST"   ? "create"
               : method == "PUT"    ? "update"
               : method == "PATCH"  ? "patch"
               : asked.name.empty() ? "deletecollection"
                                    : "delete";
  return asked;
}

class GoldenTest : public testing::Test {
 protected:
  GoldenTest() : rbac_(Cluster::with_builtins().rbac()) {
    authenticator_.add_tokens(parse_token_file("admintoken,admin,admin,\"system:masters\"\n"
                                               "tenanttoken,tenant-admin,tenant-admin,\"tenants\"\n")
                                  .value());
  }
  static std::string authorization(const Json& step) {
    const Json& headers = step["request"].value("headers", Json::object());
    if (headers.contains("Authorization")) return headers["Authorization"];
    const std::string auth = step.value("auth", "admin");
    return auth == "none" ? "" : auth == "wrong" ? "Bearer nobody-has-this" : "Bearer " + auth + "token";
  }
  // How many steps were compared.
  int replay(const std::string& name) {
    int compared = 0;
    const Json recorded = read_case(name);
    for (const Json& step : recorded.value("steps", Json::array())) {
      if (step.value("setup", false) || step["response"].contains("events")) continue;
      const int status = step["response"]["status"];
      const auto who = authenticator_.authenticate({.authorization = authorization(step)});
      const std::string where = name + " " + step.value("name", "");
      ++compared;
      if (!who) {
        EXPECT_EQ(status, 401) << where;
        continue;
      }
      const Attributes asked = attributes_of(step["request"]["method"], step["request"]["path"]);
      const Decision decision = rbac_.authorize(*who, asked);
      EXPECT_EQ(decision.allowed, status != 403) << where;
      if (!decision.allowed && step["response"].contains("body")) {
        EXPECT_EQ(forbidden_message(*who, asked, decision.reason), step["response"]["body"]["message"])
            << where;
      }
    }
    return compared;
  }
  Authenticator authenticator_;
  const Rbac rbac_;
};

TEST_F(GoldenTest, RefusalsReadAsRecorded) {
  EXPECT_GE(replay("137-invalid-token.json"), 10);
  EXPECT_GE(replay("138-anonymous.json"), 14);
  EXPECT_GE(replay("139-forbidden.json"), 24);
}

TEST_F(GoldenTest, AccessReviewsReadAsRecorded) {
  int compared = 0;
  const Json recorded = read_case("140-self-subject-access-review.json");
  for (const Json& step : recorded.value("steps", Json::array())) {
    if (step.value("setup", false) || step["response"]["status"] != 201) continue;
    const Json& body = step["request"]["body"];
    const Json& spec = body["spec"];
    UserInfo who = authenticator_.authenticate({.authorization = authorization(step)}).value();
    if (body["kind"] == "SubjectAccessReview")
      who = UserInfo{spec["user"], "", spec.value("groups", std::vector<std::string>()), {}};
    else if (body["kind"] != "SelfSubjectAccessReview")
      continue;
    Attributes asked;
    if (spec.contains("resourceAttributes")) {
      const Json& on_resource = spec["resourceAttributes"];
      asked =
          on(on_resource.value("verb", ""), on_resource.value("group", ""), on_resource.value("resource", ""),
             on_resource.value("namespace", ""), "", on_resource.value("subresource", ""));
    } else {
      asked = on_path(spec["nonResourceAttributes"]["verb"], spec["nonResourceAttributes"]["path"]);
    }
    EXPECT_EQ(access_review_status(rbac_.authorize(who, asked)), step["response"]["body"]["status"])
        << step["name"];
    ++compared;
  }
  EXPECT_GE(compared, 9);
}

// From the recorded `kubectl auth can-i --list` of a user without rights of his own.
TEST_F(GoldenTest, ARulesReviewReadsAsRecorded) {
  const auto who = authenticator_.authenticate({.authorization = "Bearer tenanttoken"}).value();
  const Json status = rules_review_status(rbac_.rules_for(who, "k-auth"));
  EXPECT_EQ(status["resourceRules"],
            Json::array({{{"verbs", {"create"}},
                          {"apiGroups", {"authorization.k8s.io"}},
                          {"resources", {"selfsubjectaccessreviews", "selfsubjectrulesreviews"}}}}));
  std::vector<std::size_t> sizes;
  for (const Json& one : status["nonResourceRules"]) sizes.push_back(one["nonResourceURLs"].size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{11, 5, 2}));
}

}  // namespace
}  // namespace neoid::auth
