#include "controller/apiserver/auth/rule.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "reconcile/value/field_error.h"

namespace neoid::auth {
namespace {

using Texts = std::vector<std::string>;

bool has(const Texts& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool has_or_star(const Texts& texts, std::string_view text) { return has(texts, "*") || has(texts, text); }

// "*/status" stands for the subresource of any resource.
bool resource_matches(const Texts& resources, const std::string& resource) {
  if (has_or_star(resources, resource)) return true;
  const std::size_t slash = resource.find('/');
  return slash != std::string::npos && has(resources, "*" + resource.substr(slash));
}

bool url_matches(const std::string& pattern, std::string_view url) {
  if (pattern == "*" || pattern == url) return true;
  if (pattern.empty() || pattern.back() != '*') return false;
  const std::string_view start = std::string_view(pattern).substr(0, pattern.find_last_not_of('*') + 1);
  return url.substr(0, start.size()) == start;
}

bool url_matches_any(const Texts& patterns, std::string_view url) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return url_matches(pattern, url); });
}

// `one` is a single permission.
bool covers(const PolicyRule& rule, const PolicyRule& one) {
  if (!has_or_star(rule.verbs, one.verbs.front())) return false;
  if (!one.non_resource_urls.empty())
    return url_matches_any(rule.non_resource_urls, one.non_resource_urls.front());
  if (!has_or_star(rule.api_groups, one.api_groups.front())) return false;
  if (!resource_matches(rule.resources, one.resources.front())) return false;
  if (rule.resource_names.empty()) return true;
  return !one.resource_names.empty() && has(rule.resource_names, one.resource_names.front());
}

std::vector<PolicyRule> break_down(const PolicyRule& rule) {
  std::vector<PolicyRule> ones;
  for (const auto& group : rule.api_groups)
    for (const auto& resource : rule.resources)
      for (const auto& verb : rule.verbs) {
        if (rule.resource_names.empty()) ones.push_back(PolicyRule{{verb}, {group}, {resource}, {}, {}});
        for (const auto& name : rule.resource_names)
          ones.push_back(PolicyRule{{verb}, {group}, {resource}, {name}, {}});
      }
  for (const auto& url : rule.non_resource_urls)
    for (const auto& verb : rule.verbs) ones.push_back(PolicyRule{{verb}, {}, {}, {}, {url}});
  return ones;
}

Texts texts_of(const Json& rule, const char* field) {
  Texts texts;
  const auto found = rule.find(field);
  if (found == rule.end() || !found->is_array()) return texts;
  for (const Json& item : *found)
    if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

}  // namespace

std::vector<PolicyRule> rules_from_json(const Json& rules) {
  std::vector<PolicyRule> parsed;
  if (!rules.is_array()) return parsed;
  for (const Json& rule : rules) {
    if (!rule.is_object()) continue;
    parsed.push_back(PolicyRule{texts_of(rule, "verbs"), texts_of(rule, "apiGroups"),
                                texts_of(rule, "resources"), texts_of(rule, "resourceNames"),
                                texts_of(rule, "nonResourceURLs")});
  }
  return parsed;
}

Json to_json(const PolicyRule& rule) {
  Json json = {{"verbs", rule.verbs}};
  if (!rule.api_groups.empty()) json["apiGroups"] = rule.api_groups;
  if (!rule.resources.empty()) json["resources"] = rule.resources;
  if (!rule.resource_names.empty()) json["resourceNames"] = rule.resource_names;
  if (!rule.non_resource_urls.empty()) json["nonResourceURLs"] = rule.non_resource_urls;
  return json;
}

bool allows(const PolicyRule& rule, const Attributes& attributes) {
  if (!has_or_star(rule.verbs, attributes.verb)) return false;
  if (attributes.resource.empty()) return url_matches_any(rule.non_resource_urls, attributes.path);
  if (!has_or_star(rule.api_groups, attributes.api_group)) return false;
  std::string resource = attributes.resource;
  if (!attributes.subresource.empty()) resource += "/" + attributes.subresource;
  if (!resource_matches(rule.resources, resource)) return false;
  return rule.resource_names.empty() || has(rule.resource_names, attributes.name);
}

std::vector<PolicyRule> not_covered(const std::vector<PolicyRule>& owned,
                                    const std::vector<PolicyRule>& wanted) {
  std::vector<PolicyRule> missing;
  for (const PolicyRule& rule : wanted)
    for (PolicyRule& one : break_down(rule)) {
      const bool covered =
          std::any_of(owned.begin(), owned.end(), [&](const PolicyRule& mine) { return covers(mine, one); });
      if (!covered) missing.push_back(std::move(one));
    }
  return missing;
}

std::vector<PolicyRule> compact(const std::vector<PolicyRule>& rules) {
  std::vector<PolicyRule> compacted;
  std::map<std::tuple<Texts, Texts, Texts>, PolicyRule> simple;  // by group, resource and name
  for (const PolicyRule& rule : rules) {
    const bool is_simple = rule.api_groups.size() == 1 && rule.resources.size() == 1 &&
                           rule.resource_names.size() <= 1 && rule.non_resource_urls.empty();
    if (!is_simple) {
      compacted.push_back(rule);
      continue;
    }
    const auto [place, is_new] =
        simple.try_emplace({rule.api_groups, rule.resources, rule.resource_names}, rule);
    if (!is_new) place->second.verbs.insert(place->second.verbs.end(), rule.verbs.begin(), rule.verbs.end());
  }
  for (auto& [place, rule] : simple) compacted.push_back(std::move(rule));
  return compacted;
}

std::string go_quote_list(const Texts& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ' ';
    out += go_quote(text);
  }
  return out + "]";
}

std::string describe(const PolicyRule& rule) {
  std::string out = "{";
  const auto part = [&](std::string_view name, const Texts& texts) {
    if (texts.empty()) return;
    if (out.size() > 1) out += ", ";
    out += name;
    out += ':';
    out += go_quote_list(texts);
  };
  part("APIGroups", rule.api_groups);
  part("Resources", rule.resources);
  part("NonResourceURLs", rule.non_resource_urls);
  part("ResourceNames", rule.resource_names);
  part("Verbs", rule.verbs);
  return out + "}";
}

}  // namespace neoid::auth
