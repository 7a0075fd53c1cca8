// What memory knows: the objects of today and a bounded history of how they came to be so. Plain data, no
// locks.
//
// Each resource has its objects in order and the changes that history still holds, oldest first. A revision
// is within reach of a resource if every change of that resource after it is still held: `reachable_from`.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/apiserver/storage/database.h"
#include "controller/apiserver/storage/record.h"
#include "controller/base/mutex.h"

namespace neoid::storage {

using SteadyTime = std::chrono::steady_clock::time_point;

// Where an object stands within its resource.
struct Place {
  std::string_view ns, name;
  friend bool operator==(const Place&, const Place&) = default;
  friend bool operator<(const Place& a, const Place& b) { return is_before(a.ns, a.name, b.ns, b.name); }
};

struct ByPlace {
  using is_transparent = void;
  static Place place(const Record& record) { return {record.key.ns, record.key.name}; }
  bool operator()(const RecordPtr& a, const RecordPtr& b) const { return place(*a) < place(*b); }
  bool operator()(const RecordPtr& a, const Place& b) const { return place(*a) < b; }
  bool operator()(const Place& a, const RecordPtr& b) const { return a < place(*b); }
};
using ObjectSet = std::set<RecordPtr, ByPlace>;

struct ResourceState {
  ObjectSet objects;
  std::deque<Change> history;
  Revision reachable_from = 0;
  std::size_t expiring = 0;  // objects with an expiry
  CondVar changed;           // of the engine's lock
};

class State {
 public:
  struct Bounds {
    std::size_t events, bytes, idle_bytes;
    std::chrono::seconds age;
  };
  State(Bounds bounds, Loaded loaded);

  Revision revision() const { return revision_; }
  Revision floor() const { return floor_; }
  RecordPtr find(const ObjectKey& key) const;  // null: absent
  const ResourceState* resource(const std::string& name) const;
  ResourceState& resource_for_watch(const std::string& name);  // made if it is new
  const std::map<std::string, std::unique_ptr<ResourceState>, std::less<>>& resources() const {
    return resources_;
  }

  // The objects of a range as they were at `at` (0: now), in order, after `after` (empty: from the start).
  // The caller has checked that `at` is reachable.
  struct Range {
    std::string_view ns;  // empty: all
    std::optional<Place> after;
    std::size_t limit = 0;  // 0: all
  };
  // `more`: how many the limit left out.
  std::vector<RecordPtr> list(const ResourceState& resource, const Range& range, Revision at,
                              std::size_t& more) const;
  bool reachable(const ResourceState* resource, Revision at) const;

  // Takes over one committed group; returns the resources that changed.
  std::vector<ResourceState*> apply(const std::vector<Change>& changes, Revision revision, SteadyTime now);
  // Drops what is past the bounds, and what is past its age.
  void trim(SteadyTime now);

  std::size_t object_count() const { return objects_; }
  std::size_t object_bytes() const { return object_bytes_; }
  std::size_t history_events() const { return order_.size(); }
  std::size_t history_bytes() const { return history_bytes_; }

 private:
  struct Mark {
    ResourceState* resource;
    SteadyTime at;
  };
  ResourceState& make_resource(const std::string& name);
  void apply_one(ResourceState& resource, const Change& change);
  void drop_oldest();

  Bounds bounds_;
  std::map<std::string, std::unique_ptr<ResourceState>, std::less<>> resources_;
  std::deque<Mark> order_;  // one for each change in any history, oldest first
  std::size_t objects_ = 0, object_bytes_ = 0, history_bytes_ = 0;
  Revision revision_ = 0, floor_ = 0;
};

}  // namespace neoid::storage
