#include "reconcile/credentials/client_secret.h"

#include <gtest/gtest.h>

#include <set>

namespace neoid::credentials {
namespace {

RandomBytes bytes(std::uint8_t fill) {
  RandomBytes random;
  random.fill(fill);
  return random;
}

TEST(ClientSecret, HasPrefixLengthAndChecksum) {
  const Secret secret = make_client_secret(bytes(7));
  EXPECT_EQ(secret.reveal().size(), 55u);
  EXPECT_TRUE(secret.reveal().starts_with("neoid_"));
  EXPECT_EQ(form_of(secret.reveal()), SecretForm::Ours);
}

TEST(ClientSecret, DiffersWithEveryRandomBit) {
  std::set<std::string> seen;
  for (std::size_t byte = 0; byte < 32; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      RandomBytes random = bytes(0);
      random[byte] = static_cast<std::uint8_t>(1 << bit);
      seen.insert(std::string(make_client_secret(random).reveal()));
    }
  }
  EXPECT_EQ(seen.size(), 256u);
}

TEST(ClientSecret, ATypingErrorAnywhereIsTold) {
  const std::string good(make_client_secret(bytes(200)).reveal());
  for (std::size_t i = kSecretPrefix.size(); i < good.size(); ++i) {
    std::string typo = good;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    EXPECT_EQ(form_of(typo), SecretForm::Mistyped) << "at " << i;
  }
  EXPECT_EQ(form_of(good.substr(0, 54)), SecretForm::Mistyped);
  EXPECT_EQ(form_of(good + "a"), SecretForm::Mistyped);
  EXPECT_EQ(form_of("somebody-elses-secret"), SecretForm::Foreign);
}

TEST(ClientSecret, TheFingerprintSaysNothingWithoutTheKey) {
  const Sha256 hash = hash_client_secret(make_client_secret(bytes(1)));
  const Secret one(std::string(32, '1'));
  const Secret two(std::string(32, '2'));
  EXPECT_EQ(fingerprint(one, hash), fingerprint(one, hash));
  EXPECT_NE(fingerprint(one, hash), fingerprint(two, hash));
  EXPECT_EQ(fingerprint(one, hash).value.size(), 16u);
}

TEST(Ids, AreDerivedFromClusterAndResourceAlone) {
  const ClusterId cluster(std::string("6f1c9a52-3f0e-4b3a-9a39-0f1f7d1f2b11"));
  const Uid uid(std::string("00000000-0000-4000-8000-000000000001"));
  EXPECT_EQ(derive_user_id(cluster, uid), derive_user_id(cluster, uid));
  EXPECT_NE(derive_user_id(cluster, uid).value, derive_client_id(cluster, uid).value);
  EXPECT_NE(derive_user_id(cluster, uid),
            derive_user_id(cluster, Uid(std::string("00000000-0000-4000-8000-000000000002"))));
}

}  // namespace
}  // namespace neoid::credentials
