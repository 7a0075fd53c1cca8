#include "controller/oauth/jwt.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <utility>

#include "controller/oauth/oauth_error.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json.h"
#include "reconcile/value/json_text.h"

namespace neoid::oauth {
namespace {

constexpr std::size_t kHalf_bytes = 32;  // of r, s and the coordinates

EVP_PKEY* pkey(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

std::shared_ptr<void> owned(EVP_PKEY* key) {
  return {key, [](void* k) { EVP_PKEY_free(static_cast<EVP_PKEY*>(k)); }};
}

Error crypto_failed(const char* what) {
  return Error{ErrorKind::Internal, std::string("OpenSSL cannot ") + what};
}

std::string_view bytes_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Result<std::string> coordinate(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return fail(crypto_failed("read a signing key"));
  std::string bytes(kHalf_bytes, '\0');
  const int done = BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), int{kHalf_bytes});
  BN_free(number);
  if (done != int{kHalf_bytes}) return fail(crypto_failed("read a signing key"));
  return bytes;
}

using SignatureContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

// A context that is ready to sign, kept by each thread for its last key: making one looks the algorithm up again.
EVP_PKEY_CTX* signing_context(const std::shared_ptr<void>& key) {
  struct Kept {
    std::shared_ptr<void> key;
    SignatureContext context{nullptr, &EVP_PKEY_CTX_free};
  };
  thread_local Kept kept;
  if (kept.key == key && kept.context) return kept.context.get();
  kept.context.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey(key), nullptr));
  kept.key = key;
  if (kept.context && EVP_PKEY_sign_init(kept.context.get()) != 1) kept.context.reset();
  return kept.context.get();
}

// DER to r||s.
std::optional<std::string> raw_signature(const unsigned char* der, std::size_t size) {
  const unsigned char* at = der;
  ECDSA_SIG* parsed = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
  if (parsed == nullptr) return std::nullopt;
  std::string raw(2 * kHalf_bytes, '\0');
  auto* to = reinterpret_cast<unsigned char*>(raw.data());
  const bool ok =
      BN_bn2binpad(ECDSA_SIG_get0_r(parsed), to, int{kHalf_bytes}) == int{kHalf_bytes} &&
      BN_bn2binpad(ECDSA_SIG_get0_s(parsed), to + kHalf_bytes, int{kHalf_bytes}) == int{kHalf_bytes};
  ECDSA_SIG_free(parsed);
  if (!ok) return std::nullopt;
  return raw;
}

// r||s to DER; empty: not of that length.
std::string der_signature(std::string_view raw) {
  if (raw.size() != 2 * kHalf_bytes) return {};
  const auto* from = reinterpret_cast<const unsigned char*>(raw.data());
  ECDSA_SIG* made = ECDSA_SIG_new();
  BIGNUM* r = BN_bin2bn(from, int{kHalf_bytes}, nullptr);
  BIGNUM* s = BN_bin2bn(from + kHalf_bytes, int{kHalf_bytes}, nullptr);
  if (made == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(made, r, s) != 1) {
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(made);
    return {};
  }
  std::string der(80, '\0');
  auto* to = reinterpret_cast<unsigned char*>(der.data());
  const int size = i2d_ECDSA_SIG(made, &to);
  ECDSA_SIG_free(made);
  der.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return der;
}

std::string json_list(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) {
    if (text.size() > 1) text += ',';
    text += json_quote(item);
  }
  return text + "]";
}

std::int64_t seconds_of(Instant instant) {
  return std::chrono::floor<std::chrono::seconds>(instant.time_since_epoch()).count();
}

// Years 1970 to 9999: what an instant can hold.
std::optional<Instant> instant_claim(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number_integer()) return std::nullopt;
  const auto seconds = found->get<std::int64_t>();
  if (seconds < 0 || seconds > 253402300799) return std::nullopt;
  return Instant(std::chrono::seconds(seconds));
}

std::optional<std::string> text_claim(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::vector<std::string>> audience_claim(const Json& claims) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return std::nullopt;
  if (found->is_string()) return std::vector<std::string>{found->get<std::string>()};
  if (!found->is_array()) return std::nullopt;
  std::vector<std::string> audience;
  for (const Json& one : *found) {
    if (!one.is_string()) return std::nullopt;
    audience.push_back(one.get<std::string>());
  }
  return audience;
}

std::optional<AccessClaims> read_claims(const Json& json) {
  AccessClaims claims;
  auto issuer = text_claim(json, "iss");
  auto subject = text_claim(json, "sub");
  auto client = text_claim(json, "client_id");
  auto scope = text_claim(json, "scope");
  auto jti = text_claim(json, "jti");
  auto audience = audience_claim(json);
  const auto issued = instant_claim(json, "iat");
  const auto expires = instant_claim(json, "exp");
  const auto version = json.find("credential_version");
  if (!issuer || !subject || !client || !scope || !jti || jti->empty() || !audience || !issued || !expires ||
      version == json.end() || !version->is_number_integer())
    return std::nullopt;
  claims.issuer = std::move(*issuer);
  claims.subject = UserId(std::move(*subject));
  claims.client_id = ClientId(std::move(*client));
  claims.jti = std::move(*jti);
  claims.audience = std::move(*audience);
  claims.issued_at = *issued;
  claims.expires_at = *expires;
  claims.credential_version = version->get<std::int64_t>();
  for (std::size_t start = 0; start < scope->size();) {
    const std::size_t end = std::min(scope->find(' ', start), scope->size());
    if (end > start) claims.scopes.push_back(scope->substr(start, end - start));
    start = end + 1;
  }
  return claims;
}

}  // namespace

std::optional<std::string> unbase64url(std::string_view text) {
  std::string padded(text);
  for (char& c : padded) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  if (padded.size() % 4 == 1) return std::nullopt;
  padded.resize((padded.size() + 3) / 4 * 4, '=');
  auto bytes = unbase64(padded);
  // Spare bits must be zero: one value, one text.
  if (bytes && base64url(*bytes) != text) return std::nullopt;
  return bytes;
}

Result<SigningKey> SigningKey::of(std::shared_ptr<void> key) {
  auto data = std::make_shared<Data>();
  NEOID_TRY(const std::string x, coordinate(pkey(key), OSSL_PKEY_PARAM_EC_PUB_X));
  NEOID_TRY(const std::string y, coordinate(pkey(key), OSSL_PKEY_PARAM_EC_PUB_Y));
  // RFC 7638 section 3: the required members, sorted, without white space.
  const std::string required =
      fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", base64url(x), base64url(y));
  data->kid = base64url(bytes_of(sha256(required)));
  data->jwk =
      fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}","use":"sig","alg":"ES256","kid":"{}"}})",
                  base64url(x), base64url(y), data->kid);
  data->header = base64url(fmt::format(R"({{"alg":"ES256","typ":"at+jwt","kid":"{}"}})", data->kid)) + ".";
  data->key = std::move(key);
  return SigningKey(std::move(data));
}

Result<SigningKey> SigningKey::generate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  if (key == nullptr) return fail(crypto_failed("make a signing key"));
  return of(owned(key));
}

Result<SigningKey> SigningKey::from_der(const Secret& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.reveal().data());
  EVP_PKEY* key = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.reveal().size()));
  if (key == nullptr) return fail(ErrorKind::Invalid, "a signing key is no private key");
  auto held = owned(key);
  std::array<char, 32> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), &size) !=
          1 ||
      std::string_view(group.data()) != "prime256v1")
    return fail(ErrorKind::Invalid, "a signing key is not of the curve P-256");
  return of(std::move(held));
}

Secret SigningKey::der() const {
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(pkey(data_->key));
  unsigned char* bytes = nullptr;
  const int size = info == nullptr ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &bytes);
  PKCS8_PRIV_KEY_INFO_free(info);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(size));
  return Secret(std::move(text));
}

Result<std::string> SigningKey::sign(std::string_view payload) const {
  std::string token = data_->header;
  token += base64url(payload);
  const Sha256 digest = sha256(token);
  EVP_PKEY_CTX* context = signing_context(data_->key);
  std::array<unsigned char, 80> der{};
  std::size_t size = der.size();
  if (context == nullptr || EVP_PKEY_sign(context, der.data(), &size, digest.data(), digest.size()) != 1)
    return fail(crypto_failed("sign"));
  const auto raw = raw_signature(der.data(), size);
  if (!raw) return fail(crypto_failed("sign"));
  token += '.';
  token += base64url(*raw);
  return token;
}

bool SigningKey::verify(std::string_view signed_part, std::string_view signature) const {
  const std::string der = der_signature(signature);
  if (der.empty()) return false;
  const Sha256 digest = sha256(signed_part);
  const SignatureContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey(data_->key), nullptr),
                                 &EVP_PKEY_CTX_free);
  return context && EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_verify(context.get(), reinterpret_cast<const unsigned char*>(der.data()), der.size(),
                         digest.data(), digest.size()) == 1;
}

std::string claims_json(const AccessClaims& claims) {
  const std::string audience =
      claims.audience.size() == 1 ? json_quote(claims.audience.front()) : json_list(claims.audience);
  return fmt::format(
      R"({{"iss":{},"sub":{},"client_id":{},"aud":{},"scope":{},"iat":{},"exp":{},"jti":{},"credential_version":{}}})",
      json_quote(claims.issuer), json_quote(claims.subject.value), json_quote(claims.client_id.value),
      audience, json_quote(fmt::format("{}", fmt::join(claims.scopes, " "))), seconds_of(claims.issued_at),
      seconds_of(claims.expires_at), json_quote(claims.jti), claims.credential_version);
}

std::optional<UnverifiedToken> parse_token(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto header = unbase64url(token.substr(0, first));
  const auto payload = unbase64url(token.substr(first + 1, second - first - 1));
  auto signature = unbase64url(token.substr(second + 1));
  if (!header || !payload || !signature) return std::nullopt;
  const auto head = parse_json(*header);
  const auto body = parse_json(*payload);
  if (!head || !body || !head->is_object() || !body->is_object()) return std::nullopt;
  // One algorithm, one type: nobody can talk us into another (RFC 8725 section 3).
  auto kid = text_claim(*head, "kid");
  if (text_claim(*head, "alg") != "ES256" || text_claim(*head, "typ") != "at+jwt" || !kid ||
      head->contains("crit"))
    return std::nullopt;
  auto claims = read_claims(*body);
  if (!claims) return std::nullopt;
  return UnverifiedToken{std::move(*kid), std::string(token.substr(0, second)), std::move(*signature),
                         std::move(*claims)};
}

}  // namespace neoid::oauth
