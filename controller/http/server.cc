#include "controller/http/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "controller/http/server_core.h"

namespace neoid::http {
namespace {

constexpr int kBacklog = 1024;

std::string last_error() { return std::generic_category().message(errno); }

// One listening socket on the first address of the host that takes it. Not SO_REUSEPORT: two servers on one port
// would share its connections without a word.
Result<int> open_listener(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int code = getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  if (code != 0) return fail(ErrorKind::Invalid, "cannot listen on \"" + host + "\": " + gai_strerror(code));
  const std::unique_ptr<addrinfo, Freer<freeaddrinfo>> addresses(found);
  std::string why = "it has no address";
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int descriptor = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
      why = last_error();
      continue;
    }
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(descriptor, address->ai_addr, address->ai_addrlen) == 0 &&
        ::listen(descriptor, kBacklog) == 0) {
      return descriptor;
    }
    why = last_error();
    ::close(descriptor);
  }
  return fail(ErrorKind::Unavailable, "cannot listen on " + host + ":" + service + ": " + why);
}

int port_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  const auto raw = address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                                 : reinterpret_cast<sockaddr_in*>(&address)->sin_port;
  return ntohs(raw);
}

}  // namespace

std::optional<std::string_view> Request::find_query(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, Handler handler) {
  SslContextPtr tls;
  if (options.tls) {
    NEOID_TRY(tls, server_context(*options.tls));
  }
  NEOID_TRY(const int listener, open_listener(options.host, options.port));
  auto impl =
      std::make_unique<Impl>(listener, port_of(listener), std::move(tls), options.limits, std::move(handler));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

int Server::port() const { return impl_->port(); }
bool Server::tls() const { return impl_->tls(); }

Result<void> Server::replace_tls(const TlsOptions& options) {
  NEOID_TRY(SslContextPtr tls, server_context(options));
  impl_->replace_tls(std::move(tls));
  return {};
}

void Server::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }

}  // namespace neoid::http
