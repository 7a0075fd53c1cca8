#include "controller/http/exchange.h"

#include <chrono>
#include <ctime>
#include <exception>
#include <utility>

#include "controller/base/clock.h"
#include "controller/base/log.h"

namespace neoid::http {
namespace {

using std::chrono::steady_clock;

// For chunk sizes, extensions and line ends; a body that hides more in them is refused as too large.
std::size_t raw_budget(std::size_t body_bytes) { return 2 * body_bytes + (64U << 10); }

// RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". Made once a second and thread.
const std::string& http_date() {
  thread_local std::time_t second = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    std::tm fields{};
    gmtime_r(&now, &fields);
    char buffer[64];
    text.assign(buffer, std::strftime(buffer, sizeof(buffer), "%a, %d %b %Y %H:%M:%S GMT", &fields));
    second = now;
  }
  return text;
}

// A handler may put texts of users into fields: what would end the line becomes a blank.
std::string field_value(std::string_view text) {
  std::string value(text);
  for (char& c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return value;
}

class ChunkedStream final : public Stream {
 public:
  ChunkedStream(httplib::DataSink& sink, MessageStream& stream, std::stop_token stop)
      : sink_(sink), stream_(stream), stop_(std::move(stop)) {}

  bool write(std::string_view chunk) override {
    if (chunk.empty()) return stream_.writable();  // an empty chunk would end the body
    return sink_.write(chunk.data(), chunk.size()) && stream_.flush();
  }
  bool wait(std::chrono::milliseconds duration) override { return SystemClock().sleep_for(duration, stop_); }
  std::stop_token stop_token() const override { return stop_; }

 private:
  httplib::DataSink& sink_;
  MessageStream& stream_;
  std::stop_token stop_;
};

}  // namespace

// What the callbacks of cpp-httplib need to know of the request that their thread is in. cpp-httplib passes them no
// context, but calls them on the thread that called process_request.
struct Exchange::Call {
  static thread_local Call* current;

  RequestHead& head;
  MessageStream& stream;
  StreamWatch& watch;
  Response response = {};
  int body_status = 200;  // else why the body was not read
};
thread_local Exchange::Call* Exchange::Call::current = nullptr;

Exchange::Exchange(http::Handler handler, ServerLimits limits)
    : handler_(std::move(handler)), limits_(limits) {
  svr_sock_ = 0;  // "running", or chunked answers would be cut short; never listened on
  Get(".*", [this](const httplib::Request&, httplib::Response& out) { answer(out); });  // HEAD
  Post(".*", [this](const httplib::Request&, httplib::Response& out, const httplib::ContentReader& reader) {
    if (read_body(reader)) {
      answer(out);
    } else {
      out.status = Call::current->body_status;
    }
  });
  set_post_routing_handler([](const httplib::Request&, httplib::Response& out) {
    out.headers.erase("Keep-Alive");
    out.headers.erase("Accept-Ranges");
  });
}

Next Exchange::run(MessageStream& stream, const Peer& peer, StreamWatch& watch,
                   const std::function<bool()>& close_after) {
  stream.start_message();
  stream.set_write_timeout(limits_.write);
  stream.set_read_deadline(steady_clock::now() + limits_.head);
  bool silent = false;
  auto head = read_head(stream, silent);
  if (!head) {
    if (silent) return Next::Close;
    refuse(stream, head.error());
    return Next::Linger;
  }
  head->request.peer = peer;
  stream.set_read_deadline(steady_clock::now() + limits_.body);
  if (head->expects_continue && head->framing != Framing::None && stream.buffered().empty()) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    stream.write(kContinue.data(), kContinue.size());
  }

  // For cpp-httplib every request but HEAD is a POST with a body, be it empty: so one path reads them all.
  std::string framing = "POST / HTTP/1.1\r\n";
  if (head->request.method == "HEAD") framing = "HEAD / HTTP/1.1\r\n";
  if (head->framing == Framing::Chunked) {
    framing += "Transfer-Encoding: chunked\r\n\r\n";
  } else {
    framing += "Content-Length: " + std::to_string(head->content_length) + "\r\n\r\n";
  }
  const bool unread_body = head->request.method == "HEAD" && head->framing != Framing::None;
  stream.set_read_budget(framing.size() + raw_budget(limits_.body_bytes));
  stream.put_back(std::move(framing));

  Call call{*head, stream, watch};
  Call::current = &call;
  const bool close = head->close || unread_body || close_after();
  bool closed = false;
  const bool processed = process_request(stream, close, closed, nullptr);
  Call::current = nullptr;
  const bool sent = stream.flush();
  stream.set_read_budget(std::numeric_limits<std::size_t>::max());
  if (!processed || !sent) return Next::Close;
  if (call.body_status != 200) return Next::Linger;
  return close || closed ? Next::Close : Next::Continue;
}

tl::expected<RequestHead, HeadError> Exchange::read_head(MessageStream& stream, bool& silent) const {
  std::size_t scanned = 0;
  for (;;) {
    // RFC 9112 section 2.2: empty lines before the request line are skipped.
    while (stream.buffered().substr(0, 2) == "\r\n") stream.consume(2);
    const std::string_view text = stream.buffered();
    const std::size_t end = text.find("\r\n\r\n", scanned > 3 ? scanned - 3 : 0);
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 4;
    if (size > limits_.head_bytes) return tl::unexpected(HeadError{431, "the header fields are too large"});
    if (end != std::string_view::npos) {
      auto head = parse_request_head(text.substr(0, size), limits_);
      stream.consume(size);
      return head;
    }
    scanned = text.size();
    const Io status = stream.fill();
    if (status == Io::Done) continue;
    silent = status != Io::Deadline || stream.buffered().empty();
    return tl::unexpected(HeadError{408, "the request did not come in time"});
  }
}

bool Exchange::read_body(const httplib::ContentReader& reader) {
  Call& call = *Call::current;
  std::string& body = call.head.request.body;
  body.reserve(call.head.content_length);
  bool too_large = false;
  const bool whole = reader([&](const char* data, std::size_t size) {
    too_large = body.size() + size > limits_.body_bytes;
    if (!too_large) body.append(data, size);
    return !too_large;
  });
  if (whole) return true;
  call.body_status = 400;
  if (call.stream.status() == Io::Deadline) call.body_status = 408;
  if (too_large || call.stream.budget_spent()) call.body_status = 413;
  call.stream.set_read_budget(std::numeric_limits<std::size_t>::max());
  return false;
}

Response Exchange::call_handler(const Request& request) const {
  try {
    return handler_(request);
  } catch (const std::exception& error) {
    log::error("request handler failed",
               {{"method", request.method}, {"path", request.path}, {"error", error.what()}});
  }
  return Response{500, {{"Content-Type", "text/plain; charset=utf-8"}}, "internal error\n"};
}

void Exchange::answer(httplib::Response& out) {
  Call& call = *Call::current;
  call.response = call_handler(call.head.request);
  Response& response = call.response;
  if (response.stream && call.head.http_1_0) {
    response = Response{505, {{"Content-Type", "text/plain"}}, "streams need HTTP/1.1\n"};
  }
  out.status = response.status;
  for (const auto& [name, value] : response.headers) {
    if (!equal_ignoring_case(name, "Content-Type") || !response.stream)
      out.headers.emplace(name, field_value(value));
  }
  out.headers.emplace("Date", http_date());
  if (!response.stream) {
    out.body = std::move(response.body);
    return;
  }
  const auto provide = [&call](std::size_t, httplib::DataSink& sink) {
    if (!call.stream.flush()) return false;  // the head goes out before the first event
    ChunkedStream chunked(sink, call.stream, call.watch.begin_stream());
    try {
      call.response.stream(chunked);
    } catch (const std::exception& error) {
      log::error("stream handler failed", {{"path", call.head.request.path}, {"error", error.what()}});
      call.watch.end_stream();
      return false;  // without the final chunk: the client shall know that it was cut
    }
    call.watch.end_stream();
    sink.done();
    return true;
  };
  const std::string type = field_value(response.headers.get("Content-Type"));
  out.set_chunked_content_provider(type.empty() ? "application/octet-stream" : type, provide);
}

void Exchange::refuse(MessageStream& stream, const HeadError& error) const {
  const std::string body = error.message + "\n";
  const std::string head =
      "HTTP/1.1 " + std::to_string(error.status) +
      " Refused\r\nContent-Type: text/plain\r\nConnection: close\r\nDate: " + http_date() +
      "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  stream.write(head.data(), head.size());
  stream.write(body.data(), body.size());
  stream.flush();
}

}  // namespace neoid::http
