// ScriptedTransport: answers requests with what the test queued, and keeps the requests.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "controller/kube/transport.h"

namespace neoid::kube {

class ScriptedTransport final : public Transport {
 public:
  void answer(int status, std::string body, http::Headers headers = {}) {
    answers_.emplace_back(http::ClientResponse{status, std::move(headers), std::move(body)});
  }
  void answer(Error error) { answers_.emplace_back(fail(std::move(error))); }
  // The pieces of the body of the next stream; what answer() queued comes after them.
  void pieces(std::vector<std::string> pieces) { pieces_ = std::move(pieces); }

  Result<http::ClientResponse> send(const http::ClientRequest& request) override {
    requests.push_back(request);
    if (answers_.empty()) return fail(ErrorKind::Internal, "the test queued no answer");
    Result<http::ClientResponse> next = std::move(answers_.front());
    answers_.pop_front();
    return next;
  }
  Result<http::ClientResponse> stream(const http::ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_chunk,
                                      std::stop_token) override {
    for (const std::string& piece : pieces_) {
      if (on_chunk(piece)) continue;
      requests.push_back(request);
      return http::ClientResponse{200, {}, ""};
    }
    return send(request);
  }

  std::vector<http::ClientRequest> requests;

 private:
  std::deque<Result<http::ClientResponse>> answers_;
  std::vector<std::string> pieces_;
};

}  // namespace neoid::kube
