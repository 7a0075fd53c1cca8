// Notices commits to an SQLite file, those of other processes included.
//
// inotify on the folder tells that something was written to the database or its log; it may tell before the
// commit can be seen, so `PRAGMA data_version` is polled finely for a moment after it; a slow poll stands
// behind for file systems without inotify. Commits of this process wake it directly.
// Thread-safe; one waiter at a time, others queue.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "controller/store/sqlite_connection.h"
#include "controller/store/sqlite_file.h"
#include "reconcile/base/result.h"

namespace neoid::store {

class SqliteWatch {
 public:
  static Result<std::unique_ptr<SqliteWatch>> open(const std::string& path);
  ~SqliteWatch();
  SqliteWatch(const SqliteWatch&) = delete;
  SqliteWatch& operator=(const SqliteWatch&) = delete;

  // See IdentityStore::wait_for_change.
  void wait(std::chrono::milliseconds most, std::stop_token stop);
  void wake();  // this process has committed

 private:
  explicit SqliteWatch(std::string path) : path_(std::move(path)) {}
  bool changed();
  // Another file may be under the path, after a restore.
  bool open_file();
  // Whether the written file was ours; false when nothing came in this time or it was woken.
  bool wait_for_files(std::chrono::milliseconds most);

  std::string path_;
  std::mutex waiting_;  // guards what follows, but for the descriptors
  std::unique_ptr<SqliteConnection> connection_;
  FileIdentity file_;
  std::int64_t version_ = -1;
  // When a write was last told. Kept from one wait to the next: the write of a commit that comes just behind the one that
  // ended a wait is told in that wait.
  std::chrono::steady_clock::time_point written_;
  int inotify_ = -1;
  int wake_ = -1;  // eventfd
};

}  // namespace neoid::store
