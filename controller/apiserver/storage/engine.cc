// The readers' side of the engine: memory, watches, waits.
#include "controller/apiserver/storage/engine.h"

#include <fmt/format.h>

#include <algorithm>

namespace neoid::storage {
namespace {

constexpr std::size_t kWatchBatch = 256;

Error expired(std::string message) { return Error{ErrorKind::Conflict, std::move(message), "Expired"}; }

Error too_large(Revision wanted, Revision current) {
  return Error{ErrorKind::Timeout,
               fmt::format("Too large resource version: {}, current: {}", wanted, current), "Timeout",
               std::chrono::seconds(1)};
}

Error too_old(Revision from, Revision oldest) {
  return expired(fmt::format("too old resource version: {} ({})", from, oldest));
}

}  // namespace

Error not_found(const ObjectKey& key) {
  return Error{ErrorKind::NotFound, fmt::format("{} \"{}\" not found", key.resource, key.name), "NotFound"};
}

Error already_exists(const ObjectKey& key) {
  return Error{ErrorKind::Conflict, fmt::format("{} \"{}\" already exists", key.resource, key.name),
               "AlreadyExists"};
}

Error modified_since(const ObjectKey& key) {
  return Error{
      ErrorKind::Conflict,
      fmt::format("Operation cannot be fulfilled on {} \"{}\": the object has been modified; please apply "
                  "your changes to the latest version and try again",
                  key.resource, key.name),
      "Conflict"};
}

Engine::Engine(std::filesystem::path file, StorageOptions options, FolderLock lock, Database database,
               Loaded loaded)
    : file_(std::move(file)),
      options_(options),
      lock_(std::move(lock)),
      database_(std::move(database)),
      state_(State::Bounds{options.history_events, options.history_bytes, options.history_idle_bytes,
                           options.history_age},
             std::move(loaded)),
      writer_([this] { run(); }) {}

Engine::~Engine() { close(); }

void Engine::close() {
  {
    MutexLock lock(queue_mutex_);
    closing_ = true;
  }
  queued_.notify_all();
  if (writer_.joinable()) writer_.join();
  MutexLock lock(mutex_);
  closed_ = true;
  for (const auto& [name, resource] : state_.resources()) resource->changed.notify_all();
  advanced_.notify_all();
}

Result<StoredObject> Engine::get(const ObjectKey& key) const {
  RecordPtr record;
  {
    MutexLock lock(mutex_);
    record = state_.find(key);
  }
  if (!record) return fail(not_found(key));
  return StoredObject(std::move(record));
}

Result<Page> Engine::list(const ListOptions& options) const {
  Page page;
  State::Range range{options.ns, std::nullopt, options.filter ? 0 : options.limit};
  if (options.start_after) range.after = Place{options.start_after->ns, options.start_after->name};
  std::vector<RecordPtr> records;
  std::size_t more = 0;
  {
    MutexLock lock(mutex_);
    const ResourceState* resource = state_.resource(options.resource);
    page.revision = options.at == 0 ? state_.revision() : options.at;
    if (page.revision > state_.revision()) return fail(too_large(page.revision, state_.revision()));
    if (!state_.reachable(resource, page.revision))
      return fail(expired("The resourceVersion for the provided list is too old."));
    if (resource != nullptr) records = state_.list(*resource, range, options.at, more);
  }
  page.items.reserve(records.size());
  for (RecordPtr& record : records) {
    StoredObject object(std::move(record));
    if (options.filter && !options.filter(object)) continue;
    if (options.limit != 0 && page.items.size() == options.limit) {
      page.next = page.items.back().key();  // the filter lets one more through
      break;
    }
    page.items.push_back(std::move(object));
  }
  if (more != 0) {
    page.next = page.items.back().key();
    page.remaining = more;
  }
  return page;
}

std::size_t Engine::count(const std::string& resource, const std::string& ns) const {
  MutexLock lock(mutex_);
  const ResourceState* found = state_.resource(resource);
  if (found == nullptr) return 0;
  if (ns.empty()) return found->objects.size();
  std::size_t count = 0;
  for (auto it = found->objects.lower_bound(Place{ns, {}}); it != found->objects.end() && (*it)->key.ns == ns;
       ++it)
    ++count;
  return count;
}

std::vector<std::string> Engine::resources() const {
  std::vector<std::string> names;
  MutexLock lock(mutex_);
  for (const auto& [name, resource] : state_.resources())
    if (!resource->objects.empty()) names.push_back(name);
  return names;
}

Revision Engine::revision() const {
  MutexLock lock(mutex_);
  return state_.revision();
}

bool Engine::wait_for(Revision revision, std::chrono::milliseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  ++waiting_for_revision_;
  bool reached = false;
  {
    MutexLock lock(mutex_);
    while (!(reached = state_.revision() >= revision) && !closed_)
      if (advanced_.wait_until(mutex_, deadline, {}) == Wake::TimedOut) break;
    reached = state_.revision() >= revision;
  }
  --waiting_for_revision_;
  return reached;
}

Result<Revision> Engine::start_watch(const std::string& resource, Revision from) {
  MutexLock lock(mutex_);
  const ResourceState& state = state_.resource_for_watch(resource);
  if (from == 0) from = state_.revision();
  if (!state_.reachable(&state, from)) return fail(too_old(from, state.reachable_from));
  ++watches_;
  return from;
}

std::vector<Event> Engine::collect(const ResourceState& resource, const std::string& ns,
                                   Revision& cursor) const {
  std::vector<Event> events;
  const auto& history = resource.history;
  auto change =
      std::upper_bound(history.begin(), history.end(), cursor,
                       [](Revision revision, const Change& c) { return revision < c.object->revision; });
  for (; change != history.end() && events.size() < kWatchBatch; ++change) {
    cursor = change->object->revision;
    if (!ns.empty() && change->object->key.ns != ns) continue;
    Event event;
    event.type = change->deleted    ? Event::Type::Deleted
                 : change->previous ? Event::Type::Modified
                                    : Event::Type::Added;
    event.object = StoredObject(change->object);
    if (change->previous) event.previous = StoredObject(change->previous);
    events.push_back(std::move(event));
  }
  // At the end of history everything up to now was seen, whatever resource it was of.
  if (change == history.end()) cursor = std::max(cursor, state_.revision());
  return events;
}

Result<std::vector<Event>> Engine::next(const std::string& resource, const std::string& ns, Revision& cursor,
                                        std::chrono::milliseconds timeout, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  ResourceState& state = state_.resource_for_watch(resource);
  for (;;) {
    if (!state_.reachable(&state, cursor)) return fail(too_old(cursor, state.reachable_from));
    std::vector<Event> events = collect(state, ns, cursor);
    if (!events.empty() || closed_) return events;
    if (state.changed.wait_until(mutex_, deadline, stop) != Wake::Notified) {
      if (!state_.reachable(&state, cursor)) return fail(too_old(cursor, state.reachable_from));
      return collect(state, ns, cursor);
    }
  }
}

bool Engine::closed() const {
  MutexLock lock(mutex_);
  return closed_;
}

ApiStorage::Stats Engine::stats() const {
  ApiStorage::Stats stats;
  {
    MutexLock lock(mutex_);
    stats.objects = state_.object_count();
    stats.object_bytes = state_.object_bytes();
    stats.history_events = state_.history_events();
    stats.history_bytes = state_.history_bytes();
  }
  stats.watches = watches_;
  stats.groups = groups_;
  stats.writes = writes_;
  return stats;
}

}  // namespace neoid::storage
