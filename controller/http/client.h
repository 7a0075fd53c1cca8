// Client: HTTP/1.1 to one base URL over a bounded pool of kept-alive connections.
//
// Guarantees: a request is written at most once. A pooled connection that turns out closed before the first
// byte of the request was written is replaced by a fresh one; after the first byte nothing is ever sent
// again, redirects and challenges are not followed, and what may have happened at the other side is told by
// the kind of the error:
//   Unavailable  nothing was sent: no address, connection or tunnel refused, handshake failed. It did not happen.
//   Timeout      sent, wholly or in part, but no whole answer: reason "Deadline", "ConnectionLost" (cut
//   before or
//                in the middle of the answer) or "Canceled" (stop_token). It may or may not have happened.
//   Invalid      the answer is not HTTP, or longer than max_body_bytes; or the request cannot be written.
// (Deadline or Canceled before the first byte was written: Unavailable with that reason.)
// Every status is a value, 500 as well as 200. Thread-safe; calls run side by side up to max_connections,
// then wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "controller/http/headers.h"
#include "controller/http/tls.h"
#include "reconcile/base/result.h"

namespace neoid::http {

inline constexpr std::string_view kReasonDeadline = "Deadline";
inline constexpr std::string_view kReasonConnectionLost = "ConnectionLost";
inline constexpr std::string_view kReasonCanceled = "Canceled";

struct ClientOptions {
  std::string
      base_url;  // "https://host:port" or "http://[::1]:80/prefix"; the prefix goes in front of targets
  ClientTlsOptions tls = {};
  // "http://[USER:PASSWORD@]host:port": an HTTP proxy that opens a tunnel by CONNECT, for https base URLs; empty: none.
  std::string proxy_url = {};
  std::string user_agent = "neoid";
  std::size_t max_connections = 16;        // for send; a stream has a connection of its own, uncounted
  std::size_t max_body_bytes = 64U << 20;  // of an answer that is collected
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(90);  // a pooled connection older is not used
};

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, encoded by the caller
  Headers headers = {};
  std::string body = {};
  // send: from the call to the whole answer. stream: from the call to the head of the answer.
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
  // stream: the longest silence; then Timeout. 0: none.
  std::chrono::milliseconds idle_timeout = std::chrono::milliseconds(0);
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

class Client {
 public:
  // Connects to nothing yet. Errors: Invalid (URL, certificates).
  static Result<std::unique_ptr<Client>> create(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Result<ClientResponse> send(const ClientRequest& request, std::stop_token stop = {});

  // For status 2xx the body goes to `on_chunk` as it arrives (in pieces of any size) and ClientResponse::body
  // stays empty; any other answer is collected as in send. Returns when the body ends, when on_chunk returns
  // false (not an error), or with Timeout when the connection is lost, silent too long or `stop` is
  // requested.
  Result<ClientResponse> stream(const ClientRequest& request,
                                const std::function<bool(std::string_view)>& on_chunk,
                                std::stop_token stop = {});

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace neoid::http
