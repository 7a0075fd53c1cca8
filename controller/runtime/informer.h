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

// How a cache keeps a T: as it is. Another form has the same members (controller/reconcilers/packed.h has a use for one).
template <class T>
struct KeepWhole {
  using Stored = std::shared_ptr<const T>;
  static Stored pack(T value) { return std::make_shared<const T>(std::move(value)); }
  static std::shared_ptr<const T> unpack(const kube::ObjectName&, const Stored& stored) { return stored; }
};

template <class T, class Form = KeepWhole<T>>
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
    std::optional<Stored> stored;
    {
      MutexLock lock(mutex_);
      if (const auto found = objects_.find(name); found != objects_.end()) stored = found->second;
    }
    return stored ? Form::unpack(name, *stored) : nullptr;
  }

  std::size_t size() const {
    MutexLock lock(mutex_);
    return objects_.size();
  }

  // Calls `visit` for every object, sorted by namespace and name, without a lock held. What comes or goes meanwhile may
  // or may not be among them.
  void each(const std::function<void(const kube::ObjectName&, const Value&)>& visit) const {
    std::optional<kube::ObjectName> last;
    for (;;) {
      std::vector<std::pair<kube::ObjectName, Stored>> some;
      {
        MutexLock lock(mutex_);
        auto next = last ? objects_.upper_bound(*last) : objects_.begin();
        for (; next != objects_.end() && some.size() < kAtOnce; ++next) some.push_back(*next);
      }
      if (some.empty()) return;
      for (const auto& [name, stored] : some) visit(name, Form::unpack(name, stored));
      last = some.back().first;
    }
  }

 private:
  using Stored = typename Form::Stored;
  using Objects = std::map<kube::ObjectName, Stored>;
  static constexpr std::size_t kAtOnce = 256;

  static kube::ObjectName name_of(const Json& object) {
    const auto metadata = object.find("metadata");
    if (metadata == object.end()) return {};
    return {metadata->value("namespace", ""), metadata->value("name", "")};
  }

  std::optional<Stored> decode(const kube::ObjectName& name, Json& object) {
    auto decoded = decode_(object);
    if (decoded) return Form::pack(std::move(*decoded));
    log::error("an object cannot be read and is left out", {{"resource", plural_},
                                                            {"namespace", name.ns},
                                                            {"name", name.name},
                                                            {"error", decoded.error().describe()}});
    return std::nullopt;
  }

  static Value unpack(const kube::ObjectName& name, const std::optional<Stored>& stored) {
    return stored ? Form::unpack(name, *stored) : nullptr;
  }

  static std::optional<Stored> found_in(const Objects& objects, const kube::ObjectName& name) {
    const auto found = objects.find(name);
    return found == objects.end() ? std::nullopt : std::optional<Stored>(found->second);
  }

  // Puts one in place (nothing: takes it out) and returns what was there.
  std::optional<Stored> exchange(const kube::ObjectName& name, const std::optional<Stored>& stored) {
    MutexLock lock(mutex_);
    std::optional<Stored> before = found_in(objects_, name);
    if (stored)
      objects_[name] = *stored;
    else
      objects_.erase(name);
    return before;
  }

  void begin_replace() override { fresh_.clear(); }

  void add_page(std::vector<Json> items) override {
    for (Json& item : items) {
      const kube::ObjectName name = name_of(item);
      if (auto stored = decode(name, item)) fresh_.emplace(name, std::move(*stored));
    }
  }

  void end_replace() override {
    Objects before;
    {
      MutexLock lock(mutex_);
      before = std::exchange(objects_, std::exchange(fresh_, {}));
    }
    each([&](const kube::ObjectName& name, const Value& value) {
      on_change_(name, unpack(name, found_in(before, name)), value);
      before.erase(name);
    });
    for (const auto& [name, stored] : before) on_change_(name, Form::unpack(name, stored), nullptr);
  }

  void apply(kube::WatchEventType type, Json object) override {
    const kube::ObjectName name = name_of(object);
    const auto after = type == kube::WatchEventType::Deleted ? std::nullopt : decode(name, object);
    const auto before = exchange(name, after);
    if (before || after) on_change_(name, unpack(name, before), unpack(name, after));
  }

  const Decode decode_;
  const OnChange on_change_;
  const std::string plural_;
  Objects fresh_;  // of the list that is being read; the reflector's thread alone
  mutable Mutex mutex_;
  Objects objects_ NEOID_GUARDED_BY(mutex_);
  Reflector reflector_;
};

}  // namespace neoid::runtime
