// MessageStream: what cpp-httplib reads a message from and writes one to, over a Connection.
//
// Reads come from a buffer that outlives the message (so pipelined requests are not lost), writes are collected and
// go out in one piece. Used by one thread at a time. Private to this folder.
#pragma once

#include <httplib.h>

#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "controller/http/connection.h"

namespace neoid::http {

class MessageStream final : public httplib::Stream {
 public:
  explicit MessageStream(Connection& connection) : connection_(connection) {}

  // --- for our side ---
  void set_read_deadline(SteadyTime deadline) { read_deadline_ = deadline; }
  // Each flush has this long.
  void set_write_timeout(std::chrono::milliseconds timeout) { write_timeout_ = timeout; }
  // All flushes together end by this.
  void set_write_deadline(SteadyTime deadline) { write_deadline_ = deadline; }
  // read() gives at most this many bytes more, then fails. Bounds what a library may be made to buffer.
  void set_read_budget(std::size_t bytes) { budget_ = bytes; }
  bool budget_spent() const { return budget_ == 0; }
  // Is read before anything else.
  void put_back(std::string bytes);

  // What has arrived and was not read. Waits for more and appends it.
  std::string_view buffered() const { return std::string_view(buffer_).substr(begin_); }
  Io fill();
  void consume(std::size_t bytes);

  // Sends what was collected. False: the connection is of no more use.
  bool flush();
  // How the reads and writes of this message ended: what failed, if anything did. A read that came too late leaves
  // the stream writable, so that the peer can be told.
  Io status() const { return write_status_ != Io::Done ? write_status_ : read_status_; }
  bool writable() const { return write_status_ == Io::Done; }
  bool wrote_anything() const { return wrote_anything_; }
  void start_message();

  // --- for cpp-httplib ---
  bool is_readable() const override { return true; }
  bool is_writable() const override { return writable(); }
  // Flushes first. 0 at the end of the connection, -1 for failure.
  ssize_t read(char* to, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return connection_.descriptor(); }

 private:
  Connection& connection_;
  std::string buffer_;  // [begin_, end) is unread
  std::size_t begin_ = 0;
  std::string output_;
  SteadyTime read_deadline_ = SteadyTime::max();
  SteadyTime write_deadline_ = SteadyTime::max();
  std::chrono::milliseconds write_timeout_ = std::chrono::seconds(30);
  std::size_t budget_ = std::numeric_limits<std::size_t>::max();
  Io read_status_ = Io::Done;
  Io write_status_ = Io::Done;
  bool wrote_anything_ = false;
};

}  // namespace neoid::http
