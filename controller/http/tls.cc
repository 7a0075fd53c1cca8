#include "controller/http/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>

#include "controller/http/openssl.h"

namespace neoid::http {
namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

Error broken(std::string_view what) {
  return {ErrorKind::Internal, "cannot make a certificate: " + std::string(what) + ": " + openssl_error()};
}

std::string drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

bool set_time(ASN1_TIME* time, Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
  return ASN1_TIME_set(time, static_cast<time_t>(seconds)) != nullptr;
}

bool set_serial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7F) | 0x40);  // positive, of constant length
  BIGNUM* number = BN_bin2bn(bytes, sizeof(bytes), nullptr);
  const bool done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return done;
}

bool add_entry(X509_NAME* name, int nid, std::string_view value) {
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool push_name(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, type, value);
  return sk_GENERAL_NAME_push(names, name) > 0;
}

// Built by hand, not from a text: a name with a comma must not become two.
Result<void> add_alternative_names(X509* certificate, const CertificateOptions& options) {
  if (options.dns_names.empty() && options.ip_addresses.empty()) return {};
  const NamesPtr names(GENERAL_NAMES_new());
  for (const std::string& dns : options.dns_names) {
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, dns.data(), static_cast<int>(dns.size()));
    push_name(names.get(), GEN_DNS, value);
  }
  for (const std::string& ip : options.ip_addresses) {
    ASN1_OCTET_STRING* value = a2i_IPADDRESS(ip.c_str());
    if (value == nullptr) return fail(ErrorKind::Invalid, "\"" + ip + "\" is not an IP address");
    push_name(names.get(), GEN_IPADD, value);
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1) {
    return fail(broken("alternative names"));
  }
  return {};
}

struct Parts {
  X509Ptr certificate;
  KeyPtr key;
};

Result<Parts> begin(std::string_view common_name, const std::vector<std::string>& organizations,
                    Instant not_before, Instant not_after) {
  Parts parts{X509Ptr(X509_new()), KeyPtr(EVP_EC_gen("P-256"))};
  X509* certificate = parts.certificate.get();
  if (!certificate || !parts.key) return fail(broken("key"));
  X509_NAME* subject = X509_get_subject_name(certificate);
  bool ok = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
            set_time(X509_getm_notBefore(certificate), not_before) &&
            set_time(X509_getm_notAfter(certificate), not_after) &&
            X509_set_pubkey(certificate, parts.key.get()) == 1;
  for (const std::string& organization : organizations) {
    ok = ok && add_entry(subject, NID_organizationName, organization);
  }
  if (!common_name.empty()) ok = ok && add_entry(subject, NID_commonName, common_name);
  if (!ok) return fail(broken("subject"));
  return parts;
}

Result<Identity> finish(const Parts& parts, EVP_PKEY* signer) {
  if (X509_sign(parts.certificate.get(), signer, EVP_sha256()) == 0) return fail(broken("signature"));
  const BioPtr certificate(BIO_new(BIO_s_mem()));
  const BioPtr key(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_X509(certificate.get(), parts.certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key.get(), parts.key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return fail(broken("PEM"));
  }
  return Identity{drain(certificate.get()), Secret(drain(key.get()))};
}

Result<Instant> to_instant(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1)
    return fail(ErrorKind::Invalid, "the certificate's dates are broken");
  return Instant(std::chrono::seconds(timegm(&fields)));
}

}  // namespace

Result<Identity> make_ca(std::string_view common_name, Instant not_before, Instant not_after) {
  NEOID_TRY(const Parts parts, begin(common_name, {}, not_before, not_after));
  X509* certificate = parts.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  if (!add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(certificate, certificate, NID_key_usage,
                     "critical,digitalSignature,keyCertSign,cRLSign") ||
      !add_extension(certificate, certificate, NID_subject_key_identifier, "hash")) {
    return fail(broken("extensions"));
  }
  return finish(parts, parts.key.get());
}

Result<Identity> make_certificate(const Identity& ca, const CertificateOptions& options) {
  NEOID_TRY(auto chain, read_certificates(ca.certificate_pem));
  NEOID_TRY(auto ca_key, read_key(ca.key_pem.reveal()));
  X509* issuer = chain.front().get();
  if (X509_check_private_key(issuer, ca_key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::Invalid, "the authority's private key does not belong to its certificate");
  }
  NEOID_TRY(const Parts parts,
            begin(options.common_name, options.organizations, options.not_before, options.not_after));
  X509* certificate = parts.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  const char* usage = options.usage == Usage::Server ? "serverAuth" : "clientAuth";
  if (!add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(certificate, issuer, NID_ext_key_usage, usage) ||
      !add_extension(certificate, issuer, NID_subject_key_identifier, "hash") ||
      !add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always")) {
    return fail(broken("extensions"));
  }
  NEOID_TRY_VOID(add_alternative_names(certificate, options));
  return finish(parts, ca_key.get());
}

Result<CertificateInfo> read_certificate(std::string_view pem) {
  NEOID_TRY(auto chain, read_certificates(pem));
  const X509* certificate = chain.front().get();
  CertificateInfo info;
  const std::vector<std::string> common_names = subject_entries(certificate, NID_commonName);
  if (!common_names.empty()) info.common_name = common_names.back();
  info.organizations = subject_entries(certificate, NID_organizationName);
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS) continue;
    const auto* text = static_cast<const ASN1_STRING*>(value);
    info.dns_names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  NEOID_TRY(info.not_before, to_instant(X509_get0_notBefore(certificate)));
  NEOID_TRY(info.not_after, to_instant(X509_get0_notAfter(certificate)));
  return info;
}

}  // namespace neoid::http
