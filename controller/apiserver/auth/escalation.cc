#include "controller/apiserver/auth/escalation.h"

#include <fmt/format.h>

#include <set>

#include "controller/apiserver/auth/rule.h"
#include "reconcile/value/field_error.h"

namespace neoid::auth {
namespace {

constexpr const char* kGroup = "rbac.authorization.k8s.io";

const Json& member(const Json& json, const char* field) {
  static const Json none;
  if (!json.is_object()) return none;
  const auto found = json.find(field);
  return found == json.end() ? none : *found;
}

std::string text_at(const Json& json, const char* field) {
  const Json& value = member(json, field);
  return value.is_string() ? value.get<std::string>() : std::string();
}

struct Place {
  std::string ns, name;
};
Place place_of(const Json& object) {
  const Json& metadata = member(object, "metadata");
  return {text_at(metadata, "namespace"), text_at(metadata, "name")};
}

// What the garbage collector must be able to do for somebody without the rights of the object.
bool only_collection_fields_differ(const Json& object, const Json* old) {
  if (old == nullptr) return false;
  Json a = object;
  Json b = *old;
  for (Json* side : {&a, &b}) {
    if (!side->is_object() || !side->contains("metadata") || !(*side)["metadata"].is_object()) return false;
    for (const char* field : {"ownerReferences", "finalizers", "managedFields", "resourceVersion"})
      (*side)["metadata"].erase(field);
  }
  return a == b;
}

Error forbidden(std::string_view resource, std::string_view name, std::string_view why) {
  return Error{ErrorKind::Denied, forbidden_prefix(kGroup, resource, name) + std::string(why), "Forbidden"};
}

// Empty: the user holds every permission of `wanted` in the namespace.
std::string what_is_missing(const Rbac& rbac, const UserInfo& user, std::string_view ns,
                            const std::vector<PolicyRule>& wanted) {
  const Rbac::Rules owned = rbac.rules_for(user, ns);
  const auto missing = not_covered(owned.rules, wanted);
  if (missing.empty()) return {};
  std::set<std::string> texts;
  for (const PolicyRule& rule : compact(missing)) texts.insert(describe(rule));
  std::string why =
      fmt::format("user {} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
                  go_quote(user.name), go_quote_list(user.groups), fmt::join(texts, "\n"));
  if (!owned.error.empty()) why += fmt::format("; resolution errors: [{}]", owned.error);
  return why;
}

Attributes rbac_attributes(std::string verb, std::string resource, std::string ns, std::string name) {
  return Attributes{std::move(verb), kGroup, std::move(resource), "", std::move(ns), std::move(name), ""};
}

}  // namespace

Result<void> check_role_write(const Rbac& rbac, const UserInfo& user, const Json& role, const Json* old) {
  const Place place = place_of(role);
  const bool cluster = place.ns.empty();
  const char* resource = cluster ? "clusterroles" : "roles";
  if (only_collection_fields_differ(role, old)) return {};
  // A creation is asked about without a name, as the request has none.
  const Attributes escalate =
      rbac_attributes("escalate", resource, place.ns, old == nullptr ? "" : place.name);
  if (rbac.authorize(user, escalate).allowed) return {};
  const std::string why = what_is_missing(rbac, user, place.ns, rules_from_json(member(role, "rules")));
  if (!why.empty()) return fail(forbidden(resource, place.name, why));
  const bool aggregates = cluster && (member(role, "aggregationRule").is_object() ||
                                      (old != nullptr && member(*old, "aggregationRule").is_object()));
  if (!aggregates) return {};
  // It can gather anything: only who has everything may write it.
  const std::vector<PolicyRule> everything = {{{"*"}, {"*"}, {"*"}, {}, {}}, {{"*"}, {}, {}, {}, {"*"}}};
  if (what_is_missing(rbac, user, "", everything).empty()) return {};
  return fail(
      forbidden(resource, place.name, "must have cluster-admin privileges to use the aggregationRule"));
}

Result<void> check_binding_write(const Rbac& rbac, const UserInfo& user, const Json& binding,
                                 const Json* old) {
  if (user.in_group(kMastersGroup) || only_collection_fields_differ(binding, old)) return {};
  const Place place = place_of(binding);
  const Json& role = member(binding, "roleRef");
  const std::string kind = text_at(role, "kind");
  const std::string name = text_at(role, "name");
  const Attributes bind =
      rbac_attributes("bind", kind == "ClusterRole" ? "clusterroles" : "roles", place.ns, name);
  if (rbac.authorize(user, bind).allowed) return {};
  NEOID_TRY(const auto rules, rbac.role_rules(kind, name, place.ns));
  const std::string why = what_is_missing(rbac, user, place.ns, rules);
  if (why.empty()) return {};
  return fail(forbidden(place.ns.empty() ? "clusterrolebindings" : "rolebindings", place.name, why));
}

}  // namespace neoid::auth
