// Transport: the seam below kube::Client. One HTTP exchange; tests answer in its place with what a server might say.
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

#include "controller/http/client.h"
#include "reconcile/base/result.h"

namespace neoid::kube {

class Transport {
 public:
  virtual ~Transport() = default;
  // Sent at most once; see http::Client.
  virtual Result<http::ClientResponse> send(const http::ClientRequest& request) = 0;
  virtual Result<http::ClientResponse> stream(const http::ClientRequest& request,
                                              const std::function<bool(std::string_view)>& on_chunk,
                                              std::stop_token stop) = 0;
};

}  // namespace neoid::kube
