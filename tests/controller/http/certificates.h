// A CA of the test's own and what it signed.
#pragma once

#include <chrono>
#include <string>

#include "controller/http/tls.h"

namespace neoid::http {

struct TestCertificates {
  Instant now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  Instant begin = now - std::chrono::hours(1);
  Instant end = now + std::chrono::hours(1);
  Identity ca = *make_ca("test CA", begin, end);
  Identity server =
      *make_certificate(ca, {"", {}, {"localhost"}, {"127.0.0.1", "::1"}, Usage::Server, begin, end});
  Identity client = *make_certificate(
      ca, {"alice", {"neoid:admins", "people, \"all\""}, {}, {}, Usage::Client, begin, end});

  TlsOptions server_options() const { return {server, ca.certificate_pem}; }
  ClientTlsOptions client_options() const { return {ca.certificate_pem, client, "", Verify::Peer}; }
};

}  // namespace neoid::http
