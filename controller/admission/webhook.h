// Webhook: the server of /validate and /mutate, whose certificate is looked after.
//
// Guarantees: served by every replica, leader or not; a body above 8 MiB is a 413, what is no AdmissionReview a 400
// with one line that says why, another path 404, another method 405; nothing that comes in ends the process. The
// certificate is looked at every `certificate_interval` and replaced without closing a connection.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/admission/judge.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/http/certificate_keeper.h"
#include "controller/http/server.h"

namespace neoid::admission {

struct WebhookOptions {
  std::string host = "0.0.0.0";
  int port = 9443;
  std::function<Result<http::Identity>()> certificate;  // asked by one thread at a time
  Duration certificate_interval = std::chrono::seconds(10);
};

class Webhook {
 public:
  // Has a certificate and listens when it returns. Borrows judge, clock and metrics. Errors: those of `certificate`;
  // Unavailable (the port is taken).
  static Result<std::unique_ptr<Webhook>> start(WebhookOptions options, const Judge& judge, Clock& clock,
                                                MetricsRegistry& metrics);
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  int port() const { return server_->port(); }
  // Empty: all is well. Else what is wrong with the certificate, for /readyz.
  std::string problem() const { return keeper_->problem(); }

  // What a request is answered with, without a socket.
  static http::Response answer(const Judge& judge, const http::Request& request);

 private:
  Webhook() = default;

  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::CertificateKeeper> keeper_;  // goes first
};

}  // namespace neoid::admission
