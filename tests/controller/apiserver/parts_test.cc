// The small pure parts: paths, JSON paths, ages, selectors, decoding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/apiserver/columns.h"
#include "controller/apiserver/go_type.h"
#include "controller/apiserver/json_path.h"
#include "controller/apiserver/negotiate.h"
#include "controller/apiserver/path_info.h"
#include "controller/apiserver/selector.h"
#include "reconcile/value/json_text.h"

namespace neoid::apiserver {
namespace {

using testing::ElementsAre;

PathInfo path_of(const std::string& method, const std::string& target) {
  http::Request request;
  request.method = method;
  request.target = target;
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = http::parse_query(std::string_view(target).substr(mark + 1));
  return read_path(request);
}

TEST(PathInfo, says_verb_and_resource) {
  struct Case {
    const char *method, *target, *verb, *ns, *resource, *subresource, *name;
  };
  for (const Case& c : {
           Case{"GET", "/api/v1/secrets", "list", "", "secrets", "", ""},
           Case{"GET", "/api/v1/secrets?watch=1", "watch", "", "secrets", "", ""},
           Case{"GET", "/api/v1/namespaces/a/secrets/b", "get", "a", "secrets", "", "b"},
           Case{"GET", "/api/v1/namespaces/a", "get", "a", "namespaces", "", "a"},
           Case{"PUT", "/api/v1/namespaces/a/finalize", "update", "a", "namespaces", "finalize", "a"},
           Case{"PATCH", "/apis/g.io/v1/namespaces/a/things/b/status", "patch", "a", "things", "status", "b"},
           Case{"DELETE", "/apis/g.io/v1/things", "deletecollection", "", "things", "", ""},
           Case{"GET", "/api/v1/watch/namespaces/a/secrets", "watch", "a", "secrets", "", ""},
           Case{"GET", "/api/v1/secrets?fieldSelector=metadata.name%3Dx", "list", "", "secrets", "", "x"},
           Case{"GET", "/apis/g.io/v1/namespaces/a/things/%61%2Fb", "get", "a", "things", "", "a/b"},
       }) {
    const PathInfo info = path_of(c.method, c.target);
    EXPECT_TRUE(info.is_resource) << c.target;
    EXPECT_EQ(info.verb, c.verb) << c.target;
    EXPECT_EQ(info.ns, c.ns) << c.target;
    EXPECT_EQ(info.resource, c.resource) << c.target;
    EXPECT_EQ(info.subresource, c.subresource) << c.target;
    EXPECT_EQ(info.name, c.name) << c.target;
  }
}

TEST(PathInfo, others_are_plain_paths) {
  for (const char* target :
       {"/", "/healthz", "/api", "/api/v1", "/apis/g.io/v1", "/openapi/v3/apis/g.io/v1", "//"})
    EXPECT_FALSE(path_of("GET", target).is_resource) << target;
}

TEST(JsonPath, finds_what_printer_columns_ask_for) {
  const Json object = Json::parse(R"({"spec": {"a": 1, "list": [{"n": "x", "v": 1}, {"n": "y", "v": 2}]},
      "metadata": {"annotations": {"a.b/c": "d"}},
      "status": {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]}})");
  struct Case {
    const char *path, *found;
  };
  for (const Case& c :
       {Case{".spec.a", "[1]"}, Case{".spec.none", "[]"}, Case{".spec.list[*].n", R"(["x","y"])"},
        Case{".spec.list[-1].v", "[2]"}, Case{".spec.list[7]", "[]"},
        Case{".status.conditions[?(@.type==\"Ready\")].status", R"(["True"])"},
        Case{".status.conditions[?(@.type=='Ready')].status", R"(["True"])"},
        Case{".spec.list[?(@.v>1)].n", R"(["y"])"}, Case{".metadata.annotations['a\\.b/c']", R"(["d"])"},
        Case{".metadata.annotations.a\\.b/c", R"(["d"])"}, Case{"{.spec.a}", "[1]"}}) {
    const auto path = JsonPath::parse(c.path);
    ASSERT_TRUE(path) << c.path;
    Json found = Json::array();
    for (const Json* value : path->find(object)) found.push_back(*value);
    EXPECT_EQ(to_json(found), c.found) << c.path;
  }
}

TEST(HumanDuration, is_as_long_as_kubectl_makes_it) {
  using std::chrono::seconds;
  struct Case {
    std::int64_t seconds;
    const char* text;
  };
  for (const Case& c :
       {Case{-5, "<invalid>"}, Case{-1, "0s"}, Case{0, "0s"}, Case{119, "119s"}, Case{120, "2m"},
        Case{150, "2m30s"}, Case{600, "10m"}, Case{10799, "179m"}, Case{10800, "3h"}, Case{11460, "3h11m"},
        Case{28800, "8h"}, Case{172800, "2d"}, Case{176400, "2d1h"}, Case{691200, "8d"}, Case{63072000, "2y"},
        Case{63158400, "2y1d"}, Case{315360000, "10y"}})
    EXPECT_EQ(human_duration(seconds(c.seconds)), c.text) << c.seconds;
}

TEST(Negotiation, takes_the_first_clause_that_can_be_served) {
  const auto view = [](std::string_view accept) { return negotiate(accept, {.table = true}); };
  EXPECT_EQ(view("")->view, View::Object);
  EXPECT_EQ(view("application/json;as=Table;v=v9;g=meta.k8s.io,application/json")->view, View::Object);
  EXPECT_EQ(view("application/json;as=Table;v=v1;g=meta.k8s.io")->view, View::Table);
  EXPECT_EQ(view("application/yaml")->encoding, Encoding::Yaml);
  EXPECT_EQ(view("application/vnd.kubernetes.protobuf,application/json")->encoding, Encoding::Json);
  EXPECT_EQ(view("text/html").error().code, 406);
}

TEST(GoDecode, says_what_go_says) {
  struct Case {
    const char *kind, *body, *error;
  };
  for (const Case& c :
       {Case{"Secret", R"({"data": {"k": 5}})",
             "json: cannot unmarshal number into Go struct field Secret.data of type []uint8"},
        Case{"Secret", R"({"metadata": {"labels": {"a": 1}}})",
             "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"},
        Case{"Secret", R"({"data": {"k": "Y!=="}})", "illegal base64 data at input byte 1"},
        Case{"Lease", R"({"spec": {"leaseDurationSeconds": 3000000000}})",
             "json: cannot unmarshal number 3000000000 into Go struct field "
             "LeaseSpec.spec.leaseDurationSeconds of "
             "type int32"},
        Case{"Lease", R"({"spec": {"renewTime": "2020-01-01T00:00:00Z"}})",
             "parsing time \"2020-01-01T00:00:00Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse "
             "\"Z\" as "
             "\".000000\""}}) {
    const auto decoded = go_decode(*find_go_struct(c.kind), Json::parse(c.body));
    ASSERT_FALSE(decoded) << c.body;
    EXPECT_EQ(decoded.error().message, c.error);
  }
}

TEST(GoDecode, drops_what_go_would_not_print_and_prints_what_it_would) {
  const auto decoded =
      go_decode(*find_go_struct("Event"),
                Json::parse(R"({"metadata": {"name": "e", "labels": {}}, "count": 0, "nope": 1})"));
  ASSERT_TRUE(decoded);
  EXPECT_THAT(decoded->unknown_fields, ElementsAre("nope"));
  EXPECT_EQ(decoded->value, Json::parse(R"({"metadata": {"name": "e", "creationTimestamp": null},
      "involvedObject": {}, "source": {}, "firstTimestamp": null, "lastTimestamp": null, "eventTime": null,
      "reportingComponent": "", "reportingInstance": ""})"));
}

}  // namespace
}  // namespace neoid::apiserver
