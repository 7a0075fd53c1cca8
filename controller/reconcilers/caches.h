// Caches: what the controller watches, with the indexes from a change to the resources that it concerns.
//
// Secrets are watched by their type, never by label (a label that is taken off looks like a deletion), and only their
// hashes are kept; Secrets that others make are watched by metadata alone (foreign_secrets.h). Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/mutex.h"
#include "controller/reconcilers/cluster.h"
#include "controller/reconcilers/foreign_secrets.h"
#include "controller/reconcilers/packed.h"
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
  Caches(const kube::Client& client, Clock& clock, Queue& queue, MetricsRegistry& metrics);
  ~Caches();

  void start();
  void stop();
  // Every informer was filled once, those of types that the API does not have left aside.
  bool synced() const;
  // Why not, or what has died since, one line each.
  std::vector<std::string> troubles() const;
  // Puts every known resource in the queue.
  void queue_all(runtime::Priority priority);
  // Every user that declares the scope.
  void queue_those_of_scope(const std::string& scope);

  // --- our own echo ------------------------------------------------------------------------------
  // Between the two calls changes of this resource and its Secret are noted, not queued. At the end of a settled pass
  // those that it `wrote` (resource versions) are its own echo and are forgotten, here and when they come later; every
  // other change queues the key.
  void begin_pass(const api::ResourceKey& key);
  void end_pass(const api::ResourceKey& key, bool settled, const std::vector<std::string>& wrote);

  // Null: not in the cache.
  std::shared_ptr<const CachedUser> user(const api::ResourceKey& key) const;
  std::shared_ptr<const api::ScopeResource> scope(const std::string& name) const;
  std::shared_ptr<const plan::SecretView> secret(const std::string& ns, const std::string& name) const;
  std::shared_ptr<const NamespaceView> space(const std::string& name) const;
  // The scopes that may be granted: those that are not going away.
  std::shared_ptr<const policy::Catalogue> catalogue() const;

  // For the metrics: each watch, by the plural of its type.
  struct WatchState {
    std::string resource;
    Duration age{0};
    std::size_t objects = 0;
    bool synced = false;
    bool type_absent = false;
  };
  std::vector<WatchState> watches() const;
  // Calls `visit` for every user and scope of the caches.
  void each_user(const std::function<void(const CachedUser&)>& visit) const;
  void each_scope(const std::function<void(const api::ScopeResource&)>& visit) const;
  // Who names this Secret, and who declares this scope.
  std::set<api::ResourceKey> users_of_secret(const kube::ObjectName& secret) const;
  std::set<api::ResourceKey> users_of_scope(const std::string& scope) const;

 private:
  struct PackedUser;
  struct PackedSystemUser;
  struct PackedSecret;
  template <class T, class Form = runtime::KeepWhole<T>>
  using Informer = runtime::Informer<T, Form>;
  using UserChange = std::function<void(const kube::ObjectName&, const std::shared_ptr<const CachedUser>&,
                                        const std::shared_ptr<const CachedUser>&)>;

  UserChange user_change(api::Kind kind);
  void index(const api::ResourceKey& key, const api::UserResource* before, const api::UserResource* after);
  void queue_scopes_that_changed_hands(const api::UserResource* before, const api::UserResource* after);
  void queue_those_of_secret(const kube::ObjectName& secret, const std::string& version);
  void want_foreign_secrets(const api::ResourceKey& key, const CachedUser* before, const CachedUser* after);
  void rebuild_catalogue();
  // Whether a change to this version is news; "": the object is gone. False: it was noted, or is an echo.
  bool is_news(const api::ResourceKey& key, const std::string& version);

  void queue_those_of_namespace(const std::string& ns);

  Queue& queue_;
  mutable Mutex mutex_;
  // Secret -> those that name it, save the custom user whose name and "-oauth" make it: that one is found by the name.
  std::map<kube::ObjectName, std::set<api::ResourceKey>> by_secret_ NEOID_GUARDED_BY(mutex_);
  // Scope -> the hashes of the keys that declare it, sorted: 8 bytes a holder, where keys would be most of the cache.
  std::map<std::string, std::vector<std::size_t>> by_scope_ NEOID_GUARDED_BY(mutex_);
  struct Echo {
    bool in_pass = false;
    std::vector<std::string> versions;  // in a pass: seen; after it: written and not seen yet
  };
  std::unordered_map<api::ResourceKey, Echo> echoes_ NEOID_GUARDED_BY(mutex_);
  std::shared_ptr<const policy::Catalogue> catalogue_ NEOID_GUARDED_BY(mutex_);
  std::unique_ptr<Informer<NamespaceView>> namespaces_;
  std::unique_ptr<Informer<api::ScopeResource>> scopes_;
  std::unique_ptr<Informer<plan::SecretView, PackedSecret>> secrets_;
  std::unique_ptr<Informer<CachedUser, PackedUser>> users_;
  std::unique_ptr<Informer<CachedUser, PackedSystemUser>> system_users_;
  ForeignSecrets foreign_secrets_;
  std::vector<std::jthread> threads_;
};

}  // namespace neoid::reconcilers
