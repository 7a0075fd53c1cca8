#include "controller/oauth/key_seal.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <memory>
#include <utility>

#include "controller/base/random.h"
#include "reconcile/base/crypto.h"

namespace neoid::oauth {
namespace {

constexpr std::size_t kNonce_bytes = 12;
constexpr std::size_t kTag_bytes = 16;
constexpr std::size_t kKek_bytes = 32;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string associated_data(std::string_view kid, Instant created_at) {
  return fmt::format("neoid signing key\n{}\n{}", kid, created_at.time_since_epoch().count());
}

Result<std::string> encrypt(const Secret& kek, std::string_view plain, std::string_view associated) {
  const auto random = random_array<kNonce_bytes>();
  const std::string nonce(reinterpret_cast<const char*>(random.data()), random.size());
  std::string cipher(plain.size(), '\0');
  std::string tag(kTag_bytes, '\0');
  int size = 0;
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (!context ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets(kek.reveal()), octets(nonce)) !=
          1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &size, octets(associated),
                        static_cast<int>(associated.size())) != 1 ||
      EVP_EncryptUpdate(context.get(), octets(cipher), &size, octets(plain),
                        static_cast<int>(plain.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), octets(cipher) + size, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, int{kTag_bytes}, octets(tag)) != 1)
    return fail(ErrorKind::Internal, "OpenSSL cannot seal a signing key");
  return nonce + cipher + tag;
}

// Empty: not this KEK, or altered.
Secret decrypt(const Secret& kek, std::string_view sealed, std::string_view associated) {
  if (sealed.size() <= kNonce_bytes + kTag_bytes) return {};
  const std::string_view nonce = sealed.substr(0, kNonce_bytes);
  const std::string_view cipher = sealed.substr(kNonce_bytes, sealed.size() - kNonce_bytes - kTag_bytes);
  std::string tag(sealed.substr(sealed.size() - kTag_bytes));
  std::string plain(cipher.size(), '\0');
  int size = 0;
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const bool ok =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets(kek.reveal()), octets(nonce)) ==
          1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, octets(associated),
                        static_cast<int>(associated.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), octets(plain), &size, octets(cipher),
                        static_cast<int>(cipher.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, int{kTag_bytes}, octets(tag)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), octets(plain) + size, &size) == 1;
  if (!ok) {
    cleanse(plain);
    return {};
  }
  return Secret(std::move(plain));
}

}  // namespace

Result<KeyEncryptionKeys> KeyEncryptionKeys::parse(std::string_view text) {
  std::vector<Secret> keys;
  for (int line_number = 1; !text.empty(); ++line_number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    auto bytes = unhex(line);
    if (!bytes || bytes->size() != kKek_bytes)
      return fail(
          ErrorKind::Invalid,
          fmt::format("line {} is no key-encryption key: 64 hexadecimal digits, as `openssl rand -hex 32` "
                      "prints them",
                      line_number));
    keys.emplace_back(std::move(*bytes));
  }
  if (keys.empty())
    return fail(ErrorKind::Invalid,
                "there is no key-encryption key in it: write one with `openssl rand -hex 32`");
  return KeyEncryptionKeys(std::move(keys));
}

Secret KeyEncryptionKeys::make() {
  const auto bytes = random_array<kKek_bytes>();
  return Secret(hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())) + "\n");
}

Result<store::SealedKey> KeyEncryptionKeys::seal(const SigningKey& key, Instant created_at) const {
  store::SealedKey sealed{key.kid(), created_at, {}};
  NEOID_TRY(sealed.sealed,
            encrypt(keys_.front(), key.der().reveal(), associated_data(key.kid(), created_at)));
  return sealed;
}

Result<SigningKey> KeyEncryptionKeys::open(const store::SealedKey& sealed) const {
  for (const Secret& kek : keys_) {
    const Secret der = decrypt(kek, sealed.sealed, associated_data(sealed.kid, sealed.created_at));
    if (der.empty()) continue;
    NEOID_TRY(SigningKey key, SigningKey::from_der(der));
    if (key.kid() == sealed.kid) return key;
  }
  return fail(
      ErrorKind::Invalid,
      fmt::format("the signing key {} of the store was sealed under another key-encryption key (or altered): "
                  "add the one that it was made with as a further line of the file",
                  sealed.kid),
      "WrongKey");
}

}  // namespace neoid::oauth
