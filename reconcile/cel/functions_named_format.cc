// format.dns1123Label().validate(x) and its like (from 1.32).
#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <optional>
#include <string>

#include "reconcile/base/crypto.h"
#include "reconcile/cel/functions.h"
#include "reconcile/cel/time_text.h"
#include "reconcile/cel/url.h"

namespace neoid::cel {

// A named format: what is wrong with a text, if anything.
struct FormatNode {
  std::string_view name;
  std::optional<std::string> (*complaint)(std::string_view text);
};

namespace {

constexpr KubernetesVersion kSince{1, 32};

using Complaint = std::optional<std::string>;

bool full_match(const RE2& pattern, std::string_view text) {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

constexpr const char* kLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr const char* kSubdomain = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
constexpr const char* kDns1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
constexpr const char* kQualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
constexpr const char* kLabelValue = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

Complaint check(std::string_view text, const RE2& pattern, std::size_t longest, std::string_view words) {
  if (text.size() > longest) return fmt::format("must be no more than {} characters", longest);
  if (!full_match(pattern, text)) return std::string(words);
  return std::nullopt;
}

Complaint label(std::string_view text) {
  static const RE2 pattern(kLabel);
  static const std::string words = fmt::format(
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
      "and end "
      "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{}')",
      kLabel);
  return check(text, pattern, 63, words);
}
Complaint subdomain(std::string_view text) {
  static const RE2 pattern(kSubdomain);
  static const std::string words = fmt::format(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
      "must start "
      "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{}')",
      kSubdomain);
  return check(text, pattern, 253, words);
}
Complaint dns1035(std::string_view text) {
  static const RE2 pattern(kDns1035);
  static const std::string words = fmt::format(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
      "character, "
      "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
      "'{}')",
      kDns1035);
  return check(text, pattern, 63, words);
}
Complaint qualified_name(std::string_view text) {
  static const RE2 pattern(kQualified);
  static const std::string words = fmt::format(
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
      "alphanumeric "
      "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{}')",
      kQualified);
  const std::size_t slash = text.find('/');
  std::string_view name = text;
  if (slash != std::string_view::npos) {
    if (text.find('/', slash + 1) != std::string_view::npos) {
      return fmt::format(
          "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and "
          "end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used "
          "for validation is '{}') with an optional DNS subdomain prefix and '/' (e.g. "
          "'example.com/MyName')",
          kQualified);
    }
    const std::string_view prefix = text.substr(0, slash);
    if (prefix.empty()) return "prefix part must be non-empty";
    if (const auto wrong = subdomain(prefix)) return "prefix part " + *wrong;
    name = text.substr(slash + 1);
  }
  if (name.empty()) return "name part must be non-empty";
  if (name.size() > 63) return "name part must be no more than 63 characters";
  return full_match(pattern, name) ? Complaint() : Complaint(words);
}
Complaint label_value(std::string_view text) {
  static const RE2 pattern(kLabelValue);
  static const std::string words = fmt::format(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
      "must start and "
      "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
      "validation is "
      "'{}')",
      kLabelValue);
  return check(text, pattern, 63, words);
}

// Of a prefix to which something is appended: it may end with a dash.
template <Complaint (*whole)(std::string_view)>
Complaint prefix(std::string_view text) {
  std::string masked(text);
  if (masked.size() > 1 && masked.back() == '-') masked.back() = 'a';
  return whole(masked);
}

Complaint uri(std::string_view text) {
  const auto parsed = parse_request_url(text);
  return parsed ? Complaint() : Complaint(parsed.error());
}
Complaint uuid(std::string_view text) {
  static const RE2 pattern("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}");
  return full_match(pattern, text) ? Complaint() : Complaint("does not match the UUID format");
}
Complaint byte(std::string_view text) { return unbase64(text) ? Complaint() : Complaint("invalid base64"); }
Complaint date(std::string_view text) { return parse_date(text) ? Complaint() : Complaint("invalid date"); }
Complaint date_time(std::string_view text) {
  return parse_date_time(text) ? Complaint() : Complaint("invalid datetime");
}

constexpr std::array<FormatNode, 13> kFormats = {{{"dns1123Label", label},
                                                  {"dns1123Subdomain", subdomain},
                                                  {"dns1035Label", dns1035},
                                                  {"qualifiedName", qualified_name},
                                                  {"dns1123LabelPrefix", prefix<label>},
                                                  {"dns1123SubdomainPrefix", prefix<subdomain>},
                                                  {"dns1035LabelPrefix", prefix<dns1035>},
                                                  {"labelValue", label_value},
                                                  {"uri", uri},
                                                  {"uuid", uuid},
                                                  {"byte", byte},
                                                  {"date", date},
                                                  {"datetime", date_time}}};

Value make_format(const FormatNode& node) {
  Value out;
  out.kind = ValueKind::Format;
  out.format = &node;
  return out;
}

template <std::size_t index>
Value get(const Call&) {
  return make_format(kFormats[index]);
}

Value make_optional(const Call& call, bool has_value, const Value& value) {
  Value out;
  out.kind = ValueKind::Optional;
  out.optional = call.arena.make(OptionalNode{has_value, value});
  return out;
}

Value named(const Call& call) {
  for (const FormatNode& format : kFormats) {
    if (format.name == call.args[0].str()) return make_optional(call, true, make_format(format));
  }
  return make_optional(call, false, Value());
}

Value validate(const Call& call) {
  const auto complaint = call.args[0].format->complaint(call.args[1].str());
  if (!complaint) return make_optional(call, false, Value());
  Value* item = call.arena.array<Value>(1);
  *item = make_string_copy(call.arena, *complaint);
  return make_optional(call, true, make_list(call.arena, item, 1));
}

}  // namespace

std::span<const FunctionRow> named_format_rows() {
  static constexpr CostModel kOne = CostModel::One;
  static constexpr FunctionRow kRows[] = {
      {"format.named", "(string) -> optional(format)", named, kOne, kSince},
      {"validate", "format.(string) -> optional(list(string))", validate, CostModel::ValidateFormat, kSince},
      {"format.dns1123Label", "() -> format", get<0>, kOne, kSince},
      {"format.dns1123Subdomain", "() -> format", get<1>, kOne, kSince},
      {"format.dns1035Label", "() -> format", get<2>, kOne, kSince},
      {"format.qualifiedName", "() -> format", get<3>, kOne, kSince},
      {"format.dns1123LabelPrefix", "() -> format", get<4>, kOne, kSince},
      {"format.dns1123SubdomainPrefix", "() -> format", get<5>, kOne, kSince},
      {"format.dns1035LabelPrefix", "() -> format", get<6>, kOne, kSince},
      {"format.labelValue", "() -> format", get<7>, kOne, kSince},
      {"format.uri", "() -> format", get<8>, kOne, kSince},
      {"format.uuid", "() -> format", get<9>, kOne, kSince},
      {"format.byte", "() -> format", get<10>, kOne, kSince},
      {"format.date", "() -> format", get<11>, kOne, kSince},
      {"format.datetime", "() -> format", get<12>, kOne, kSince},
  };
  return kRows;
}

}  // namespace neoid::cel
