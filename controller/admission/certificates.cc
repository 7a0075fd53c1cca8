#include "controller/admission/certificates.h"

#include <algorithm>
#include <utility>

#include "controller/base/log.h"
#include "controller/http/identity_check.h"
#include "reconcile/base/crypto.h"
#include "reconcile/meta/object_meta.h"

namespace neoid::admission {
namespace {

const kube::ResourceType kSecrets{"", "v1", "secrets", true};
const kube::ResourceType kConfigurations[] = {
    {"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", false},
    {"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", false}};
constexpr const char* kManagedBy = "app.kubernetes.io/managed-by";
constexpr const char* kNames = "identity.neostella.com/certificate-names";
constexpr int kAttempts = 4;

std::string data_of(const Json& secret, const char* key) {
  const Json data = secret.value("data", Json::object());
  const Json text = data.is_object() ? data.value(key, Json()) : Json();
  if (!text.is_string()) return {};
  return unbase64(text.get<std::string>()).value_or("");
}

// The first certificate of a text of several.
std::string first_certificate(const std::string& pem) {
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";
  const std::size_t end = pem.find(kEnd);
  return end == std::string::npos ? std::string() : pem.substr(0, end + kEnd.size());
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

// Every name of the certificate in one text, to see whether others are wanted now.
std::string names_of(const OwnCertificateOptions& options) {
  return joined(options.dns_names) + ";" + joined(options.ip_addresses);
}

// The bundle with which a configuration is called; nothing to write: false.
bool put_bundle(Json& configuration, const std::string& bundle) {
  bool changed = false;
  const auto hooks = configuration.find("webhooks");
  if (hooks == configuration.end() || !hooks->is_array()) return false;
  for (Json& hook : *hooks) {
    Json& client = hook["clientConfig"];
    if (client.value("caBundle", Json()) == bundle) continue;
    client["caBundle"] = bundle;
    changed = true;
  }
  return changed;
}

}  // namespace

// Nothing: it is to be made anew.
std::optional<OwnCertificates::Stored> OwnCertificates::usable(const Json& secret) const {
  Stored stored;
  stored.identity.certificate_pem = data_of(secret, "tls.crt");
  stored.identity.key_pem = Secret(data_of(secret, "tls.key"));
  stored.bundle_pem = data_of(secret, "ca.crt");
  const Json& annotations = meta::member_of(secret, "annotations");
  if (!annotations.is_object() || annotations.value(kNames, Json()) != names_of(options_))
    return std::nullopt;
  if (!http::check_identity(stored.identity) || !http::read_certificate(stored.bundle_pem))
    return std::nullopt;
  const auto info = http::read_certificate(stored.identity.certificate_pem);
  const Instant now = clock_.now();
  if (!info || info->not_before > now || info->not_after - options_.renew_before <= now) return std::nullopt;
  return stored;
}

// `before`: the Secret that was there, whose authority stays trusted.
Result<OwnCertificates::Stored> OwnCertificates::make(const Json* before) const {
  const Instant now = clock_.now();
  http::CertificateOptions wanted;
  wanted.common_name = "neoid webhook";
  wanted.dns_names = options_.dns_names;
  wanted.ip_addresses = options_.ip_addresses;
  wanted.not_before = now - std::chrono::hours(1);  // clocks of API servers may be behind
  wanted.not_after = now + options_.lifetime;
  NEOID_TRY(const http::Identity authority,
            http::make_ca("neoid webhook authority", wanted.not_before, wanted.not_after));
  Stored stored;
  NEOID_TRY(stored.identity, http::make_certificate(authority, wanted));
  stored.bundle_pem = authority.certificate_pem;
  const std::string last = before == nullptr ? std::string() : first_certificate(data_of(*before, "ca.crt"));
  if (const auto info = http::read_certificate(last); info && info->not_after > now)
    stored.bundle_pem += last;

  Json metadata = {{"name", options_.secret.name},
                   {"namespace", options_.secret.ns},
                   {"labels", {{kManagedBy, "neoid"}, {"app.kubernetes.io/part-of", "neoid"}}},
                   {"annotations", {{kNames, names_of(options_)}}}};
  if (before != nullptr) metadata["resourceVersion"] = meta::member_of(*before, "resourceVersion");
  const Json secret = {{"apiVersion", "v1"},
                       {"kind", "Secret"},
                       {"type", "kubernetes.io/tls"},
                       {"metadata", std::move(metadata)},
                       {"data",
                        {{"tls.crt", base64(stored.identity.certificate_pem)},
                         {"tls.key", base64(stored.identity.key_pem.reveal())},
                         {"ca.crt", base64(stored.bundle_pem)}}}};
  if (before == nullptr)
    NEOID_TRY_VOID(client_.create(kSecrets, options_.secret.ns, secret));
  else
    NEOID_TRY_VOID(client_.update(kSecrets, options_.secret, secret));
  log::info("the webhook has a new certificate", {{"secret", options_.secret.ns + "/" + options_.secret.name},
                                                  {"until", format_time(wanted.not_after)}});
  return stored;
}

Result<OwnCertificates::Stored> OwnCertificates::read_or_make() {
  Error last{ErrorKind::Conflict, "the Secret of the webhook's certificate keeps changing"};
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto secret = client_.get(kSecrets, options_.secret);
    if (!secret && secret.error().kind != ErrorKind::NotFound) return fail(secret.error());
    if (secret) {
      const Json& labels = meta::member_of(*secret, "labels");
      if (!labels.is_object() || labels.value(kManagedBy, Json()) != "neoid")
        return fail(
            ErrorKind::Conflict,
            "the Secret " + options_.secret.ns + "/" + options_.secret.name +
                " is not neoid's, so no certificate is put into it; remove it, or name another one with "
                "--webhook-secret",
            "NotOurs");
      if (auto stored = usable(*secret)) return std::move(*stored);
    }
    auto made = make(secret ? &*secret : nullptr);
    if (made || made.error().kind != ErrorKind::Conflict) return made;
    last = made.error();  // another replica was faster
  }
  return fail(std::move(last));
}

Result<void> OwnCertificates::inject(const std::string& bundle_pem) const {
  for (const kube::ResourceType& type : kConfigurations)
    NEOID_TRY_VOID(inject_into(type, base64(bundle_pem)));
  return {};
}

Result<void> OwnCertificates::inject_into(const kube::ResourceType& type, const std::string& bundle) const {
  const kube::ObjectName name{"", options_.configuration};
  Error last;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto configuration = client_.get(type, name);
    if (!configuration && configuration.error().kind == ErrorKind::NotFound) return {};
    if (!configuration) return fail(configuration.error());
    if (!put_bundle(*configuration, bundle)) return {};
    const auto put = client_.update(type, name, *configuration);
    if (put) {
      log::info("the webhook configuration has the certificate's authority",
                {{"configuration", type.plural}});
      return {};
    }
    if (put.error().kind != ErrorKind::Conflict) return fail(put.error());
    last = put.error();  // another replica was faster
  }
  return fail(std::move(last));
}

Result<http::Identity> OwnCertificates::pass() {
  NEOID_TRY(const Stored stored, read_or_make());
  NEOID_TRY_VOID(inject(stored.bundle_pem));
  const bool seen_before = injected_ == stored.bundle_pem;
  injected_ = stored.bundle_pem;
  if (!served_ || seen_before) served_ = stored.identity;
  return *served_;
}

}  // namespace neoid::admission
