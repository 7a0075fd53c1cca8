// Connection: one TCP socket, plain or TLS, with deadlines. Non-blocking below, so no call outlives its deadline.
//
// Used by one thread at a time, except cut(). Private to this folder. Its time is the network's: no fake clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "controller/base/clock.h"
#include "controller/http/openssl.h"
#include "reconcile/base/result.h"

namespace neoid::http {

enum class Io {
  Done,
  Closed,    // the peer ended the conversation in order
  Deadline,  // not in time
  Failed,    // reset, TLS error, or cut()
};

class Connection {
 public:
  // Takes over the socket; makes it non-blocking and switches Nagle's algorithm off.
  explicit Connection(int descriptor);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Tries every address of the host in turn. Errors: Unavailable (reason "Deadline" when out of time).
  static Result<std::unique_ptr<Connection>> connect(const std::string& host, int port, SteadyTime deadline);

  // Makes it a TLS connection, by what `ssl` is set up for (accept or connect). `ssl` is taken over.
  Io handshake(SslPtr ssl, SteadyTime deadline);

  struct Count {
    Io status = Io::Done;
    std::size_t bytes = 0;  // at least 1 if Done
  };
  Count read(char* to, std::size_t size, SteadyTime deadline);
  // All of it, or not Done.
  Io write(std::string_view bytes, SteadyTime deadline);
  // True when a read would not block: bytes, end or error.
  bool wait_readable(SteadyTime deadline);
  // For a connection at rest: false when the peer closed it or sent what nobody asked for.
  bool at_rest();
  // Says good-bye (close_notify, FIN); the other direction stays open for reading.
  void finish_writing();
  // Reads and drops what still comes, so that closing does not reset what the peer has not read yet.
  void drain(SteadyTime deadline, std::size_t max_bytes);
  // From any thread: every call that waits, now and later, ends with Failed or Closed.
  void cut();

  int descriptor() const { return descriptor_; }
  const SSL* ssl() const { return ssl_.get(); }
  std::string peer_address() const;
  // What went wrong last, for people.
  const std::string& failure() const { return failure_; }

 private:
  Count read_once(char* to, std::size_t size);
  Count write_once(std::string_view bytes);
  Io wait(short events, SteadyTime deadline);
  Io tls_failure(int result);  // Done: wait for wanted_ and try again
  Io system_failure();         // the same, by errno

  const int descriptor_;
  SslPtr ssl_;
  short wanted_ = 0;  // poll events that the last attempt waits for
  bool broken_ = false;
  std::string failure_;
};

}  // namespace neoid::http
