#include "controller/kube/request.h"

#include <gtest/gtest.h>

namespace neoid::kube {
namespace {

const ResourceType kSecretType{"", "v1", "secrets", true};
const ResourceType kWidgets{"example.com", "v1alpha1", "widgets", true};
const ResourceType kNamespaces{"", "v1", "namespaces", false};

TEST(RequestPath, names_collections_and_objects) {
  EXPECT_EQ(collection_path(kSecretType, "a"), "/api/v1/namespaces/a/secrets");
  EXPECT_EQ(collection_path(kSecretType, ""), "/api/v1/secrets");
  EXPECT_EQ(collection_path(kWidgets, "a"), "/apis/example.com/v1alpha1/namespaces/a/widgets");
  EXPECT_EQ(collection_path(kNamespaces, "a"), "/api/v1/namespaces");
  EXPECT_EQ(object_path(kWidgets, {"a", "w"}, "status"),
            "/apis/example.com/v1alpha1/namespaces/a/widgets/w/status");
  EXPECT_EQ(object_path(kNamespaces, {"", "n"}), "/api/v1/namespaces/n");
}

TEST(RequestPath, no_name_reaches_another_path) {
  EXPECT_EQ(object_path(kSecretType, {"a/b", "c?d#e%"}), "/api/v1/namespaces/a%2Fb/secrets/c%3Fd%23e%25");
  EXPECT_EQ(object_path(kSecretType, {"..", "."}), "/api/v1/namespaces/%2E%2E/secrets/%2E");
}

TEST(RequestPathDeathTest, an_object_without_a_name_is_our_bug) {
  EXPECT_DEATH(object_path(kSecretType, {"a", ""}), "");
  EXPECT_DEATH(object_path(kSecretType, {"", "s"}), "");
}

TEST(Request, a_list_asks_for_pages_and_selections) {
  const auto request = list_request(
      kSecretType, {"a", "x=y,z", "type=identity.neostella.com/oauth-client", true}, 500, "to/ken==");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(
      request.target,
      "/api/v1/namespaces/a/secrets?labelSelector=x%3Dy%2Cz&fieldSelector=type%3Didentity.neostella.com%2F"
      "oauth-client&limit=500&continue=to%2Fken%3D%3D");
  EXPECT_EQ(request.headers.get("Accept"),
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  EXPECT_EQ(list_request(kSecretType, {}, 0, "").target, "/api/v1/secrets");
}

TEST(Request, a_watch_asks_for_bookmarks_from_its_version_on) {
  const auto request = watch_request(kWidgets, {}, "17", std::chrono::seconds(300));
  EXPECT_EQ(request.target,
            "/apis/example.com/v1alpha1/"
            "widgets?watch=true&allowWatchBookmarks=true&resourceVersion=17&timeoutSeconds=300");
}

TEST(Request, writes_say_who_manages_what_they_write) {
  const Json object = {{"kind", "Widget"}};
  auto request = create_request(kWidgets, "a", object, {});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/apis/example.com/v1alpha1/namespaces/a/widgets?fieldManager=neoid");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(request.body, R"({"kind":"Widget"})");
  WriteOptions options;
  options.subresource = "status";
  options.force = true;
  request = update_request(kWidgets, {"a", "w"}, object, options);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/apis/example.com/v1alpha1/namespaces/a/widgets/w/status?fieldManager=neoid");
  request = patch_request(kWidgets, {"a", "w"}, PatchType::Apply, object, options);
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.target,
            "/apis/example.com/v1alpha1/namespaces/a/widgets/w/status?fieldManager=neoid&force=true");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/apply-patch+yaml");
  request = patch_request(kWidgets, {"a", "w"}, PatchType::Merge, object, options);
  EXPECT_EQ(request.target, "/apis/example.com/v1alpha1/namespaces/a/widgets/w/status?fieldManager=neoid");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/merge-patch+json");
  EXPECT_EQ(
      patch_request(kWidgets, {"a", "w"}, PatchType::Json, Json::array(), {}).headers.get("Content-Type"),
      "application/json-patch+json");
}

TEST(Request, a_deletion_carries_its_preconditions) {
  DeleteOptions options;
  options.uid = Uid("u-1");
  options.resource_version = ResourceVersion("5");
  options.propagation_policy = "Background";
  const auto request = remove_request(kSecretType, {"a", "s"}, options);
  EXPECT_EQ(request.method, "DELETE");
  EXPECT_EQ(request.target, "/api/v1/namespaces/a/secrets/s");
  EXPECT_EQ(Json::parse(request.body), Json::parse(R"({"apiVersion":"v1","kind":"DeleteOptions",
      "preconditions":{"uid":"u-1","resourceVersion":"5"},"propagationPolicy":"Background"})"));
  EXPECT_FALSE(Json::parse(remove_request(kSecretType, {"a", "s"}, {}).body).contains("preconditions"));
}

}  // namespace
}  // namespace neoid::kube
