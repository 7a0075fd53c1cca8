#include "controller/reconcilers/events.h"

#include <fmt/format.h>

#include <utility>

#include "controller/base/crash_point.h"
#include "controller/base/log.h"
#include "controller/base/random.h"

namespace neoid::reconcilers {
namespace {

const kube::ResourceType kEvents{"events.k8s.io", "v1", "events", true};
constexpr auto kWindow = std::chrono::minutes(6);
constexpr std::size_t kRemembered = 4096;
constexpr std::size_t kLine = 16384;
// How long an event lets urgent work go first, and how often it looks; after that, how much apart the line is written
// while there still is some.
constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kLook = std::chrono::milliseconds(50);
constexpr auto kApart = std::chrono::milliseconds(20);
constexpr auto kFarewell = std::chrono::seconds(1);

// Events of cluster-scoped resources: a system user's must not be where every viewer reads them.
std::string namespace_for(const api::ResourceKey& about) {
  if (!about.ns.empty()) return about.ns;
  return about.kind == api::Kind::SystemIntegrationUser ? "kube-system" : "default";
}

}  // namespace

EventRecorder::EventRecorder(const kube::Client& client, Clock& clock, EventOptions options)
    : client_(client),
      clock_(clock),
      options_(std::move(options)),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

EventRecorder::~EventRecorder() = default;

Json EventRecorder::manifest(const Told& told, const std::string& name) const {
  Json regarding = {{"apiVersion", api::kApiVersion},
                    {"kind", api::to_string(told.about.kind)},
                    {"name", told.about.name},
                    {"uid", told.uid.value}};
  if (!told.about.ns.empty()) regarding["namespace"] = told.about.ns;
  return {{"apiVersion", "events.k8s.io/v1"},
          {"kind", "Event"},
          {"metadata", {{"namespace", namespace_for(told.about)}, {"name", name}}},
          {"regarding", std::move(regarding)},
          {"eventTime", format_micro_time(told.at)},
          {"type", told.event.type == status::Event::Type::Warning ? "Warning" : "Normal"},
          {"reason", told.event.reason},
          {"note", told.event.message},
          {"action", "Reconcile"},
          {"reportingController", "neoid.neostella.com/controller"},
          {"reportingInstance", options_.instance}};
}

void EventRecorder::tell(const api::ResourceKey& about, const Uid& uid, const status::Event& event) {
  {
    MutexLock lock(mutex_);
    const std::size_t room = event.type == status::Event::Type::Warning ? 2 * kLine : kLine;
    if (line_.size() >= room) return;
    line_.push_back({about, uid, event, clock_.now(), std::chrono::steady_clock::now()});
  }
  if (options_.told) options_.told(event);
  changed_.notify_one();
}

void EventRecorder::run(std::stop_token stop) {
  SteadyTime stopped_at{};
  SteadyTime written_at{};
  for (;;) {
    Told told;
    {
      MutexLock lock(mutex_);
      while (line_.empty() && !stop.stop_requested()) (void)changed_.wait(mutex_, stop);
      if (line_.empty()) return;
      const SteadyTime now = std::chrono::steady_clock::now();
      const bool patient = now - line_.front().since < kPatience;
      if ((patient || now - written_at < kApart) && options_.busy && !stop.stop_requested() &&
          options_.busy()) {
        (void)changed_.wait_until(mutex_, now + (patient ? kLook : kApart), stop);
        continue;
      }
      written_at = now;
      told = std::move(line_.front());
      line_.pop_front();
    }
    if (stop.stop_requested()) {
      const SteadyTime now = std::chrono::steady_clock::now();
      if (stopped_at == SteadyTime{}) stopped_at = now;
      if (now - stopped_at > kFarewell) return;
    }
    write(told);
  }
}

void EventRecorder::write(const Told& told) {
  if (series_.size() >= kRemembered) series_.clear();
  Series& series = series_[told.uid.value + '\n' + told.event.reason + '\n' + told.event.message];
  const bool again = !series.name.empty() && told.at - series.last < kWindow;
  if (again)
    ++series.count;
  else
    series =
        Series{fmt::format("{}.{}", told.about.name.substr(0, 200), random_uuid().substr(0, 13)), told.at, 1};
  series.last = told.at;
  Result<Json> result = Json();
  if (!again) {
    result = client_.create(kEvents, namespace_for(told.about), manifest(told, series.name));
  } else {
    const Json body = {
        {"series", {{"count", series.count}, {"lastObservedTime", format_micro_time(told.at)}}}};
    result = client_.patch(kEvents, {namespace_for(told.about), series.name}, kube::PatchType::Merge, body);
  }
  crash_point("event-written");
  if (!result)
    log::debug("an event could not be written",
               {{"reason", told.event.reason}, {"error", result.error().describe()}});
}

}  // namespace neoid::reconcilers
