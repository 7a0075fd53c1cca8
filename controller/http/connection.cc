#include "controller/http/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace neoid::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

int milliseconds_until(SteadyTime deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, INT_MAX));
}

std::string system_message(int code) { return std::generic_category().message(code); }

struct AddressesDeleter {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesDeleter>;

Result<Addresses> resolve(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return fail(ErrorKind::Unavailable, "cannot resolve " + host + ": " + gai_strerror(code));
  return Addresses(found);
}

}  // namespace

Connection::Connection(int descriptor) : descriptor_(descriptor) {
  fcntl(descriptor_, F_SETFL, fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

Connection::~Connection() { ::close(descriptor_); }

Result<std::unique_ptr<Connection>> Connection::connect(const std::string& host, int port,
                                                        SteadyTime deadline) {
  NEOID_TRY(const Addresses addresses, resolve(host, port));
  Error last{ErrorKind::Unavailable, host + " has no address"};
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    const int descriptor = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
      last = {ErrorKind::Unavailable, "cannot open a socket: " + system_message(errno)};
      continue;
    }
    auto connection = std::make_unique<Connection>(descriptor);
    if (::connect(descriptor, address->ai_addr, address->ai_addrlen) == 0) return connection;
    int code = errno;
    if (code == EINPROGRESS) {
      if (connection->wait(POLLOUT, deadline) == Io::Deadline) {
        return fail(ErrorKind::Unavailable, "no connection in time", "Deadline");
      }
      socklen_t size = sizeof(code);
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size);
      if (code == 0) return connection;
    }
    last = {ErrorKind::Unavailable, system_message(code)};
  }
  return fail(last);
}

Io Connection::handshake(SslPtr ssl, SteadyTime deadline) {
  ssl_ = std::move(ssl);
  SSL_set_fd(ssl_.get(), descriptor_);
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return Io::Done;
    Io status = tls_failure(result);
    if (status == Io::Done) status = wait(wanted_, deadline);
    if (status != Io::Done) return status;
  }
}

Connection::Count Connection::read(char* to, std::size_t size, SteadyTime deadline) {
  for (;;) {
    const Count count = read_once(to, size);
    if (count.status != Io::Done || count.bytes > 0) return count;
    if (const Io status = wait(wanted_, deadline); status != Io::Done) return {status, 0};
  }
}

Io Connection::write(std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    const Count count = write_once(bytes);
    if (count.status != Io::Done) return count.status;
    bytes.remove_prefix(count.bytes);
    if (count.bytes > 0) continue;
    if (const Io status = wait(wanted_, deadline); status != Io::Done) return status;
  }
  return Io::Done;
}

bool Connection::wait_readable(SteadyTime deadline) {
  if (ssl_ && SSL_has_pending(ssl_.get()) == 1) return true;
  return wait(POLLIN, deadline) != Io::Deadline;
}

bool Connection::at_rest() {
  if (broken_) return false;
  // With TLS a session ticket may lie there, which is no data: reading past it ends with nothing.
  char byte = 0;
  const Count count = read_once(&byte, 1);
  return count.status == Io::Done && count.bytes == 0;
}

void Connection::finish_writing() {
  if (ssl_ && !broken_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ::shutdown(descriptor_, SHUT_WR);
}

void Connection::drain(SteadyTime deadline, std::size_t max_bytes) {
  char waste[4096];
  for (std::size_t bytes = 0; bytes < max_bytes;) {
    const ssize_t got = ::recv(descriptor_, waste, sizeof(waste), 0);
    if (got > 0) {
      bytes += static_cast<std::size_t>(got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      return;
    } else if (wait(POLLIN, deadline) != Io::Done) {
      return;
    }
  }
}

void Connection::cut() { ::shutdown(descriptor_, SHUT_RDWR); }

std::string Connection::peer_address() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
  char text[NI_MAXHOST];
  const int code = getnameinfo(reinterpret_cast<sockaddr*>(&address), size, text, sizeof(text), nullptr, 0,
                               NI_NUMERICHOST);
  return code == 0 ? text : "";
}

Connection::Count Connection::read_once(char* to, std::size_t size) {
  if (broken_) return {Io::Failed, 0};
  if (ssl_) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), to, size, &bytes);
    if (result == 1) return {Io::Done, bytes};
    return {tls_failure(result), 0};
  }
  const ssize_t got = ::recv(descriptor_, to, size, 0);
  if (got > 0) return {Io::Done, static_cast<std::size_t>(got)};
  if (got == 0) return {Io::Closed, 0};
  wanted_ = POLLIN;
  return {system_failure(), 0};
}

Connection::Count Connection::write_once(std::string_view bytes) {
  if (broken_) return {Io::Failed, 0};
  if (ssl_) {
    ERR_clear_error();
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
    if (result == 1) return {Io::Done, written};
    const Io status = tls_failure(result);
    return {status == Io::Closed ? Io::Failed : status, 0};
  }
  const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return {Io::Done, static_cast<std::size_t>(sent)};
  wanted_ = POLLOUT;
  return {system_failure(), 0};
}

Io Connection::wait(short events, SteadyTime deadline) {
  pollfd entry{descriptor_, events, 0};
  for (;;) {
    const int ready = ::poll(&entry, 1, milliseconds_until(deadline));
    if (ready > 0) return Io::Done;
    if (ready == 0 && steady_clock::now() >= deadline) return Io::Deadline;
    if (ready < 0 && errno != EINTR) return Io::Failed;
  }
}

Io Connection::tls_failure(int result) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: wanted_ = POLLIN; return Io::Done;
    case SSL_ERROR_WANT_WRITE: wanted_ = POLLOUT; return Io::Done;
    case SSL_ERROR_ZERO_RETURN: return Io::Closed;
    default: break;
  }
  broken_ = true;
  const long verified = SSL_get_verify_result(ssl_.get());
  const bool unverified =
      verified != X509_V_OK && ERR_GET_REASON(ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  if (unverified) {
    failure_ = X509_verify_cert_error_string(verified);
    ERR_clear_error();
  } else if (ERR_peek_error() != 0) {
    failure_ = openssl_error();
  } else {
    failure_ = saved_errno != 0 ? system_message(saved_errno) : "the connection was closed";
  }
  return Io::Failed;
}

Io Connection::system_failure() {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Io::Done;
  broken_ = true;
  failure_ = system_message(errno);
  return Io::Failed;
}

}  // namespace neoid::http
