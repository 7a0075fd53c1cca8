#include "controller/cli/validate/line_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include "reconcile/value/utf8.h"

namespace neoid::validate {
namespace {

constexpr std::size_t kBuffer = std::size_t{64} << 10;
constexpr std::size_t kMaxLine = std::size_t{4} << 10;

}  // namespace

LineReader::LineReader(const FileNames& files, int standard_input)
    : files_(files), standard_input_(standard_input) {}
LineReader::~LineReader() { close(); }

void LineReader::close() {
  if (descriptor_ >= 0 && descriptor_ != standard_input_) ::close(descriptor_);
  descriptor_ = -1;
}

bool LineReader::open(std::uint32_t file) {
  close();
  file_ = file;
  number_ = 0;
  buffer_.clear();
  at_ = 0;
  if (files_[file] == "-") {
    if (standard_input_ < 0 || ::lseek(standard_input_, 0, SEEK_SET) != 0) return false;
    descriptor_ = standard_input_;
  } else {
    descriptor_ = ::open(files_[file].c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  }
  return descriptor_ >= 0;
}

bool LineReader::read_line() {
  current_.clear();
  for (;;) {
    if (at_ == buffer_.size()) {
      buffer_.resize(kBuffer);
      const ssize_t count = ::read(descriptor_, buffer_.data(), kBuffer);
      buffer_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
      at_ = 0;
      if (count <= 0) return !current_.empty();
    }
    const std::size_t end = buffer_.find('\n', at_);
    const std::size_t stop = end == std::string::npos ? buffer_.size() : end;
    if (current_.size() < kMaxLine)
      current_.append(buffer_, at_, std::min(stop - at_, kMaxLine - current_.size()));
    at_ = end == std::string::npos ? stop : stop + 1;
    if (end != std::string::npos) break;
  }
  if (current_.ends_with('\r')) current_.pop_back();
  return true;
}

std::optional<std::string> LineReader::line(std::uint32_t file, int line) {
  if (file != file_ || line < number_) {
    if (!open(file)) return std::nullopt;
  }
  if (descriptor_ < 0) return std::nullopt;
  while (number_ < line) {
    if (!read_line()) return std::nullopt;
    if (++number_ == 1) {
      if (current_.starts_with("\xFF\xFE") || current_.starts_with("\xFE\xFF")) {
        close();
        return std::nullopt;
      }
      if (current_.starts_with("\xEF\xBB\xBF")) current_.erase(0, 3);
    }
  }
  return replace_invalid_utf8(current_, Replacement::PerSubpart);
}

}  // namespace neoid::validate
