// Every protobuf body that a recorded kubectl sent, read, and written and read again.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "controller/apiserver/openapi/protobuf.h"
#include "reconcile/base/crypto.h"

namespace neoid::openapi {
namespace {

Json read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  return Json::parse(in, nullptr, false);
}

Json read_body(const std::string& encoded) {
  const auto bytes = unbase64(encoded);
  if (!bytes) return "not base64";
  const Result<Json> object = decode_protobuf(*bytes);
  return object ? *object : Json(object.error().message);
}

TEST(ProtobufGolden, ReadsWhatKubectlSends) {
  int read = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(NEOID_SOURCE_DIR "/tests/golden/kube/kubectl")) {
    if (entry.path().extension() != ".json") continue;
    const Json flow = read_file(entry.path());
    for (const Json& step : flow["steps"])
      for (const Json& exchange : step.value("http", Json::array())) {
        const Json& request = exchange["request"];
        if (!request.contains("bodyBase64")) continue;
        const std::string path = request["path"];
        if (path.find("alpha") != std::string::npos || path.find("beta") != std::string::npos) continue;
        const Json object = read_body(request["bodyBase64"]);
        ASSERT_TRUE(object.is_object()) << path << ": " << object;
        EXPECT_FALSE(object.value("kind", "").empty()) << path;
        if (path.find("/secrets") != std::string::npos) {
          EXPECT_EQ(object["kind"], "Secret");
          EXPECT_FALSE(object["metadata"].value("name", "").empty());
        }
        // Written and read again, it is the same.
        const Result<std::string> bytes = encode_protobuf(object);
        ASSERT_TRUE(bytes) << path;
        const Result<Json> again = decode_protobuf(*bytes);
        ASSERT_TRUE(again) << path;
        EXPECT_EQ(*again, object) << path;
        ++read;
      }
  }
  std::printf("%d bodies\n", read);
  EXPECT_GE(read, 20);
}

TEST(Protobuf, BecomesTheJsonThatAnOlderKubectlSends) {
  const struct {
    const char* body;
    Json wanted;
  } cases[] = {
      {"azhzAAoMCgJ2MRIGU2VjcmV0EjcKIQoCczESABoPay1jcmVhdGUtc2VjcmV0IgAqADIAOABCABIGCgFhEgExEggKAWISA3R3bxoAG"
       "gAiAA==",
       {{"apiVersion", "v1"},
        {"kind", "Secret"},
        {"metadata", {{"name", "s1"}, {"namespace", "k-create-secret"}}},
        {"data", {{"a", "MQ=="}, {"b", "dHdv"}}}}},
      {"azhzAAoPCgJ2MRIJTmFtZXNwYWNlEigKIAoQay1jcmVhdGUtYmFzaWMteBIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==",
       {{"apiVersion", "v1"},
        {"kind", "Namespace"},
        {"metadata", {{"name", "k-create-basic-x"}}},
        {"spec", Json::object()},
        {"status", Json::object()}}},
      {"azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSLwoQCgASABoAIgAqADIAOABCA"
       "BIREg8KCC92ZXJzaW9uEgNn"
       "ZXQaCAgAEgAaACAAGgAiAA==",
       {{"apiVersion", "authorization.k8s.io/v1"},
        {"kind", "SelfSubjectAccessReview"},
        {"metadata", Json::object()},
        {"spec", {{"nonResourceAttributes", {{"path", "/version"}, {"verb", "get"}}}}},
        {"status", {{"allowed", false}}}}},
  };
  for (const auto& [body, wanted] : cases) EXPECT_EQ(read_body(body), wanted);
}

TEST(Protobuf, ThatIsNoneIsRefused) {
  for (const std::string& body : {std::string(), std::string("k8s"), std::string("{}"),
                                  std::string("k8s\0", 4), std::string("k8s\0\x0a\xff", 6),
                                  std::string("k8s\0\x0a\x06\x0a\x02v1\x12\x00\x12\x03\x0a\x7f\x01", 17)}) {
    const Result<Json> object = decode_protobuf(body);
    ASSERT_FALSE(object);
    EXPECT_EQ(object.error().kind, ErrorKind::Invalid);
  }
}

TEST(Protobuf, KeepsTimesNumbersAndOwners) {
  const Json object = {{"apiVersion", "v1"},
                       {"kind", "Event"},
                       {"metadata",
                        {{"name", "e"},
                         {"creationTimestamp", "2026-02-03T04:05:06Z"},
                         {"ownerReferences", Json::array({{{"apiVersion", "v1"},
                                                           {"kind", "Secret"},
                                                           {"name", "o"},
                                                           {"uid", "u"},
                                                           {"controller", true}}})},
                         {"labels", {{"a", ""}}},
                         {"finalizers", {"x/y"}}}},
                       {"involvedObject", {{"kind", "Secret"}, {"name", "s"}}},
                       {"eventTime", "2026-02-03T04:05:06.000007Z"},
                       {"count", 3}};
  const Result<std::string> bytes = encode_protobuf(object);
  ASSERT_TRUE(bytes);
  const Result<Json> again = decode_protobuf(*bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, object);
}

}  // namespace
}  // namespace neoid::openapi
