// TLS: what both sides need to know, and certificates of our own making (EC P-256, SHA-256).
//
// All texts are PEM. Pure but for the random keys and serial numbers; thread-safe. Errors: Invalid (does not
// parse, key does not fit), Internal (OpenSSL failed).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/base/result.h"
#include "reconcile/base/secret.h"
#include "reconcile/base/time.h"

namespace neoid::http {

// A certificate (with its chain, leaf first) and its private key (PKCS#8 or the older forms).
struct Identity {
  std::string certificate_pem = {};
  Secret key_pem = {};
};

// The server's side. TLS 1.2 and 1.3.
struct TlsOptions {
  Identity identity;
  // Roots for client certificates; empty: none are asked for. With it they are optional, but one that does
  // not verify ends the handshake.
  std::string client_ca_pem = {};
};

enum class Verify { Peer, Nobody };

// The client's side.
struct ClientTlsOptions {
  std::string ca_pem = {};       // empty: the system's roots
  Identity identity = {};        // empty: no client certificate
  std::string server_name = {};  // the name to verify instead of the URL's host; empty: the URL's
  Verify verify = Verify::Peer;
};

enum class Usage { Server, Client };

struct CertificateOptions {
  std::string common_name;                 // Kubernetes: the user
  std::vector<std::string> organizations;  // Kubernetes: the groups
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // texts of IPv4 and IPv6 addresses
  Usage usage = Usage::Server;
  Instant not_before;
  Instant not_after;
};

Result<Identity> make_ca(std::string_view common_name, Instant not_before, Instant not_after);
Result<Identity> make_certificate(const Identity& ca, const CertificateOptions& options);

// Of the first certificate in the text.
struct CertificateInfo {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  Instant not_before;
  Instant not_after;
};
Result<CertificateInfo> read_certificate(std::string_view pem);

}  // namespace neoid::http
