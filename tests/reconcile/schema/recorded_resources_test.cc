// Custom resources that a real API server took or refused, with every field of its schema: causes word for word,
// the stored spec as it came back, unknown fields as they were named.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "reconcile/value/json_text.h"
#include "reconcile/value/patch.h"
#include "recordings_support.h"

namespace neoid::schema {
namespace {

using testing::cause_texts;
using testing::recorded_causes;

const CompiledSchema& widget_schema() {
  static const CompiledSchema schema = [] {
    const Json recording = testing::read_json_file("tests/golden/kube/http/073-schema-types.json");
    for (const Json& step : recording.at("steps"))
      if (step.value("name", "") == "install-crd-widgets") {
        const auto crd = load_crd(step["request"]["body"]);
        EXPECT_TRUE(crd.has_value());
        if (crd) return crd->versions[0].schema;
      }
    ADD_FAILURE() << "no CRD in the recording";
    return CompiledSchema();
  }();
  return schema;
}

std::vector<std::string> recorded_unknown(const Json& response) {
  std::vector<std::string> out;
  const Json headers = response.value("headers", Json::object());
  for (const Json& warning : headers.value("Warning", Json::array())) {
    const auto text = warning.get<std::string>();
    const std::string begin = "299 - \"unknown field \\\"", end = "\\\"\"";
    if (text.starts_with(begin))
      out.push_back(text.substr(begin.size(), text.size() - begin.size() - end.size()));
  }
  return out;
}

std::optional<Json> body_of(const Json& request) {
  if (request.contains("body")) return request["body"];
  if (!request.contains("bodyText")) return std::nullopt;
  auto parsed = parse_json(request["bodyText"].get<std::string>());
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return std::move(*parsed);
}

Json without_metadata(Json object) {
  object.erase("metadata");
  object.erase("status");  // a subresource: a write of the resource does not set it
  return object;
}

void expect_like_recorded(const testing::Written& written, const Json& response) {
  const int status = response.at("status").get<int>();
  if (status == 422) {
    EXPECT_EQ(cause_texts(written.errors), recorded_causes(response));
    return;
  }
  EXPECT_EQ(cause_texts(written.errors), std::vector<std::string>());
  EXPECT_EQ(without_metadata(written.object), without_metadata(response.at("body")));
}

// What can be replayed without a server: creates, and patches of what was created.
int replay(const Json& recording) {
  std::map<std::string, Json> stored;
  int compared = 0;
  for (const Json& step : recording.at("steps")) {
    const Json request = step.value("request", Json::object());
    const auto path = request.value("path", "");
    const int status = step.value("response", Json::object()).value("status", 0);
    if (step.value("setup", false) || path.find("/widgets") == std::string::npos) continue;
    const std::optional<Json> body = body_of(request);
    const auto method = request.value("method", "");
    if (!body || (status != 200 && status != 201 && status != 422)) continue;
    if (path.find("/status") != std::string::npos || path.find("fieldValidation") != std::string::npos)
      continue;
    SCOPED_TRACE(step.value("name", ""));
    const Json& response = step["response"];
    const std::string name = path.substr(path.rfind('/') + 1, path.find('?') - path.rfind('/') - 1);
    std::optional<testing::Written> written;
    if (method == "POST") {
      written = testing::write(widget_schema(), *body);
    } else if (method == "PATCH" && body->is_object() && stored.contains(name)) {
      const Json& old = stored[name];
      written = testing::write(widget_schema(), apply_merge_patch(old, *body), &old);
    }
    if (!written) continue;
    expect_like_recorded(*written, response);
    if (method == "POST") {
      EXPECT_EQ(written->unknown, recorded_unknown(response));
    }
    ++compared;
    if (status != 422 && path.find("dryRun") == std::string::npos)
      stored[response["body"]["metadata"]["name"]] = response["body"];
  }
  return compared;
}

struct Recorded {
  const char* file;
  int steps;  // at least so many are compared
};
void PrintTo(const Recorded& recorded, std::ostream* out) { *out << recorded.file; }

class RecordedResources : public ::testing::TestWithParam<Recorded> {};

TEST_P(RecordedResources, AreAnsweredAsARealServerDoes) {
  const Json recording = testing::read_json_file(std::string("tests/golden/kube/http/") + GetParam().file);
  EXPECT_GE(replay(recording), GetParam().steps);
}

INSTANTIATE_TEST_SUITE_P(
    Http, RecordedResources,
    ::testing::Values(Recorded{"072-schema-required.json", 6}, Recorded{"073-schema-types.json", 25},
                      Recorded{"074-schema-strings.json", 15}, Recorded{"075-schema-numbers.json", 11},
                      Recorded{"076-schema-lists.json", 12}, Recorded{"077-schema-maps.json", 11},
                      Recorded{"079-schema-nullable-defaults.json", 15},
                      Recorded{"080-schema-int-or-string.json", 9}, Recorded{"082-pruning.json", 6},
                      Recorded{"083-cel-rules.json", 14}, Recorded{"086-field-validation-cr.json", 3}),
    [](const auto& test) { return "Case" + std::string(test.param.file).substr(0, 3); });

}  // namespace
}  // namespace neoid::schema
