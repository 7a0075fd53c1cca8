#include "controller/apiserver/auth/authenticator.h"

#include <gmock/gmock.h>

namespace neoid::auth {
namespace {

using testing::ElementsAre;

constexpr const char* kFile =
    "# token,user,uid,groups\n"
    "admintoken,admin,u-1,\"system:masters\"\n"
    "\n"
    "tenanttoken,tenant-admin,u-2,\"tenants, others\"\r\n"
    "plaintoken,plain,u-3";

TEST(TokenFileTest, ReadsTheFormOfTokenAuthFile) {
  const auto entries = parse_token_file(kFile);
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].user.name, "admin");
  EXPECT_EQ((*entries)[0].user.uid, "u-1");
  EXPECT_THAT((*entries)[0].user.groups, ElementsAre("system:masters"));
  EXPECT_THAT((*entries)[1].user.groups, ElementsAre("tenants", "others"));
  EXPECT_TRUE((*entries)[2].user.groups.empty());
}

TEST(TokenFileTest, NamesTheLineThatIsWrongAndNeverTheToken) {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"good,a,1\nsesame,b", "line 2 of the token file: needs at least token, user name and uid"},
      {"sesame,a,1,\"open", "line 1 of the token file: a quote that is not closed or out of place"},
      {"sesame,a,1,\"x\"y", "line 1 of the token file: a quote that is not closed or out of place"},
      {",a,1", "line 1 of the token file: the token is empty"},
      {"sesame,,1", "line 1 of the token file: the user name is empty"},
  };
  for (const Case& c : cases) {
    const auto entries = parse_token_file(c.text);
    ASSERT_FALSE(entries) << c.text;
    EXPECT_EQ(entries.error().message, c.message);
    EXPECT_EQ(entries.error().kind, ErrorKind::Invalid);
  }
}

class AuthenticatorTest : public testing::Test {
 protected:
  void SetUp() override { authenticator_.add_tokens(parse_token_file(kFile).value()); }
  Result<UserInfo> header(std::string_view value) {
    return authenticator_.authenticate({.authorization = value});
  }
  Authenticator authenticator_;
};

TEST_F(AuthenticatorTest, ATokenStandsForItsUserWhoIsAuthenticated) {
  const auto user = header("Bearer tenanttoken");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->name, "tenant-admin");
  EXPECT_THAT(user->groups, ElementsAre("tenants", "others", "system:authenticated"));
  EXPECT_EQ(header("bearer admintoken")->name, "admin") << "the scheme in any case";
}

TEST_F(AuthenticatorTest, ATokenThatNobodyHasIsRefused) {
  for (const char* value : {"Bearer wrong", "Bearer tenanttoke", "Bearer tenanttoken2", "BEARER x"}) {
    const auto user = header(value);
    ASSERT_FALSE(user) << value;
    EXPECT_EQ(user.error().message, "Unauthorized");
    EXPECT_EQ(user.error().reason, "Unauthorized");
    EXPECT_EQ(user.error().kind, ErrorKind::Denied);
  }
}

TEST_F(AuthenticatorTest, WhatIsNoBearerTokenIsAnonymous) {
  for (const char* value : {"", "Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer ", "Nonsense"}) {
    const auto user = header(value);
    ASSERT_TRUE(user) << value;
    EXPECT_EQ(user->name, "system:anonymous");
    EXPECT_THAT(user->groups, ElementsAre("system:unauthenticated"));
  }
}

TEST_F(AuthenticatorTest, AnonymousRequestsCanBeRefused) {
  const Authenticator strict(Authenticator::Options{.anonymous = false});
  EXPECT_EQ(strict.authenticate({}).error().reason, "Unauthorized");
}

TEST_F(AuthenticatorTest, ACertificateComesBeforeAToken) {
  const std::vector<std::string> organizations = {"neoid:admins", "system:authenticated"};
  const auto user = authenticator_.authenticate(
      {.authorization = "Bearer wrong", .common_name = "mary", .organizations = &organizations});
  ASSERT_TRUE(user);
  EXPECT_EQ(user->name, "mary");
  EXPECT_THAT(user->groups, ElementsAre("neoid:admins", "system:authenticated")) << "not twice";
}

TEST_F(AuthenticatorTest, TokensComeAndGo) {
  const Secret token("minted");
  authenticator_.add_token(token, service_account_user("apps", "robot", "u-9"));
  const auto user = header("Bearer minted");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->name, "system:serviceaccount:apps:robot");
  EXPECT_THAT(user->groups,
              ElementsAre("system:serviceaccounts", "system:serviceaccounts:apps", "system:authenticated"));
  authenticator_.add_token(token, service_account_user("apps", "other", "u-10"));
  EXPECT_EQ(header("Bearer minted")->uid, "u-10") << "the newer meaning holds";
  EXPECT_EQ(authenticator_.remove_user("system:serviceaccount:apps:other"), 1U);
  EXPECT_FALSE(header("Bearer minted"));
  EXPECT_FALSE(authenticator_.remove_token(token));
}

TEST(ServiceAccountNameTest, IsTakenApartOnlyWhereItIsOne) {
  const auto account = split_service_account("system:serviceaccount:ns:name");
  ASSERT_TRUE(account);
  EXPECT_EQ(account->first, "ns");
  EXPECT_EQ(account->second, "name");
  for (const char* other :
       {"system:serviceaccount:ns", "system:serviceaccount::x",
        "system:serviceaccount:x:", "system:serviceaccount:a:b:c", "mary", "serviceaccount:a:b"})
    EXPECT_FALSE(split_service_account(other)) << other;
}

}  // namespace
}  // namespace neoid::auth
