// Informer: a cache of one selection of the API, holding of each object only what `decode` keeps, with a call for
// every change.
//
// Thread-safe. on_change is called from the informer's own thread, without a lock held: it queues keys and returns.
// A missing entry is a cache miss, never proof of absence: before anything is made or deleted the API is read live.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/log.h"
#include "controller/base/mutex.h"
#include "controller/runtime/reflector.h"

namespace neoid::runtime {

template <class T>
class Informer final : private ReflectorSink {
 public:
  using Value = std::shared_ptr<const T>;
  // Takes what is worth keeping; may wipe the object (Secrets). An error is logged and the object left out.
  using Decode = std::function<Result<T>(Json& object)>;
  // Either side is null where the object is new or gone.
  using OnChange = std::function<void(const kube::ObjectName& name, const Value& before, const Value& after)>;

  Informer(const kube::Client& client, Clock& clock, ReflectorOptions options, Decode decode,
           OnChange on_change)
      : decode_(std::move(decode)),
        on_change_(std::move(on_change)),
        plural_(options.type.plural),
        reflector_(client, clock, std::move(options), *this) {}

  void run(std::stop_token stop) { reflector_.run(stop); }
  bool synced() const { return reflector_.synced(); }
  bool type_absent() const { return reflector_.type_absent(); }
  Duration age() const { return reflector_.age(); }

  Value find(const kube::ObjectName& name) const {
    MutexLock lock(mutex_);
    const auto found = objects_.find(name);
    return found == objects_.end() ? nullptr : found->second;
  }

  std::size_t size() const {
    MutexLock lock(mutex_);
    return objects_.size();
  }

  // A snapshot, sorted by namespace and name.
  std::vector<std::pair<kube::ObjectName, Value>> all() const {
    MutexLock lock(mutex_);
    return {objects_.begin(), objects_.end()};
  }

 private:
  static kube::ObjectName name_of(const Json& object) {
    const Json metadata = object.value("metadata", Json::object());
    return {metadata.value("namespace", ""), metadata.value("name", "")};
  }

  Value decode(const kube::ObjectName& name, Json& object) {
    auto decoded = decode_(object);
    if (decoded) return std::make_shared<const T>(std::move(*decoded));
    log::error("an object cannot be read and is left out", {{"resource", plural_},
                                                            {"namespace", name.ns},
                                                            {"name", name.name},
                                                            {"error", decoded.error().describe()}});
    return nullptr;
  }

  // Puts one in place (null: takes it out) and returns what was there.
  Value exchange(const kube::ObjectName& name, const Value& value) {
    MutexLock lock(mutex_);
    const auto place = objects_.find(name);
    Value before = place == objects_.end() ? nullptr : place->second;
    if (value)
      objects_[name] = value;
    else if (place != objects_.end())
      objects_.erase(place);
    return before;
  }

  void replace(std::vector<Json> items) override {
    std::map<kube::ObjectName, Value> fresh;
    for (Json& item : items) {
      const kube::ObjectName name = name_of(item);
      if (Value value = decode(name, item)) fresh.emplace(name, std::move(value));
    }
    std::map<kube::ObjectName, Value> before;
    {
      MutexLock lock(mutex_);
      before = std::exchange(objects_, fresh);
    }
    for (const auto& [name, value] : fresh) {
      const auto old = before.find(name);
      on_change_(name, old == before.end() ? nullptr : old->second, value);
    }
    for (const auto& [name, value] : before) {
      if (fresh.count(name) == 0) on_change_(name, value, nullptr);
    }
  }

  void apply(kube::WatchEventType type, Json object) override {
    const kube::ObjectName name = name_of(object);
    const Value after = type == kube::WatchEventType::Deleted ? nullptr : decode(name, object);
    const Value before = exchange(name, after);
    if (before || after) on_change_(name, before, after);
  }

  const Decode decode_;
  const OnChange on_change_;
  const std::string plural_;
  mutable Mutex mutex_;
  std::map<kube::ObjectName, Value> objects_ NEOID_GUARDED_BY(mutex_);
  Reflector reflector_;
};

}  // namespace neoid::runtime
