#include "controller/http/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <climits>

#include "reconcile/base/check.h"

namespace neoid::http {
namespace {

constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

BioPtr memory_bio(std::string_view text) {
  NEOID_CHECK(text.size() <= INT_MAX);
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int no_passphrase(char*, int, int, void*) { return -1; }

int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                unsigned int offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, kAlpn, sizeof(kAlpn), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Result<SslContextPtr> new_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return fail(ErrorKind::Internal, "cannot make a TLS context: " + openssl_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  return context;
}

Result<void> use_identity(SSL_CTX* context, const Identity& identity) {
  NEOID_TRY(auto chain, read_certificates(identity.certificate_pem));
  NEOID_TRY(auto key, read_key(identity.key_pem.reveal()));
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    return fail(ErrorKind::Invalid, "the certificate cannot be used: " + openssl_error());
  }
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return fail(ErrorKind::Invalid, "the private key does not belong to the certificate: " + openssl_error());
  }
  return {};
}

Result<void> trust(SSL_CTX* context, std::string_view ca_pem) {
  NEOID_TRY(auto roots, read_certificates(ca_pem));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& root : roots) X509_STORE_add_cert(store, root.get());
  // Every certificate of the text is trusted, also an intermediate one, as Go's clients and servers do.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

}  // namespace

std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown TLS error" : reason;
}

Result<std::vector<X509Ptr>> read_certificates(std::string_view pem) {
  const BioPtr bio = memory_bio(pem);
  std::vector<X509Ptr> certificates;
  while (X509Ptr certificate{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
    certificates.push_back(std::move(certificate));
  }
  const unsigned long last = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return fail(ErrorKind::Invalid, "the PEM text holds a broken certificate");
  if (certificates.empty()) return fail(ErrorKind::Invalid, "the PEM text holds no certificate");
  return certificates;
}

Result<KeyPtr> read_key(std::string_view pem) {
  const BioPtr bio = memory_bio(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!key) return fail(ErrorKind::Invalid, "the PEM text holds no private key that can be read");
  return key;
}

std::vector<std::string> subject_entries(const X509* certificate, int nid) {
  std::vector<std::string> entries;
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, nid, at)) >= 0;) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size >= 0) entries.emplace_back(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
  }
  ERR_clear_error();
  return entries;
}

Result<SslContextPtr> server_context(const TlsOptions& options) {
  NEOID_TRY(SslContextPtr context, new_context(TLS_server_method()));
  NEOID_TRY_VOID(use_identity(context.get(), options.identity));
  SSL_CTX_set_alpn_select_cb(context.get(), select_alpn, nullptr);
  constexpr unsigned char kSessions[] = "neoid";  // without it no session with a client certificate resumes
  SSL_CTX_set_session_id_context(context.get(), kSessions, sizeof(kSessions) - 1);
  if (options.client_ca_pem.empty()) return context;
  NEOID_TRY_VOID(trust(context.get(), options.client_ca_pem));
  NEOID_TRY(auto roots, read_certificates(options.client_ca_pem));
  for (const X509Ptr& root : roots) SSL_CTX_add_client_CA(context.get(), root.get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

Result<SslContextPtr> client_context(const ClientTlsOptions& options) {
  NEOID_TRY(SslContextPtr context, new_context(TLS_client_method()));
  if (!options.identity.certificate_pem.empty())
    NEOID_TRY_VOID(use_identity(context.get(), options.identity));
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof(kAlpn));
  if (options.verify == Verify::Nobody) return context;
  if (options.ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else {
    NEOID_TRY_VOID(trust(context.get(), options.ca_pem));
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

}  // namespace neoid::http
