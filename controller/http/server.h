// Server: HTTP/1.1 over plain TCP or TLS. Bytes only; it has never heard of Kubernetes.
//
// Flow: one thread polls the listener and all idle connections; a connection on which a request arrives is
// lent a thread of a pool that grows with need. cpp-httplib parses the request and writes the answer;
// connections, limits, buffers and TLS are ours. A stream (a watch) keeps its thread; an idle connection has
// none and costs no CPU. Guarantees: limits hold before memory is spent (head, header count, body also when
// chunked); a head or body that trickles in is cut at its deadline; pipelined requests are answered in order;
// ambiguous framing (Content-Length with Transfer-Encoding, two lengths, folded lines) is refused with 400
// and the connection closed; Range and Accept-Encoding are ignored (nothing is compressed, so events of a
// watch are never held back); answers are one write; the target is routed as it was sent, undecoded. A
// handler that throws is a 500 without its text. Assumptions: SIGPIPE is ignored (controller/base/process.h).
// Source: RFC 9110, RFC 9112.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/http/headers.h"
#include "controller/http/tls.h"
#include "reconcile/base/result.h"

namespace neoid::http {

struct Peer {
  std::string address;  // of the socket, never from a header
  bool tls = false;
  // Subject CN and O of a client certificate that was verified against TlsOptions::client_ca_pem; else empty.
  std::string common_name;
  std::vector<std::string> organizations;
};

struct Request {
  std::string method;
  std::string target;  // as sent: path and query, percent-encoded
  std::string path;  // target without the query, percent-encoded: split first, then percent_decode the pieces
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  Headers headers;
  std::string body;  // de-chunked
  Peer peer;

  // The first value of the name; nullopt if there is none.
  std::optional<std::string_view> find_query(std::string_view name) const;
  // "" if there is none.
  std::string_view header(std::string_view name) const { return headers.get(name); }
};

// The body of an answer that is written while it comes about. Used by the thread that runs it only, except
// for stop_token. Virtual so that a handler can be tested without a socket.
class Stream {
 public:
  virtual ~Stream() = default;
  // Sends one chunk now. False: the peer is gone (or too slow for the write timeout); return.
  virtual bool write(std::string_view chunk) = 0;
  // True after the whole time; false at once when the peer is gone or the server stops.
  virtual bool wait(std::chrono::milliseconds duration) = 0;
  // Stop is requested when the peer is gone or the server stops: pass it to the waits of what feeds the
  // stream.
  virtual std::stop_token stop_token() const = 0;
};

struct Response {
  int status = 200;
  Headers headers = {};
  std::string body = {};
  // If set, `body` is ignored and the body is what this writes, chunked. When it returns, the final chunk is
  // sent, also when the server stops.
  std::function<void(Stream&)> stream = nullptr;
};

// Called from many threads at once.
using Handler = std::function<Response(const Request&)>;

struct ServerLimits {
  std::size_t body_bytes = 3 << 20;   // 413 above; Kubernetes' own limit
  std::size_t head_bytes = 64 << 10;  // request line and header fields; 431 above
  std::size_t header_count = 200;     // 431 above
  std::size_t connections = 4096;     // above it new ones are closed at once
  std::size_t threads = 2048;         // requests and streams at once; above it requests queue
  std::chrono::milliseconds idle = std::chrono::minutes(2);    // between requests
  std::chrono::milliseconds head = std::chrono::seconds(10);   // handshake, and from first byte to whole head
  std::chrono::milliseconds body = std::chrono::seconds(30);   // from head to whole body
  std::chrono::milliseconds write = std::chrono::seconds(30);  // for each write to be taken by the peer
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one
  std::optional<TlsOptions> tls = std::nullopt;
  ServerLimits limits = {};
};

// Thread-safe.
class Server {
 public:
  // Listens when it returns. Errors: Invalid (certificates, host), Unavailable (the port is taken).
  static Result<std::unique_ptr<Server>> listen(ServerOptions options, Handler handler);
  ~Server();  // stop(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  bool tls() const;

  // For connections from now on; those that stand keep what they have. Errors: Invalid.
  Result<void> replace_tls(const TlsOptions& options);

  // Accepts nothing more, closes idle connections, asks streams to end (their final chunk is still sent),
  // lets running requests finish within `grace`, then cuts their sockets. Returns when no thread of ours
  // runs: a handler that neither returns nor heeds its stop_token holds it up. The second call returns at
  // once.
  void stop(std::chrono::milliseconds grace);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace neoid::http
