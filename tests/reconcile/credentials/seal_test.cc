#include "reconcile/credentials/seal.h"

#include <gtest/gtest.h>

#include "reconcile/base/crypto.h"

namespace neoid::credentials {
namespace {

class SealTest : public testing::Test {
 protected:
  Secret key{std::string(32, 'k')};
  SealContext context{ClusterId(std::string("6f1c9a52-3f0e-4b3a-9a39-0f1f7d1f2b11")),
                      {api::Kind::IntegrationUser, "apps", "billing"}};
  Seal seal{(VersionNumber(3) << 20) + 1,
            UserId(std::string("11111111-1111-5111-8111-111111111111")),
            ClientId(std::string("22222222-2222-5222-8222-222222222222")),
            *parse_time("2026-02-03T04:05:06.789012Z"),
            "2026-02-03T00:00:00Z",
            Uid(std::string("33333333-3333-4333-8333-333333333333"))};
  Sha256 hash = sha256("value");
  Annotations annotations = seal_annotations(key, context, seal, hash);
};

TEST_F(SealTest, ComesBackAsItWasMade) { EXPECT_EQ(verified_seal(key, context, annotations, hash), seal); }

TEST_F(SealTest, IsVoidWhenAnyAnnotationWasChanged) {
  for (const auto& [name, value] : annotations) {
    Annotations changed = annotations;
    changed[name] = name == annotation::kVersion ? "7" : value + "0";
    EXPECT_FALSE(verified_seal(key, context, changed, hash)) << name;
    changed.erase(name);
    EXPECT_FALSE(verified_seal(key, context, changed, hash)) << name << " missing";
  }
}

TEST_F(SealTest, IsVoidForAnotherValuePlaceClusterOrKey) {
  EXPECT_FALSE(verified_seal(key, context, annotations, sha256("other")));
  EXPECT_FALSE(verified_seal(Secret(std::string(32, 'x')), context, annotations, hash));
  SealContext elsewhere = context;
  elsewhere.resource.ns = "other";
  EXPECT_FALSE(verified_seal(key, elsewhere, annotations, hash));
  elsewhere = context;
  elsewhere.cluster = ClusterId(std::string("7f1c9a52-3f0e-4b3a-9a39-0f1f7d1f2b11"));
  EXPECT_FALSE(verified_seal(key, elsewhere, annotations, hash));
}

TEST_F(SealTest, CannotBeShiftedFromOneFieldIntoTheNext) {
  SealContext one = context;
  one.resource.ns = "a";
  one.resource.name = "bc";
  SealContext two = context;
  two.resource.ns = "ab";
  two.resource.name = "c";
  EXPECT_FALSE(verified_seal(key, two, seal_annotations(key, one, seal, hash), hash));
}

TEST(VersionNumbers, GrowWithTheEpochAndPastEverythingKnown) {
  EXPECT_EQ(next_version_number(2, 0), (VersionNumber(2) << 20) + 1);
  EXPECT_EQ(next_version_number(2, (VersionNumber(2) << 20) + 5), (VersionNumber(2) << 20) + 6);
  EXPECT_EQ(next_version_number(2, (VersionNumber(9) << 20) + 5), (VersionNumber(9) << 20) + 6);
}

}  // namespace
}  // namespace neoid::credentials
