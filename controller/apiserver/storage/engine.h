// Engine: the queue of writes, the one thread that commits them, and the memory that everybody reads.
//
// Locks: `queue_mutex_` guards the queue, `mutex_` the state; never both at once. The writer thread alone
// changes the state, and only after a commit. Nothing is called out to under either.
// Start and stop: load, then the thread. The thread ends last of all, after the queue is empty, so that every
// write that was taken is answered; then the file is closed, then the folder's lock is let go.
#pragma once

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "controller/apiserver/storage/database.h"
#include "controller/apiserver/storage/encode.h"
#include "controller/apiserver/storage/folder.h"
#include "controller/apiserver/storage/state.h"
#include "controller/apiserver/storage/storage.h"
#include "controller/base/mutex.h"

namespace neoid::storage {

// A write on its way; its answer is the promise.
struct Pending {
  Write::Type type = Write::Type::Create;
  ObjectKey key;
  Revision expected = 0;
  std::int64_t expires_us = kNever;
  Encoded encoded;
  std::shared_ptr<Json> value;  // gets its resourceVersion once that is known
  std::promise<Result<StoredObject>> answer;
};

class Engine {
 public:
  Engine(std::filesystem::path file, StorageOptions options, FolderLock lock, Database database,
         Loaded loaded);
  ~Engine();
  void close();  // see ApiStorage::close; idempotent

  std::vector<Result<StoredObject>> write(std::vector<Write> writes);
  Result<std::size_t> erase_expired(Instant now);

  Result<StoredObject> get(const ObjectKey& key) const;
  Result<Page> list(const ListOptions& options) const;
  std::size_t count(const std::string& resource, const std::string& ns) const;
  std::vector<std::string> resources() const;
  Revision revision() const;
  bool wait_for(Revision revision, std::chrono::milliseconds timeout) const;

  Result<Revision> start_watch(const std::string& resource, Revision from);
  void end_watch() { --watches_; }
  // Moves the cursor; see Watch::next.
  Result<std::vector<Event>> next(const std::string& resource, const std::string& ns, Revision& cursor,
                                  std::chrono::milliseconds timeout, const std::stop_token& stop);
  bool closed() const;
  ApiStorage::Stats stats() const;
  const std::filesystem::path& file() const { return file_; }

 private:
  struct Group;  // engine_writer.cc

  void run();
  std::vector<Pending> take();
  void process(std::vector<Pending> batch);
  Result<void> check(Group& group, Pending& pending);
  void publish(Group& group);
  RecordPtr current(const Group& group, const ObjectKey& key) const;
  void keep_value(const std::shared_ptr<const Json>& value);
  // Up to the batch limit; moves the cursor past what was looked at.
  std::vector<Event> collect(const ResourceState& resource, const std::string& ns, Revision& cursor) const
      NEOID_REQUIRES(mutex_);

  const std::filesystem::path file_;
  const StorageOptions options_;
  FolderLock lock_;
  Database database_;            // the writer's
  std::uint64_t next_kept_ = 0;  // the writer's
  // The newest trees that were written: watches and readers that come soon need not parse them.
  std::vector<std::shared_ptr<const Json>> kept_;  // the writer's

  mutable Mutex queue_mutex_;
  CondVar queued_;
  std::vector<Pending> queue_ NEOID_GUARDED_BY(queue_mutex_);
  bool closing_ NEOID_GUARDED_BY(queue_mutex_) = false;

  mutable Mutex mutex_;
  mutable CondVar advanced_;  // the revision grew
  State state_ NEOID_GUARDED_BY(mutex_);
  bool closed_ NEOID_GUARDED_BY(mutex_) = false;

  std::atomic<std::size_t> watches_{0};
  mutable std::atomic<std::size_t> waiting_for_revision_{0};
  std::atomic<std::uint64_t> groups_{0}, writes_{0};
  std::thread writer_;  // last: it uses all of the above
};

// The errors of the storage, in a real API server's words.
Error not_found(const ObjectKey& key);
Error already_exists(const ObjectKey& key);
Error modified_since(const ObjectKey& key);

}  // namespace neoid::storage
