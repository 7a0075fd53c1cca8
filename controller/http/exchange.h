// Exchange: one request read from a connection, handled and answered. Private to this folder.
//
// Flow: our own strict parser reads the head; cpp-httplib is given a head that holds the framing alone, reads the body
// by it (lengths, chunks) and writes the answer (status line, fields, body or chunks); our stream counts and collects.
#pragma once

#include <httplib.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

#include "controller/http/connection.h"
#include "controller/http/message_stream.h"
#include "controller/http/request_head.h"
#include "controller/http/server.h"

namespace neoid::http {

enum class Next {
  Continue,  // the connection is ready for another request
  Close,     // the answer, if any, is sent
  Linger,    // as Close, but the client may still be sending: read some more before closing
};

// Told when an answer begins and ends to be a stream. Implemented by the server, which watches the peer meanwhile.
class StreamWatch {
 public:
  virtual ~StreamWatch() = default;
  virtual std::stop_token begin_stream() = 0;
  virtual void end_stream() = 0;
};

// Thread-safe: one for all connections of a server.
class Exchange : private httplib::Server {
 public:
  Exchange(http::Handler handler, ServerLimits limits);

  // Reads and answers one request. `close_after`: whether, once the answer is ready, the connection is to end.
  Next run(MessageStream& stream, const Peer& peer, StreamWatch& watch,
           const std::function<bool()>& close_after);

 private:
  struct Call;

  tl::expected<RequestHead, HeadError> read_head(MessageStream& stream, bool& silent) const;
  bool read_body(const httplib::ContentReader& reader);
  void answer(httplib::Response& out);
  Response call_handler(const Request& request) const;
  void refuse(MessageStream& stream, const HeadError& error) const;

  const http::Handler handler_;
  const ServerLimits limits_;
};

}  // namespace neoid::http
