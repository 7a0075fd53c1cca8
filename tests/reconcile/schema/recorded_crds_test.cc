// CRDs that a real API server took or refused: the causes word for word, the stored spec field for field.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "reconcile/value/patch.h"
#include "recordings_support.h"

namespace neoid::schema {
namespace {

using testing::cause_texts;
using testing::recorded_causes;

bool is_crd_path(const std::string& path) {
  return path.find("/customresourcedefinitions") != std::string::npos &&
         path.find("/status") == std::string::npos;
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
  std::sort(out.begin(), out.end());
  return out;
}

void expect_like_recorded(const tl::expected<Crd, std::vector<FieldError>>& loaded, const Json& response) {
  const int status = response.at("status").get<int>();
  if (status == 422) {
    EXPECT_EQ(cause_texts(loaded ? std::vector<FieldError>() : loaded.error()), recorded_causes(response));
    return;
  }
  ASSERT_TRUE(loaded.has_value()) << ::testing::PrintToString(cause_texts(loaded.error()));
  if (response.contains("body") && response["body"].contains("spec")) {
    EXPECT_EQ(loaded->object.at("spec"), response["body"]["spec"]);
  }
}

// Runs the steps of a recording that write CRDs; returns how many were compared.
int replay(const Json& recording) {
  std::map<std::string, Json> stored;
  int compared = 0;
  for (const Json& step : recording.at("steps")) {
    const Json request = step.value("request", Json::object());
    const int status = step.value("response", Json::object()).value("status", 0);
    if (!request.contains("body") || !is_crd_path(request.value("path", "")) || status == 400) continue;
    const bool dry = request["path"].get<std::string>().find("dryRun") != std::string::npos;
    SCOPED_TRACE(step.value("name", ""));
    const Json& response = step["response"];
    const auto method = request["method"].get<std::string>();
    if (method == "POST") {
      Result<ReadCrd> read = read_crd(request["body"]);
      if (!read) {
        ADD_FAILURE() << read.error().message;
        continue;
      }
      if (!step.value("setup", false)) {
        expect_like_recorded(load_crd(request["body"]), response);
        std::sort(read->unknown_fields.begin(), read->unknown_fields.end());
        EXPECT_EQ(read->unknown_fields, recorded_unknown(response));
        ++compared;
      }
      if (!dry && response.contains("body")) {
        Json object = response["body"];
        // A controller says so soon after.
        object["status"]["conditions"] = Json::array({{{"type", "Established"}, {"status", "True"}}});
        stored[request["body"]["metadata"]["name"]] = object;
      }
    } else if (method == "PATCH") {
      const auto path = request["path"].get<std::string>();
      const std::string name = path.substr(path.rfind('/') + 1);
      const Json& old = stored.at(name);
      Json next;
      if (request["body"].is_array()) {
        auto patched = apply_json_patch(old, request["body"]);
        EXPECT_TRUE(patched.has_value());
        if (!patched) return compared;
        next = std::move(*patched);
      } else {
        next = apply_merge_patch(old, request["body"]);
      }
      expect_like_recorded(load_crd(next, {}, &old), response);
      ++compared;
      if (status == 200) stored[name] = next;
    }
  }
  return compared;
}

struct Recorded {
  const char* file;
  int steps;  // at least so many are compared
};
void PrintTo(const Recorded& recorded, std::ostream* out) { *out << recorded.file; }

class RecordedCrds : public ::testing::TestWithParam<Recorded> {};

TEST_P(RecordedCrds, AreAnsweredAsARealServerDoes) {
  const Json recording = testing::read_json_file(std::string("tests/golden/kube/http/") + GetParam().file);
  EXPECT_GE(replay(recording), GetParam().steps);
}

INSTANTIATE_TEST_SUITE_P(Http, RecordedCrds,
                         ::testing::Values(Recorded{"018-crd-invalid-names.json", 14},
                                           Recorded{"019-crd-invalid-versions.json", 11},
                                           Recorded{"020-crd-invalid-schema.json", 25},
                                           Recorded{"022-crd-invalid-cel.json", 9},
                                           Recorded{"023-crd-invalid-columns.json", 8},
                                           Recorded{"024-crd-update.json", 6},
                                           Recorded{"028-crd-defaulted-fields.json", 1}),
                         [](const auto& test) { return "Case" + std::string(test.param.file).substr(0, 3); });

TEST(RecordedCrd, OfEveryRecordingLoads) {
  int loaded = 0;
  for (const auto& file : std::filesystem::directory_iterator(NEOID_SOURCE_DIR "/tests/golden/kube/http")) {
    const std::string name = file.path().filename().string();
    const Json recording = testing::read_json_file("tests/golden/kube/http/" + name);
    for (const Json& step : recording.at("steps")) {
      const Json request = step.value("request", Json::object());
      if (!step.value("setup", false) || request.value("method", "") != "POST" || !request.contains("body") ||
          !is_crd_path(request.value("path", "")))
        continue;
      const auto crd = load_crd(request["body"]);
      EXPECT_TRUE(crd.has_value()) << name << ": " << ::testing::PrintToString(cause_texts(crd.error()));
      loaded += crd ? 1 : 0;
    }
  }
  EXPECT_GE(loaded, 30);
}

TEST(Crd, NamesItsDeprecatedVersionsInWarnings) {
  const Json recording = testing::read_json_file("tests/golden/kube/http/026-crd-multi-version.json");
  const auto crd = load_crd(recording["steps"][0]["request"]["body"]);
  ASSERT_TRUE(crd.has_value());
  EXPECT_EQ(crd->find_version("v1alpha1")->deprecation_warning,
            "golden.example.com/v1alpha1 Gadget is going away; use v1");
  EXPECT_EQ(crd->find_version("v1beta1")->deprecation_warning,
            "golden.example.com/v1beta1 Gadget is deprecated; use golden.example.com/v1 Gadget");
  EXPECT_EQ(crd->find_version("v1")->deprecation_warning, "");
  EXPECT_EQ(crd->storage_version().name, "v1");
  EXPECT_EQ(crd->preferred_version(), "v1");
}

}  // namespace
}  // namespace neoid::schema
