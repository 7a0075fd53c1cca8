#include "controller/apiserver/server.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/apiserver/server_support.h"

namespace neoid::apiserver {
namespace {

using testing::HasSubstr;

TEST(ApiServer, has_the_namespaces_of_every_cluster_from_the_start) {
  TestServer server;
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    EXPECT_EQ(server.get(std::string("/api/v1/namespaces/") + name).status, 200) << name;
  EXPECT_EQ(server.server().cluster_id(),
            server.get("/api/v1/namespaces/kube-system").body["metadata"]["uid"]);
}

TEST(ApiServer, keeps_objects_identity_and_crds_over_a_restart) {
  TestServer server;
  ASSERT_EQ(server.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widget_crd()).status, 201);
  ASSERT_EQ(server.post(kWidgets, widget("a")).status, 201);
  const std::string cluster = server.server().cluster_id();
  const Json before = server.get(kWidgets + "/a").body;
  server.restart();
  EXPECT_EQ(server.server().cluster_id(), cluster);
  EXPECT_EQ(server.get(kWidgets + "/a").body, before);
  EXPECT_EQ(server.post(kWidgets, widget("b", {{"size", 101}})).status, 422) << "the schema still judges";
}

TEST(ApiServer, serves_a_crd_as_soon_as_its_creation_was_answered) {
  TestServer server;
  EXPECT_EQ(server.get(kWidgets).status, 404);
  ASSERT_EQ(server.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widget_crd()).status, 201);
  const Reply made = server.post(kWidgets, widget("a"));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body["spec"]["size"], 3);
  EXPECT_EQ(made.body["metadata"]["generation"], 1);
}

TEST(ApiServer, a_status_that_nobody_wrote_is_the_default_of_the_schema) {
  TestServer server;
  Json crd = widget_crd();
  crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"] = {
      {"type", "object"},
      {"default", {{"observedGeneration", -1}}},
      {"properties", {{"observedGeneration", {{"type", "integer"}}}}}};
  ASSERT_EQ(server.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd).status, 201);
  Json asked = widget("a");
  asked["status"] = {{"observedGeneration", 7}};  // not for the main endpoint to write
  const Json unwritten = {{"observedGeneration", -1}};
  EXPECT_EQ(server.post(kWidgets, asked).body["status"], unwritten);
  Json read = server.get(kWidgets + "/a").body;
  EXPECT_EQ(read["status"], unwritten);
  read["status"] = nullptr;
  EXPECT_EQ(server.send("PUT", kWidgets + "/a/status", read).body["status"], unwritten);
}

TEST(ApiServer, takes_a_crd_and_its_objects_away) {
  TestServer server;
  server.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widget_crd());
  server.post(kWidgets, widget("a"));
  const std::string crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com";
  EXPECT_EQ(server.send("DELETE", crd).status, 200);
  EXPECT_EQ(server.get_until(crd, 404).status, 404);
  EXPECT_EQ(server.get_until(kWidgets, 404).text, "404 page not found\n");
  EXPECT_EQ(server.server().storage().count("widgets.example.com"), 0U);
}

TEST(ApiServer, a_crd_waits_for_the_finalizers_of_its_objects) {
  TestServer server;
  server.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widget_crd());
  Json held = widget("a");
  held["metadata"]["finalizers"] = {"example.com/hold"};
  server.post(kWidgets, held);
  const std::string crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com";
  server.send("DELETE", crd);
  EXPECT_EQ(server.get(kWidgets + "/a").status, 200);
  const Reply refused = server.post(kWidgets, widget("b"));
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.body["message"], "create not allowed while custom resource definition is terminating");
  EXPECT_EQ(server.merge(kWidgets + "/a", {{"metadata", {{"finalizers", nullptr}}}}).status, 200);
  EXPECT_EQ(server.get_until(crd, 404).status, 404);
}

TEST(ApiServer, a_watch_from_a_forgotten_version_is_told_to_start_anew) {
  storage::StorageOptions small;
  small.history_events = 4;
  TestServer server({}, small);
  for (int i = 0; i < 12; ++i) {
    server.post(kMaps, config_map("a"));
    server.send("DELETE", kMaps + "/a");
  }
  const auto events = server.watch(kMaps + "?watch=1&resourceVersion=1&timeoutSeconds=1");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["type"], "ERROR");
  EXPECT_EQ(events[0]["object"]["code"], 410);
  EXPECT_EQ(events[0]["object"]["reason"], "Expired");
  EXPECT_THAT(events[0]["object"]["message"].get<std::string>(), HasSubstr("too old resource version: 1 ("));
}

TEST(ApiServer, a_continued_list_whose_snapshot_is_gone_offers_to_go_on_without_it) {
  storage::StorageOptions small;
  small.history_events = 4;
  TestServer server({}, small);
  for (const char* name : {"a", "b", "c"}) server.post(kMaps, config_map(name));
  const Reply first = server.get(kMaps + "?limit=1");
  const std::string token = first.body["metadata"]["continue"];
  for (int i = 0; i < 12; ++i) server.merge(kMaps + "/c", {{"data", {{"n", std::to_string(i)}}}});
  const Reply gone = server.get(kMaps + "?limit=1&continue=" + token);
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(gone.body["reason"], "Expired");
  const std::string further = gone.body["metadata"]["continue"];
  const Reply rest = server.get(kMaps + "?continue=" + further);
  ASSERT_EQ(rest.status, 200);
  ASSERT_EQ(rest.body["items"].size(), 2U);
  EXPECT_EQ(rest.body["items"][0]["metadata"]["name"], "b");
}

TEST(ApiServer, a_paged_list_shows_the_state_of_its_first_page) {
  TestServer server;
  for (const char* name : {"a", "b", "c"}) server.post(kMaps, config_map(name));
  const Reply first = server.get(kMaps + "?limit=1");
  EXPECT_EQ(first.body["metadata"]["remainingItemCount"], 2);
  server.send("DELETE", kMaps + "/b");
  server.post(kMaps, config_map("bb"));
  const Reply rest = server.get(kMaps + "?continue=" + first.body["metadata"]["continue"].get<std::string>());
  ASSERT_EQ(rest.body["items"].size(), 2U);
  EXPECT_EQ(rest.body["items"][0]["metadata"]["name"], "b");
  EXPECT_EQ(rest.body["items"][1]["metadata"]["name"], "c");
}

TEST(ApiServer, a_job_finds_its_pods_by_labels_of_its_own) {
  TestServer server;
  const std::string jobs = "/apis/batch/v1/namespaces/default/jobs";
  Json job = Json::parse(R"({"metadata": {"name": "j"}, "spec": {"template": {"spec": {
    "containers": [{"name": "c", "image": "i"}]}}}})");
  const Reply refused = server.post(jobs, job);
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.body["message"],
            "Job.batch \"j\" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "
            "\"OnFailure\", \"Never\"");
  job["spec"]["template"]["spec"]["restartPolicy"] = "Never";
  const Reply made = server.post(jobs, job);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["spec"]["selector"]["matchLabels"],
            (Json{{"controller-uid", made.body["metadata"]["uid"]}}));
  EXPECT_EQ(made.body["spec"]["completions"], 1);
  EXPECT_EQ(server.merge(jobs + "/j", {{"spec", {{"completions", 2}}}}).status, 422);
  EXPECT_EQ(server.merge(jobs + "/j", {{"spec", {{"suspend", true}}}}).status, 200);
}

TEST(ApiServer, a_deployment_whose_selector_misses_its_own_pods_is_refused) {
  TestServer server;
  const Reply refused = server.post("/apis/apps/v1/namespaces/default/deployments", Json::parse(R"({
    "metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {
    "metadata": {"labels": {"a": "c"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}})"));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.body["message"],
            "Deployment.apps \"d\" is invalid: spec.template.metadata.labels: Invalid value: "
            "map[string]string{\"a\":\"c\"}: `selector` does not match template `labels`");
}

TEST(ApiServer, watches_over_the_limit_are_told_to_come_again_and_other_requests_go_on) {
  TestServer server;
  http::Request request;
  request.method = "GET";
  request.path = kMaps;
  request.target = kMaps + "?watch=1";
  request.query = {{"watch", "1"}};
  request.headers.add("Authorization", "Bearer admintoken");
  std::vector<http::Response> open;
  while (open.size() < 5000) {
    open.push_back(server.server().handle(request));
    if (open.back().status != 200) break;
  }
  EXPECT_EQ(open.back().status, 429);
  EXPECT_EQ(open.back().headers.get("Retry-After"), "1");
  EXPECT_LT(open.size(), http::ServerLimits().threads) << "requests are left without a thread";
  EXPECT_EQ(server.get(kMaps).status, 200);
  open.clear();
  EXPECT_EQ(server.server().handle(request).status, 200);
}

TEST(ApiServer, partial_metadata_has_neither_spec_nor_data) {
  TestServer server;
  server.post(kMaps, config_map("a", {{"k", "v"}}));
  const Reply list =
      server.get(kMaps, {{"Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}});
  EXPECT_EQ(list.body["kind"], "PartialObjectMetadataList");
  ASSERT_EQ(list.body["items"].size(), 1U);
  EXPECT_EQ(list.body["items"][0]["kind"], "PartialObjectMetadata");
  EXPECT_FALSE(list.body["items"][0].contains("data"));
  const Reply one =
      server.get(kMaps + "/a", {{"Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}});
  EXPECT_EQ(one.body["metadata"]["name"], "a");
}

TEST(ApiServer, concurrent_patches_of_one_object_are_all_applied) {
  TestServer server;
  server.post(kMaps, config_map("a"));
  std::vector<std::jthread> writers;
  std::atomic<int> failures = 0;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&, i] {
      const Reply reply = server.merge(kMaps + "/a", {{"data", {{"key-" + std::to_string(i), "v"}}}});
      if (reply.status != 200) ++failures;
    });
  writers.clear();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(server.get(kMaps + "/a").body["data"].size(), 4U);
}

TEST(ApiServer, a_denied_write_does_not_happen) {
  Admission admission;
  admission.validate = [](const AdmissionRequest& request) {
    AdmissionAnswer answer;
    answer.allowed = request.kind != "ConfigMap";
    answer.message = "admission webhook \"x\" denied the request: no";
    return answer;
  };
  TestServer server(admission);
  const Reply reply = server.post(kMaps, config_map("a"));
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.body["message"], "admission webhook \"x\" denied the request: no");
  EXPECT_EQ(server.get(kMaps + "/a").status, 404);
}

TEST(ApiServer, a_mutating_hook_changes_what_is_stored_and_may_warn) {
  Admission admission;
  admission.mutate = [](const AdmissionRequest& request) {
    AdmissionAnswer answer;
    if (request.kind != "ConfigMap" || request.object == nullptr) return answer;
    Json changed = *request.object;
    changed["metadata"]["annotations"]["by"] = request.user.name;
    answer.patched = std::move(changed);
    answer.warnings = {"mind the gap"};
    return answer;
  };
  TestServer server(admission);
  const Reply reply = server.post(kMaps, config_map("a"));
  EXPECT_EQ(reply.body["metadata"]["annotations"]["by"], "admin");
  EXPECT_EQ(reply.headers.get("Warning"), "299 - \"mind the gap\"");
  EXPECT_EQ(server.get(kMaps + "/a").body["metadata"]["annotations"]["by"], "admin");
}

TEST(ApiServer, rights_hold_as_soon_as_their_binding_was_answered) {
  TestServer server;
  const http::Headers tenant = {{"Authorization", "Bearer tenanttoken"}};
  EXPECT_EQ(server.get(kMaps, tenant).status, 403);
  const Reply bound = server.post("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
                                  Json::parse(R"({"metadata": {"name": "see"},
                      "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                      "subjects": [{"kind": "Group", "name": "tenants"}]})"));
  ASSERT_EQ(bound.status, 201) << bound.text;
  EXPECT_EQ(server.get(kMaps, tenant).status, 200);
  EXPECT_EQ(server.get("/api/v1/namespaces/default/secrets", tenant).status, 403);
}

TEST(ApiServer, foreground_deletion_waits_for_dependents_that_block_it) {
  TestServer server;
  const Json owner = server.post(kMaps, config_map("owner")).body;
  Json dependent = config_map("dependent");
  dependent["metadata"]["finalizers"] = {"example.com/hold"};
  dependent["metadata"]["ownerReferences"] = Json::array({Json{{"apiVersion", "v1"},
                                                               {"kind", "ConfigMap"},
                                                               {"name", "owner"},
                                                               {"uid", owner["metadata"]["uid"]},
                                                               {"blockOwnerDeletion", true}}});
  ASSERT_EQ(server.post(kMaps, dependent).status, 201);
  const Reply marked = server.send("DELETE", kMaps + "/owner",
                                   {{"kind", "DeleteOptions"}, {"propagationPolicy", "Foreground"}});
  EXPECT_EQ(marked.body["metadata"]["finalizers"], Json::array({"foregroundDeletion"}));
  EXPECT_EQ(server.get(kMaps + "/owner").status, 200);
  server.merge(kMaps + "/dependent", {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_EQ(server.get_until(kMaps + "/owner", 404).status, 404);
}

TEST(ApiServer, a_dependent_whose_owner_never_was_is_collected) {
  TestServer server;
  Json dependent = config_map("dependent");
  dependent["metadata"]["ownerReferences"] =
      Json::array({Json{{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"name", "nobody"},
                        {"uid", "00000000-0000-0000-0000-000000000001"}}});
  ASSERT_EQ(server.post(kMaps, dependent).status, 201);
  EXPECT_EQ(server.get_until(kMaps + "/dependent", 404).status, 404);
}

}  // namespace
}  // namespace neoid::apiserver
