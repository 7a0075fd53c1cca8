#include "controller/apiserver/collector.h"

#include "controller/apiserver/delete.h"
#include "controller/apiserver/well_known.h"
#include "controller/apiserver/write.h"
#include "controller/apiserver/write_rules.h"
#include "reconcile/value/member.h"

namespace neoid::apiserver {
namespace {

const Json& owners_of(const Json& object) {
  static const Json kNone = Json::array();
  const auto found = object["metadata"].find("ownerReferences");
  return found != object["metadata"].end() && found->is_array() ? *found : kNone;
}

bool has_finalizer(const Json& object, const char* name) {
  for (const Json& finalizer : object["metadata"].value("finalizers", Json::array()))
    if (finalizer == name) return true;
  return false;
}

}  // namespace

void Collector::index(const Key& key, const Json* before, const Json* after) {
  if (before != nullptr)
    for (const Json& owner : owners_of(*before)) {
      const auto found = dependents_.find(text_at(owner, "uid"));
      if (found == dependents_.end()) continue;
      found->second.erase(key);
      if (found->second.empty()) dependents_.erase(found);
    }
  if (after != nullptr)
    for (const Json& owner : owners_of(*after)) dependents_[text_at(owner, "uid")].insert(key);
}

void Collector::load() {
  for (const std::string& resource : core_.storage.resources()) {
    storage::ListOptions list;
    list.resource = resource;
    const auto page = core_.storage.list(list);
    if (!page) continue;
    for (const storage::StoredObject& stored : page->items) {
      // Nearly no object has owners or waits; the text tells without a tree.
      const std::string& bytes = stored.bytes();
      if (bytes.find("\"ownerReferences\"") == std::string::npos &&
          bytes.find("\"deletionTimestamp\"") == std::string::npos)
        continue;
      const auto value = stored.value();
      MutexLock lock(mutex_);
      index(stored.key(), nullptr, value.get());
      queue_.push_back(stored.key());
    }
  }
}

bool Collector::note(const Change& change) {
  MutexLock lock(mutex_);
  index(change.key, change.before, change.after);
  bool work = false;
  const auto queue = [&](const Key& key) NEOID_REQUIRES(mutex_) {
    queue_.push_back(key);
    work = true;
  };
  if (change.key.resource == kCrds)
    work = true;  // run() looks whether the kinds of `unknown_` are served now
  if (change.after == nullptr) {
    const auto found = dependents_.find(text_at((*change.before)["metadata"], "uid"));
    if (found != dependents_.end())
      for (const Key& key : found->second) queue(key);
  }
  // An owner in a foreground deletion may have waited for this one.
  const bool ends = change.after == nullptr || is_being_deleted(*change.after);
  const Json* owned = change.after != nullptr ? change.after : change.before;
  if (ends)
    for (const Json& owner : owners_of(*owned)) {
      const std::string api_version = text_at(owner, "apiVersion");
      const std::size_t slash = api_version.find('/');
      const auto resource = core_.registry.snapshot()->find_kind(
          slash == std::string::npos ? "" : api_version.substr(0, slash), text_at(owner, "kind"));
      if (resource) queue(resource->key(change.key.ns, text_at(owner, "name")));
    }
  if (change.after != nullptr &&
      ((change.before == nullptr && !owners_of(*change.after).empty()) || is_being_deleted(*change.after)))
    queue(change.key);
  return work;
}

std::set<storage::ObjectKey> Collector::dependents_of(const std::string& uid) {
  MutexLock lock(mutex_);
  const auto found = dependents_.find(uid);
  return found == dependents_.end() ? std::set<Key>{} : found->second;
}

bool Collector::run() {
  std::deque<Key> failed;
  {
    // Here and not when a CRD changes: that is told before the kind is served.
    MutexLock lock(mutex_);
    queue_.insert(queue_.end(), unknown_.begin(), unknown_.end());
    unknown_.clear();
  }
  while (true) {
    Key key;
    {
      MutexLock lock(mutex_);
      if (queue_.empty()) {
        queue_ = std::move(failed);
        return !queue_.empty();
      }
      key = queue_.front();
      queue_.pop_front();
    }
    if (!look_at(key)) failed.push_back(key);
  }
}

bool Collector::look_at(const Key& key) {
  const auto stored = core_.storage.get(key);
  if (!stored) return true;
  const auto value = stored->value();
  if (is_being_deleted(*value)) {
    if (has_finalizer(*value, kOrphan)) return finish_orphaning(key, *value);
    if (has_finalizer(*value, kForeground)) return finish_foreground(key, *value);
    return true;
  }
  return owners_of(*value).empty() || look_at_owners(key, *value, stored->revision());
}

bool Collector::owner_exists(const Json& owner, const Key& dependent) {
  const std::string api_version = text_at(owner, "apiVersion");
  const std::size_t slash = api_version.find('/');
  const auto resource = core_.registry.snapshot()->find_kind(
      slash == std::string::npos ? "" : api_version.substr(0, slash), text_at(owner, "kind"));
  // A kind that is not served cannot be looked up: its dependents are left alone until it is served again, as a
  // real server does.
  if (!resource) {
    MutexLock lock(mutex_);
    unknown_.insert(dependent);
    return true;
  }
  const auto stored = core_.storage.get(resource->key(dependent.ns, text_at(owner, "name")));
  return stored && text_at((*stored->value())["metadata"], "uid") == text_at(owner, "uid");
}

bool Collector::look_at_owners(const Key& key, const Json& object, storage::Revision) {
  bool any_left = false;
  bool any_gone = false;
  for (const Json& owner : owners_of(object)) (owner_exists(owner, key) ? any_left : any_gone) = true;
  if (!any_gone) return true;
  if (!any_left) return remove_object(key, text_at(object["metadata"], "uid"), "Background");
  return replace_owners(key, [&](const Json& owner) { return owner_exists(owner, key); });
}

bool Collector::finish_foreground(const Key& key, const Json& object) {
  const std::string uid = text_at(object["metadata"], "uid");
  bool blocked = false;
  for (const Key& dependent : dependents_of(uid)) {
    const auto stored = core_.storage.get(dependent);
    if (!stored) continue;
    const auto value = stored->value();
    bool blocks = false;
    for (const Json& owner : owners_of(*value))
      blocks = blocks || (text_at(owner, "uid") == uid && owner.value("blockOwnerDeletion", false));
    if (!is_being_deleted(*value) &&
        !remove_object(dependent, text_at((*value)["metadata"], "uid"), "Foreground"))
      return false;
    if (blocks && core_.storage.get(dependent)) blocked = true;
  }
  // The last of the dependents queues the owner again.
  return blocked || remove_finalizer(key, kForeground);
}

bool Collector::finish_orphaning(const Key& key, const Json& object) {
  const std::string uid = text_at(object["metadata"], "uid");
  for (const Key& dependent : dependents_of(uid))
    if (!replace_owners(dependent, [&](const Json& owner) { return text_at(owner, "uid") != uid; }))
      return false;
  return remove_finalizer(key, kOrphan);
}

bool Collector::replace_owners(const Key& key, const std::function<bool(const Json& owner)>& keep) {
  const auto stored = core_.storage.get(key);
  if (!stored) return true;
  const auto before = stored->value();
  Json value = *before;
  Json kept = Json::array();
  for (const Json& owner : owners_of(*before))
    if (keep(owner)) kept.push_back(owner);
  if (kept.empty()) {
    value["metadata"].erase("ownerReferences");
  } else {
    value["metadata"]["ownerReferences"] = std::move(kept);
  }
  const auto written = core_.storage.update(key, std::move(value), stored->revision(), stored->expires());
  if (!written) return written.error().kind == ErrorKind::NotFound;
  const auto after = written->value();
  if (core_.changed) core_.changed(Change{key, before.get(), after.get()});
  return true;
}

bool Collector::remove_object(const Key& key, const std::string& uid, const char* propagation) {
  const ResourceRef resource = core_.registry.snapshot()->find_stored(key.resource);
  if (!resource) return true;
  const http::Request none;
  Call call{none, {}, {}, resource};
  call.user.name = "system:serviceaccount:kube-system:generic-garbage-collector";
  call.path.ns = key.ns;
  call.path.name = call.path.name_in_path = key.name;
  DeleteOptions options;
  options.uid = uid;
  options.propagation = propagation;
  const auto deleted = delete_object(core_, call, options);
  return deleted || deleted.error().code == 404 || deleted.error().code == 409;
}

bool Collector::remove_finalizer(const Key& key, const char* finalizer) {
  const auto stored = core_.storage.get(key);
  if (!stored) return true;
  const auto before = stored->value();
  Json value = *before;
  Json kept = Json::array();
  for (const Json& name : value["metadata"].value("finalizers", Json::array()))
    if (name != finalizer) kept.push_back(name);
  if (!kept.empty()) {
    value["metadata"]["finalizers"] = std::move(kept);
    const auto written = core_.storage.update(key, std::move(value), stored->revision());
    return written || written.error().kind == ErrorKind::NotFound;
  }
  const auto erased = core_.storage.erase(key, stored->revision());
  if (!erased) return erased.error().kind == ErrorKind::NotFound;
  if (core_.changed) core_.changed(Change{key, before.get(), nullptr});
  return true;
}

}  // namespace neoid::apiserver
