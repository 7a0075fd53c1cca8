// Every recorded server-side apply, repeated: live object and configuration in, object and owners or conflicts out.
#include <gtest/gtest.h>

#include "controller/apiserver/apply/server_side_apply.h"
#include "golden_support.h"

namespace neoid::apply {
namespace {

using golden::Step;

// Whether all that `part` says stands in `whole` too (defaults may have come on top); nulls may be gone.
bool is_within(const Json& part, const Json& whole) {
  if (part.is_null()) return true;
  if (part.is_object()) {
    if (!whole.is_object()) return part.empty();
    for (const auto& [name, value] : part.items())
      if (!(value.is_null() ||
            (whole.contains(name) ? is_within(value, whole[name]) : value.is_object() && value.empty())))
        return false;
    return true;
  }
  if (part.is_array()) {
    if (!whole.is_array() || part.size() != whole.size()) return part.empty();
    for (std::size_t i = 0; i < part.size(); ++i)
      if (!is_within(part[i], whole[i])) return false;
    return true;
  }
  return part == whole;
}

// Refusals of later stages: names, validation, versions.
bool is_ours(const Json& status) {
  const std::string message = status.value("message", "");
  for (const char* start : {"Apply failed with", "failed to create typed", "Incorrect version specified",
                            "metadata.managedFields must", "error decoding YAML"})
    if (message.starts_with(start)) return true;
  return false;
}

void compare_refusal(const Step& step, const Refusal& refusal) {
  EXPECT_EQ(refusal.code, step.status) << step.name;
  EXPECT_EQ(refusal.message, step.answer.value("message", "")) << step.name;
  EXPECT_EQ(refusal.reason, step.answer.value("reason", "")) << step.name;
  EXPECT_EQ(refusal.details, step.answer.value("details", Json())) << step.name;
}

TEST(ServerSideApplyGolden, RepeatsEveryRecordedApply) {
  int merged = 0, refused = 0;
  for (const Step& step : golden::read_steps()) {
    if (!step.content_type.starts_with("application/apply-patch+yaml") || !step.answer.is_object()) continue;
    const auto force = step.query.find("force");
    if (!step.query.contains("fieldManager") || step.query.at("fieldManager").empty()) continue;
    if (step.status == 200 && step.live.empty()) continue;  // made by a step that was not recorded
    const Outcome<Json> configuration = read_apply_configuration(step.body_text);
    if (!configuration) {
      compare_refusal(step, configuration.error());
      ++refused;
      continue;
    }
    Writer writer = step.writer();
    if (const auto latest = golden::latest_time(step.answer)) writer.now = *latest;
    const auto outcome =
        apply(step.live, *configuration, step.kind, writer,
              force != step.query.end() && force->second == "true" ? Force::Yes : Force::No, step.types);
    if (step.answer.value("kind", "") == "Status") {
      if (!is_ours(step.answer)) {
        EXPECT_TRUE(outcome) << step.name << ": " << outcome.error().message;
        continue;
      }
      ASSERT_FALSE(outcome) << step.name;
      compare_refusal(step, outcome.error());
      ++refused;
      continue;
    }
    ASSERT_TRUE(outcome) << step.name << ": " << outcome.error().message;
    Json object = outcome->object;
    EXPECT_EQ(object["metadata"].value("managedFields", Json::array()),
              step.answer["metadata"].value("managedFields", Json::array()))
        << step.name << "\n"
        << object["metadata"].value("managedFields", Json::array()).dump() << "\n"
        << step.answer["metadata"].value("managedFields", Json::array()).dump();
    for (const char* servers : {"managedFields", "resourceVersion", "generation", "uid"})
      object["metadata"].erase(servers);
    object.erase("stringData");
    EXPECT_TRUE(is_within(object, step.answer)) << step.name << "\n"
                                                << object.dump() << "\n"
                                                << step.answer.dump();
    ++merged;
  }
  std::printf("%d applied, %d refused\n", merged, refused);
  EXPECT_GE(merged, 45);
  EXPECT_GE(refused, 25);
}

}  // namespace
}  // namespace neoid::apply
