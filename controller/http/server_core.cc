#include "controller/http/server_core.h"

#include <netinet/in.h>
#include <openssl/x509.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "controller/base/log.h"
#include "reconcile/base/check.h"

namespace neoid::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kListener = 0;
constexpr std::uint64_t kBell = 1;
constexpr auto kLingerForNext = milliseconds(5);  // a busy client's next request comes within this
constexpr auto kLingerForClose = milliseconds(500);
constexpr std::size_t kDrainBytes = 16 << 20;  // a client that sends more than it may has to come to read why
constexpr auto kAcceptPause = milliseconds(100);
constexpr std::uint32_t kNewRequest = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
constexpr std::uint32_t kPeerGone = EPOLLRDHUP | EPOLLONESHOT;

void control(int poller, int operation, int descriptor, std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  NEOID_CHECK(epoll_ctl(poller, operation, descriptor, &event) == 0);
}

}  // namespace

void Descriptor::close() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

struct Server::Impl::Session {
  explicit Session(int descriptor) : connection(descriptor), stream(connection) {}

  std::uint64_t id = 0;
  Connection connection;
  MessageStream stream;
  Peer peer;
  bool greeted = false;
  // Guarded by Impl::mutex_:
  State state = State::Idle;
  SteadyTime close_at = {};
  std::stop_source stream_end;
};

// Polls for the end of the peer while an answer streams.
class Server::Impl::Watch final : public StreamWatch {
 public:
  Watch(Impl& server, Session& session) : server_(server), session_(session) {}

  std::stop_token begin_stream() override {
    MutexLock lock(server_.mutex_);
    session_.state = State::Streaming;
    session_.stream_end = std::stop_source();
    if (server_.stopping_) session_.stream_end.request_stop();
    server_.poll_for(session_, kPeerGone);
    return session_.stream_end.get_token();
  }
  void end_stream() override {
    MutexLock lock(server_.mutex_);
    session_.state = State::Busy;
  }

 private:
  Impl& server_;
  Session& session_;
};

Server::Impl::Impl(int listener, int port, SslContextPtr tls, ServerLimits limits, Handler handler)
    : listener_(listener),
      poller_(epoll_create1(EPOLL_CLOEXEC)),
      bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      port_(port),
      secure_(tls != nullptr),
      limits_(limits),
      exchange_(std::move(handler), limits),
      tls_(std::move(tls)),
      workers_(limits.threads) {
  NEOID_CHECK(poller_.get() >= 0 && bell_.get() >= 0);
  control(poller_.get(), EPOLL_CTL_ADD, listener_.get(), kListener, EPOLLIN);
  control(poller_.get(), EPOLL_CTL_ADD, bell_.get(), kBell, EPOLLIN);
  thread_ = std::thread(&Impl::run, this);
}

Server::Impl::~Impl() { stop(milliseconds(0)); }

void Server::Impl::replace_tls(SslContextPtr tls) {
  MutexLock lock(mutex_);
  tls_ = std::move(tls);
}

void Server::Impl::stop(milliseconds grace) {
  MutexLock once(stop_mutex_);
  if (stopped_) return;
  stopped_ = true;
  const SteadyTime deadline = steady_clock::now() + grace;
  std::vector<std::stop_source> streams;
  std::vector<SessionPtr> idle;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      if (it->second->state == State::Streaming) streams.push_back(it->second->stream_end);
      if (it->second->state == State::Idle) {
        idle.push_back(std::move(it->second));
        it = sessions_.erase(it);
      } else {
        ++it;
      }
    }
    overdue_.clear();
  }
  ring();
  thread_.join();
  listener_.close();  // also ends what waits in its backlog
  for (std::stop_source& stream : streams) stream.request_stop();
  for (const SessionPtr& session : idle) session->connection.finish_writing();
  idle.clear();
  {
    MutexLock lock(mutex_);
    while (!sessions_.empty() && steady_clock::now() < deadline)
      session_gone_.wait_until(mutex_, deadline, {});
    for (const auto& [id, session] : sessions_) session->connection.cut();
  }
  workers_.join();
  MutexLock lock(mutex_);
  sessions_.clear();
}

void Server::Impl::run() {
  epoll_event events[256];
  while (!stopping_) {
    const int count = epoll_wait(poller_.get(), events, std::size(events), next_timeout());
    for (int i = 0; i < count && !stopping_; ++i) {
      switch (events[i].data.u64) {
        case kListener: accept_connections(); break;
        case kBell: hush(); break;
        default: on_event(events[i].data.u64); break;
      }
    }
    close_overdue();
  }
}

void Server::Impl::ring() {
  const std::uint64_t one = 1;
  NEOID_CHECK(::write(bell_.get(), &one, sizeof(one)) == sizeof(one));
}

void Server::Impl::hush() {
  std::uint64_t rung = 0;
  [[maybe_unused]] const ssize_t size = ::read(bell_.get(), &rung, sizeof(rung));
}

void Server::Impl::accept_connections() {
  for (int burst = 0; burst < 64; ++burst) {
    const int descriptor = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) {
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
      log::warn("cannot accept connections", {{"error", std::generic_category().message(errno)}});
      control(poller_.get(), EPOLL_CTL_MOD, listener_.get(), kListener, 0);
      accept_again_ = steady_clock::now() + kAcceptPause;
      return;
    }
    auto session = std::make_shared<Session>(descriptor);
    MutexLock lock(mutex_);
    if (sessions_.size() >= limits_.connections || stopping_) continue;
    session->id = ++last_id_;
    session->close_at = steady_clock::now() + limits_.head;
    overdue_.emplace(session->close_at, session->id);
    control(poller_.get(), EPOLL_CTL_ADD, descriptor, session->id, kNewRequest);
    sessions_.emplace(session->id, std::move(session));
  }
}

void Server::Impl::on_event(std::uint64_t id) {
  SessionPtr session;
  std::stop_source ended(std::nostopstate);
  {
    MutexLock lock(mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    session = found->second;
    if (session->state == State::Streaming) ended = session->stream_end;
    if (session->state == State::Idle) {
      session->state = State::Busy;
      overdue_.erase({session->close_at, id});
    } else {
      session = nullptr;
    }
  }
  ended.request_stop();
  if (!session) return;
  workers_.submit([this, session] {
    try {
      serve(session);
    } catch (
        const std::exception& error) {  // out of memory, most likely: lose the connection, not the process
      log::error("connection failed", {{"peer", session->peer.address}, {"error", error.what()}});
      forget(*session);
    }
  });
}

void Server::Impl::close_overdue() {
  const SteadyTime now = steady_clock::now();
  if (accept_again_ != SteadyTime() && now >= accept_again_) {
    accept_again_ = {};
    control(poller_.get(), EPOLL_CTL_MOD, listener_.get(), kListener, EPOLLIN);
  }
  std::vector<SessionPtr> closed;
  {
    MutexLock lock(mutex_);
    while (!overdue_.empty() && overdue_.begin()->first <= now) {
      const auto found = sessions_.find(overdue_.begin()->second);
      overdue_.erase(overdue_.begin());
      closed.push_back(std::move(found->second));
      sessions_.erase(found);
    }
  }
  for (const SessionPtr& session : closed) session->connection.finish_writing();
}

int Server::Impl::next_timeout() const {
  SteadyTime next = SteadyTime::max();
  if (accept_again_ != SteadyTime()) next = accept_again_;
  {
    MutexLock lock(mutex_);
    if (!overdue_.empty()) next = std::min(next, overdue_.begin()->first);
  }
  if (next == SteadyTime::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(next - steady_clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 60'000));
}

void Server::Impl::poll_for(const Session& session, std::uint32_t events) {
  control(poller_.get(), EPOLL_CTL_MOD, session.connection.descriptor(), session.id, events);
}

void Server::Impl::serve(const SessionPtr& session) {
  Watch watch(*this, *session);
  const auto close_after = [this] { return stopping_.load(); };
  Next next = greet(*session) ? Next::Continue : Next::Close;
  while (next == Next::Continue) {
    next = exchange_.run(session->stream, session->peer, watch, close_after);
    if (next != Next::Continue || stopping_) break;
    if (!session->stream.buffered().empty()) continue;
    const SteadyTime linger = workers_.saturated() ? SteadyTime() : steady_clock::now() + kLingerForNext;
    if (!session->connection.wait_readable(linger)) return park(*session);
  }
  session->connection.finish_writing();
  if (next == Next::Linger) session->connection.drain(steady_clock::now() + kLingerForClose, kDrainBytes);
  forget(*session);
}

// The handshake and what it told about the peer. False: the connection is of no use.
bool Server::Impl::greet(Session& session) {
  if (session.greeted) return true;
  session.greeted = true;
  session.peer.address = session.connection.peer_address();
  SslContextPtr tls;
  {
    MutexLock lock(mutex_);
    tls = tls_;
  }
  if (!tls) return true;
  SslPtr ssl(SSL_new(tls.get()));
  SSL_set_accept_state(ssl.get());
  if (session.connection.handshake(std::move(ssl), steady_clock::now() + limits_.head) != Io::Done) {
    log::debug("TLS handshake failed",
               {{"peer", session.peer.address}, {"error", session.connection.failure()}});
    return false;
  }
  session.peer.tls = true;
  const X509* certificate = SSL_get0_peer_certificate(session.connection.ssl());
  if (certificate != nullptr && SSL_get_verify_result(session.connection.ssl()) == X509_V_OK) {
    const std::vector<std::string> names = subject_entries(certificate, NID_commonName);
    if (!names.empty()) session.peer.common_name = names.back();
    session.peer.organizations = subject_entries(certificate, NID_organizationName);
  }
  return true;
}

void Server::Impl::park(Session& session) {
  {
    MutexLock lock(mutex_);
    if (!stopping_) {
      session.state = State::Idle;
      session.close_at = steady_clock::now() + limits_.idle;
      overdue_.emplace(session.close_at, session.id);
      if (overdue_.begin()->second == session.id) ring();  // sooner than what the poll thread sleeps for
      poll_for(session, kNewRequest);
      return;
    }
  }
  session.connection.finish_writing();
  forget(session);
}

void Server::Impl::forget(const Session& session) {
  SessionPtr last;
  {
    MutexLock lock(mutex_);
    const auto found = sessions_.find(session.id);
    if (found != sessions_.end()) {
      last = std::move(found->second);
      sessions_.erase(found);
    }
  }
  session_gone_.notify_all();
}

}  // namespace neoid::http
