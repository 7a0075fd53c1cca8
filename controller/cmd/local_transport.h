// LocalTransport: requests of controller/kube answered by a handler in the same process, without a socket.
//
// The bytes are those that would go over the wire: the two sides still share no reading of the protocol.
#pragma once

#include "controller/http/server.h"
#include "controller/kube/transport.h"
#include "reconcile/base/secret.h"

namespace neoid::cmd {

class LocalTransport final : public kube::Transport {
 public:
  // `token`: the bearer token of whoever asks.
  LocalTransport(http::Handler handler, Secret token);

  Result<http::ClientResponse> send(const http::ClientRequest& request) override;
  Result<http::ClientResponse> stream(const http::ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_chunk,
                                      std::stop_token stop) override;

 private:
  http::Request incoming(const http::ClientRequest& request) const;

  const http::Handler handler_;
  const Secret token_;
};

}  // namespace neoid::cmd
