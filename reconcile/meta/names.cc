#include "reconcile/meta/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace neoid::meta {
namespace {

constexpr std::string_view kSubdomainPattern =
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
constexpr std::string_view kLabelPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kLabel1035Pattern = "[a-z]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kQualifiedPattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
constexpr std::string_view kQualifiedMessage =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character";

bool is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool is_label(std::string_view text) {
  if (text.empty() || !is_lower(text.front()) || !is_lower(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_name_part(std::string_view text) {
  if (text.empty() || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string too_long(std::size_t limit) { return fmt::format("must be no more than {} characters", limit); }

std::string mismatch(std::string_view message, std::string_view pattern,
                     std::initializer_list<const char*> examples) {
  std::string out = fmt::format("{} (e.g. ", message);
  for (const char* const* example = examples.begin(); example != examples.end(); ++example)
    out += fmt::format("{}'{}', ", example == examples.begin() ? "" : " or ", *example);
  return out + fmt::format("regex used for validation is '{}')", pattern);
}

std::string qualified_mismatch(std::string_view before) {
  return std::string(before) +
         mismatch(kQualifiedMessage, kQualifiedPattern, {"MyName", "my.name", "123-abc"});
}

// A name that ends with a dash will not end with it once something is added.
std::string mask_trailing_dash(std::string_view text) {
  if (text.size() < 2 || text.back() != '-') return std::string(text);
  return std::string(text.substr(0, text.size() - 2)) + 'a';
}

}  // namespace

Complaints check_dns1123_subdomain(std::string_view text) {
  Complaints out;
  if (text.size() > kMaxSubdomainBytes) out.push_back(too_long(kMaxSubdomainBytes));
  if (!is_subdomain(text))
    out.push_back(
        mismatch("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
                 "'.', and must start and end with an alphanumeric character",
                 kSubdomainPattern, {"example.com"}));
  return out;
}

Complaints check_dns1123_label(std::string_view text) {
  Complaints out;
  if (text.size() > kMaxLabelBytes) out.push_back(too_long(kMaxLabelBytes));
  if (!is_label(text))
    out.push_back(
        mismatch("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
                 "must start and end with an alphanumeric character",
                 kLabelPattern, {"my-name", "123-abc"}));
  return out;
}

Complaints check_dns1035_label(std::string_view text) {
  Complaints out;
  if (text.size() > kMaxLabelBytes) out.push_back(too_long(kMaxLabelBytes));
  if (!is_label(text) || !(text[0] >= 'a' && text[0] <= 'z'))
    out.push_back(
        mismatch("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
                 "alphabetic character, and end with an alphanumeric character",
                 kLabel1035Pattern, {"my-name", "abc-123"}));
  return out;
}

Complaints check_path_segment(std::string_view text) {
  if (text == "." || text == "..") return {fmt::format("may not be '{}'", text)};
  Complaints out;
  for (const char c : {'/', '%'})
    if (text.find(c) != std::string_view::npos) out.push_back(fmt::format("may not contain '{}'", c));
  return out;
}

Complaints check_qualified_name(std::string_view text) {
  Complaints out;
  const std::size_t slash = text.find('/');
  std::string_view name = text;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.find('/') != std::string_view::npos)
      return {qualified_mismatch("a qualified name ") +
              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
    if (prefix.empty())
      out.emplace_back("prefix part must be non-empty");
    else
      for (const std::string& complaint : check_dns1123_subdomain(prefix))
        out.push_back("prefix part " + complaint);
  }
  if (name.empty())
    out.emplace_back("name part must be non-empty");
  else if (name.size() > kMaxLabelBytes)
    out.push_back("name part " + too_long(kMaxLabelBytes));
  if (!is_name_part(name)) out.push_back(qualified_mismatch("name part "));
  return out;
}

Complaints check_label_value(std::string_view text) {
  Complaints out;
  if (text.size() > kMaxLabelBytes) out.push_back(too_long(kMaxLabelBytes));
  if (!text.empty() && !is_name_part(text))
    out.push_back(
        mismatch("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
                 "'.', and must start and end with an alphanumeric character",
                 fmt::format("({})?", kQualifiedPattern), {"MyValue", "my_value", "12345"}));
  return out;
}

Complaints check_name(std::string_view text, NameRule rule, bool prefix) {
  if (rule == NameRule::PathSegment) return check_path_segment(text);
  const std::string name = prefix ? mask_trailing_dash(text) : std::string(text);
  switch (rule) {
    case NameRule::Label: return check_dns1123_label(name);
    case NameRule::Label1035: return check_dns1035_label(name);
    case NameRule::Subdomain:
    case NameRule::PathSegment: break;
  }
  return check_dns1123_subdomain(name);
}

}  // namespace neoid::meta
