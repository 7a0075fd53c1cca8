#include "reconcile/base/crypto.h"

#include <gtest/gtest.h>

#include "reconcile/base/secret.h"

namespace neoid {
namespace {

TEST(Crypto, MatchesPublishedVectors) {
  // FIPS 180-4 "abc"; RFC 4231 test case 2.
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Crypto, Base64RoundTripsAndRefusesWhatIsNotBase64) {
  EXPECT_EQ(base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_EQ(unbase64("YW55IGNhcm5hbCBwbGVhcw=="), "any carnal pleas");
  EXPECT_EQ(unbase64(""), "");
  for (const char* text : {"a", "YW5=YW55", "YW55 ", "YW5\n", "===="}) EXPECT_FALSE(unbase64(text)) << text;
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
}

TEST(Crypto, UuidV5IsThatOfRfc4122) {
  // Python: uuid.uuid5(uuid.NAMESPACE_DNS, "python.org")
  EXPECT_EQ(uuid_v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "python.org"),
            "886313e1-3b8a-5372-9b90-0c9aee199e5d");
}

TEST(Secret, PrintsStarsAndComparesByValue) {
  const Secret secret(std::string("hunter2hunter2hunter2hunter2"));
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "***");
  EXPECT_TRUE(secret == Secret(std::string("hunter2hunter2hunter2hunter2")));
  EXPECT_FALSE(secret == Secret(std::string("hunter3")));
}

}  // namespace
}  // namespace neoid
