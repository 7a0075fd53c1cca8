#include "controller/apiserver/auth/rbac.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "reconcile/value/field_error.h"

namespace neoid::auth {
namespace {

std::string text_at(const Json& json, const char* field) {
  if (!json.is_object()) return {};
  const auto found = json.find(field);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& member(const Json& json, const char* field) {
  static const Json none;
  if (!json.is_object()) return none;
  const auto found = json.find(field);
  return found == json.end() ? none : *found;
}

struct Subject {
  std::string kind, ns, name;

  bool is(const UserInfo& user, const std::string& binding_ns) const {
    if (kind == "User") return user.name == name;
    if (kind == "Group") return user.in_group(name);
    if (kind != "ServiceAccount") return false;
    const std::string& home = ns.empty() ? binding_ns : ns;
    return !home.empty() && user.name == fmt::format("system:serviceaccount:{}:{}", home, name);
  }
  std::string text(const std::string& binding_ns) const {
    if (kind != "ServiceAccount") return fmt::format("{} {}", kind, go_quote(name));
    return fmt::format("{} {}", kind, go_quote(name + "/" + (ns.empty() ? binding_ns : ns)));
  }
};

struct Binding {
  std::string name, ns;  // of a ClusterRoleBinding: no namespace
  std::string role_kind, role_name;
  std::vector<Subject> subjects;
  const std::vector<PolicyRule>* rules = nullptr;  // null: the role does not exist

  const Subject* subject_of(const UserInfo& user) const {
    const auto found = std::find_if(subjects.begin(), subjects.end(),
                                    [&](const Subject& subject) { return subject.is(user, ns); });
    return found == subjects.end() ? nullptr : &*found;
  }
  std::string reason(const Subject& subject) const {
    return fmt::format(
        "RBAC: allowed by {} {} of {} {} to {}", ns.empty() ? "ClusterRoleBinding" : "RoleBinding",
        go_quote(ns.empty() ? name : name + "/" + ns), role_kind, go_quote(role_name), subject.text(ns));
  }
  // In the words of the cache that a real server's authorizer reads, which names kinds in the singular.
  std::string missing() const {
    return fmt::format("{}.rbac.authorization.k8s.io {} not found",
                       role_kind == "ClusterRole" ? "clusterrole" : "role", go_quote(role_name));
  }
};

// Go's aggregate of errors: one as it is, several different ones in brackets.
std::string aggregate_errors(const std::vector<std::string>& errors) {
  std::vector<std::string> unique;
  for (const auto& error : errors)
    if (std::find(unique.begin(), unique.end(), error) == unique.end()) unique.push_back(error);
  if (unique.size() == 1) return unique.front();
  return unique.empty() ? "" : fmt::format("[{}]", fmt::join(unique, ", "));
}

}  // namespace

struct Rbac::Impl {
  std::map<std::string, std::vector<PolicyRule>, std::less<>> cluster_roles;
  std::map<std::string, Json, std::less<>> aggregated;
  std::map<std::pair<std::string, std::string>, std::vector<PolicyRule>> roles;  // by namespace and name
  std::vector<Binding> cluster_bindings;
  std::map<std::string, std::vector<Binding>, std::less<>> bindings;  // by namespace

  const std::vector<PolicyRule>* find(std::string_view kind, const std::string& name,
                                      const std::string& ns) const {
    if (kind == "ClusterRole") {
      const auto found = cluster_roles.find(name);
      return found == cluster_roles.end() ? nullptr : &found->second;
    }
    const auto found = roles.find({ns, name});
    return found == roles.end() ? nullptr : &found->second;
  }

  Binding make_binding(const Json& object) const {
    Binding binding;
    const Json& metadata = member(object, "metadata");
    binding.name = text_at(metadata, "name");
    binding.ns = text_at(metadata, "namespace");
    binding.role_kind = text_at(member(object, "roleRef"), "kind");
    binding.role_name = text_at(member(object, "roleRef"), "name");
    for (const Json& subject : member(object, "subjects"))
      binding.subjects.push_back(
          {text_at(subject, "kind"), text_at(subject, "namespace"), text_at(subject, "name")});
    binding.rules = find(binding.role_kind, binding.role_name, binding.ns);
    return binding;
  }

  // Calls `visit` with each binding that holds for the user in the namespace, cluster-wide ones first, until
  // it returns false.
  template <class Visit>
  void each(const UserInfo& user, std::string_view ns, const Visit& visit) const {
    const auto go_through = [&](const std::vector<Binding>& list) {
      for (const Binding& binding : list)
        if (const Subject* subject = binding.subject_of(user))
          if (!visit(binding, *subject)) return false;
      return true;
    };
    if (!go_through(cluster_bindings) || ns.empty()) return;
    const auto found = bindings.find(ns);
    if (found != bindings.end()) go_through(found->second);
  }
};

Rbac::Rbac(const RbacObjects& objects) {
  auto impl = std::make_unique<Impl>();
  for (const auto& role : objects.cluster_roles) {
    const std::string name = text_at(member(*role, "metadata"), "name");
    const Json& aggregation = member(*role, "aggregationRule");
    if (aggregation.is_object()) {
      Json rules = aggregate(aggregation, objects.cluster_roles, name);
      impl->cluster_roles[name] = rules_from_json(rules);
      impl->aggregated[name] = std::move(rules);
    } else {
      impl->cluster_roles[name] = rules_from_json(member(*role, "rules"));
    }
  }
  for (const auto& role : objects.roles) {
    const Json& metadata = member(*role, "metadata");
    impl->roles[{text_at(metadata, "namespace"), text_at(metadata, "name")}] =
        rules_from_json(member(*role, "rules"));
  }
  // The roles are complete: bindings may point into them.
  for (const auto& binding : objects.cluster_role_bindings)
    impl->cluster_bindings.push_back(impl->make_binding(*binding));
  for (const auto& binding : objects.role_bindings) {
    Binding made = impl->make_binding(*binding);
    impl->bindings[made.ns].push_back(std::move(made));
  }
  impl_ = std::move(impl);
}

Rbac::~Rbac() = default;

Decision Rbac::authorize(const UserInfo& user, const Attributes& attributes) const {
  if (user.in_group(kMastersGroup)) return {true, ""};
  Decision decision;
  std::vector<std::string> errors;
  impl_->each(user, attributes.ns, [&](const Binding& binding, const Subject& subject) {
    if (binding.rules == nullptr) {
      errors.push_back(binding.missing());
      return true;
    }
    decision.allowed = std::any_of(binding.rules->begin(), binding.rules->end(),
                                   [&](const PolicyRule& rule) { return allows(rule, attributes); });
    if (decision.allowed) decision.reason = binding.reason(subject);
    return !decision.allowed;
  });
  if (!decision.allowed && !errors.empty()) decision.reason = "RBAC: " + aggregate_errors(errors);
  return decision;
}

Rbac::Rules Rbac::rules_for(const UserInfo& user, std::string_view ns) const {
  Rules found;
  std::vector<std::string> errors;
  impl_->each(user, ns, [&](const Binding& binding, const Subject&) {
    if (binding.rules == nullptr)
      errors.push_back(binding.missing());
    else
      found.rules.insert(found.rules.end(), binding.rules->begin(), binding.rules->end());
    return true;
  });
  found.error = aggregate_errors(errors);
  return found;
}

Result<std::vector<PolicyRule>> Rbac::role_rules(std::string_view kind, std::string_view name,
                                                 std::string_view ns) const {
  const auto* rules = impl_->find(kind, std::string(name), std::string(ns));
  if (rules != nullptr) return *rules;
  return fail(ErrorKind::NotFound,
              fmt::format("{}.rbac.authorization.k8s.io {} not found",
                          kind == "ClusterRole" ? "clusterroles" : "roles", go_quote(std::string(name))),
              "NotFound");
}

Json Rbac::aggregated_rules(std::string_view cluster_role) const {
  const auto found = impl_->aggregated.find(cluster_role);
  return found == impl_->aggregated.end() ? Json() : found->second;
}

Authorizer::Authorizer(std::shared_ptr<const Rbac> rbac) : rbac_(std::move(rbac)) {}

void Authorizer::replace(std::shared_ptr<const Rbac> rbac) {
  MutexLock lock(mutex_);
  rbac_.swap(rbac);  // the old one is destroyed by the caller, after the lock
}

std::shared_ptr<const Rbac> Authorizer::snapshot() const {
  MutexLock lock(mutex_);
  return rbac_;
}

Decision Authorizer::authorize(const UserInfo& user, const Attributes& attributes) const {
  return snapshot()->authorize(user, attributes);
}

Result<void> Authorizer::check(const UserInfo& user, const Attributes& attributes) const {
  const Decision decision = authorize(user, attributes);
  if (decision.allowed) return {};
  return fail(ErrorKind::Denied, forbidden_message(user, attributes, decision.reason), "Forbidden");
}

}  // namespace neoid::auth
