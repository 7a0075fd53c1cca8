// Caches: what the controller watches, with the indexes from a change to the resources that it concerns.
//
// Secrets are watched by their type, never by label (a label that is taken off looks like a deletion), and only their
// hashes are kept. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/reconcilers/cluster.h"
#include "controller/runtime/informer.h"
#include "controller/runtime/work_queue.h"
#include "reconcile/policy/scopes.h"

namespace neoid::reconcilers {

struct NamespaceView {
  std::map<std::string, std::string> labels;
  bool terminating = false;
};

using Queue = runtime::WorkQueue<api::ResourceKey>;

class Caches {
 public:
  Caches(const kube::Client& client, Clock& clock, Queue& queue);
  ~Caches();

  void start();
  void stop();
  // Every informer was filled once, those of types that the API does not have left aside.
  bool synced() const;
  // Puts every known resource in the queue.
  void queue_all(runtime::Priority priority);
  // Every user that declares the scope.
  void queue_those_of_scope(const std::string& scope);

  // Null: not in the cache.
  std::shared_ptr<const api::UserResource> user(const api::ResourceKey& key) const;
  std::shared_ptr<const api::ScopeResource> scope(const std::string& name) const;
  std::shared_ptr<const plan::SecretView> secret(const std::string& ns, const std::string& name) const;
  std::shared_ptr<const NamespaceView> space(const std::string& name) const;
  // The scopes that may be granted: those that are not going away.
  policy::Catalogue catalogue() const;

 private:
  template <class T>
  using Informer = runtime::Informer<T>;
  using UserChange =
      std::function<void(const kube::ObjectName&, const std::shared_ptr<const api::UserResource>&,
                         const std::shared_ptr<const api::UserResource>&)>;

  UserChange user_change(api::Kind kind);
  void index(const api::ResourceKey& key, const api::UserResource* before, const api::UserResource* after);
  void queue_scopes_that_changed_hands(const api::UserResource* before, const api::UserResource* after);
  void queue_those_of_secret(const kube::ObjectName& secret);

  void queue_those_of_namespace(const std::string& ns);

  Queue& queue_;
  mutable Mutex mutex_;
  std::map<kube::ObjectName, std::set<api::ResourceKey>> by_secret_ NEOID_GUARDED_BY(mutex_);
  std::map<std::string, std::set<api::ResourceKey>> by_scope_ NEOID_GUARDED_BY(mutex_);
  std::unique_ptr<Informer<NamespaceView>> namespaces_;
  std::unique_ptr<Informer<api::ScopeResource>> scopes_;
  std::unique_ptr<Informer<plan::SecretView>> secrets_;
  std::unique_ptr<Informer<api::UserResource>> users_;
  std::unique_ptr<Informer<api::UserResource>> system_users_;
  std::vector<std::jthread> threads_;
};

}  // namespace neoid::reconcilers
