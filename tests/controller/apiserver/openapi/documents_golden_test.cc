// The recorded OpenAPI documents, cut down as the recordings are, against what Documents makes of the same CRDs.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "controller/apiserver/openapi/documents.h"
#include "controller/apiserver/openapi/wire.h"

namespace neoid::openapi {
namespace {

Json read_case(const std::string& name) {
  std::ifstream in(NEOID_SOURCE_DIR "/tests/golden/kube/http/" + name);
  return Json::parse(in, nullptr, false);
}

std::vector<CustomKind> kinds_of(const Json& document) {
  std::vector<CustomKind> out;
  for (const Json& step : document["steps"]) {
    if (!step.contains("request")) continue;
    const Json body = step["request"].value("body", Json());
    if (!body.is_object() || body.value("kind", "") != "CustomResourceDefinition") continue;
    const Json& spec = body["spec"];
    for (const Json& version : spec["versions"]) {
      CustomKind kind;
      kind.group = spec["group"];
      kind.version = version["name"];
      kind.kind = spec["names"]["kind"];
      kind.list_kind = spec["names"].value("listKind", kind.kind + "List");
      kind.plural = spec["names"]["plural"];
      kind.namespaced = spec["scope"] == "Namespaced";
      kind.schema = version["schema"]["openAPIV3Schema"];
      kind.status = version.contains("subresources") && version["subresources"].contains("status");
      out.push_back(std::move(kind));
    }
  }
  return out;
}

void drop(Json& value, const Json& names) {
  if (value.is_object())
    for (const Json& name : names) value.erase(name.get<std::string>());
  if (value.is_structured())
    for (Json& item : value) drop(item, names);
}

// Descriptions of schemas are members named "description" that are texts; a property of that name stays.
void prune(Json& value, const Json& rules) {
  for (const Json& rule : rules) {
    const Json::json_pointer pointer(rule.value("pointer", ""));
    if (!value.contains(pointer)) continue;
    if (rule.value("remove", false)) {
      value[pointer.parent_pointer()].erase(pointer.back());
      continue;
    }
    Json& at = value[pointer];
    if (rule.contains("keepKeys")) {
      Json kept = Json::object();
      for (const Json& key : rule["keepKeys"])
        if (at.contains(key.get<std::string>())) kept[key.get<std::string>()] = at[key.get<std::string>()];
      at = std::move(kept);
    }
    if (rule.contains("drop")) drop(at, rule["drop"]);
  }
}

void mask_hashes(Json& index) {
  for (Json& entry : index["paths"]) {
    std::string text = entry.value("serverRelativeURL", "");
    entry["serverRelativeURL"] = text.substr(0, text.find("hash="));
  }
}

TEST(DocumentsGolden, AnswerAsARealServer) {
  int compared = 0;
  for (const char* name : {"006-openapi-v2.json", "007-openapi-v3.json"}) {
    const Json document = read_case(name);
    const Documents documents(kinds_of(document), "v1.26.5");
    for (const Json& step : document["steps"]) {
      if (step.value("setup", false) || !step.contains("response") || !step["response"].contains("body"))
        continue;
      const std::string path = step["request"]["path"];
      Json ours;
      if (path == "/openapi/v2")
        ours = documents.v2_json();
      else if (path == "/openapi/v3")
        ours = Json::parse(documents.v3_index().bytes, nullptr, false);
      else if (const Json* found = documents.v3_json(path.substr(std::string("/openapi/v3/").size())))
        ours = *found;
      else
        continue;
      Json theirs = step["response"]["body"];
      prune(ours, step.value("prune", Json::array()));
      if (path == "/openapi/v3") mask_hashes(ours), mask_hashes(theirs);
      EXPECT_EQ(ours, theirs) << name << " " << step["name"] << "\n" << Json::diff(theirs, ours).dump(1);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 7);
}

TEST(Documents, AreOfferedInTheFormsThatClientsAskFor) {
  const Documents documents({}, "v1.26.5");
  const struct {
    const char* accept;
    const char* type;  // empty: not acceptable
  } cases[] = {
      {"", "text/plain; charset=utf-8"},
      {"application/json", "text/plain; charset=utf-8"},
      {"*/*", "text/plain; charset=utf-8"},
      {"application/com.github.proto-openapi.spec.v2@v1.0+protobuf", "application/octet-stream"},
      {"application/com.github.proto-openapi.spec.v2@v1.0+protobuf, application/json",
       "application/octet-stream"},
      {"text/html", ""},
  };
  for (const auto& [accept, type] : cases) {
    const auto document = documents.v2(accept);
    EXPECT_EQ(document ? document->content_type : "", type) << accept;
  }
  EXPECT_FALSE(documents.v3("apis/nosuch.example.com/v1", "application/json"));
  EXPECT_FALSE(documents.v3("api/v1", "text/html"));
  EXPECT_EQ(documents.v3("api/v1", "")->etag, "\"" + documents.v3_hash("api/v1") + "\"");
}

TEST(Documents, OfTheSameInputHaveTheSameBytes) {
  const auto kinds = kinds_of(read_case("006-openapi-v2.json"));
  const Documents a(kinds, "v1.26.5");
  const Documents b(kinds, "v1.26.5");
  const Documents without({}, "v1.26.5");
  EXPECT_EQ(a.v2("")->etag, b.v2("")->etag);
  EXPECT_NE(a.v2("")->etag, without.v2("")->etag);
  EXPECT_EQ(a.v3_index().bytes, b.v3_index().bytes);
}

TEST(Documents, AsProtobufNameEveryDefinition) {
  const Documents documents(kinds_of(read_case("006-openapi-v2.json")), "v1.26.5");
  const std::string proto = documents.v2("application/com.github.proto-openapi.spec.v2@v1.0+protobuf")->bytes;
  WireReader reader(proto);
  std::set<std::string> names;
  for (WireField field; reader.next(field);) {
    if (field.number != 9) continue;
    WireReader definitions(field.bytes);
    for (WireField definition; definitions.next(definition);) {
      WireReader named(definition.bytes);
      for (WireField member; named.next(member);)
        if (member.number == 1) names.emplace(member.bytes);
    }
  }
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(names.size(), documents.v2_json()["definitions"].size());
  EXPECT_TRUE(names.contains("com.example.golden.v1.Widget"));
}

// Every reference of a document points into it: kubectl refuses a document otherwise.
void check_references(const Json& value, const Json& schemas, const std::string& where) {
  if (value.is_object())
    if (const auto found = value.find("$ref"); found != value.end() && found->is_string()) {
      const std::string text = found->get<std::string>();
      EXPECT_TRUE(schemas.contains(text.substr(text.rfind('/') + 1))) << where << " " << text;
    }
  if (value.is_structured())
    for (const Json& item : value) check_references(item, schemas, where);
}

TEST(Documents, ReferToNothingOutsideThemselves) {
  const Documents documents(kinds_of(read_case("006-openapi-v2.json")), "v1.26.5");
  check_references(documents.v2_json(), documents.v2_json()["definitions"], "v2");
  for (const char* path : {"api/v1", "apis/golden.example.com/v1", "apis/apiextensions.k8s.io/v1",
                           "apis/rbac.authorization.k8s.io/v1"}) {
    const Json* document = documents.v3_json(path);
    ASSERT_NE(document, nullptr) << path;
    check_references(*document, (*document)["components"]["schemas"], path);
  }
}

}  // namespace
}  // namespace neoid::openapi
