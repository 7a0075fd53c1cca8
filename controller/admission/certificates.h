// Certificates of the webhook: where they come from, and when another one is to be served.
//
// Given: two files (controller/http/certificate_keeper.h), read again now and then.
// Made (OwnCertificates). Flow of a pass: read the Secret -> none, or one that does not do (names, time, damage): make
// an authority and a certificate, write both under the Secret's resourceVersion -> write the bundle of authorities into
// the webhook configurations, where it differs -> serve.
// Guarantees: replicas share one Secret; who loses a race takes what the winner wrote. An authority signs one
// certificate and its key is dropped: nobody can make a second one. The bundle keeps the authority before, so a replica
// that still serves the certificate before is trusted; a new certificate is served only from the pass after the one that
// saw its authority in every configuration. A Secret that is not labelled as ours is left alone (Conflict).
// A pass that finds everything in place writes nothing.
// Failure modes: the API is away: what is served stays, and the next pass tries again.
//
// One thread at a time each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/http/tls.h"
#include "controller/kube/client.h"

namespace neoid::admission {

struct OwnCertificateOptions {
  kube::ObjectName secret{"neoid-system", "neoid-webhook-tls"};
  std::string configuration =
      "neoid";  // of both webhook configurations; one that is not there is passed over
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  Duration lifetime = std::chrono::hours(24 * 365);
  Duration renew_before = std::chrono::hours(24 * 120);
};

class OwnCertificates {
 public:
  OwnCertificates(const kube::Client& client, const Clock& clock, OwnCertificateOptions options)
      : client_(client), clock_(clock), options_(std::move(options)) {}

  // What to serve from now on. Errors: those of the API; Conflict "NotOurs".
  Result<http::Identity> pass();

 private:
  struct Stored {
    http::Identity identity;
    std::string bundle_pem;
  };
  std::optional<Stored> usable(const Json& secret) const;
  Result<Stored> make(const Json* before) const;
  Result<Stored> read_or_make();
  Result<void> inject(const std::string& bundle_pem) const;
  Result<void> inject_into(const kube::ResourceType& type, const std::string& bundle) const;

  const kube::Client& client_;
  const Clock& clock_;
  const OwnCertificateOptions options_;
  std::optional<http::Identity> served_;
  std::string injected_;  // the bundle that the last pass saw in every configuration
};

}  // namespace neoid::admission
