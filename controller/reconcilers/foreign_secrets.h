// ForeignSecrets: notices when a Secret that somebody else makes changes: one that is referenced, or that is in the place
// of ours. By metadata alone (PartialObjectMetadata), in the namespaces that have such resources, and without those of
// our own type, which have a watch of their own. What is in the Secret is then read once, by the pass.
//
// Flow: want() says which resources care about which namespace -> a keeper thread opens a watch for a namespace that
// somebody cares about, and closes it when nobody does any more. Every change calls on_change, from the watch's thread.
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/runtime/informer.h"
#include "reconcile/api/resource_key.h"

namespace neoid::reconcilers {

class ForeignSecrets {
 public:
  // `version`: of the Secret now; "": it is gone.
  using OnChange = std::function<void(const kube::ObjectName& secret, const std::string& version)>;

  // Borrows all but the function for its life.
  ForeignSecrets(const kube::Client& client, Clock& clock, MetricsRegistry& metrics, OnChange on_change);
  ~ForeignSecrets();

  void start();
  void stop();

  enum class Care { No, Yes };
  void want(const std::string& ns, const api::ResourceKey& key, Care care);

  struct State {
    Duration age{0};  // of the watch that was silent for longest
    std::size_t objects = 0;
    bool synced = true;
  };
  // Nothing: no namespace is watched.
  std::optional<State> state() const;

 private:
  using Watch = runtime::Informer<std::string>;  // the resource version
  struct Watched {
    std::shared_ptr<Watch> informer;
    std::jthread thread;  // before the informer when it ends: declared last
  };
  void keep(std::stop_token stop);
  Watched open(const std::string& ns) const;

  const kube::Client& client_;
  Clock& clock_;
  MetricsRegistry& metrics_;
  const OnChange on_change_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::map<std::string, std::set<api::ResourceKey>> wanted_ NEOID_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Watch>> open_ NEOID_GUARDED_BY(mutex_);
  std::jthread keeper_;
};

}  // namespace neoid::reconcilers
