// RBAC: may this user do that? A pure function of a snapshot of role objects.
//
// Rbac is immutable and compiled once from the four kinds of objects; when one of them changes, a new one is
// built and put into the Authorizer. ClusterRoles with an aggregationRule get the union of the rules of the
// ClusterRoles that it selects. Decisions, messages and orders are those of a real API server's RBAC
// authorizer. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/auth/user_info.h"
#include "controller/base/mutex.h"
#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid::auth {

// What is asked for. Borrows nothing.
struct Attributes {
  std::string verb;       // "get", "list", "watch", "create", ... or a lower-case HTTP method for a path
  std::string api_group;  // "" is the core group
  std::string resource;   // empty: a path that is no resource
  std::string subresource;
  std::string ns;    // empty: the cluster scope, or all namespaces
  std::string name;  // empty: a collection, a creation
  std::string path;  // "/version", where resource is empty
};

struct Decision {
  bool allowed = false;
  // Allowed: `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`, empty for
  // system:masters. Not allowed: empty, or what could not be resolved (a binding to a role that does not
  // exist).
  std::string reason;
};

struct PolicyRule {
  std::vector<std::string> verbs, api_groups, resources, resource_names, non_resource_urls;
  bool operator==(const PolicyRule&) const = default;
};
// Of the `rules` of a Role; null and missing lists are empty.
std::vector<PolicyRule> rules_from_json(const Json& rules);
Json to_json(const PolicyRule& rule);
bool allows(const PolicyRule& rule, const Attributes& attributes);

// The objects as they are stored, in the order of their namespaces and names.
struct RbacObjects {
  std::vector<std::shared_ptr<const Json>> roles, role_bindings, cluster_roles, cluster_role_bindings;
};

class Rbac {
 public:
  explicit Rbac(const RbacObjects& objects);
  ~Rbac();

  Decision authorize(const UserInfo& user, const Attributes& attributes) const;
  // Every rule that holds for the user in the namespace, in the order of the bindings, cluster-wide ones
  // first. `error` (may be empty) tells what could not be resolved.
  struct Rules {
    std::vector<PolicyRule> rules;
    std::string error;
  };
  Rules rules_for(const UserInfo& user, std::string_view ns) const;
  // The rules of {kind, name}: Role (in ns) or ClusterRole. NotFound/"NotFound".
  Result<std::vector<PolicyRule>> role_rules(std::string_view kind, std::string_view name,
                                             std::string_view ns) const;
  // The effective `rules` (a JSON array) of an aggregated ClusterRole, as a real server's controller writes
  // them into the object; null: there is no such ClusterRole, or it does not aggregate.
  Json aggregated_rules(std::string_view cluster_role) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

// The rules that `aggregation_rule` ({clusterRoleSelectors: [...]}) gathers from the ClusterRoles, without
// duplicates, in the order of their names, leaving out `except` (the role itself).
Json aggregate(const Json& aggregation_rule, const std::vector<std::shared_ptr<const Json>>& cluster_roles,
               std::string_view except);

// Holds the snapshot of the day. Thread-safe.
class Authorizer {
 public:
  explicit Authorizer(std::shared_ptr<const Rbac> rbac);
  void replace(std::shared_ptr<const Rbac> rbac);
  std::shared_ptr<const Rbac> snapshot() const;
  Decision authorize(const UserInfo& user, const Attributes& attributes) const;
  // Denied/"Forbidden" with forbidden_message().
  Result<void> check(const UserInfo& user, const Attributes& attributes) const;

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Rbac> rbac_ NEOID_GUARDED_BY(mutex_);
};

// The message of the Status, word for word: `secrets "a" is forbidden: User "x" cannot get resource "secrets"
// in API group
// "" in the namespace "y"`, `forbidden: User "x" cannot get path "/foo"`.
std::string forbidden_message(const UserInfo& user, const Attributes& attributes, std::string_view reason);
// `widgets.example.com "a" is forbidden: WHY`, what every other refusal starts with.
std::string forbidden_prefix(std::string_view api_group, std::string_view resource, std::string_view name);

// The `status` of a Self-, Local- or SubjectAccessReview: {allowed, reason?}.
Json access_review_status(const Decision& decision);
// The `status` of a SelfSubjectRulesReview.
Json rules_review_status(const Rbac::Rules& rules);

}  // namespace neoid::auth
