#include "reconcile/policy/admission.h"

#include <algorithm>

#include "reconcile/api/user.h"

namespace neoid::policy {
namespace {

constexpr std::string_view kOurs = "identity.neostella.com/";

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_platform(const AdmissionFacts& facts, const PlatformIdentities& platform) {
  return contains(platform.users, facts.user) ||
         std::any_of(facts.groups.begin(), facts.groups.end(),
                     [&](const std::string& group) { return contains(platform.groups, group); });
}

Json member(const Json* object, const char* name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(name);
  return found == object->end() ? Json() : *found;
}

// Our annotations without the one that is written here.
Json annotations_of_ours(const Json* object) {
  Json ours = Json::object();
  const Json metadata = member(object, "metadata");
  const Json annotations = member(&metadata, "annotations");
  if (!annotations.is_object()) return ours;
  for (const auto& [name, value] : annotations.items()) {
    if (name.starts_with(kOurs) && name != api::annotation::kRequestedBy) ours[name] = value;
  }
  return ours;
}

std::string requester_in(const Json* object) {
  const Json metadata = member(object, "metadata");
  const Json annotations = member(&metadata, "annotations");
  return annotations.is_object() ? annotations.value(std::string(api::annotation::kRequestedBy), "")
                                 : std::string();
}

bool is_retired(const Json* object) {
  const Json ours = annotations_of_ours(object);
  return ours.value(std::string(api::annotation::kRetire), "") == "true";
}

}  // namespace

AdmissionVerdict judge_admission(const AdmissionFacts& facts, const PlatformIdentities& platform) {
  if (facts.kind != api::Kind::SystemIntegrationUser || facts.subresource == "status") return {};
  if (!is_platform(facts, platform)) {
    return {false, "system integration users are the platform's own: " + facts.user +
                       " may not create, change or delete one"};
  }
  if (facts.operation == AdmissionOperation::Delete && !is_retired(facts.old_object)) {
    return {false, "system integration user " + facts.name +
                       " is not retired; to delete it, first set the annotation " +
                       std::string(api::annotation::kRetire) + ": \"true\""};
  }
  return {};
}

std::optional<Json> with_requester(const AdmissionFacts& facts) {
  if (facts.operation == AdmissionOperation::Delete || facts.object == nullptr || !facts.subresource.empty())
    return std::nullopt;
  const bool changed = facts.operation == AdmissionOperation::Create ||
                       member(facts.object, "spec") != member(facts.old_object, "spec") ||
                       annotations_of_ours(facts.object) != annotations_of_ours(facts.old_object);
  // Whatever came in is not believed: who changes nothing leaves the name that stands.
  const std::string wanted = changed ? facts.user : requester_in(facts.old_object);
  if (requester_in(facts.object) == wanted) return std::nullopt;
  Json object = *facts.object;
  Json& annotations = object["metadata"]["annotations"];
  if (wanted.empty())
    annotations.erase(std::string(api::annotation::kRequestedBy));
  else
    annotations[std::string(api::annotation::kRequestedBy)] = wanted;
  return object;
}

}  // namespace neoid::policy
