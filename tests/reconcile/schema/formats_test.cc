#include "reconcile/schema/formats.h"

#include <gtest/gtest.h>

#include <string>

#include "reconcile/schema/go_regexp.h"

namespace neoid::schema {
namespace {

struct Case {
  const char* format;
  const char* text;
  bool good;
};

TEST(Formats, TakeWhatARealServerTakes) {
  const Case cases[] = {
      {"date-time", "2026-01-02T03:04:05Z", true},
      {"date-time", "2026-01-02t03:04:05.123+02:00", true},
      {"date-time", "2026-01-02 03:04:05Z", false},
      {"date-time", "2026-02-30T00:00:00Z", false},
      {"date-time", "2026-01-02T24:00:00Z", false},
      {"date-time", "2026-01-02T03:04:05", false},
      {"date-time", "", false},
      {"date", "2024-02-29", true},
      {"date", "2026-02-29", false},
      {"date", "2026-1-2", false},
      {"duration", "1h30m", true},
      {"duration", "-1.5s", true},
      {"duration", "90d", true},
      {"duration", "2 weeks", true},
      {"duration", "2 moons", false},
      {"duration", "5", false},
      {"duration", "0", true},
      {"byte", "YQ==", true},
      {"byte", "", false},
      {"byte", "a", false},
      {"byte", "_-__", false},
      {"email", "a@example.com", true},
      {"email", "A <a@example.com>", true},
      {"email", "a@", false},
      {"hostname", "example.com", true},
      {"hostname", "-a.example.com", false},
      {"ipv4", "10.0.0.1", true},
      {"ipv4", "10.0.0.256", false},
      {"ipv4", "::1", false},
      {"ipv6", "fe80::1", true},
      {"ipv6", "10.0.0.1", false},
      {"cidr", "10.0.0.0/8", true},
      {"cidr", "10.0.0.0/33", false},
      {"cidr", "10.0.0.0", false},
      {"mac", "00:00:5e:00:53:01", true},
      {"mac", "00:00:5e:00:53", false},
      {"uri", "https://example.com/a?b=c", true},
      {"uri", "/a/b", true},
      {"uri", "example.com", false},
      {"uri", "", false},
      {"uuid", "0C1D2E3F-0000-4000-8000-0123456789ab", true},
      {"uuid", "0c1d2e3f", false},
      {"uuid4", "0c1d2e3f-0000-4000-8000-0123456789ab", true},
      {"uuid4", "0c1d2e3f-0000-5000-8000-0123456789ab", false},
      {"isbn", "978-3-16-148410-0", true},
      {"isbn10", "0-306-40615-2", true},
      {"isbn10", "0-306-40615-3", false},
      {"creditcard", "4111 1111 1111 1111", true},
      {"creditcard", "4111 1111 1111 1112", false},
      {"hexcolor", "#a0B1c2", true},
      {"hexcolor", "#a0B1c", false},
      {"rgbcolor", "rgb(0, 128,255)", true},
      {"rgbcolor", "rgb(0,128,256)", false},
      {"ssn", "123-45-6789", true},
      {"ssn", "12345678", false},
      {"bsonobjectid", "507f1f77bcf86cd799439011", true},
      {"bsonobjectid", "507f1f77bcf86cd79943901", false},
      {"password", "", true},
      {"unheard-of", "anything", true},
      {"int32", "anything", true},
  };
  for (const Case& test : cases)
    EXPECT_EQ(matches(find_format(test.format), test.text), test.good)
        << test.format << " \"" << test.text << '"';
}

TEST(GoRegexp, SaysWhatIsWrongInGosWords) {
  EXPECT_EQ(go_regexp_error("^[a-z]+$"), "");
  EXPECT_EQ(go_regexp_error("["), "error parsing regexp: missing closing ]: `[`");
  EXPECT_EQ(go_regexp_error("a(b"), "error parsing regexp: missing closing ): `a(b`");
  EXPECT_EQ(go_regexp_error("(?=a)"), "error parsing regexp: invalid or unsupported Perl syntax: `(?=`");
  EXPECT_EQ(go_regexp_error("a{1001}"), "error parsing regexp: invalid repeat count: `{1001}`");
  EXPECT_EQ(go_regexp_error("*"), "error parsing regexp: missing argument to repetition operator: `*`");
}

}  // namespace
}  // namespace neoid::schema
