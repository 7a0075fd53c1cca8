#include "controller/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace neoid {
namespace {

// Grows only where the file is longer than it said (a pipe says nothing): a text that grows leaves copies behind.
bool read_all(int descriptor, std::string& text) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return false;
  text.resize(static_cast<std::size_t>(status.st_size > 0 ? status.st_size : 0) + 1);
  std::size_t size = 0;
  for (;;) {
    const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size == text.size()) text.resize(2 * size + 4096);
  }
  text.resize(size);
  return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  const bool read = descriptor >= 0 && read_all(descriptor, text);
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!read) return fail(ErrorKind::Invalid, path + " cannot be read: " + std::strerror(error));
  return text;
}

}  // namespace neoid
