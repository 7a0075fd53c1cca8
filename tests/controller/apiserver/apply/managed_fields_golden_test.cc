// Every recorded create, update and patch, repeated: live object and stored outcome in, managedFields out.
#include <gtest/gtest.h>

#include "golden_support.h"
#include "reconcile/value/patch.h"

namespace neoid::apply {
namespace {

using golden::Step;

const Json& managed_of(const Json& object) {
  static const Json none;
  if (!object.contains("metadata") || !object["metadata"].contains("managedFields")) return none;
  return object["metadata"]["managedFields"];
}

// What the field manager saw: the answer before the strategy filled in what is the server's.
Json seen_by_manager(const Step& step) {
  Json updated = step.answer;
  if (step.subresource == "status" && step.custom && step.body.is_object())
    updated = step.method == "PUT" ? step.body : apply_merge_patch(step.live, step.body);
  updated["metadata"].erase("managedFields");
  if (step.body.is_object() && step.body.contains("metadata") &&
      step.body["metadata"].contains("managedFields"))
    updated["metadata"]["managedFields"] = step.body["metadata"]["managedFields"];
  if (step.method != "POST") return updated;
  updated["metadata"].erase("uid");
  updated.erase("status");
  if (step.kind != "Namespace") return updated;
  updated.erase("spec");
  if (step.body.contains("spec")) updated["spec"] = step.body["spec"];
  if (!step.body["metadata"].contains("name")) updated["metadata"].erase("labels");
  return updated;
}

// Recordings whose live object or wish cannot be told from the recording: an answer pruned by another version, and
// a deletion of a whole collection.
bool is_hidden(const Step& step) {
  return step.name == "026-crd-multi-version.json create-v1alpha1" ||
         step.name == "026-crd-multi-version.json patch-v1beta1" ||
         step.name == "050-delete-collection.json release";
}

TEST(ManagedFieldsGolden, RepeatEveryRecordedCreateUpdateAndPatch) {
  int compared = 0;
  for (const Step& step : golden::read_steps()) {
    const bool object = step.answer.is_object() && step.answer.value("kind", "") == step.kind;
    if (!object || is_hidden(step) || step.status > 201 ||
        step.content_type.find("apply-patch") != std::string::npos)
      continue;
    if (step.method != "POST" && step.live.empty()) continue;
    const Json live = step.method == "POST" ? Json::object() : step.live;
    const std::optional<Instant> latest = golden::latest_time(step.answer);
    if (!latest) continue;
    const bool noop = !live.empty() &&
                      live["metadata"]["resourceVersion"] == step.answer["metadata"]["resourceVersion"] &&
                      !step.query.contains("dryRun");
    Writer writer = step.writer();
    writer.now = noop ? *latest + std::chrono::hours(1) : *latest;
    Json outcome = manage_update(live, seen_by_manager(step), writer, step.types);
    if (noop) outcome = keep_times_of_noop(live, std::move(outcome));
    EXPECT_EQ(managed_of(outcome), managed_of(step.answer)) << step.name << "\n"
                                                            << managed_of(outcome).dump() << "\n"
                                                            << managed_of(step.answer).dump();
    ++compared;
  }
  RecordProperty("compared", compared);
  std::printf("compared %d writes\n", compared);
  EXPECT_GE(compared, 460);
}

}  // namespace
}  // namespace neoid::apply
