// Every recorded JSON, merge and strategic merge patch, repeated: the live object and the body in, what a server
// makes of it before its own rules out.
#include <gtest/gtest.h>

#include "controller/apiserver/apply/patch.h"
#include "golden_support.h"

namespace neoid::apply {
namespace {

using golden::Step;

// All of `part` (nulls, empty containers and what the server owns aside) stands in `whole`.
bool within(const Json& part, const Json& whole) {
  if (part.is_null()) return true;
  if (!part.is_object() || !whole.is_object()) {
    if (!part.is_array() || !whole.is_array()) return part == whole || (part.is_structured() && part.empty());
    if (part.size() != whole.size()) return false;
    for (std::size_t i = 0; i < part.size(); ++i)
      if (!within(part[i], whole[i])) return false;
    return true;
  }
  for (const auto& [name, value] : part.items()) {
    if (value.is_null() || (value.is_structured() && value.empty())) continue;
    if (!whole.contains(name) || !within(value, whole[name])) return false;
  }
  return true;
}

// Refusals that come from the rules of the resource, which are not ours.
bool is_of_the_resource(const Json& status) {
  const std::string message = status.value("message", "");
  const std::string reason = status.value("reason", "");
  return status.value("code", 0) == 404 || status.value("code", 0) == 403 ||
         message.find("the object has been modified") != std::string::npos ||
         message.find("was undeterminable") != std::string::npos ||
         message.find("does not match") != std::string::npos ||
         (reason == "Invalid" && status.contains("details") && status["details"].contains("name")) ||
         message.starts_with("PatchOptions") || message.find("strict decoding") != std::string::npos ||
         message.find("cannot be handled") != std::string::npos;
}

// What the resource's own rules make of it afterwards: pruned, put back, shown in another version.
bool is_changed_later(const Step& step) {
  return step.name == "026-crd-multi-version.json patch-v1beta1" ||
         step.name == "062-namespace-basic.json name-label-cannot-change";
}

Outcome<Json> repeated(const Step& step) {
  const Served served = step.custom ? Served::Custom : Served::BuiltIn;
  const Outcome<PatchKind> kind = patch_kind(step.content_type, served);
  if (!kind) return refuse(kind.error());
  switch (*kind) {
    case PatchKind::Json: return json_patch(step.live, step.body_text, served);
    case PatchKind::Merge: return merge_patch(step.live, step.body_text, served);
    case PatchKind::Strategic:
      return strategic_merge_patch(step.live, step.body_text, *step.types.at(step.api_version));
    case PatchKind::Apply: break;
  }
  return step.live;
}

TEST(PatchGolden, RepeatsEveryRecordedPatch) {
  int patched = 0, refused = 0;
  for (const Step& step : golden::read_steps()) {
    if (step.method != "PATCH" || step.content_type.starts_with("application/apply-patch+yaml") ||
        !step.answer.is_object())
      continue;
    if (step.path.ends_with("/" + step.resource) || is_changed_later(step)) continue;
    const bool failure = step.answer.value("kind", "") == "Status";
    const Outcome<Json> outcome = repeated(step);
    if (failure && is_of_the_resource(step.answer)) continue;
    if (failure) {
      if (outcome) {
        ADD_FAILURE() << step.name << " should be refused: " << step.answer.dump();
        continue;
      }
      EXPECT_EQ(outcome.error().code, step.status) << step.name;
      EXPECT_EQ(outcome.error().message, step.answer.value("message", "")) << step.name;
      EXPECT_EQ(outcome.error().reason, step.answer.value("reason", "")) << step.name;
      EXPECT_EQ(outcome.error().details, step.answer.value("details", Json())) << step.name;
      ++refused;
      continue;
    }
    if (step.live.empty()) continue;
    if (!outcome) {
      ADD_FAILURE() << step.name << ": " << outcome.error().message;
      continue;
    }
    Json object = *outcome;
    for (const char* servers : {"managedFields", "resourceVersion", "generation"})
      object["metadata"].erase(servers);
    if (step.subresource == "status") object = Json{{"status", object.value("status", Json())}};
    if (step.subresource.empty()) object.erase("status");
    if (object.contains("stringData")) object.erase("data");
    object.erase("stringData");
    golden::drop_unknown(object, *step.types.at(step.api_version));
    if (!step.custom || step.subresource.empty()) {
      EXPECT_TRUE(within(object, step.answer)) << step.name << "\n"
                                               << object.dump() << "\n"
                                               << step.answer.dump();
    }
    ++patched;
  }
  std::printf("%d patched, %d refused\n", patched, refused);
  EXPECT_GE(patched, 140);
  EXPECT_GE(refused, 60);
}

}  // namespace
}  // namespace neoid::apply
