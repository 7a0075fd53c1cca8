#include "reconcile/policy/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/api/user.h"
#include "reconcile/base/time.h"
#include "reconcile/policy/similar.h"

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
  const Json name = member(&annotations, std::string(api::annotation::kRequestedBy).c_str());
  return name.is_string() ? name.get<std::string>() : std::string();
}

const Json* member_pointer(const Json* object, const char* name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(name);
  return found == object->end() ? nullptr : &*found;
}

// The annotations that mean something on a kind.
std::vector<std::string> meaningful(api::Kind kind) {
  using namespace api::annotation;
  std::vector<std::string> names;
  const auto add = [&names](std::string_view name) { names.emplace_back(name); };
  if (kind == api::Kind::Scope) return names;
  add(kRotate);
  add(kPaused);
  if (kind == api::Kind::SystemIntegrationUser) {
    add(kRetire);
  } else {
    add(kDeactivated);
    add(kReactivate);
  }
  return names;
}

// Why the annotation does nothing; empty: it does what it says.
std::string useless(api::Kind kind, const std::string& name, const std::string& value) {
  using namespace api::annotation;
  const std::vector<std::string> known = meaningful(kind);
  if (!contains(known, name)) {
    std::string why = fmt::format("{} has no such annotation", api::to_string(kind));
    std::vector<std::string> words;  // without what all of them begin with
    for (const std::string& one : known) words.push_back(one.substr(kOurs.size()));
    if (const auto similar = most_similar(name.substr(kOurs.size()), words))
      why += fmt::format("; did you mean {}{}?", kOurs, *similar);
    return why;
  }
  if ((name == kPaused || name == kRetire) && value != "true" && value != "false")
    return "is neither \"true\" nor \"false\", and counts as \"false\"";
  if (name == kReactivate && !parse_time(value))
    return "is no time like 2026-02-03T04:05:06Z, and lifts nothing; `neoid reactivate` sets it";
  if (name == kDeactivated && value.empty()) return "gives no reason, and deactivates nothing";
  return {};
}

bool is_retired(const Json* object) {
  const Json ours = annotations_of_ours(object);
  return ours.value(std::string(api::annotation::kRetire), Json()) == "true";
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

bool is_going(const AdmissionFacts& facts) {
  const Json* object = facts.object != nullptr ? facts.object : facts.old_object;
  return !member(member_pointer(object, "metadata"), "deletionTimestamp").is_null();
}

bool changes_spec(const AdmissionFacts& facts) {
  if (facts.operation == AdmissionOperation::Delete || facts.object == nullptr) return false;
  return facts.operation == AdmissionOperation::Create ||
         member(facts.object, "spec") != member(facts.old_object, "spec");
}

std::vector<std::string> annotation_warnings(const AdmissionFacts& facts) {
  std::vector<std::string> warnings;
  if (facts.operation == AdmissionOperation::Delete || !facts.subresource.empty()) return warnings;
  const Json ours = annotations_of_ours(facts.object);
  for (const auto& [name, value] : ours.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : std::string();
    if (const std::string why = useless(facts.kind, name, text); !why.empty())
      warnings.push_back(fmt::format("metadata.annotations[{}]: {}", name, why));
  }
  return warnings;
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
  Json& metadata = object["metadata"];
  if (!metadata.is_null() && !metadata.is_object()) return std::nullopt;  // for the server to refuse
  Json& annotations = metadata["annotations"];
  if (!annotations.is_null() && !annotations.is_object()) return std::nullopt;
  if (wanted.empty())
    annotations.erase(std::string(api::annotation::kRequestedBy));
  else
    annotations[std::string(api::annotation::kRequestedBy)] = wanted;
  return object;
}

std::optional<Json> with_finalizer(const AdmissionFacts& facts) {
  if (facts.operation != AdmissionOperation::Create || facts.object == nullptr || !facts.subresource.empty())
    return std::nullopt;
  const Json ours = annotations_of_ours(facts.object);
  const Json policy = member(member_pointer(facts.object, "spec"), "managementPolicy");
  if (ours.value(std::string(api::annotation::kPaused), Json()) == "true" || policy == "Observe")
    return std::nullopt;
  const Json* metadata = member_pointer(facts.object, "metadata");
  if (metadata != nullptr && !metadata->is_null() && !metadata->is_object()) return std::nullopt;
  const Json finalizers = member(metadata, "finalizers");
  if (!finalizers.is_null() && !finalizers.is_array()) return std::nullopt;  // for the server to refuse
  if (std::find(finalizers.begin(), finalizers.end(), Json(api::kFinalizer)) != finalizers.end())
    return std::nullopt;
  Json object = *facts.object;
  object["metadata"]["finalizers"].push_back(api::kFinalizer);
  return object;
}

}  // namespace neoid::policy
