#include "controller/http/message_stream.h"

#include <algorithm>
#include <cstring>

namespace neoid::http {
namespace {

constexpr std::size_t kReadPiece = 16 << 10;
constexpr std::size_t kWritePiece = 256 << 10;  // collected up to here, so that a large body is not copied

}  // namespace

void MessageStream::put_back(std::string bytes) {
  bytes.append(buffered());
  buffer_ = std::move(bytes);
  begin_ = 0;
}

Io MessageStream::fill() {
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
    if (buffer_.capacity() > 4 * kReadPiece) buffer_.shrink_to_fit();
  }
  const std::size_t old_size = buffer_.size();
  buffer_.resize(old_size + kReadPiece);
  const Connection::Count count = connection_.read(buffer_.data() + old_size, kReadPiece, read_deadline_);
  buffer_.resize(old_size + count.bytes);
  return read_status_ = count.status;
}

void MessageStream::consume(std::size_t bytes) { begin_ += bytes; }

void MessageStream::start_message() {
  read_status_ = Io::Done;
  write_status_ = Io::Done;
  wrote_anything_ = false;
  output_.clear();
}

bool MessageStream::flush() {
  if (output_.empty()) return write_status_ == Io::Done;
  wrote_anything_ = true;
  const SteadyTime deadline = std::min(write_deadline_, std::chrono::steady_clock::now() + write_timeout_);
  write_status_ = connection_.write(output_, deadline);
  output_.clear();
  if (output_.capacity() > kWritePiece) output_.shrink_to_fit();
  return write_status_ == Io::Done;
}

ssize_t MessageStream::read(char* to, std::size_t size) {
  if (!output_.empty() && !flush()) return -1;
  if (budget_ == 0) return -1;
  if (begin_ == buffer_.size()) {
    const Io status = fill();
    if (status == Io::Closed) return 0;
    if (status != Io::Done) return -1;
  }
  const std::size_t bytes = std::min({size, buffer_.size() - begin_, budget_});
  std::memcpy(to, buffer_.data() + begin_, bytes);
  begin_ += bytes;
  if (budget_ != std::numeric_limits<std::size_t>::max()) budget_ -= bytes;
  return static_cast<ssize_t>(bytes);
}

ssize_t MessageStream::write(const char* bytes, std::size_t size) {
  if (write_status_ != Io::Done) return -1;
  if (output_.size() + size > kWritePiece && !flush()) return -1;
  if (size > kWritePiece) {
    wrote_anything_ = true;
    const SteadyTime deadline = std::min(write_deadline_, std::chrono::steady_clock::now() + write_timeout_);
    write_status_ = connection_.write(std::string_view(bytes, size), deadline);
    return write_status_ == Io::Done ? static_cast<ssize_t>(size) : -1;
  }
  output_.append(bytes, size);
  return static_cast<ssize_t>(size);
}

void MessageStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void MessageStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace neoid::http
