#include "controller/http/client.h"

#include <httplib.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "controller/base/mutex.h"
#include "controller/http/base_url.h"
#include "controller/http/message_stream.h"
#include "controller/http/openssl.h"
#include "controller/http/tunnel.h"

namespace neoid::http {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kHeadBytes = 256 << 10;  // of an answer
constexpr auto kForever = std::chrono::hours(24 * 365);

bool is_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Result<void> check(const ClientRequest& request) {
  bool lines = !request.method.empty() && is_line(request.method) && !request.target.empty();
  lines = lines && std::all_of(request.target.begin(), request.target.end(),
                               [](char c) { return c > 0x20 && c < 0x7F; });
  for (const auto& [name, value] : request.headers) lines = lines && is_line(name) && is_line(value);
  if (!lines)
    return fail(ErrorKind::Invalid, "the request's target or a header field holds what cannot be sent");
  return {};
}

// cpp-httplib's message codec alone: it writes a request to a stream and reads the answer from it.
class Codec : private httplib::ClientImpl {
 public:
  explicit Codec(const BaseUrl& url) : ClientImpl(url.host, url.port) {
    set_url_encode(false);
    set_decompress(false);
    set_keep_alive(true);
  }
  bool run(MessageStream& stream, httplib::Request& request, httplib::Response& response,
           httplib::Error& error) {
    return process_request(stream, request, response, false, error);
  }
};

struct Link {
  explicit Link(std::unique_ptr<Connection> made, const BaseUrl& url)
      : connection(std::move(made)), stream(*connection), codec(url) {}
  std::unique_ptr<Connection> connection;
  MessageStream stream;
  Codec codec;
  SteadyTime last_used = {};
};
using LinkPtr = std::unique_ptr<Link>;

// What an answer's body goes to, and what became of it.
struct Collector {
  const std::function<bool(std::string_view)>* on_chunk = nullptr;  // null: collect
  std::size_t max_body_bytes = 0;
  std::function<void()> on_head;
  ClientResponse response;
  bool too_large = false;
  bool ended_by_caller = false;

  bool take_head(const httplib::Response& head) {
    response.status = head.status;
    for (const auto& [name, value] : head.headers) response.headers.add(name, value);
    const bool streams = on_chunk != nullptr && head.status / 100 == 2;
    if (!streams) on_chunk = nullptr;
    on_head();
    return true;
  }
  bool take_body(std::string_view bytes) {
    if (on_chunk != nullptr) {
      ended_by_caller = !(*on_chunk)(bytes);
      return !ended_by_caller;
    }
    too_large = response.body.size() + bytes.size() > max_body_bytes;
    if (!too_large) response.body.append(bytes);
    return !too_large;
  }
};

}  // namespace

class Client::Impl {
 public:
  Impl(ClientOptions options, BaseUrl url, SslContextPtr tls, std::optional<Proxy> proxy)
      : options_(std::move(options)), url_(std::move(url)), tls_(std::move(tls)), proxy_(std::move(proxy)) {}

  Result<ClientResponse> send(const ClientRequest& request, std::stop_token stop);
  Result<ClientResponse> stream(const ClientRequest& request,
                                const std::function<bool(std::string_view)>& on_chunk, std::stop_token stop);

 private:
  Result<LinkPtr> connect(SteadyTime deadline, const std::stop_token& stop);
  Result<LinkPtr> take(SteadyTime deadline, const std::stop_token& stop);
  void give_back(LinkPtr link);
  Result<ClientResponse> exchange(Link& link, const ClientRequest& request, Collector& collector,
                                  const std::stop_token& stop, bool& reusable);
  Error lost(const Link& link, const Collector& collector, const std::stop_token& stop) const;
  SslPtr new_tls() const;

  const ClientOptions options_;
  const BaseUrl url_;
  const SslContextPtr tls_;
  const std::optional<Proxy> proxy_;

  Mutex mutex_;
  CondVar link_free_;
  std::deque<LinkPtr> idle_ NEOID_GUARDED_BY(mutex_);  // the one used last at the back
  std::size_t in_use_ NEOID_GUARDED_BY(mutex_) = 0;
};

Result<ClientResponse> Client::Impl::send(const ClientRequest& request, std::stop_token stop) {
  NEOID_TRY_VOID(check(request));
  const SteadyTime deadline = steady_clock::now() + request.timeout;
  auto taken = take(deadline, stop);
  if (!taken) return fail(std::move(taken).error());
  LinkPtr link = std::move(*taken);
  link->stream.set_read_deadline(deadline);
  link->stream.set_write_deadline(deadline);
  Collector collector;
  collector.max_body_bytes = options_.max_body_bytes;
  collector.on_head = [] {};
  bool reusable = false;
  auto result = exchange(*link, request, collector, stop, reusable);
  give_back(reusable ? std::move(link) : nullptr);
  return result;
}

Result<ClientResponse> Client::Impl::stream(const ClientRequest& request,
                                            const std::function<bool(std::string_view)>& on_chunk,
                                            std::stop_token stop) {
  NEOID_TRY_VOID(check(request));
  const SteadyTime deadline = steady_clock::now() + request.timeout;
  NEOID_TRY(const LinkPtr link, connect(deadline, stop));
  link->stream.set_read_deadline(deadline);
  link->stream.set_write_deadline(deadline);
  const auto silence =
      request.idle_timeout.count() > 0 ? request.idle_timeout : std::chrono::milliseconds(kForever);
  const auto rest = [&link, silence] { link->stream.set_read_deadline(steady_clock::now() + silence); };
  const std::function<bool(std::string_view)> on_piece = [&](std::string_view piece) {
    rest();
    return on_chunk(piece);
  };
  Collector collector;
  collector.max_body_bytes = options_.max_body_bytes;
  collector.on_chunk = &on_piece;
  collector.on_head = [&] {
    if (collector.on_chunk != nullptr) rest();
  };
  bool reusable = false;
  auto result = exchange(*link, request, collector, stop, reusable);
  link->connection->finish_writing();
  return result;
}

SslPtr Client::Impl::new_tls() const {
  SslPtr ssl(SSL_new(tls_.get()));
  SSL_set_connect_state(ssl.get());
  const std::string& name = options_.tls.server_name.empty() ? url_.host : options_.tls.server_name;
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_hostflags(expected,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) != 1) {
    X509_VERIFY_PARAM_set1_host(expected, name.c_str(), name.size());
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
  }
  openssl_error();  // not an address: no error of ours
  return ssl;
}

Result<LinkPtr> Client::Impl::connect(SteadyTime deadline, const std::stop_token& stop) {
  const SteadyTime until = std::min(deadline, steady_clock::now() + options_.connect_timeout);
  const std::string context = "cannot connect to " + options_.base_url;
  auto connected =
      proxy_ ? connect_through(*proxy_, url_, until, stop) : Connection::connect(url_.host, url_.port, until);
  if (!connected) return fail(wrap(context, std::move(connected).error()));
  auto link = std::make_unique<Link>(std::move(*connected), url_);
  if (!tls_) return link;
  Connection& connection = *link->connection;
  const std::stop_callback cut(stop, [&connection] { connection.cut(); });
  switch (connection.handshake(new_tls(), until)) {
    case Io::Done: return link;
    case Io::Deadline:
      return fail(ErrorKind::Unavailable, context + ": no TLS handshake in time", "Deadline");
    case Io::Closed: break;
    case Io::Failed: break;
  }
  if (stop.stop_requested()) return fail(ErrorKind::Unavailable, context + ": canceled", "Canceled");
  return fail(ErrorKind::Unavailable, context + ": TLS: " + connection.failure());
}

// An idle connection that is alive, or a fresh one. Nothing of the request has been written when it fails.
Result<LinkPtr> Client::Impl::take(SteadyTime deadline, const std::stop_token& stop) {
  LinkPtr link;
  {
    MutexLock lock(mutex_);
    while (in_use_ >= options_.max_connections) {
      const Wake wake = link_free_.wait_until(mutex_, deadline, stop);
      if (wake == Wake::Stopped)
        return fail(ErrorKind::Unavailable, "canceled", std::string(kReasonCanceled));
      if (wake == Wake::TimedOut && in_use_ >= options_.max_connections) {
        return fail(ErrorKind::Unavailable, "all connections to " + options_.base_url + " are busy",
                    std::string(kReasonDeadline));
      }
    }
    ++in_use_;
    const SteadyTime oldest = steady_clock::now() - options_.idle_timeout;
    while (!idle_.empty() && idle_.front()->last_used < oldest) idle_.pop_front();
    while (!link && !idle_.empty()) {
      link = std::move(idle_.back());
      idle_.pop_back();
      if (!link->connection->at_rest()) link = nullptr;
    }
  }
  if (link) return link;
  auto fresh = connect(deadline, stop);
  if (!fresh) give_back(nullptr);
  return fresh;
}

void Client::Impl::give_back(LinkPtr link) {
  {
    MutexLock lock(mutex_);
    --in_use_;
    if (link) {
      link->last_used = steady_clock::now();
      idle_.push_back(std::move(link));
    }
  }
  link_free_.notify_one();
}

Result<ClientResponse> Client::Impl::exchange(Link& link, const ClientRequest& request, Collector& collector,
                                              const std::stop_token& stop, bool& reusable) {
  if (stop.stop_requested()) return fail(ErrorKind::Unavailable, "canceled", std::string(kReasonCanceled));
  httplib::Request out;
  out.method = request.method;
  out.path = url_.prefix + request.target;
  for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
  if (!request.headers.find("Host")) out.headers.emplace("Host", url_.authority());
  if (!request.headers.find("User-Agent")) out.headers.emplace("User-Agent", options_.user_agent);
  out.body = request.body;
  MessageStream& stream = link.stream;
  out.response_handler = [&](const httplib::Response& head) {
    stream.set_read_budget(std::numeric_limits<std::size_t>::max());
    return collector.take_head(head);
  };
  out.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    return collector.take_body(std::string_view(data, size));
  };
  httplib::Response in;
  httplib::Error error = httplib::Error::Success;
  stream.start_message();
  stream.set_read_budget(kHeadBytes);
  bool whole = false;
  {
    const std::stop_callback cut(stop, [&link] { link.connection->cut(); });
    whole = link.codec.run(stream, out, in, error);
  }
  cleanse(out.body);
  if (!whole && !collector.ended_by_caller) return fail(lost(link, collector, stop));
  if (collector.response.status == 0) collector.take_head(in);  // HEAD and 204 have no body to announce
  const bool closes = equal_ignoring_case(collector.response.headers.get("Connection"), "close");
  const bool framed = collector.response.headers.find("Content-Length") ||
                      collector.response.headers.find("Transfer-Encoding") || in.status == 204;
  reusable = whole && framed && !closes && in.version == "HTTP/1.1" && stream.buffered().empty() &&
             !stop.stop_requested();
  return std::move(collector.response);
}

// Why there is no whole answer.
Error Client::Impl::lost(const Link& link, const Collector& collector, const std::stop_token& stop) const {
  const std::string from = "no whole answer from " + options_.base_url;
  const bool nothing_sent = !link.stream.wrote_anything();
  const ErrorKind kind = nothing_sent ? ErrorKind::Unavailable : ErrorKind::Timeout;
  if (stop.stop_requested()) return {kind, from + ": canceled", std::string(kReasonCanceled)};
  if (collector.too_large) return {ErrorKind::Invalid, "the answer of " + options_.base_url + " is too long"};
  switch (link.stream.status()) {
    case Io::Deadline: return {kind, from + " in time", std::string(kReasonDeadline)};
    case Io::Closed: return {kind, from + ": the connection was closed", std::string(kReasonConnectionLost)};
    case Io::Failed:
      return {kind, from + ": " + link.connection->failure(), std::string(kReasonConnectionLost)};
    case Io::Done: break;
  }
  return {ErrorKind::Invalid, "the answer of " + options_.base_url + " is not HTTP/1.1"};
}

Result<std::unique_ptr<Client>> Client::create(ClientOptions options) {
  NEOID_TRY(BaseUrl url, parse_base_url(options.base_url));
  SslContextPtr tls;
  if (url.tls) {
    NEOID_TRY(tls, client_context(options.tls));
  }
  std::optional<Proxy> proxy;
  if (!options.proxy_url.empty()) {
    if (!url.tls)
      return fail(ErrorKind::Invalid, "a proxy is used for https only; leave it out for " + options.base_url);
    NEOID_TRY(proxy, parse_proxy(options.proxy_url));
  }
  return std::unique_ptr<Client>(new Client(
      std::make_unique<Impl>(std::move(options), std::move(url), std::move(tls), std::move(proxy))));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<ClientResponse> Client::send(const ClientRequest& request, std::stop_token stop) {
  return impl_->send(request, std::move(stop));
}

Result<ClientResponse> Client::stream(const ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_chunk,
                                      std::stop_token stop) {
  return impl_->stream(request, on_chunk, std::move(stop));
}

}  // namespace neoid::http
