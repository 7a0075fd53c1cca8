#include "reconcile/meta/conditions.h"

#include <algorithm>
#include <utility>

namespace neoid::meta {
namespace {

std::string_view text_of(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::True: return "True";
    case ConditionStatus::False: return "False";
    case ConditionStatus::Unknown: return "Unknown";
  }
  return "Unknown";
}

Result<Condition> decode_condition(const Json& item) {
  if (!item.is_object()) return fail(ErrorKind::Invalid, "a condition is not an object");
  const auto text = [&](const char* name) {
    const auto member = item.find(name);
    return member != item.end() && member->is_string() ? member->get<std::string>() : std::string();
  };
  Condition condition;
  condition.type = text("type");
  if (condition.type.empty()) return fail(ErrorKind::Invalid, "a condition has no type");
  const std::string status = text("status");
  condition.status = status == "True"    ? ConditionStatus::True
                     : status == "False" ? ConditionStatus::False
                                         : ConditionStatus::Unknown;
  condition.reason = text("reason");
  condition.message = text("message");
  if (const auto generation = item.find("observedGeneration");
      generation != item.end() && generation->is_number_integer())
    condition.observed_generation = generation->get<Generation>();
  condition.last_transition_time = parse_time(text("lastTransitionTime")).value_or(Instant());
  return condition;
}

}  // namespace

const Condition* find_condition(const Conditions& conditions, std::string_view type) {
  for (const Condition& condition : conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

bool is_true(const Conditions& conditions, std::string_view type) {
  const Condition* condition = find_condition(conditions, type);
  return condition != nullptr && condition->status == ConditionStatus::True;
}

Conditions carry_transition_times(Conditions next, const Conditions& before, Instant now) {
  for (Condition& condition : next) {
    const Condition* old = find_condition(before, condition.type);
    condition.last_transition_time =
        old != nullptr && old->status == condition.status ? old->last_transition_time : now;
  }
  std::sort(next.begin(), next.end(), [](const Condition& a, const Condition& b) { return a.type < b.type; });
  return next;
}

Json encode_conditions(const Conditions& conditions) {
  Json list = Json::array();
  for (const Condition& condition : conditions) {
    list.push_back({{"type", condition.type},
                    {"status", text_of(condition.status)},
                    {"reason", condition.reason},
                    {"message", condition.message},
                    {"observedGeneration", condition.observed_generation},
                    {"lastTransitionTime", format_time(condition.last_transition_time)}});
  }
  return list;
}

Result<Conditions> decode_conditions(const Json& list) {
  Conditions conditions;
  if (list.is_null()) return conditions;
  if (!list.is_array()) return fail(ErrorKind::Invalid, "conditions are not a list");
  for (const Json& item : list) {
    NEOID_TRY(Condition condition, decode_condition(item));
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

}  // namespace neoid::meta
