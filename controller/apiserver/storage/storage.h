// ApiStorage: the objects of the embedded API, durable in one SQLite file, read from memory.
//
// Flow        A write is queued; one writer thread takes all that is queued, checks each against the state
// before
//             it, and commits the group in one transaction (WAL, synchronous FULL). When the commit is on
//             disk the group becomes visible to reads and watches at once, and each caller gets its answer.
// Guarantees  What was acknowledged survives kill -9 and power loss. Nothing is seen by anybody before it is
// durable.
//             Reads see whole groups. Revisions grow by one a write and never repeat. A watch sees every
//             event of its resource after its revision, once, in order, or is told Expired.
// Assumptions One process owns the folder (an flock on `api.lock`; a network file system must support it).
// Failure     A full disk, a read-only or failing one: the writes of that group fail with Unavailable, memory
// and
//             file stay as they were, later writes are tried anew. A damaged file is refused at open.
//
// Two writers, one object at revision 7:
//   A  update(expected 7) queued ......... 8 committed .... answer 8
//   B        update(expected 7) queued ..................... checked against 8 in the same group: Conflict,
//   answered
//                                                            only after A's 8 is durable
//
// Thread-safe throughout. Errors carry a real API server's words and reason: NotFound/"NotFound",
// Conflict/"AlreadyExists", Conflict/"Conflict", Conflict/"Expired" (of list and watch), Timeout/"Timeout" (a
// revision of the future), Unavailable/"ServiceUnavailable", Invalid/"Invalid". Source:
// https://kubernetes.io/docs/reference/using-api/api-concepts/ ; https://www.sqlite.org/wal.html
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/apiserver/storage/object.h"
#include "reconcile/base/result.h"

namespace neoid::storage {

struct StorageOptions {
  // History serves watches and continued lists. It is dropped oldest first past either bound; the bytes are
  // those of superseded and deleted versions, which nothing else holds.
  std::size_t history_events = 20'000;
  std::size_t history_bytes = 24U << 20U;
  // Events older than this are dropped down to history_idle_bytes, so that an idle server is small.
  std::chrono::seconds history_age{300};
  std::size_t history_idle_bytes = 2U << 20U;
  std::size_t group_limit = 512;         // writes in one transaction
  std::size_t object_bytes = 8U << 20U;  // a larger object is refused as Invalid
};

struct ListOptions {
  std::string resource = {};
  std::string ns = {};                        // empty: all namespaces
  std::optional<ObjectKey> start_after = {};  // the key a page before ended with (Page::next)
  std::size_t limit = 0;                      // 0: all
  Revision at = 0;                            // 0: now; else exactly the state at that revision
  // Counted against the limit is what it lets through. Called outside every lock.
  std::function<bool(const StoredObject&)> filter = nullptr;
};

struct Page {
  std::vector<StoredObject> items;  // by namespace and name
  Revision revision = 0;            // of the state that was listed
  std::optional<ObjectKey> next;    // present: there is more, after this key
  // How many items come after this page; absent with a filter, and without `next`.
  std::optional<std::size_t> remaining;
};

struct Write {
  enum class Type { Create, Update, Erase };
  Type type = Type::Create;
  ObjectKey key = {};
  Json value = nullptr;                 // an object with an object `metadata`; not of Erase
  Revision expected = 0;                // of Update and Erase; 0: whatever is there
  std::optional<Instant> expires = {};  // erase_expired() takes it from then on
};

class Engine;

// A cursor over the events of one resource. One thread at a time; must not outlive its storage.
// Holds no events itself: a watcher that is slow costs nothing and is told Expired when history has passed
// it.
class Watch {
 public:
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Waits for events and returns up to 256 of them in order; empty when the time is over, `stop` was
  // requested, or the storage closes (closed() tells). Expired: the cursor fell out of history; the watch is
  // at its end.
  Result<std::vector<Event>> next(std::chrono::milliseconds timeout, std::stop_token stop = {});
  // Every event up to here has been returned by next(): what a bookmark may say. Never falls.
  Revision revision() const { return cursor_; }
  bool closed() const;

 private:
  friend class ApiStorage;
  Watch(Engine& engine, std::string resource, std::string ns, Revision from);
  Engine& engine_;
  std::string resource_;
  std::string ns_;
  Revision cursor_;
};

class ApiStorage {
 public:
  // Creates the folder (0700) and the files (0600) that are missing, takes the lock, loads everything.
  // Conflict: another process holds the folder (its pid is named). Invalid: another format version, or
  // damaged (how to restore is said). Unavailable: cannot be read or written.
  static Result<std::unique_ptr<ApiStorage>> open(const std::filesystem::path& folder,
                                                  StorageOptions options = {});
  ~ApiStorage();  // closes; lets go of the folder
  // Commits what is queued, refuses further writes (Unavailable), ends the waits of all watches. Reads go on.
  // Whoever stops a server closes first, then joins the threads that use watches, then destroys. One thread
  // at a time.
  void close();

  // --- reads: from memory ---
  Result<StoredObject> get(const ObjectKey& key) const;  // NotFound
  // Expired: `at` is out of history. Timeout/"Timeout": `at` is in the future.
  Result<Page> list(const ListOptions& options) const;
  std::size_t count(const std::string& resource, const std::string& ns = {}) const;
  std::vector<std::string> resources() const;  // that have objects, sorted
  Revision revision() const;                   // of the last durable write
  // False when the time is over first. For lists that must not be older than `revision`.
  bool wait_for(Revision revision, std::chrono::milliseconds timeout) const;

  // --- writes: durable when they return ---
  // The stored object, with its revision in metadata.resourceVersion.
  Result<StoredObject> create(const ObjectKey& key, Json value, std::optional<Instant> expires = {});
  // A value that differs from the stored one in nothing but resourceVersion is not written: the stored object
  // is returned and no event is made.
  Result<StoredObject> update(const ObjectKey& key, Json value, Revision expected,
                              std::optional<Instant> expires = {});
  // The last state, with the revision of the deletion.
  Result<StoredObject> erase(const ObjectKey& key, Revision expected = 0);
  // Many at once, in this order, each succeeding or failing by itself; one wait for the disk instead of many.
  // (More than group_limit are split over several transactions.)
  std::vector<Result<StoredObject>> write(std::vector<Write> writes);
  // Erases what expired by `now`; the number of objects.
  Result<std::size_t> erase_expired(Instant now);

  // --- watch ---
  // Events with a revision above `from` (0: from now on). A revision of the future is no error: nothing comes
  // until it is passed. Conflict/"Expired" with the words of a real server: `too old resource version: 1
  // (1000)`.
  Result<std::unique_ptr<Watch>> watch(const std::string& resource, const std::string& ns = {},
                                       Revision from = 0);

  // --- care ---
  // A consistent copy while reads and writes go on, made beside `target` and moved there when complete. Its
  // revision is a million ahead, so that after a restore no revision means two things. Conflict: `target`
  // exists.
  Result<void> backup(const std::filesystem::path& target) const;

  struct Stats {
    std::size_t objects = 0, object_bytes = 0;
    std::size_t history_events = 0, history_bytes = 0;
    std::size_t watches = 0;
    std::uint64_t groups = 0, writes = 0;  // committed since open
  };
  Stats stats() const;

 private:
  explicit ApiStorage(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace neoid::storage
