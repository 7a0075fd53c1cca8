#include "controller/reconcilers/events.h"

#include <fmt/format.h>

#include <utility>

#include "controller/base/log.h"
#include "controller/base/random.h"

namespace neoid::reconcilers {
namespace {

const kube::ResourceType kEvents{"events.k8s.io", "v1", "events", true};
constexpr auto kWindow = std::chrono::minutes(6);
constexpr std::size_t kRemembered = 4096;

// Events of cluster-scoped resources: a system user's must not be where every viewer reads them.
std::string namespace_for(const api::ResourceKey& about) {
  if (!about.ns.empty()) return about.ns;
  return about.kind == api::Kind::SystemIntegrationUser ? "kube-system" : "default";
}

}  // namespace

EventRecorder::EventRecorder(const kube::Client& client, Clock& clock, std::string instance)
    : client_(client), clock_(clock), instance_(std::move(instance)) {}

Json EventRecorder::manifest(const api::ResourceKey& about, const Uid& uid, const status::Event& event,
                             const std::string& name, Instant now) const {
  Json regarding = {{"apiVersion", api::kApiVersion},
                    {"kind", api::to_string(about.kind)},
                    {"name", about.name},
                    {"uid", uid.value}};
  if (!about.ns.empty()) regarding["namespace"] = about.ns;
  return {{"apiVersion", "events.k8s.io/v1"},
          {"kind", "Event"},
          {"metadata", {{"namespace", namespace_for(about)}, {"name", name}}},
          {"regarding", std::move(regarding)},
          {"eventTime", format_micro_time(now)},
          {"type", event.type == status::Event::Type::Warning ? "Warning" : "Normal"},
          {"reason", event.reason},
          {"note", event.message},
          {"action", "Reconcile"},
          {"reportingController", "neoid.neostella.com/controller"},
          {"reportingInstance", instance_}};
}

void EventRecorder::tell(const api::ResourceKey& about, const Uid& uid, const status::Event& event) {
  const std::string what = uid.value + '\n' + event.reason + '\n' + event.message;
  const Instant now = clock_.now();
  std::string name;
  std::int64_t count = 1;
  {
    MutexLock lock(mutex_);
    if (told_.size() >= kRemembered) told_.clear();
    Series& series = told_[what];
    if (!series.name.empty() && now - series.last < kWindow) {
      count = ++series.count;
    } else {
      series = Series{fmt::format("{}.{}", about.name.substr(0, 200), random_uuid().substr(0, 13)), now, 1};
    }
    series.last = now;
    name = series.name;
  }
  Result<Json> result = Json();
  if (count == 1) {
    result = client_.create(kEvents, namespace_for(about), manifest(about, uid, event, name, now));
  } else {
    const Json body = {{"series", {{"count", count}, {"lastObservedTime", format_micro_time(now)}}}};
    result = client_.patch(kEvents, {namespace_for(about), name}, kube::PatchType::Merge, body);
  }
  if (!result)
    log::debug("an event could not be written",
               {{"reason", event.reason}, {"error", result.error().describe()}});
}

}  // namespace neoid::reconcilers
