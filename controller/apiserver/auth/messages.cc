// What refusals and access reviews say.
#include <fmt/format.h>

#include "controller/apiserver/auth/rbac.h"
#include "reconcile/value/field_error.h"

namespace neoid::auth {
namespace {

// A real server escapes these three, for browsers that guess types.
std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string cannot(const UserInfo& user, const Attributes& asked) {
  if (asked.resource.empty())
    return fmt::format("User {} cannot {} path {}", go_quote(user.name), asked.verb, go_quote(asked.path));
  std::string resource = asked.resource;
  if (!asked.subresource.empty()) resource += "/" + asked.subresource;
  const std::string where =
      asked.ns.empty() ? "at the cluster scope" : fmt::format("in the namespace {}", go_quote(asked.ns));
  return fmt::format("User {} cannot {} resource {} in API group {} {}", go_quote(user.name), asked.verb,
                     go_quote(resource), go_quote(asked.api_group), where);
}

}  // namespace

std::string forbidden_prefix(std::string_view api_group, std::string_view resource, std::string_view name) {
  if (resource.empty()) return "forbidden: ";
  std::string out(resource);
  if (!api_group.empty()) out += fmt::format(".{}", api_group);
  if (!name.empty()) out += " " + go_quote(std::string(name));
  return out + " is forbidden: ";
}

std::string forbidden_message(const UserInfo& user, const Attributes& attributes, std::string_view reason) {
  std::string out = forbidden_prefix(attributes.api_group, attributes.resource, attributes.name);
  out += escape_html(cannot(user, attributes));
  if (!reason.empty()) out += fmt::format(": {}", reason);
  return out;
}

Json access_review_status(const Decision& decision) {
  Json status = {{"allowed", decision.allowed}};
  if (!decision.reason.empty()) status["reason"] = decision.reason;
  return status;
}

Json rules_review_status(const Rbac::Rules& rules) {
  Json status = {
      {"resourceRules", Json::array()}, {"nonResourceRules", Json::array()}, {"incomplete", false}};
  for (const PolicyRule& rule : rules.rules) {
    if (!rule.resources.empty())
      status["resourceRules"].push_back(
          to_json(PolicyRule{rule.verbs, rule.api_groups, rule.resources, rule.resource_names, {}}));
    if (!rule.non_resource_urls.empty())
      status["nonResourceRules"].push_back(
          to_json(PolicyRule{rule.verbs, {}, {}, {}, rule.non_resource_urls}));
  }
  if (!rules.error.empty()) status["evaluationError"] = rules.error;
  return status;
}

}  // namespace neoid::auth
