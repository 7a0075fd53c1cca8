#include "reconcile/schema/formats.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace neoid::schema {
namespace {

using re2::RE2;

constexpr std::pair<std::string_view, Format> kFormats[] = {
    {"bsonobjectid", Format::ObjectId},
    {"byte", Format::Byte},
    {"cidr", Format::Cidr},
    {"creditcard", Format::CreditCard},
    {"date", Format::Date},
    {"datetime", Format::DateTime},
    {"duration", Format::Duration},
    {"email", Format::Email},
    {"hexcolor", Format::HexColor},
    {"hostname", Format::Hostname},
    {"ipv4", Format::Ipv4},
    {"ipv6", Format::Ipv6},
    {"isbn", Format::Isbn},
    {"isbn10", Format::Isbn10},
    {"isbn13", Format::Isbn13},
    {"mac", Format::Mac},
    {"password", Format::Password},
    {"rgbcolor", Format::RgbColor},
    {"ssn", Format::Ssn},
    {"uri", Format::Uri},
    {"uuid", Format::Uuid},
    {"uuid3", Format::Uuid3},
    {"uuid4", Format::Uuid4},
    {"uuid5", Format::Uuid5},
};

bool full_match(std::string_view text, const RE2& pattern) { return RE2::FullMatch(text, pattern); }

int digits(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_date(std::string_view text) {
  static const RE2 pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  if (!full_match(text, pattern)) return false;
  const std::chrono::year_month_day day{std::chrono::year(digits(text.substr(0, 4))),
                                        std::chrono::month(static_cast<unsigned>(digits(text.substr(5, 2)))),
                                        std::chrono::day(static_cast<unsigned>(digits(text.substr(8, 2))))};
  return day.ok();
}

bool is_date_time(std::string_view text) {
  static const RE2 pattern(
      "(?i)([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))");
  if (text.size() < 11 || (text[10] != 't' && text[10] != 'T')) return false;
  return is_date(text.substr(0, 10)) && full_match(text.substr(11), pattern);
}

// The units of the lenient durations ("2 weeks"): an exact word, or whatever begins with its long form.
bool is_unit(std::string unit) {
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view word : {"ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"})
    if (unit == word) return true;
  for (const std::string_view word : {"nano", "micro", "milli", "sec", "min", "hour", "day", "week"})
    if (unit.starts_with(word)) return true;
  return false;
}

bool is_duration(std::string_view text) {
  static const RE2 go("[-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)");
  if (full_match(text, go)) return true;
  static const RE2 lenient("\\s*(?:[0-9]+\\s*[A-Za-zµ]+\\s*)+");
  if (!full_match(text, lenient)) return false;
  static const RE2 part("([0-9]+)\\s*([A-Za-zµ]+)");
  re2::StringPiece rest(text.data(), text.size());
  std::string number, unit;
  bool known = false;
  while (RE2::FindAndConsume(&rest, part, &number, &unit)) {
    std::int64_t factor = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), factor).ec != std::errc()) return false;
    known = known || is_unit(unit);
  }
  return known;
}

bool parses_as(int family, std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

bool is_ip(std::string_view text) { return parses_as(AF_INET, text) || parses_as(AF_INET6, text); }

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash), bits = text.substr(slash + 1);
  const bool four = parses_as(AF_INET, address);
  if (!four && !parses_as(AF_INET6, address)) return false;
  if (bits.empty() || bits.size() > 3 || bits.find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  return digits(bits) <= (four ? 32 : 128);
}

bool is_mac(std::string_view text) {
  static const RE2 pattern(
      "([0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){7}|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2})"
      "{19}|"
      "[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){7}|[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){"
      "19}|"
      "[0-9a-fA-F]{4}(\\.[0-9a-fA-F]{4}){2}|[0-9a-fA-F]{4}(\\.[0-9a-fA-F]{4}){3}|[0-9a-fA-F]{4}(\\.[0-9a-fA-"
      "F]{4}){9})");
  return full_match(text, pattern);
}

bool is_hostname(std::string_view text) {
  static const RE2 alone("[a-zA-Z0-9\\p{S}\\p{L}](-?[a-zA-Z0-9\\p{S}\\p{L}]*)?");
  static const RE2 label("[a-zA-Z0-9\\p{S}\\p{L}]([a-zA-Z0-9\\-\\p{S}\\p{L}]*[a-zA-Z0-9\\p{S}\\p{L}])?");
  static const RE2 last("[a-zA-Z0-9\\p{S}\\p{L}](-?[a-zA-Z0-9\\p{S}\\p{L}])+");
  if (text.size() > 255) return false;
  const bool single = text.find('.') == std::string_view::npos;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (part.size() > 63) return false;
    if (dot == std::string_view::npos) return full_match(part, single ? alone : last);
    if (!full_match(part, label)) return false;
    text.remove_prefix(dot + 1);
  }
}

bool is_uri(std::string_view text) {
  static const RE2 control("[\\x00-\\x1f\\x7f]");
  static const RE2 bad_escape("%(?:$|.$|[^0-9A-Fa-f]|.[^0-9A-Fa-f])");
  static const RE2 absolute("(?s)[a-zA-Z][a-zA-Z0-9+.-]*:(//[^/?# ]*([/?#].*)?|([^/].*)?|/([^/].*)?)");
  if (text.empty() || RE2::PartialMatch(text, control)) return false;
  if (RE2::PartialMatch(text.substr(0, text.find('?')), bad_escape)) return false;
  return text == "*" || text.front() == '/' || full_match(text, absolute);
}

bool is_email(std::string_view text) {
  static const RE2 pattern(
      "(?:[^<>@,]*<)?[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
      "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*(>?)");
  return full_match(text, pattern) && (text.find('<') != std::string_view::npos) == text.ends_with('>');
}

std::string without_separators(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '-' && c != ' ') out += c;
  return out;
}

bool is_isbn10(std::string_view text) {
  static const RE2 pattern("[0-9]{9}[0-9X]");
  const std::string code = without_separators(text);
  if (!full_match(code, pattern)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 10; ++i) sum += static_cast<int>(i + 1) * (code[i] == 'X' ? 10 : code[i] - '0');
  return sum % 11 == 0;
}

bool is_isbn13(std::string_view text) {
  static const RE2 pattern("[0-9]{13}");
  const std::string code = without_separators(text);
  if (!full_match(code, pattern)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 13; ++i) sum += (i % 2 == 0 ? 1 : 3) * (code[i] - '0');
  return sum % 10 == 0;
}

bool is_credit_card(std::string_view text) {
  static const RE2 pattern(
      "(4[0-9]{12}([0-9]{3})?|5[1-5][0-9]{14}|6(011|5[0-9]{2})[0-9]{12}|3[47][0-9]{13}|3(0[0-5]|[68][0-9])[0-"
      "9]{11}|"
      "(2131|1800|35[0-9]{3})[0-9]{11})");
  const std::string number = without_separators(text);
  if (!full_match(number, pattern)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < number.size(); ++i) {
    int digit = number[number.size() - 1 - i] - '0';
    if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

}  // namespace

Format find_format(std::string_view name) {
  std::string plain(name);
  std::erase(plain, '-');
  for (const auto& [known, format] : kFormats)
    if (plain == known) return format;
  return Format::None;
}

bool matches(Format format, std::string_view text) {
  static const RE2 base64("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})");
  static const RE2 hex_color("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})");
  static const RE2 rgb_color(
      "rgb\\(\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*,\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])"
      "\\s*,"
      "\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*\\)");
  static const RE2 object_id("[0-9a-fA-F]{24}");
  static const RE2 ssn("[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}");
  static const RE2 uuid("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}");
  static const RE2 uuid3("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}");
  static const RE2 uuid4("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}");
  static const RE2 uuid5("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}");
  switch (format) {
    case Format::None:
    case Format::Password: return true;
    case Format::Byte: return full_match(text, base64);
    case Format::CreditCard: return is_credit_card(text);
    case Format::Date: return is_date(text);
    case Format::DateTime: return is_date_time(text);
    case Format::Duration: return is_duration(text);
    case Format::Email: return is_email(text);
    case Format::HexColor: return full_match(text, hex_color);
    case Format::Hostname: return is_hostname(text);
    case Format::Cidr: return is_cidr(text);
    case Format::Ipv4: return is_ip(text) && text.find('.') != std::string_view::npos;
    case Format::Ipv6: return is_ip(text) && text.find(':') != std::string_view::npos;
    case Format::Isbn: return is_isbn10(text) || is_isbn13(text);
    case Format::Isbn10: return is_isbn10(text);
    case Format::Isbn13: return is_isbn13(text);
    case Format::Mac: return is_mac(text);
    case Format::ObjectId: return full_match(text, object_id);
    case Format::RgbColor: return full_match(text, rgb_color);
    case Format::Ssn: return full_match(text, ssn);
    case Format::Uri: return is_uri(text);
    case Format::Uuid: return full_match(text, uuid);
    case Format::Uuid3: return full_match(text, uuid3);
    case Format::Uuid4: return full_match(text, uuid4);
    case Format::Uuid5: return full_match(text, uuid5);
  }
  return true;
}

}  // namespace neoid::schema
