// The writer's side of the engine: from the queue to the disk to memory.
#include <map>

#include "controller/apiserver/storage/engine.h"
#include "controller/base/log.h"

namespace neoid::storage {
namespace {

constexpr std::size_t kKeptValues = 64;
constexpr std::size_t kKeptValueBytes = 16U << 10U;  // of its text; the tree is some times larger
constexpr auto kTick = std::chrono::seconds(30);

Error stopped() { return Error{ErrorKind::Unavailable, "the server is shutting down", "ServiceUnavailable"}; }

}  // namespace

// One transaction in the making.
struct Engine::Group {
  struct Answer {
    Pending* pending;
    std::optional<Error> error;
    std::shared_ptr<Record> written;  // null: nothing was written
    RecordPtr unchanged;              // an update that changes nothing
  };
  std::vector<Change> changes;
  std::vector<Answer> answers;
  std::map<ObjectKey, RecordPtr> overlay;  // the state after the changes so far; null: gone
  Revision revision = 0;
};

void Engine::run() {
  for (;;) {
    std::vector<Pending> batch = take();
    if (!batch.empty()) {
      process(std::move(batch));
      continue;
    }
    MutexLock lock(queue_mutex_);
    if (closing_ && queue_.empty()) return;
  }
}

// Waits for work; empty at the end and at each tick.
std::vector<Pending> Engine::take() {
  std::vector<Pending> batch;
  {
    MutexLock lock(queue_mutex_);
    while (queue_.empty() && !closing_) {
      const auto deadline = std::chrono::steady_clock::now() + kTick;
      if (queued_.wait_until(queue_mutex_, deadline, {}) == Wake::TimedOut) break;
    }
    if (queue_.size() <= options_.group_limit) {
      batch.swap(queue_);
    } else {
      const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(options_.group_limit);
      batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
      queue_.erase(queue_.begin(), end);
    }
  }
  if (batch.empty()) {  // idle: be small
    kept_.clear();
    MutexLock lock(mutex_);
    state_.trim(std::chrono::steady_clock::now());
  }
  return batch;
}

RecordPtr Engine::current(const Group& group, const ObjectKey& key) const {
  const auto changed = group.overlay.find(key);
  if (changed != group.overlay.end()) return changed->second;
  MutexLock lock(mutex_);
  return state_.find(key);
}

Result<void> Engine::check(Group& group, Pending& pending) {
  RecordPtr old = current(group, pending.key);
  Group::Answer& answer = group.answers.back();
  if (pending.type == Write::Type::Create && old) return fail(already_exists(pending.key));
  if (pending.type != Write::Type::Create) {
    if (!old) return fail(not_found(pending.key));
    if (pending.expected != 0 && pending.expected != old->revision) return fail(modified_since(pending.key));
  }
  if (pending.type == Write::Type::Update && pending.expires_us == old->expires_us &&
      same_content(*old, pending.encoded)) {
    answer.unchanged = std::move(old);
    return {};
  }
  const Revision revision = group.revision + 1;
  const bool deleted = pending.type == Write::Type::Erase;
  if (deleted) {
    answer.written = at_revision(*old, revision);
  } else {
    answer.written = std::make_shared<Record>();
    answer.written->key = pending.key;
    answer.written->expires_us = pending.expires_us;
    put_revision(*answer.written, pending.encoded, revision);
  }
  group.revision = revision;
  group.overlay[pending.key] = deleted ? nullptr : answer.written;
  group.changes.push_back(Change{answer.written, std::move(old), deleted});
  return {};
}

void Engine::process(std::vector<Pending> batch) {
  Group group;
  group.revision = revision();
  group.answers.reserve(batch.size());
  group.changes.reserve(batch.size());
  for (Pending& pending : batch) {
    group.answers.push_back(Group::Answer{&pending, std::nullopt, nullptr, nullptr});
    if (auto checked = check(group, pending); !checked)
      group.answers.back().error = std::move(checked).error();
  }
  if (!group.changes.empty()) {
    auto committed = database_.commit(group.changes, group.revision);
    if (!committed) {
      log::error("writes were not stored",
                 {{"error", committed.error().message}, {"writes", group.changes.size()}});
      // What failed its check may have failed against a change that did not happen: nobody is told more than
      // this.
      for (auto& answer : group.answers) answer.pending->answer.set_value(fail(committed.error()));
      return;
    }
    ++groups_;
    writes_ += group.changes.size();
    publish(group);
  }
  for (auto& answer : group.answers) {
    auto& promise = answer.pending->answer;
    if (answer.error) {
      promise.set_value(fail(std::move(*answer.error)));
    } else if (answer.unchanged) {
      promise.set_value(StoredObject(std::move(answer.unchanged)));
    } else {
      promise.set_value(StoredObject(std::move(answer.written), std::move(answer.pending->value)));
    }
  }
}

void Engine::publish(Group& group) {
  for (auto& answer : group.answers) {
    if (!answer.written || !answer.pending->value) continue;
    Json& value = *answer.pending->value;
    value["metadata"]["resourceVersion"] = std::to_string(answer.written->revision);
    remember_value(*answer.written, answer.pending->value);
    if (answer.written->bytes.size() <= kKeptValueBytes) keep_value(answer.pending->value);
  }
  std::vector<ResourceState*> touched;
  {
    MutexLock lock(mutex_);
    touched = state_.apply(group.changes, group.revision, std::chrono::steady_clock::now());
    for (ResourceState* resource : touched) resource->changed.notify_all();
  }
  if (waiting_for_revision_ != 0) advanced_.notify_all();
}

void Engine::keep_value(const std::shared_ptr<const Json>& value) {
  if (kept_.size() < kKeptValues) {
    kept_.push_back(value);
    next_kept_ = 0;
    return;
  }
  kept_[next_kept_ % kKeptValues] = value;
  ++next_kept_;
}

std::vector<Result<StoredObject>> Engine::write(std::vector<Write> writes) {
  std::vector<std::optional<Error>> refused(writes.size());
  std::vector<Pending> ready;
  std::vector<std::future<Result<StoredObject>>> answers(writes.size());
  ready.reserve(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    Write& write = writes[i];
    Pending pending;
    pending.type = write.type;
    pending.expected = write.expected;
    if (write.expires) pending.expires_us = write.expires->time_since_epoch().count();
    pending.key = std::move(write.key);
    if (write.type != Write::Type::Erase) {
      auto encoded = encode(write.value, options_.object_bytes);
      if (!encoded) {
        refused[i] = std::move(encoded).error();
        continue;
      }
      pending.encoded = std::move(*encoded);
      pending.value = std::make_shared<Json>(std::move(write.value));
    }
    answers[i] = pending.answer.get_future();
    ready.push_back(std::move(pending));
  }
  bool taken = false;
  {
    MutexLock lock(queue_mutex_);
    taken = !closing_;
    if (taken) std::move(ready.begin(), ready.end(), std::back_inserter(queue_));
  }
  if (taken) queued_.notify_one();
  std::vector<Result<StoredObject>> results;
  results.reserve(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (refused[i]) {
      results.emplace_back(fail(std::move(*refused[i])));
    } else if (!taken) {
      results.emplace_back(fail(stopped()));
    } else {
      results.push_back(answers[i].get());
    }
  }
  return results;
}

Result<std::size_t> Engine::erase_expired(Instant now) {
  const std::int64_t now_us = now.time_since_epoch().count();
  std::vector<Write> writes;
  {
    MutexLock lock(mutex_);
    for (const auto& [name, resource] : state_.resources()) {
      if (resource->expiring == 0) continue;
      for (const RecordPtr& record : resource->objects)
        if (record->expires_us <= now_us)
          writes.push_back(Write{Write::Type::Erase, record->key, nullptr, record->revision, {}});
    }
  }
  std::size_t erased = 0;
  for (auto& result : write(std::move(writes))) {
    if (result) {
      ++erased;
    } else if (result.error().kind == ErrorKind::Unavailable) {
      return fail(std::move(result).error());
    }  // else it was written or erased in between, which is as good
  }
  return erased;
}

}  // namespace neoid::storage
