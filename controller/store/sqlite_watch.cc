#include "controller/store/sqlite_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace neoid::store {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kSlowPoll{250};
constexpr milliseconds kFinePoll{1};
constexpr milliseconds kFineFor{20};
// A writer that lost the processor between its write and its commit is still found soon.
constexpr milliseconds kMediumPoll{5};
constexpr milliseconds kMediumFor{500};

std::pair<std::string, std::string> folder_and_name(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

// Whether one of the waiting events is of a file whose name begins with `name`.
bool drain_events(int inotify, const std::string& name) {
  alignas(inotify_event) std::array<char, 4096> buffer;
  bool ours = false;
  while (true) {
    const ssize_t size = ::read(inotify, buffer.data(), buffer.size());
    if (size <= 0) return ours;
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const char* file = buffer.data() + at + sizeof(event);
      ours |= (event.mask & IN_Q_OVERFLOW) != 0 || (event.len > 0 && std::string(file).starts_with(name));
      at += static_cast<ssize_t>(sizeof(event) + event.len);
    }
  }
}

}  // namespace

Result<std::unique_ptr<SqliteWatch>> SqliteWatch::open(const std::string& path) {
  std::unique_ptr<SqliteWatch> watch(new SqliteWatch(path));
  watch->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (watch->wake_ < 0) return fail(ErrorKind::Unavailable, "no file descriptor left");
  watch->inotify_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (watch->inotify_ >= 0) {
    ::inotify_add_watch(watch->inotify_, folder_and_name(path).first.c_str(), IN_MODIFY | IN_MOVED_TO);
  }
  static_cast<void>(watch->changed());
  return watch;
}

SqliteWatch::~SqliteWatch() {
  if (inotify_ >= 0) ::close(inotify_);
  if (wake_ >= 0) ::close(wake_);
}

bool SqliteWatch::open_file() {
  const FileIdentity file = file_identity(path_);
  if (connection_ && file == file_) return true;
  connection_.reset();
  auto opened = SqliteConnection::open(path_, SqliteAccess::ReadWrite);
  if (!opened) return false;
  connection_ = std::move(*opened);
  file_ = file;
  version_ = -1;
  return true;
}

bool SqliteWatch::changed() {
  if (!open_file()) return false;
  auto read = connection_->pragma("PRAGMA data_version");
  if (!read) return true;  // let the caller find out by reading
  const std::int64_t version = std::strtoll(read->c_str(), nullptr, 10);
  return std::exchange(version_, version) != version;
}

bool SqliteWatch::wait_for_files(milliseconds most) {
  std::array<pollfd, 2> files{{{wake_, POLLIN, 0}, {inotify_, POLLIN, 0}}};
  const nfds_t count = inotify_ >= 0 ? 2 : 1;
  ::poll(files.data(), count, static_cast<int>(most.count()));
  std::uint64_t ignored = 0;
  if ((files[0].revents & POLLIN) != 0) static_cast<void>(!::read(wake_, &ignored, sizeof(ignored)));
  return count == 2 && (files[1].revents & POLLIN) != 0 &&
         drain_events(inotify_, folder_and_name(path_).second);
}

void SqliteWatch::wait(milliseconds most, std::stop_token stop) {
  const auto deadline = SteadyClock::now() + most;
  const std::stop_callback on_stop(stop, [this] { wake(); });
  const std::scoped_lock lock(waiting_);
  while (!changed() && !stop.stop_requested()) {
    const auto now = SteadyClock::now();
    if (now >= deadline) return;
    const auto left = std::chrono::ceil<milliseconds>(deadline - now);
    const milliseconds poll = now < written_ + kFineFor     ? kFinePoll
                              : now < written_ + kMediumFor ? kMediumPoll
                                                            : kSlowPoll;
    if (wait_for_files(std::min(left, poll))) written_ = SteadyClock::now();
  }
}

void SqliteWatch::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_, &one, sizeof(one)));
}

}  // namespace neoid::store
