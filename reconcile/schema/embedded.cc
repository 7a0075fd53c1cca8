#include "reconcile/schema/embedded.h"

#include <algorithm>
#include <cctype>

#include "reconcile/schema/walk.h"

namespace neoid::schema::internal {
namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void check_api_version(const Json& members, const Path& path, std::vector<FieldError>& errors) {
  const std::string field = Path::child(path, "apiVersion").text();
  const auto it = members.find("apiVersion");
  if (it == members.end()) return errors.push_back({FieldErrorType::Required, field, "", ""});
  if (!it->is_string())
    return errors.push_back({FieldErrorType::Invalid, field, go_value(*it), "must be a string"});
  const auto& text = it->get_ref<const std::string&>();
  if (text.empty()) return errors.push_back({FieldErrorType::Required, field, "", ""});
  if (std::count(text.begin(), text.end(), '/') > 1)
    errors.push_back(
        {FieldErrorType::Invalid, field, go_quote(text), "unexpected GroupVersion string: " + text});
}

void check_kind(const Json& members, const Path& path, std::vector<FieldError>& errors) {
  const std::string field = Path::child(path, "kind").text();
  const auto it = members.find("kind");
  if (it == members.end()) return errors.push_back({FieldErrorType::Required, field, "", ""});
  if (!it->is_string())
    return errors.push_back({FieldErrorType::Invalid, field, go_value(*it), "must be a string"});
  const auto& text = it->get_ref<const std::string&>();
  if (text.empty()) return errors.push_back({FieldErrorType::Required, field, "", ""});
  std::string joined;
  for (const std::string& error : dns1035_label_errors(lower_case(text)))
    joined += (joined.empty() ? "" : ",") + error;
  if (!joined.empty())
    errors.push_back({FieldErrorType::Invalid, field, go_quote(text),
                      "may have mixed case, but should otherwise match: " + joined});
}

}  // namespace

void validate_embedded(const Node& node, const Json& value, const Path& path,
                       std::vector<FieldError>& errors) {
  if (!node.embedded_below) return;
  if (value.is_object()) {
    if (node.schema->embedded_resource) {
      check_api_version(value, path, errors);
      check_kind(value, path, errors);
    }
    for_each_known_member(
        value.get_ref<const Json::object_t&>(), node,
        [&](const std::string& key, const Json& member, const Node& child, Member kind) {
          validate_embedded(child, member,
                            kind == Member::Property ? Path::child(path, key) : Path::key(path, key), errors);
        });
  } else if (value.is_array() && node.items) {
    for (std::size_t i = 0; i < value.size(); ++i)
      validate_embedded(*node.items, value[i], Path::index(path, i), errors);
  }
}

std::vector<std::string> dns1035_label_errors(std::string_view text) {
  static const re2::RE2 pattern("[a-z]([-a-z0-9]*[a-z0-9])?");
  std::vector<std::string> out;
  if (text.size() > 63) out.emplace_back("must be no more than 63 characters");
  if (!re2::RE2::FullMatch(text, pattern))
    out.emplace_back(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
        "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
  return out;
}

std::vector<std::string> dns1123_subdomain_errors(std::string_view text) {
  static const re2::RE2 pattern("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  std::vector<std::string> out;
  if (text.size() > 253) out.emplace_back("must be no more than 253 characters");
  if (!re2::RE2::FullMatch(text, pattern))
    out.emplace_back(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
        "must "
        "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
  return out;
}

}  // namespace neoid::schema::internal
