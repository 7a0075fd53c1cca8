#include "controller/apiserver/storage/state.h"

#include <algorithm>
#include <optional>

namespace neoid::storage {
namespace {

// Bytes that only history holds on to once a change is superseded.
std::size_t held_bytes(const Change& change) {
  std::size_t bytes = change.previous ? change.previous->bytes.size() : 0;
  if (change.deleted) bytes += change.object->bytes.size();
  return bytes;
}

bool in_range(const Record& record, const State::Range& range) {
  if (!range.ns.empty() && record.key.ns != range.ns) return false;
  return !range.after || *range.after < ByPlace::place(record);
}

ObjectSet::const_iterator first_of(const ObjectSet& objects, const State::Range& range) {
  const Place start{range.ns, {}};
  if (range.after && !(*range.after < start)) return objects.upper_bound(*range.after);
  return objects.lower_bound(start);
}

// What differed at `at` from today, by place: the state before the first change after it.
std::map<Place, RecordPtr> differences(const ResourceState& resource, const State::Range& range,
                                       Revision at) {
  std::map<Place, RecordPtr> before;
  const auto& history = resource.history;
  auto change = std::upper_bound(history.begin(), history.end(), at, [](Revision revision, const Change& c) {
    return revision < c.object->revision;
  });
  for (; change != history.end(); ++change) {
    const Record& record = *change->object;
    if (in_range(record, range)) before.emplace(ByPlace::place(record), change->previous);
  }
  return before;
}

}  // namespace

State::State(Bounds bounds, Loaded loaded)
    : bounds_(bounds), revision_(loaded.revision), floor_(loaded.floor) {
  for (const auto& [name, changed] : loaded.changes)
    make_resource(name).reachable_from = std::max(changed, floor_);
  for (auto& record : loaded.objects) {
    ResourceState& resource = make_resource(record->key.resource);
    if (record->expires_us != kNever) ++resource.expiring;
    ++objects_;
    object_bytes_ += record->bytes.size();
    resource.objects.insert(resource.objects.end(), std::move(record));
  }
}

ResourceState& State::make_resource(const std::string& name) {
  auto& slot = resources_[name];
  if (!slot) {
    slot = std::make_unique<ResourceState>();
    slot->reachable_from = floor_;
  }
  return *slot;
}

ResourceState& State::resource_for_watch(const std::string& name) { return make_resource(name); }

const ResourceState* State::resource(const std::string& name) const {
  const auto found = resources_.find(name);
  return found == resources_.end() ? nullptr : found->second.get();
}

RecordPtr State::find(const ObjectKey& key) const {
  const ResourceState* in = resource(key.resource);
  if (in == nullptr) return nullptr;
  const auto found = in->objects.find(Place{key.ns, key.name});
  return found == in->objects.end() ? nullptr : *found;
}

bool State::reachable(const ResourceState* resource, Revision at) const {
  return at >= (resource == nullptr ? floor_ : resource->reachable_from);
}

std::vector<RecordPtr> State::list(const ResourceState& resource, const Range& range, Revision at,
                                   std::size_t& more) const {
  std::vector<RecordPtr> items;
  more = 0;
  const auto add = [&](const RecordPtr& record) {
    if (range.limit != 0 && items.size() == range.limit)
      ++more;
    else
      items.push_back(record);
  };
  std::map<Place, RecordPtr> before;
  if (at != 0 && at < revision_) before = differences(resource, range, at);
  auto other = before.begin();
  for (auto it = first_of(resource.objects, range); it != resource.objects.end(); ++it) {
    const Place place = ByPlace::place(**it);
    if (!range.ns.empty() && place.ns != range.ns) break;
    for (; other != before.end() && other->first < place; ++other)
      if (other->second) add(other->second);  // was there, is gone
    if (other != before.end() && other->first == place) {
      if (other->second) add(other->second);  // was there, otherwise
      ++other;
    } else {
      add(*it);
    }
  }
  for (; other != before.end(); ++other)
    if (other->second) add(other->second);
  return items;
}

void State::apply_one(ResourceState& resource, const Change& change) {
  if (change.previous) {
    resource.objects.erase(change.previous);
    if (change.previous->expires_us != kNever) --resource.expiring;
    --objects_;
    object_bytes_ -= change.previous->bytes.size();
  }
  if (!change.deleted) {
    resource.objects.insert(change.object);
    if (change.object->expires_us != kNever) ++resource.expiring;
    ++objects_;
    object_bytes_ += change.object->bytes.size();
  }
  history_bytes_ += held_bytes(change);
  resource.history.push_back(change);
}

std::vector<ResourceState*> State::apply(const std::vector<Change>& changes, Revision revision,
                                         SteadyTime now) {
  std::vector<ResourceState*> touched;
  for (const Change& change : changes) {
    ResourceState& resource = make_resource(change.object->key.resource);
    apply_one(resource, change);
    order_.push_back(Mark{&resource, now});
    if (std::find(touched.begin(), touched.end(), &resource) == touched.end()) touched.push_back(&resource);
  }
  revision_ = revision;
  trim(now);
  return touched;
}

void State::trim(SteadyTime now) {
  while (order_.size() > bounds_.events || (history_bytes_ > bounds_.bytes && !order_.empty())) drop_oldest();
  while (history_bytes_ > bounds_.idle_bytes && !order_.empty() && now - order_.front().at > bounds_.age)
    drop_oldest();
}

void State::drop_oldest() {
  ResourceState& resource = *order_.front().resource;
  const Change& change = resource.history.front();
  history_bytes_ -= held_bytes(change);
  resource.reachable_from = change.object->revision;
  resource.history.pop_front();
  order_.pop_front();
}

}  // namespace neoid::storage
