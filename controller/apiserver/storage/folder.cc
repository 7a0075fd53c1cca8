#include "controller/apiserver/storage/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace neoid::storage {
namespace {

tl::unexpected<Error> cannot(std::string_view what, const std::filesystem::path& path, int code) {
  return fail(ErrorKind::Unavailable,
              fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(code)),
              "ServiceUnavailable");
}

std::string read_short(int descriptor) {
  std::array<char, 64> buffer{};
  const ssize_t size = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  std::string text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

bool replace_content(int descriptor, std::string_view text) {
  return ::ftruncate(descriptor, 0) == 0 &&
         ::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

struct Descriptor {
  int value = -1;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

}  // namespace

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FolderLock> lock_folder(const std::filesystem::path& folder) {
  std::error_code code;
  const auto parent = folder.parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, code);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return cannot("create data folder", folder, errno);
  const auto path = folder / "api.lock";
  FolderLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.descriptor_ < 0) return cannot("open", path, errno);
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return cannot("lock", path, errno);
    const std::string pid = read_short(lock.descriptor_);
    return fail(
        ErrorKind::Conflict,
        fmt::format("data folder {} is in use by process {} (lock file {}): stop it, or use another folder",
                    folder.string(), pid.empty() ? "unknown" : pid, path.string()),
        "InUse");
  }
  if (!replace_content(lock.descriptor_, fmt::format("{}\n", ::getpid())))
    return cannot("write", path, errno);
  return lock;
}

Result<void> check_format(const std::filesystem::path& folder) {
  const auto path = folder / "api.format";
  Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (file.value < 0) return cannot("open", path, errno);
  const std::string wanted = fmt::format("neoid-api {}", kFormat);
  const std::string found = read_short(file.value);
  if (found == wanted) return {};
  if (!found.empty())
    return fail(
        ErrorKind::Invalid,
        fmt::format("data folder {} has format \"{}\", this program needs \"{}\": use the program that made "
                    "it, or another folder",
                    folder.string(), found, wanted),
        "WrongFormat");
  if (!replace_content(file.value, wanted + "\n") || ::fsync(file.value) != 0)
    return cannot("write", path, errno);
  return {};
}

Result<void> touch_private(const std::filesystem::path& file) {
  Descriptor made{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (made.value < 0) return cannot("open", file, errno);
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  Descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.value < 0 || ::fsync(opened.value) != 0) return cannot("sync", folder, errno);
  return {};
}

}  // namespace neoid::storage
