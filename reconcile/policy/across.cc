#include "reconcile/policy/across.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "reconcile/api/scope.h"
#include "reconcile/meta/object_meta.h"
#include "reconcile/policy/admission.h"
#include "reconcile/policy/name_arena.h"
#include "reconcile/policy/similar.h"

namespace neoid::policy {
namespace {

constexpr std::string_view kDefaultSecretSuffix = "-oauth";
constexpr std::size_t kMaxScopesOfUser = 256;  // of which facts are kept; the contract allows 64

std::string text_of(const Json* object, const char* name) {
  if (object == nullptr || !object->is_object()) return {};
  const auto found = object->find(name);
  return found != object->end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json* member(const Json* object, const char* name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(name);
  return found == object->end() ? nullptr : &*found;
}

std::string_view group_of(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

std::string name_text(std::string_view ns, std::string_view name) {
  return ns.empty() ? std::string(name) : fmt::format("{}/{}", ns, name);
}

// Texts that come again and again (kinds, namespaces, scopes) as small numbers.
class Interned {
 public:
  std::uint32_t number(std::string_view text) {
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) return found->second;
    const auto number = static_cast<std::uint32_t>(texts_.size());
    texts_.emplace_back(text);
    numbers_.emplace(texts_.back(), number);
    return number;
  }
  const std::string& text(std::uint32_t number) const { return texts_[number]; }

 private:
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

// A FactRef that is aligned like the numbers beside it: one of these structs is kept for each resource, or more.
class Place {
 public:
  Place(FactRef ref) : high_(static_cast<std::uint32_t>(ref >> 32)), low_(static_cast<std::uint32_t>(ref)) {}
  operator FactRef() const { return static_cast<FactRef>(high_) << 32 | low_; }

 private:
  std::uint32_t high_, low_;
};

struct Identity {
  Place at;
  std::uint32_t type;  // "group/Kind"
  std::uint32_t ns;
  std::uint32_t name;  // in the arena
};

enum class SecretUser : std::uint8_t { Generates, References, IsTheSecret };

struct SecretUse {
  Place at;
  std::uint32_t hash;   // of the effective name: sorting compares texts of equal hashes only
  std::uint32_t owner;  // index of its identity
  std::uint32_t ns;
  std::uint32_t name;  // in the arena; with `derived` that of the owner, before -oauth
  bool derived;
  SecretUser user;
};

struct ScopeUse {
  Place at;
  std::uint32_t owner;
  std::uint32_t scope : 24;
  std::uint32_t index : 8;
};

}  // namespace

struct Across::Facts {
  NameArena names;
  Interned types, namespaces, scopes;
  std::deque<Identity> identities;
  std::deque<SecretUse> secrets;
  std::deque<ScopeUse> scope_uses;
  Catalogue catalogue;
  std::map<std::string, std::map<std::string, std::string>> labels;  // of the namespaces that are there

  std::string resource(std::uint32_t identity) const {
    const Identity& it = identities[identity];
    const std::string& type = types.text(it.type);
    return fmt::format("{} {}", type.substr(type.find('/') + 1),
                       name_text(namespaces.text(it.ns), names.text(it.name)));
  }
  bool same(std::uint32_t a, std::uint32_t b) const {
    return identities[a].type == identities[b].type && identities[a].ns == identities[b].ns &&
           names.text(identities[a].name) == names.text(identities[b].name);
  }
  std::string secret_name(const SecretUse& use) const {
    std::string name(names.text(use.name));
    return use.derived ? name.append(kDefaultSecretSuffix) : name;
  }

  void push_secret(SecretUse use) {
    if (names.text(use.name).empty()) return;
    use.hash = static_cast<std::uint32_t>(std::hash<std::string>()(secret_name(use)));
    secrets.push_back(use);
  }
  void add_user(const Json& object, bool system, std::uint32_t owner, const Locate& locate);
  void add_scope(const Json& object);
  void add_namespace(const Json& object);
  void judge_duplicates(std::vector<Violation>& violations) const;
  void judge_secrets(std::vector<Violation>& violations) const;
  void judge_scopes(std::vector<Violation>& violations) const;
  Violation judge_secret(const SecretUse& first, const SecretUse& second) const;
  std::optional<Violation> judge_scope(const ScopeUse& use) const;
};

void Across::Facts::add_user(const Json& object, bool system, std::uint32_t owner, const Locate& locate) {
  const Json* spec = member(&object, "spec");
  const Json* credentials = member(spec, "credentials");
  SecretUse secret{0, 0, owner, identities[owner].ns, identities[owner].name, false, SecretUser::Generates};
  if (text_of(credentials, "source") == "Reference") secret.user = SecretUser::References;
  if (system) {
    const Json* reference = member(credentials, "secretRef");
    const std::string name = text_of(reference, "name");
    secret.at = locate("spec.credentials.secretRef.name");
    secret.ns = namespaces.number(text_of(reference, "namespace"));
    secret.name = names.add(name);
    push_secret(secret);
  } else {
    const std::string name = text_of(credentials, "secretName");
    secret.derived = name.empty();
    secret.at = locate(secret.derived ? "metadata.name" : "spec.credentials.secretName");
    if (!secret.derived) secret.name = names.add(name);
    push_secret(secret);
  }
  const Json* list = member(spec, "scopes");
  if (list == nullptr || !list->is_array()) return;
  for (std::size_t i = 0; i < std::min(list->size(), kMaxScopesOfUser); ++i) {
    if (!(*list)[i].is_string()) continue;
    const std::uint32_t scope = scopes.number((*list)[i].get_ref<const std::string&>());
    scope_uses.push_back({locate(fmt::format("spec.scopes[{}]", i)), owner, scope & 0xFF'FFFFU,
                          static_cast<std::uint32_t>(i) & 0xFFU});
  }
}

void Across::Facts::add_scope(const Json& object) {
  const std::string name = meta::name_of(object);
  const auto decoded = api::decode_scope(object);
  // What cannot be decoded is a finding of its own; the scope is there all the same.
  catalogue[name] = decoded ? CatalogueScope{decoded->spec.deprecated, decoded->spec.replacement,
                                             decoded->spec.allowed_namespaces}
                            : CatalogueScope{};
}

void Across::Facts::add_namespace(const Json& object) {
  const std::string name = meta::name_of(object);
  auto& labels_of_it = labels[name];
  labels_of_it["kubernetes.io/metadata.name"] = name;  // every API server sets it
  const Json& given = meta::member_of(object, "labels");
  if (!given.is_object()) return;
  for (const auto& [key, value] : given.items())
    if (value.is_string()) labels_of_it[key] = value.get<std::string>();
}

Across::Across() : facts_(std::make_unique<Facts>()) {}
Across::~Across() = default;
Across::Across(Across&&) noexcept = default;
Across& Across::operator=(Across&&) noexcept = default;

bool Across::scopes_unjudged() const { return facts_->catalogue.empty() && !facts_->scope_uses.empty(); }

void Across::add(const Json& object, const Locate& locate) {
  const std::string api_version = text_of(&object, "apiVersion");
  const std::string kind = text_of(&object, "kind");
  const std::string name = meta::name_of(object);
  if (name.empty()) return;  // to be generated: never the same as another
  Facts& facts = *facts_;
  const std::string_view group = group_of(api_version);
  const auto owner = static_cast<std::uint32_t>(facts.identities.size());
  facts.identities.push_back({locate("metadata.name"), facts.types.number(fmt::format("{}/{}", group, kind)),
                              facts.namespaces.number(meta::namespace_of(object)), facts.names.add(name)});
  if (api_version == "v1" && kind == "Namespace") facts.add_namespace(object);
  if (api_version == "v1" && kind == "Secret") {
    const Identity& self = facts.identities.back();
    facts.push_secret({self.at, 0, owner, self.ns, self.name, false, SecretUser::IsTheSecret});
  }
  if (group != api::kGroup) return;
  if (kind == "Scope") facts.add_scope(object);
  if (kind == "IntegrationUser" || kind == "SystemIntegrationUser")
    facts.add_user(object, kind == "SystemIntegrationUser", owner, locate);
}

void Across::add(const Catalogue& catalogue) { facts_->catalogue.insert(catalogue.begin(), catalogue.end()); }

void Across::Facts::judge_duplicates(std::vector<Violation>& violations) const {
  std::vector<std::uint32_t> order(identities.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  const auto key = [&](std::uint32_t i) {
    const Identity& it = identities[i];
    return std::tuple(it.type, it.ns, names.text(it.name));
  };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto x = key(a), y = key(b);
    return x != y ? x < y : identities[a].at < identities[b].at;
  });
  for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
    if (key(order[first]) != key(order[i])) {
      first = i;
      continue;
    }
    violations.push_back({rule::kDuplicateResource, Severity::Error, identities[order[i]].at,
                          identities[order[first]].at, resource(order[i]), "metadata.name",
                          "the resource is declared twice; the one that is applied last wins",
                          "remove one of them, or give it another name"});
  }
}

Violation Across::Facts::judge_secret(const SecretUse& first, const SecretUse& second) const {
  const std::string secret = name_text(namespaces.text(second.ns), secret_name(second));
  const SecretUse& user = second.user == SecretUser::IsTheSecret ? first : second;
  const SecretUse& other = &user == &second ? first : second;
  Violation violation;
  violation.at = user.at;
  violation.other = other.at;
  violation.resource = resource(user.owner);
  violation.field = user.derived ? "metadata.name" : "spec.credentials.secretName";
  if (types.text(identities[user.owner].type).ends_with("/SystemIntegrationUser"))
    violation.field = "spec.credentials.secretRef.name";
  if (other.user == SecretUser::IsTheSecret) {
    violation.rule = rule::kSecretInTheWay;
    violation.message = fmt::format(
        "the Secret {} is declared too; neoid leaves a Secret alone that it did not make", secret);
    violation.help =
        "remove the Secret, name another one, or set spec.credentials.source to Reference if somebody else "
        "makes it";
  } else {
    violation.rule = rule::kSecretNamedTwice;
    violation.message = fmt::format("the Secret {} is named by {} too; neither would be written", secret,
                                    resource(other.owner));
    violation.help = "give each resource a Secret of its own";
  }
  return violation;
}

void Across::Facts::judge_secrets(std::vector<Violation>& violations) const {
  std::vector<std::uint32_t> order(secrets.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  const auto less = [&](std::uint32_t x, std::uint32_t y) {
    const SecretUse &a = secrets[x], &b = secrets[y];
    if (a.ns != b.ns) return a.ns < b.ns;
    if (a.hash != b.hash) return a.hash < b.hash;
    const int order_of_names = secret_name(a).compare(secret_name(b));
    return order_of_names != 0 ? order_of_names < 0 : a.at < b.at;
  };
  const auto equal = [&](const SecretUse& a, const SecretUse& b) {
    return a.ns == b.ns && a.hash == b.hash && secret_name(a) == secret_name(b);
  };
  std::sort(order.begin(), order.end(), less);
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    end = first + 1;
    while (end < order.size() && equal(secrets[order[first]], secrets[order[end]])) ++end;
    for (std::size_t i = first + 1; i < end; ++i) {
      const SecretUse &a = secrets[order[first]], &b = secrets[order[i]];
      if (same(a.owner, b.owner)) continue;  // a duplicate resource: said already
      const bool referenced = a.user != SecretUser::Generates && b.user != SecretUser::Generates;
      if (referenced && (a.user == SecretUser::IsTheSecret || b.user == SecretUser::IsTheSecret)) continue;
      violations.push_back(judge_secret(a, b));
    }
  }
}

std::optional<Violation> Across::Facts::judge_scope(const ScopeUse& use) const {
  const Identity& owner = identities[use.owner];
  const std::string& name = scopes.text(use.scope);
  const std::string& ns = namespaces.text(owner.ns);
  const auto known = labels.find(ns);
  const bool system = types.text(owner.type).ends_with("/SystemIntegrationUser");
  // Of a namespace that is not among the objects nobody knows the labels.
  const Reach reach = system || known == labels.end() ? Reach::Platform : Reach::Namespace;
  const ScopeResolution got =
      resolve_scopes({name}, catalogue,
                     reach == Reach::Namespace ? known->second : std::map<std::string, std::string>(), reach);
  Violation violation;
  violation.field = fmt::format("spec.scopes[{}]", static_cast<unsigned>(use.index));
  if (!got.unknown.empty()) {
    violation.rule = rule::kScopeNotFound;
    violation.message = fmt::format("there is no Scope {}", name);
    std::vector<std::string> names_of_scopes;
    for (const auto& [scope, facts] : catalogue) names_of_scopes.push_back(scope);
    const auto similar = most_similar(name, names_of_scopes);
    violation.help =
        similar ? fmt::format("did you mean {}?", *similar) : "declare the Scope, or ask for one that exists";
  } else if (!got.not_allowed.empty()) {
    violation.rule = rule::kScopeNotAllowed;
    violation.message =
        fmt::format("the Scope {} is not allowed to the namespace {}, so it would not be granted", name, ns);
    violation.help = fmt::format(
        "ask for another scope, or let the Scope's spec.allowedNamespaces select the namespace {}", ns);
  } else if (!got.deprecated.empty()) {
    const std::string& replacement = catalogue.at(name).replacement;
    violation.rule = rule::kScopeDeprecated;
    violation.severity = Severity::Warning;
    violation.message = fmt::format("the Scope {} is deprecated", name);
    if (!replacement.empty()) violation.help = fmt::format("use {} in its place", replacement);
  } else {
    return std::nullopt;
  }
  return violation;
}

void Across::Facts::judge_scopes(std::vector<Violation>& violations) const {
  if (catalogue.empty()) return;
  // One verdict for each scope in each namespace: there are few, however many users ask.
  std::unordered_map<std::uint64_t, std::optional<Violation>> verdicts;
  for (const ScopeUse& use : scope_uses) {
    const Identity& owner = identities[use.owner];
    const std::uint64_t key = (static_cast<std::uint64_t>(owner.ns) << 32) |
                              (static_cast<std::uint64_t>(use.scope) << 8) | (owner.type & 0xFFU);
    auto found = verdicts.find(key);
    if (found == verdicts.end()) found = verdicts.emplace(key, judge_scope(use)).first;
    if (!found->second) continue;
    Violation violation = *found->second;
    violation.at = use.at;
    violation.resource = resource(use.owner);
    violation.field = fmt::format("spec.scopes[{}]", static_cast<unsigned>(use.index));
    violations.push_back(std::move(violation));
  }
}

std::vector<Violation> Across::judge(Scopes scopes) const {
  std::vector<Violation> violations;
  facts_->judge_duplicates(violations);
  facts_->judge_secrets(violations);
  facts_->judge_scopes(violations);
  if (scopes == Scopes::Some)
    std::erase_if(violations,
                  [](const Violation& violation) { return violation.rule == rule::kScopeNotFound; });
  std::sort(violations.begin(), violations.end(), [](const Violation& a, const Violation& b) {
    return std::tie(a.at, a.rule, a.resource, a.field) < std::tie(b.at, b.rule, b.resource, b.field);
  });
  return violations;
}

std::optional<Violation> judge_removal(const Json& old_object, FactRef at) {
  const auto kind = api::parse_kind(text_of(&old_object, "kind"));
  if (!kind || group_of(text_of(&old_object, "apiVersion")) != api::kGroup) return std::nullopt;
  // The verdict of admission on the platform's own deletion of it.
  AdmissionFacts facts;
  facts.operation = AdmissionOperation::Delete;
  facts.kind = *kind;
  facts.name = meta::name_of(old_object);
  facts.user = "platform";
  facts.old_object = &old_object;
  const AdmissionVerdict verdict = judge_admission(facts, {{"platform"}, {}});
  if (verdict.allowed) return std::nullopt;
  return Violation{rule::kNotRetired,
                   Severity::Error,
                   at,
                   std::nullopt,
                   fmt::format("{} {}", api::to_string(*kind), facts.name),
                   "metadata.annotations",
                   verdict.message,
                   "put the resource back with the annotation, and remove it in a later change"};
}

}  // namespace neoid::policy
