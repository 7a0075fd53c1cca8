// What comes in over the wire: every malformed review is answered, none is believed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "controller/admission/review.h"
#include "controller/admission/webhook.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"
#include "reconcile/value/patch.h"

namespace neoid::admission {
namespace {

using testing::HasSubstr;

http::Response post(const Judge& judge, const std::string& path, const std::string& body) {
  http::Request request;
  request.method = "POST";
  request.path = path;
  request.body = body;
  return Webhook::answer(judge, request);
}

Json review(const std::string& operation, const Json& object, const Json& old_object) {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "u-1"},
            {"kind", {{"group", "identity.neostella.com"}, {"version", "v1"}, {"kind", "IntegrationUser"}}},
            {"operation", operation},
            {"name", "a"},
            {"namespace", "apps"},
            {"userInfo", {{"username", "alice"}, {"groups", {"neoid:admins"}}}},
            {"object", object},
            {"oldObject", old_object}}}};
}

Json user() {
  return {{"apiVersion", "identity.neostella.com/v1"},
          {"kind", "IntegrationUser"},
          {"metadata", {{"name", "a"}, {"namespace", "apps"}}},
          {"spec", {{"displayName", "A"}}}};
}

TEST(Reviews, that_are_malformed_are_errors_that_say_what_is_missing) {
  const Judge judge({});
  Json no_uid = review("CREATE", user(), nullptr);
  no_uid["request"].erase("uid");
  Json beta = review("CREATE", user(), nullptr);
  beta["apiVersion"] = "admission.k8s.io/v1beta1";
  const struct {
    std::string body;
    const char* said;
  } cases[] = {
      {"", "unexpected end"},
      {"{", "unexpected end"},
      {"[]", "kind is not AdmissionReview"},
      {"null", "kind is not AdmissionReview"},
      {R"({"kind": 7})", "kind is not AdmissionReview"},
      {to_json(beta), "apiVersion is not admission.k8s.io/v1"},
      {R"({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"})", "request is missing"},
      {R"({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": []})",
       "request is missing"},
      {to_json(no_uid), "request.uid is missing"},
      {to_json(review("CONNECT", user(), nullptr)), "request.operation"},
      {to_json(review("CREATE", nullptr, nullptr)), "request.object is missing"},
      {to_json(review("CREATE", "text", nullptr)), "request.object is missing"},
      {to_json(review("UPDATE", user(), nullptr)), "request.oldObject is missing"},
      {std::string(100'000, '['), "depth"},
  };
  for (const auto& c : cases) {
    for (const std::string path : {"/validate", "/mutate"}) {
      const http::Response response = post(judge, path, c.body);
      EXPECT_EQ(response.status, 400) << c.body.substr(0, 80);
      EXPECT_THAT(response.body, HasSubstr(c.said));
    }
  }
  EXPECT_EQ(post(judge, "/other", "{}").status, 404);
  http::Request get;
  get.method = "GET";
  get.path = "/validate";
  EXPECT_EQ(Webhook::answer(judge, get).status, 405);
}

// Any member of a review replaced by anything: an answer, never an exception.
TEST(Reviews, with_members_of_any_type_are_answered) {
  const Judge judge({});
  Json object = user();
  object["metadata"]["annotations"] = {{"identity.neostella.com/retire", "true"}};
  object["metadata"]["finalizers"] = {"a"};
  object["spec"]["scopes"] = {"x"};
  object["spec"]["credentials"] = {{"secretName", "s"}, {"keys", {{"clientID", "id"}}}};
  const Json junk[] = {nullptr, true, -1, 1.5, "text", Json::array(), Json::object(), {{"a", 1}}, {1, 2}};
  int answered = 0;
  for (const std::string operation : {"CREATE", "UPDATE", "DELETE"}) {
    for (const char* kind : {"IntegrationUser", "SystemIntegrationUser", "Scope"}) {
      Json whole = review(operation, object, object);
      whole["request"]["kind"]["kind"] = kind;
      const Json flat = whole.flatten();
      for (const auto& [pointer, value] : flat.items()) {
        for (std::size_t end = pointer.size(); end != std::string::npos && end > 0;
             end = pointer.rfind('/', end - 1)) {
          for (const Json& other : junk) {
            Json broken = whole;
            broken[Json::json_pointer(pointer.substr(0, end))] = other;
            const std::string body = to_json(broken);
            for (const char* path : {"/validate", "/mutate"}) {
              const int status = post(judge, path, body).status;
              ASSERT_TRUE(status == 200 || status == 400) << body;
              ++answered;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(answered, 5'000);
}

TEST(Reviews, of_other_kinds_pass) {
  const Judge judge({});
  Json other = review("CREATE", user(), nullptr);
  other["request"]["kind"] = {{"group", "apps"}, {"version", "v1"}, {"kind", "Deployment"}};
  const Json response = parse_json(post(judge, "/validate", to_json(other)).body).value()["response"];
  EXPECT_EQ(response["allowed"], true);
}

Json mutated(const Judge& judge, const Json& asked) {
  const Json response = parse_json(post(judge, "/mutate", to_json(asked)).body).value()["response"];
  EXPECT_EQ(response["allowed"], true);
  if (!response.contains("patch")) return nullptr;
  EXPECT_EQ(response["patchType"], "JSONPatch");
  const Json patch = parse_json(unbase64(response["patch"].get<std::string>()).value()).value();
  return apply_json_patch(asked["request"]["object"], patch).value();
}

TEST(Mutation, a_new_resource_gets_the_finalizer_and_the_name_of_who_asked) {
  const Judge judge({});
  const Json made = mutated(judge, review("CREATE", user(), nullptr));
  EXPECT_EQ(made["metadata"]["finalizers"], Json({"identity.neostella.com/finalizer"}));
  EXPECT_EQ(made["metadata"]["annotations"]["identity.neostella.com/requested-by"], "alice");
  EXPECT_EQ(mutated(judge, review("UPDATE", made, made)), nullptr) << "a no-op stays one";
}

TEST(Mutation, a_claimed_name_is_not_believed_and_other_finalizers_stay) {
  const Judge judge({});
  Json object = user();
  object["metadata"]["annotations"]["identity.neostella.com/requested-by"] = "somebody-else";
  object["metadata"]["finalizers"] = {"example.com/mine"};
  const Json made = mutated(judge, review("CREATE", object, nullptr));
  EXPECT_EQ(made["metadata"]["annotations"]["identity.neostella.com/requested-by"], "alice");
  EXPECT_EQ(made["metadata"]["finalizers"], Json({"example.com/mine", "identity.neostella.com/finalizer"}));
}

TEST(Mutation, what_is_to_be_left_alone_gets_no_finalizer) {
  const Judge judge({});
  Json paused = user();
  paused["metadata"]["annotations"]["identity.neostella.com/paused"] = "true";
  EXPECT_FALSE(mutated(judge, review("CREATE", paused, nullptr))["metadata"].contains("finalizers"));
  Json observed = user();
  observed["spec"]["managementPolicy"] = "Observe";
  EXPECT_FALSE(mutated(judge, review("CREATE", observed, nullptr))["metadata"].contains("finalizers"));
}

TEST(Mutation, the_controller_itself_is_not_written_down) {
  JudgeOptions options;
  options.own_users = {"alice"};
  const Judge judge(std::move(options));
  const Json made = mutated(judge, review("CREATE", user(), nullptr));
  EXPECT_FALSE(made["metadata"].contains("annotations"));
  EXPECT_EQ(made["metadata"]["finalizers"].size(), 1U);
}

}  // namespace
}  // namespace neoid::admission
