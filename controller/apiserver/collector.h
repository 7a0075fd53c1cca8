// Collector: deletes what nobody owns any more, and finishes foreground and orphaning deletions.
//
// Flow: writes tell what changed -> an index of owners (UID -> dependents) is kept -> objects to look at are
// queued -> run() looks at each: are its owners there? does it wait for its dependents?
// Guarantees: an object goes only when all its owners are known to be gone (by UID, read from the storage); a
// foreground deletion ends when no dependent that blocks it is left; an orphaning one when no dependent names
// the owner. Level-based: what fails is queued again. note() is thread-safe and cheap; run() belongs to one
// thread.
// Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>

#include "controller/apiserver/core.h"
#include "controller/base/mutex.h"

namespace neoid::apiserver {

class Collector {
 public:
  explicit Collector(const Core& core) : core_(core) {}

  // Indexes everything that is stored; before the first request.
  void load();
  // Of every write. True: there is work.
  bool note(const Change& change);
  // Works off the queue. True: something failed and was queued again.
  bool run();

 private:
  using Key = storage::ObjectKey;
  void index(const Key& key, const Json* before, const Json* after) NEOID_REQUIRES(mutex_);
  std::set<Key> dependents_of(const std::string& uid);
  bool look_at(const Key& key);
  bool look_at_owners(const Key& key, const Json& object, storage::Revision revision);
  bool finish_foreground(const Key& key, const Json& object);
  bool finish_orphaning(const Key& key, const Json& object);
  bool owner_exists(const Json& owner, const Key& dependent);
  bool remove_finalizer(const Key& key, const char* finalizer);
  bool remove_object(const Key& key, const std::string& uid, const char* propagation);
  bool replace_owners(const Key& key, const std::function<bool(const Json& owner)>& keep);

  const Core& core_;
  Mutex mutex_;
  std::map<std::string, std::set<Key>> dependents_ NEOID_GUARDED_BY(mutex_);  // owner's UID ->
  std::deque<Key> queue_ NEOID_GUARDED_BY(mutex_);
  std::set<Key> unknown_ NEOID_GUARDED_BY(mutex_);  // an owner's kind was not served
};

}  // namespace neoid::apiserver
