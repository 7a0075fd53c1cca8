#include "controller/cmd/local_transport.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace neoid::cmd {
namespace {

// Hands the chunks of a streamed answer to the client's callback.
class CallbackStream final : public http::Stream {
 public:
  CallbackStream(const std::function<bool(std::string_view)>& on_chunk, std::stop_token stop)
      : on_chunk_(on_chunk), forward_(stop, [this] { source_.request_stop(); }) {}

  bool write(std::string_view chunk) override {
    if (source_.stop_requested()) return false;
    if (!on_chunk_(chunk)) source_.request_stop();
    return !source_.stop_requested();
  }
  bool wait(std::chrono::milliseconds duration) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, source_.get_token(), duration, [] { return false; });
    return !source_.stop_requested();
  }
  std::stop_token stop_token() const override { return source_.get_token(); }

 private:
  const std::function<bool(std::string_view)>& on_chunk_;
  std::stop_source source_;
  std::stop_callback<std::function<void()>> forward_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
};

}  // namespace

LocalTransport::LocalTransport(http::Handler handler, Secret token)
    : handler_(std::move(handler)), token_(std::move(token)) {}

http::Request LocalTransport::incoming(const http::ClientRequest& request) const {
  http::Request incoming;
  incoming.method = request.method;
  incoming.target = request.target;
  const auto question = request.target.find('?');
  incoming.path = request.target.substr(0, question);
  if (question != std::string::npos) incoming.query = http::parse_query(request.target.substr(question + 1));
  incoming.headers = request.headers;
  incoming.headers.set("Authorization", "Bearer " + std::string(token_.reveal()));
  incoming.body = request.body;
  incoming.peer.address = "in-process";
  incoming.peer.tls = true;
  return incoming;
}

Result<http::ClientResponse> LocalTransport::send(const http::ClientRequest& request) {
  http::Response response = handler_(incoming(request));
  return http::ClientResponse{response.status, std::move(response.headers), std::move(response.body)};
}

Result<http::ClientResponse> LocalTransport::stream(const http::ClientRequest& request,
                                                    const std::function<bool(std::string_view)>& on_chunk,
                                                    std::stop_token stop) {
  http::Response response = handler_(incoming(request));
  http::ClientResponse answer{response.status, std::move(response.headers), std::move(response.body)};
  if (!response.stream) return answer;
  CallbackStream stream(on_chunk, stop);
  response.stream(stream);
  return answer;
}

}  // namespace neoid::cmd
