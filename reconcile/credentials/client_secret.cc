#include "reconcile/credentials/client_secret.h"

#include <string>

namespace neoid::credentials {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kBodyLength = 43;  // 62^43 > 2^256
constexpr std::size_t kChecksumLength = 6;

// The big-endian number in `bytes`, base 62, `length` digits; overwrites `bytes`.
template <std::size_t N>
void append_base62(std::array<std::uint8_t, N>& bytes, std::size_t length, std::string& text) {
  const std::size_t start = text.size();
  text.resize(start + length);
  for (std::size_t i = length; i-- > 0;) {
    unsigned rest = 0;
    for (auto& byte : bytes) {
      const unsigned value = rest << 8 | byte;
      byte = static_cast<std::uint8_t>(value / 62);
      rest = value % 62;
    }
    text[start + i] = kDigits[rest];
  }
}

void append_checksum(std::string_view body, std::string& text) {
  std::string input = "neoid client secret checksum:";
  input.reserve(input.size() + body.size());
  input += body;
  const Sha256 sum = sha256(input);
  cleanse(input);
  std::array<std::uint8_t, 4> head = {sum[0], sum[1], sum[2], sum[3]};
  append_base62(head, kChecksumLength, text);
}

}  // namespace

Secret make_client_secret(const RandomBytes& random) {
  std::string text;
  text.reserve(kSecretPrefix.size() + kBodyLength + kChecksumLength);
  text += kSecretPrefix;
  RandomBytes number = random;
  append_base62(number, kBodyLength, text);
  append_checksum(std::string_view(text).substr(kSecretPrefix.size()), text);
  return Secret(std::move(text));
}

SecretForm form_of(std::string_view client_secret) {
  if (!client_secret.starts_with(kSecretPrefix)) return SecretForm::Foreign;
  const std::string_view rest = client_secret.substr(kSecretPrefix.size());
  if (rest.size() != kBodyLength + kChecksumLength) return SecretForm::Mistyped;
  std::string expected;
  append_checksum(rest.substr(0, kBodyLength), expected);
  return rest.substr(kBodyLength) == expected ? SecretForm::Ours : SecretForm::Mistyped;
}

Sha256 hash_client_secret(const Secret& client_secret) { return sha256(client_secret.reveal()); }

Fingerprint fingerprint(const Secret& fingerprint_key, const Sha256& hash) {
  const std::string input(reinterpret_cast<const char*>(hash.data()), hash.size());
  return Fingerprint(hex(hmac_sha256(fingerprint_key.reveal(), input)).substr(0, 16));
}

UserId derive_user_id(const ClusterId& cluster, const Uid& resource) {
  return UserId(uuid_v5(cluster.value, "user:" + resource.value));
}

ClientId derive_client_id(const ClusterId& cluster, const Uid& resource) {
  return ClientId(uuid_v5(cluster.value, "client:" + resource.value));
}

}  // namespace neoid::credentials
