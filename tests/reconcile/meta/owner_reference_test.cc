#include "reconcile/meta/owner_reference.h"

#include <gtest/gtest.h>

#include "reconcile/meta/conditions.h"

namespace neoid::meta {
namespace {

TEST(OwnerReference, SurvivesTheWayThroughJson) {
  const Json owner = {
      {"apiVersion", "example.com/v1"}, {"kind", "Widget"}, {"metadata", {{"name", "w"}, {"uid", "u"}}}};
  const OwnerReference reference = controller_reference(owner);
  EXPECT_EQ(to_json(reference),
            Json::parse(R"({"apiVersion":"example.com/v1","kind":"Widget","name":"w","uid":"u",
      "controller":true,"blockOwnerDeletion":true})"));
  EXPECT_EQ(owner_reference_of(to_json(reference)), reference);
  const Json object = {{"metadata", {{"ownerReferences", {{{"uid", "other"}}, to_json(reference)}}}}};
  EXPECT_EQ(controller_of(object), reference);
  EXPECT_TRUE(is_owned_by(object, Uid("u")));
  EXPECT_FALSE(is_owned_by(object, Uid("x")));
  EXPECT_FALSE(controller_of(owner));
}

TEST(Conditions, KeepTheirTimeWhileTheStatusStays) {
  const Instant before = *parse_time("2026-01-01T00:00:00Z");
  const Instant now = *parse_time("2026-01-02T00:00:00Z");
  const Conditions old = {{"Ready", ConditionStatus::True, "Done", "all is well", 1, before},
                          {"Stalled", ConditionStatus::False, "No", "", 1, before}};
  const Conditions next = carry_transition_times({{"Stalled", ConditionStatus::True, "Yes", "", 2, {}},
                                                  {"Ready", ConditionStatus::True, "Still", "", 2, {}},
                                                  {"New", ConditionStatus::Unknown, "New", "", 2, {}}},
                                                 old, now);
  EXPECT_EQ(find_condition(next, "Ready")->last_transition_time, before);
  EXPECT_EQ(find_condition(next, "Stalled")->last_transition_time, now);
  EXPECT_EQ(find_condition(next, "New")->last_transition_time, now);
  EXPECT_TRUE(is_true(next, "Ready"));
  EXPECT_FALSE(is_true(next, "Absent"));
  EXPECT_EQ(*decode_conditions(encode_conditions(next)), next);
  EXPECT_FALSE(decode_conditions(Json::object()));
}

}  // namespace
}  // namespace neoid::meta
