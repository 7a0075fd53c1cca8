#include "controller/reconcilers/foreign_secrets.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "controller/reconcilers/cluster.h"

namespace neoid::reconcilers {
namespace {

constexpr const char* kName = "referencedsecrets";  // in the metrics

}  // namespace

ForeignSecrets::ForeignSecrets(const kube::Client& client, Clock& clock, MetricsRegistry& metrics,
                               OnChange on_change)
    : client_(client), clock_(clock), metrics_(metrics), on_change_(std::move(on_change)) {}

ForeignSecrets::~ForeignSecrets() { stop(); }

void ForeignSecrets::start() {
  keeper_ = std::jthread([this](std::stop_token stop) { keep(std::move(stop)); });
}

void ForeignSecrets::stop() {
  keeper_.request_stop();
  if (keeper_.joinable()) keeper_.join();
}

void ForeignSecrets::want(const std::string& ns, const api::ResourceKey& key, Care care) {
  {
    MutexLock lock(mutex_);
    if (care == Care::Yes) {
      if (!wanted_[ns].insert(key).second) return;
    } else {
      const auto found = wanted_.find(ns);
      if (found == wanted_.end() || found->second.erase(key) == 0) return;
      if (found->second.empty()) wanted_.erase(found);
    }
  }
  changed_.notify_one();
}

std::optional<ForeignSecrets::State> ForeignSecrets::state() const {
  MutexLock lock(mutex_);
  if (open_.empty()) return std::nullopt;
  State state;
  for (const auto& [ns, watch] : open_) {
    state.age = std::max(state.age, watch->age());
    state.objects += watch->size();
    state.synced = state.synced && watch->synced();
  }
  return state;
}

ForeignSecrets::Watched ForeignSecrets::open(const std::string& ns) const {
  runtime::ReflectorOptions options;
  options.type = secret_type();
  options.selection.ns = ns;
  options.selection.field_selector = "type!=" + std::string(plan::kSecretType);
  options.selection.metadata_only = true;
  options.lists = metrics_.counter(metric::kWatchLists, {kName});
  options.failures = metrics_.counter(metric::kWatchFailures, {kName});
  Watched watched;
  watched.informer = std::make_shared<Watch>(
      client_, clock_, std::move(options),
      [](Json& object) -> Result<std::string> { return resource_version_of(object); },
      [this](const kube::ObjectName& name, const auto& before, const auto& after) {
        if (before && after && *before == *after) return;
        on_change_(name, after ? *after : std::string());
      });
  watched.thread = std::jthread([informer = watched.informer](std::stop_token stop) { informer->run(stop); });
  return watched;
}

void ForeignSecrets::keep(std::stop_token stop) {
  std::map<std::string, Watched> watches;
  while (!stop.stop_requested()) {
    std::vector<Watched> unwanted;  // ends outside the lock: its thread may be about to call want()
    MutexLock lock(mutex_);
    for (auto watch = watches.begin(); watch != watches.end();) {
      if (wanted_.count(watch->first) != 0) {
        ++watch;
        continue;
      }
      open_.erase(watch->first);
      unwanted.push_back(std::move(watch->second));
      watch = watches.erase(watch);
    }
    for (const auto& [ns, keys] : wanted_) {
      if (watches.count(ns) != 0) continue;
      const auto made = watches.emplace(ns, open(ns)).first;
      open_[ns] = made->second.informer;
    }
    if (unwanted.empty()) (void)changed_.wait(mutex_, stop);
  }
  MutexLock lock(mutex_);
  open_.clear();
}

}  // namespace neoid::reconcilers
