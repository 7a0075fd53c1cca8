// OpenSSL's objects as owned values, for this folder's own sources only.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/tls.h"
#include "reconcile/base/result.h"

namespace neoid::http {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using SslPtr = std::unique_ptr<SSL, Freer<SSL_free>>;
using SslContextPtr = std::shared_ptr<SSL_CTX>;

// The first error in this thread's queue as words, and an empty queue. "unknown TLS error" if there is none.
std::string openssl_error();

// All certificates of a PEM text, at least one. Errors: Invalid.
Result<std::vector<X509Ptr>> read_certificates(std::string_view pem);
// Errors: Invalid. Passphrases are not asked for.
Result<KeyPtr> read_key(std::string_view pem);

std::vector<std::string> subject_entries(const X509* certificate, int nid);  // NID_commonName, ...

// Errors: Invalid.
Result<SslContextPtr> server_context(const TlsOptions& options);
Result<SslContextPtr> client_context(const ClientTlsOptions& options);

}  // namespace neoid::http
