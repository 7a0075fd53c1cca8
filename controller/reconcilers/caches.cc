#include "controller/reconcilers/caches.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "reconcile/api/reasons.h"
#include "reconcile/meta/conditions.h"

namespace neoid::reconcilers {
namespace {

using runtime::Priority;

// How long a watch may be silent: it is taken for dead and opened anew well before.
constexpr auto kSilent = std::chrono::minutes(6);
constexpr Duration kCountAfter = std::chrono::seconds(1);

std::function<Result<CachedUser>(Json&)> decode_user(api::Kind kind) {
  return [kind](const Json& object) -> Result<CachedUser> {
    NEOID_TRY(api::UserResource decoded, api::decode_user(kind, object));
    CachedUser user{std::move(decoded), false};
    const auto finalizers = object.at("metadata").find("finalizers");
    user.has_other_finalizers =
        finalizers != object.at("metadata").end() && finalizers->size() > (user.has_finalizer ? 1U : 0U);
    if (kind == api::Kind::IntegrationUser) user.spec_json = nullptr;  // a cache keeps what reconciling needs
    return user;
  };
}

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

// Its Secret is somebody else's: by its spec, or because another one is in the place.
bool cares_about_foreign_secret(const CachedUser& user) {
  if (user.spec.source == api::CredentialSource::Reference) return true;
  const auto* delivered = meta::find_condition(user.status.conditions, api::condition::kCredentialsDelivered);
  return delivered != nullptr && delivered->reason == api::reason::kSecretConflict;
}

// The custom user whose Secret has this name where its spec names none.
std::optional<api::ResourceKey> default_owner(const kube::ObjectName& secret) {
  constexpr std::string_view kEnding = "-oauth";
  if (!secret.name.ends_with(kEnding) || secret.name.size() == kEnding.size()) return std::nullopt;
  return api::ResourceKey{api::Kind::IntegrationUser, secret.ns,
                          secret.name.substr(0, secret.name.size() - kEnding.size())};
}

}  // namespace

// --- how the many are kept -------------------------------------------------------------------------

struct Caches::PackedUser {
  using Stored = std::string;
  static Stored pack(const CachedUser& user) { return reconcilers::pack(user); }
  static std::shared_ptr<const CachedUser> unpack(const kube::ObjectName& name, const Stored& stored) {
    return std::make_shared<const CachedUser>(unpack_user(key_of(api::Kind::IntegrationUser, name), stored));
  }
};

struct Caches::PackedSystemUser {
  using Stored = std::string;
  static Stored pack(const CachedUser& user) { return reconcilers::pack(user); }
  static std::shared_ptr<const CachedUser> unpack(const kube::ObjectName& name, const Stored& stored) {
    return std::make_shared<const CachedUser>(
        unpack_user(key_of(api::Kind::SystemIntegrationUser, name), stored));
  }
};

struct Caches::PackedSecret {
  using Stored = std::string;
  static Stored pack(const plan::SecretView& secret) { return reconcilers::pack(secret); }
  static std::shared_ptr<const plan::SecretView> unpack(const kube::ObjectName&, const Stored& stored) {
    return std::make_shared<const plan::SecretView>(unpack_secret(stored));
  }
};

Caches::Caches(const kube::Client& client, Clock& clock, Queue& queue, MetricsRegistry& metrics)
    : queue_(queue),
      catalogue_(std::make_shared<policy::Catalogue>()),
      foreign_secrets_(client, clock, metrics,
                       [this](const kube::ObjectName& secret, const std::string& version) {
                         queue_those_of_secret(secret, version);
                       }) {
  const auto select = [&metrics](const kube::ResourceType& type) {
    runtime::ReflectorOptions options;
    options.type = type;
    options.lists = metrics.counter(metric::kWatchLists, {type.plural});
    options.failures = metrics.counter(metric::kWatchFailures, {type.plural});
    return options;
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
        rebuild_catalogue();
        queue_.add(key_of(api::Kind::Scope, name));
        const bool same_spec = before && after && before->generation == after->generation &&
                               before->deleted_at == after->deleted_at;
        if (!same_spec) queue_those_of_scope(name.name);
      });
  auto secrets = select(secret_type());
  secrets.selection.field_selector = "type=" + std::string(plan::kSecretType);
  secrets_ = std::make_unique<Informer<plan::SecretView, PackedSecret>>(
      client, clock, secrets, [](Json& object) { return decode_secret(object, Keep::Hashes); },
      [this](const kube::ObjectName& name, const auto& before, const auto& after) {
        if (before && after && before->resource_version == after->resource_version) return;
        queue_those_of_secret(name, after ? after->resource_version.value : std::string());
      });
  users_ = std::make_unique<Informer<CachedUser, PackedUser>>(
      client, clock, select(resource_type(api::Kind::IntegrationUser)),
      decode_user(api::Kind::IntegrationUser), user_change(api::Kind::IntegrationUser));
  system_users_ = std::make_unique<Informer<CachedUser, PackedSystemUser>>(
      client, clock, select(resource_type(api::Kind::SystemIntegrationUser)),
      decode_user(api::Kind::SystemIntegrationUser), user_change(api::Kind::SystemIntegrationUser));
}

Caches::~Caches() { stop(); }

void Caches::start() {
  foreign_secrets_.start();
  threads_.emplace_back([this](std::stop_token stop) { namespaces_->run(stop); });
  threads_.emplace_back([this](std::stop_token stop) { scopes_->run(stop); });
  threads_.emplace_back([this](std::stop_token stop) { secrets_->run(stop); });
  threads_.emplace_back([this](std::stop_token stop) { users_->run(stop); });
  threads_.emplace_back([this](std::stop_token stop) { system_users_->run(stop); });
}

void Caches::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  foreign_secrets_.stop();
}

bool Caches::synced() const {
  const auto filled = [](const auto& informer) { return informer->synced() || informer->type_absent(); };
  return namespaces_->synced() && secrets_->synced() && filled(scopes_) && filled(users_) &&
         filled(system_users_);
}

void Caches::queue_all(Priority priority) {
  scopes_->each([&](const kube::ObjectName& name, const auto&) {
    queue_.add(key_of(api::Kind::Scope, name), priority);
  });
  each_user([&](const CachedUser& user) { queue_.add(user.key, std::min(priority, priority_of(user))); });
}

std::shared_ptr<const CachedUser> Caches::user(const api::ResourceKey& key) const {
  if (key.kind == api::Kind::SystemIntegrationUser) return system_users_->find({key.ns, key.name});
  return users_->find({key.ns, key.name});
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

std::shared_ptr<const policy::Catalogue> Caches::catalogue() const {
  MutexLock lock(mutex_);
  return catalogue_;
}

// Called by the thread of the scopes' watch alone.
void Caches::rebuild_catalogue() {
  auto fresh = std::make_shared<policy::Catalogue>();
  each_scope([&](const api::ScopeResource& scope) {
    (*fresh)[scope.key.name] = {scope.spec.deprecated, scope.spec.replacement, scope.spec.allowed_namespaces};
  });
  MutexLock lock(mutex_);
  catalogue_ = std::move(fresh);
}

// --- our own echo --------------------------------------------------------------------------------

void Caches::begin_pass(const api::ResourceKey& key) {
  MutexLock lock(mutex_);
  echoes_[key] = {true, {}};
}

void Caches::end_pass(const api::ResourceKey& key, bool settled, const std::vector<std::string>& wrote) {
  bool news = false;
  {
    MutexLock lock(mutex_);
    const auto found = echoes_.find(key);
    if (found == echoes_.end()) return;
    std::vector<std::string> awaited = settled ? wrote : std::vector<std::string>();
    for (const std::string& seen : found->second.versions) {
      if (std::erase(awaited, seen) == 0) news = true;
    }
    if (news || awaited.empty())
      echoes_.erase(found);
    else
      found->second = {false, std::move(awaited)};
  }
  if (news) queue_.add(key);
}

bool Caches::is_news(const api::ResourceKey& key, const std::string& version) {
  MutexLock lock(mutex_);
  const auto found = echoes_.find(key);
  if (found == echoes_.end()) return true;
  if (found->second.in_pass) {
    found->second.versions.push_back(version);
    return false;
  }
  const bool echo = std::erase(found->second.versions, version) != 0;
  if (!echo || found->second.versions.empty()) echoes_.erase(found);
  return !echo;
}

// --- what is told of the watches -------------------------------------------------------------------

std::vector<Caches::WatchState> Caches::watches() const {
  std::vector<WatchState> states;
  const auto add = [&states](const char* resource, const auto& informer) {
    states.push_back(
        {resource, informer->age(), informer->size(), informer->synced(), informer->type_absent()});
  };
  add("namespaces", namespaces_);
  add("scopes", scopes_);
  add("secrets", secrets_);
  add("integrationusers", users_);
  add("systemintegrationusers", system_users_);
  if (const auto foreign = foreign_secrets_.state())
    states.push_back({"referencedsecrets", foreign->age, foreign->objects, foreign->synced, false});
  return states;
}

std::vector<std::string> Caches::troubles() const {
  std::vector<std::string> lines;
  for (const WatchState& watch : watches()) {
    if (watch.type_absent) continue;  // its CRD is not installed: nothing to watch, and nothing wrong with us
    if (!watch.synced)
      lines.push_back("the cache of " + watch.resource + " is not filled yet");
    else if (watch.age > kSilent)
      lines.push_back("the watch of " + watch.resource + " has been silent for " +
                      format_duration(watch.age));
  }
  return lines;
}

void Caches::each_user(const std::function<void(const CachedUser&)>& visit) const {
  const auto each = [&](const kube::ObjectName&, const auto& user) { visit(*user); };
  users_->each(each);
  system_users_->each(each);
}

void Caches::each_scope(const std::function<void(const api::ScopeResource&)>& visit) const {
  scopes_->each([&](const kube::ObjectName&, const auto& scope) { visit(*scope); });
}

// --- from a change to the resources that it concerns -------------------------------------------------

Caches::UserChange Caches::user_change(api::Kind kind) {
  return [this, kind](const kube::ObjectName& name, const auto& before, const auto& after) {
    const api::ResourceKey key = key_of(kind, name);
    index(key, before.get(), after.get());
    want_foreign_secrets(key, before.get(), after.get());
    queue_scopes_that_changed_hands(before.get(), after.get());
    if (before && after && before->resource_version == after->resource_version) return;
    if (!is_news(key, after ? after->resource_version.value : std::string())) return;
    queue_.add(key, after && !before ? priority_of(*after) : Priority::Urgent);
  };
}

// How many users hold a scope stands in the scope's status. Told after a while: one write then stands for many changes.
void Caches::queue_scopes_that_changed_hands(const api::UserResource* before,
                                             const api::UserResource* after) {
  static const std::vector<std::string> kNone;
  const auto& old = before == nullptr ? kNone : before->status.granted_scopes;
  const auto& now = after == nullptr ? kNone : after->status.granted_scopes;
  std::vector<std::string> changed;
  std::set_symmetric_difference(old.begin(), old.end(), now.begin(), now.end(), std::back_inserter(changed));
  for (const std::string& name : changed) {
    const auto cached = scope(name);
    const bool waits_for_holders = cached && cached->deleted_at;
    queue_.add_after({api::Kind::Scope, "", name}, waits_for_holders ? Duration(0) : kCountAfter);
  }
}

void Caches::want_foreign_secrets(const api::ResourceKey& key, const CachedUser* before,
                                  const CachedUser* after) {
  using Care = ForeignSecrets::Care;
  if (after != nullptr && cares_about_foreign_secret(*after))
    foreign_secrets_.want(after->spec.secret_namespace, key, Care::Yes);
  else if (const auto* last = after != nullptr ? after : before; last != nullptr)
    foreign_secrets_.want(last->spec.secret_namespace, key, Care::No);
}

void Caches::index(const api::ResourceKey& key, const api::UserResource* before,
                   const api::UserResource* after) {
  const std::size_t hash = std::hash<api::ResourceKey>{}(key);
  MutexLock lock(mutex_);
  if (before != nullptr) {
    const kube::ObjectName place{before->spec.secret_namespace, before->spec.secret_name};
    if (const auto found = by_secret_.find(place); found != by_secret_.end()) {
      found->second.erase(key);
      if (found->second.empty()) by_secret_.erase(found);
    }
    for (const std::string& scope : before->spec.scopes) {
      const auto found = by_scope_.find(scope);
      if (found == by_scope_.end()) continue;
      const auto at = std::lower_bound(found->second.begin(), found->second.end(), hash);
      if (at != found->second.end() && *at == hash) found->second.erase(at);
      if (found->second.empty()) by_scope_.erase(found);
    }
  }
  if (after == nullptr) return;
  const kube::ObjectName place{after->spec.secret_namespace, after->spec.secret_name};
  if (default_owner(place) != key) by_secret_[place].insert(key);
  for (const std::string& scope : after->spec.scopes) {
    std::vector<std::size_t>& holders = by_scope_[scope];
    holders.insert(std::upper_bound(holders.begin(), holders.end(), hash), hash);
  }
}

std::set<api::ResourceKey> Caches::users_of_secret(const kube::ObjectName& secret) const {
  std::set<api::ResourceKey> keys;
  {
    MutexLock lock(mutex_);
    if (const auto found = by_secret_.find(secret); found != by_secret_.end()) keys = found->second;
  }
  if (const auto key = default_owner(secret)) {
    const auto owner = user(*key);
    if (owner && owner->spec.secret_name == secret.name) keys.insert(*key);
  }
  return keys;
}

std::set<api::ResourceKey> Caches::users_of_scope(const std::string& scope) const {
  std::vector<std::size_t> holders;
  {
    MutexLock lock(mutex_);
    if (const auto found = by_scope_.find(scope); found != by_scope_.end()) holders = found->second;
  }
  std::set<api::ResourceKey> keys;
  if (holders.empty()) return keys;
  each_user([&](const CachedUser& user) {
    if (std::binary_search(holders.begin(), holders.end(), std::hash<api::ResourceKey>{}(user.key)) &&
        std::find(user.spec.scopes.begin(), user.spec.scopes.end(), scope) != user.spec.scopes.end())
      keys.insert(user.key);
  });
  return keys;
}

void Caches::queue_those_of_secret(const kube::ObjectName& secret, const std::string& version) {
  for (const api::ResourceKey& key : users_of_secret(secret)) {
    if (is_news(key, version)) queue_.add(key);
  }
}

void Caches::queue_those_of_scope(const std::string& scope) {
  for (const api::ResourceKey& key : users_of_scope(scope)) queue_.add(key);
}

void Caches::queue_those_of_namespace(const std::string& ns) {
  users_->each([&](const kube::ObjectName& name, const auto& user) {
    if (name.ns == ns) queue_.add(user->key);
  });
}

}  // namespace neoid::reconcilers
