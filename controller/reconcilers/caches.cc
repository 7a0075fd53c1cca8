#include "controller/reconcilers/caches.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace neoid::reconcilers {
namespace {

using runtime::Priority;

Result<NamespaceView> decode_namespace(const Json& object) {
  NamespaceView view;
  const Json metadata = object.value("metadata", Json::object());
  view.labels = metadata.value("labels", std::map<std::string, std::string>());
  view.terminating = metadata.contains("deletionTimestamp");
  return view;
}

// New and changed resources go ahead of those that a list only repeats.
Priority priority_of(const api::UserResource& user) {
  return user.status.observed_generation == user.generation ? Priority::Resync : Priority::Urgent;
}

api::ResourceKey key_of(api::Kind kind, const kube::ObjectName& name) { return {kind, name.ns, name.name}; }

}  // namespace

Caches::Caches(const kube::Client& client, Clock& clock, Queue& queue) : queue_(queue) {
  const auto select = [](const kube::ResourceType& type) {
    runtime::ReflectorOptions options;
    options.type = type;
    return options;
  };
  const auto decode_user = [](api::Kind kind) {
    return [kind](const Json& object) -> Result<api::UserResource> {
      NEOID_TRY(api::UserResource user, api::decode_user(kind, object));
      if (kind == api::Kind::IntegrationUser)
        user.spec_json = nullptr;  // a cache keeps what reconciling needs
      return user;
    };
  };

  auto namespaces = select(namespace_type());
  namespaces.selection.metadata_only = true;
  namespaces_ = std::make_unique<Informer<NamespaceView>>(
      client, clock, namespaces, decode_namespace,
      [this](const kube::ObjectName& name, const auto& before, const auto& after) {
        if (before && after && before->labels == after->labels && before->terminating == after->terminating)
          return;
        queue_those_of_namespace(name.name);
      });
  scopes_ = std::make_unique<Informer<api::ScopeResource>>(
      client, clock, select(resource_type(api::Kind::Scope)), api::decode_scope,
      [this](const kube::ObjectName& name, const auto& before, const auto& after) {
        queue_.add(key_of(api::Kind::Scope, name));
        const bool same_spec = before && after && before->generation == after->generation &&
                               before->deleted_at == after->deleted_at;
        if (!same_spec) queue_those_of_scope(name.name);
      });
  auto secrets = select(secret_type());
  secrets.selection.field_selector = "type=" + std::string(plan::kSecretType);
  secrets_ = std::make_unique<Informer<plan::SecretView>>(
      client, clock, secrets, [](Json& object) { return decode_secret(object, Keep::Hashes); },
      [this](const kube::ObjectName& name, const auto&, const auto&) { queue_those_of_secret(name); });
  users_ = std::make_unique<Informer<api::UserResource>>(
      client, clock, select(resource_type(api::Kind::IntegrationUser)),
      decode_user(api::Kind::IntegrationUser), user_change(api::Kind::IntegrationUser));
  system_users_ = std::make_unique<Informer<api::UserResource>>(
      client, clock, select(resource_type(api::Kind::SystemIntegrationUser)),
      decode_user(api::Kind::SystemIntegrationUser), user_change(api::Kind::SystemIntegrationUser));
}

Caches::~Caches() { stop(); }

void Caches::start() {
  threads_.emplace_back([this](std::stop_token stop) { namespaces_->run(stop); });
  threads_.emplace_back([this](std::stop_token stop) { scopes_->run(stop); });
  threads_.emplace_back([this](std::stop_token stop) { secrets_->run(stop); });
  threads_.emplace_back([this](std::stop_token stop) { users_->run(stop); });
  threads_.emplace_back([this](std::stop_token stop) { system_users_->run(stop); });
}

void Caches::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

bool Caches::synced() const {
  const auto filled = [](const auto& informer) { return informer->synced() || informer->type_absent(); };
  return namespaces_->synced() && secrets_->synced() && filled(scopes_) && filled(users_) &&
         filled(system_users_);
}

void Caches::queue_all(Priority priority) {
  for (const auto& [name, scope] : scopes_->all()) queue_.add(key_of(api::Kind::Scope, name), priority);
  for (const auto& [name, user] : users_->all())
    queue_.add(user->key, std::min(priority, priority_of(*user)));
  for (const auto& [name, user] : system_users_->all())
    queue_.add(user->key, std::min(priority, priority_of(*user)));
}

std::shared_ptr<const api::UserResource> Caches::user(const api::ResourceKey& key) const {
  const auto& informer = key.kind == api::Kind::SystemIntegrationUser ? system_users_ : users_;
  return informer->find({key.ns, key.name});
}

std::shared_ptr<const api::ScopeResource> Caches::scope(const std::string& name) const {
  return scopes_->find({"", name});
}

std::shared_ptr<const plan::SecretView> Caches::secret(const std::string& ns, const std::string& name) const {
  return secrets_->find({ns, name});
}

std::shared_ptr<const NamespaceView> Caches::space(const std::string& name) const {
  return namespaces_->find({"", name});
}

policy::Catalogue Caches::catalogue() const {
  policy::Catalogue catalogue;
  for (const auto& [name, scope] : scopes_->all())
    catalogue[name.name] = {scope->spec.deprecated, scope->spec.replacement, scope->spec.allowed_namespaces};
  return catalogue;
}

Caches::UserChange Caches::user_change(api::Kind kind) {
  return [this, kind](const kube::ObjectName& name, const auto& before, const auto& after) {
    const api::ResourceKey key = key_of(kind, name);
    index(key, before.get(), after.get());
    queue_scopes_that_changed_hands(before.get(), after.get());
    if (before && after && before->resource_version == after->resource_version) return;
    queue_.add(key, after && !before ? priority_of(*after) : Priority::Urgent);
  };
}

// How many users hold a scope stands in the scope's status.
void Caches::queue_scopes_that_changed_hands(const api::UserResource* before,
                                             const api::UserResource* after) {
  static const std::vector<std::string> kNone;
  const auto& old = before == nullptr ? kNone : before->status.granted_scopes;
  const auto& now = after == nullptr ? kNone : after->status.granted_scopes;
  std::vector<std::string> changed;
  std::set_symmetric_difference(old.begin(), old.end(), now.begin(), now.end(), std::back_inserter(changed));
  for (const std::string& scope : changed) queue_.add({api::Kind::Scope, "", scope});
}

void Caches::index(const api::ResourceKey& key, const api::UserResource* before,
                   const api::UserResource* after) {
  const auto drop = [&key](auto& map, const auto& from) NEOID_NO_THREAD_SAFETY_ANALYSIS {
    const auto found = map.find(from);
    if (found == map.end()) return;
    found->second.erase(key);
    if (found->second.empty()) map.erase(found);
  };
  MutexLock lock(mutex_);
  if (before != nullptr) {
    drop(by_secret_, kube::ObjectName{before->spec.secret_namespace, before->spec.secret_name});
    for (const std::string& scope : before->spec.scopes) drop(by_scope_, scope);
  }
  if (after == nullptr) return;
  by_secret_[{after->spec.secret_namespace, after->spec.secret_name}].insert(key);
  for (const std::string& scope : after->spec.scopes) by_scope_[scope].insert(key);
}

void Caches::queue_those_of_secret(const kube::ObjectName& secret) {
  std::set<api::ResourceKey> keys;
  {
    MutexLock lock(mutex_);
    if (const auto found = by_secret_.find(secret); found != by_secret_.end()) keys = found->second;
  }
  for (const api::ResourceKey& key : keys) queue_.add(key);
}

void Caches::queue_those_of_scope(const std::string& scope) {
  std::set<api::ResourceKey> keys;
  {
    MutexLock lock(mutex_);
    if (const auto found = by_scope_.find(scope); found != by_scope_.end()) keys = found->second;
  }
  for (const api::ResourceKey& key : keys) queue_.add(key);
}

void Caches::queue_those_of_namespace(const std::string& ns) {
  for (const auto& [name, user] : users_->all()) {
    if (name.ns == ns) queue_.add(user->key);
  }
}

}  // namespace neoid::reconcilers
